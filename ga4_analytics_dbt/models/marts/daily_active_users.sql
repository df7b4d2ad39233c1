with
days as (
    select * from {{ ref('stg_ga4_days') }}
),

rolling as (
    select * from {{ ref('int_rolling_users') }}
),

events as (
    select
        dataset, event_date,
        count(*) as events,
        count(*) filter (where is_view) as page_views,
        count(*) filter (where event_name = 'purchase') as purchases,
        {{ total('engagement_time_msec') }} as engagement_msec,
        {{ total("case when event_name = 'purchase' then purchase_revenue_usd_micros end") }}
            as raw_revenue_usd_micros
    from {{ ref('int_identified_events') }}
    group by dataset, event_date
),

user_days as (
    select
        dataset, event_date,
        count(*) as total_users,
        count(*) filter (where is_active) as active_users,
        count(*) filter (where is_active is null) as untold_users,
        count(*) filter (where is_new) as new_users,
        max(active_rule) as active_users_rule
    from {{ ref('int_user_days') }}
    group by dataset, event_date
),

sessions as (
    select
        dataset, session_date,
        count(*) as sessions,
        count(*) filter (where is_engaged) as engaged_sessions
    from {{ ref('int_sessions') }}
    group by dataset, session_date
),

orders as (
    select
        dataset, order_date,
        count(*) as orders,
        {{ total('revenue_usd_micros') }} as revenue_usd_micros
    from {{ ref('int_orders') }}
    group by dataset, order_date
),

-- What a day's files cannot tell is null; what they could have told and did not is 0.
joined as (
    select
        days.dataset, days.event_date, days.is_complete, days.is_final,
        user_days.active_users_rule, rolling.rolling_7d_users, rolling.rolling_28d_users,
        {{ known('user_days.active_users',
                 'days.has_user_pseudo_id and coalesce(user_days.untold_users, 0) = 0') }},
        {{ known('user_days.total_users', 'days.has_user_pseudo_id') }},
        {{ known('user_days.new_users', 'days.has_user_pseudo_id') }},
        {{ known('sessions.sessions', has_sessions('days')) }},
        {{ known('sessions.engaged_sessions', has_sessions('days')) }},
        {{ known('events.engagement_msec', 'days.has_engagement_time') }},
        {{ known('events.events') }},
        {{ known('events.page_views') }},
        {{ known('events.purchases') }},
        {{ known('orders.orders') }},
        {{ known('orders.revenue_usd_micros', 'days.has_revenue') }},
        {{ known('events.raw_revenue_usd_micros', 'days.has_revenue') }}
    from days
    {{ join_day('rolling') }}
    {{ join_day('events') }}
    {{ join_day('user_days') }}
    {{ join_day('sessions', 'session_date') }}
    {{ join_day('orders', 'order_date') }}
)

select
    dataset, event_date, active_users, active_users_rule, total_users, new_users,
    total_users - new_users as returning_users, sessions, engaged_sessions,
    {{ ratio('engaged_sessions', 'sessions') }} as engagement_rate,
    engagement_msec, {{ ratio('engagement_msec', 1000) }} as engagement_seconds,
    events, page_views, purchases, orders, revenue_usd_micros,
    {{ usd('revenue_usd_micros') }} as revenue_usd, raw_revenue_usd_micros,
    {{ usd('raw_revenue_usd_micros') }} as raw_revenue_usd, rolling_7d_users, rolling_28d_users,
    {{ ratio('active_users', 'rolling_28d_users') }} as stickiness, is_complete, is_final
from joined
