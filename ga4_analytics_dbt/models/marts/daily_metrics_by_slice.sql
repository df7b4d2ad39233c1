with
events as (
    select * from {{ ref('int_event_slices') }}
),

days as (
    select * from {{ ref('stg_ga4_days') }}
),

slices as (
    {{ slices() }}
),

-- A session is of one device and country, and so is an order: their slices add up.
session_groups as (
    select
        dataset, session_date, device_category, country,
        count(*) as sessions,
        count(*) filter (where is_engaged) as engaged_sessions
    from {{ ref('int_sessions') }}
    group by dataset, session_date, device_category, country
),

sessions as (
    select
        session_groups.dataset, session_groups.session_date as event_date,
        {{ slice_columns('session_groups') }},
        {{ total('session_groups.sessions') }} as sessions,
        {{ total('session_groups.engaged_sessions') }} as engaged_sessions
    from session_groups
    cross join slices
    group by 1, 2, 3, 4, 5
),

order_groups as (
    select
        dataset, order_date, device_category, country,
        count(*) as orders,
        {{ total('revenue_usd_micros') }} as revenue_usd_micros
    from {{ ref('int_orders') }}
    group by dataset, order_date, device_category, country
),

orders as (
    select
        order_groups.dataset, order_groups.order_date as event_date,
        {{ slice_columns('order_groups') }},
        {{ total('order_groups.orders') }} as orders,
        {{ total('order_groups.revenue_usd_micros') }} as revenue_usd_micros
    from order_groups
    cross join slices
    group by 1, 2, 3, 4, 5
),

joined as (
    select
        events.dataset, events.event_date, events.slice, events.device_category, events.country,
        {{ known('events.active_users', 'days.has_user_pseudo_id and events.untold_users = 0') }},
        {{ known('events.total_users', 'days.has_user_pseudo_id') }},
        {{ known('events.new_users', 'days.has_user_pseudo_id') }},
        {{ known('sessions.sessions', has_sessions('days')) }},
        {{ known('sessions.engaged_sessions', has_sessions('days')) }},
        {{ known('events.engagement_msec', 'days.has_engagement_time') }},
        events.events, events.page_views, events.purchases,
        {{ known('orders.orders') }},
        {{ known('orders.revenue_usd_micros', 'days.has_revenue') }}
    from events
    inner join days on events.dataset = days.dataset and events.event_date = days.event_date
    {{ join_slice('events', 'sessions') }}
    {{ join_slice('events', 'orders') }}
)

select
    dataset, event_date, slice, device_category, country, active_users, total_users, new_users,
    total_users - new_users as returning_users, sessions, engaged_sessions,
    {{ ratio('engaged_sessions', 'sessions') }} as engagement_rate,
    engagement_msec, events, page_views, purchases, orders, revenue_usd_micros,
    {{ usd('revenue_usd_micros') }} as revenue_usd
from joined
