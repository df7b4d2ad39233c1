-- The marts that split a day add up to the day.
with
days as (
    select * from {{ ref('daily_active_users') }}
),

events as (
    select dataset, event_date, sum(events) as events
    from {{ ref('event_distribution') }}
    group by dataset, event_date
),

orders as (
    select * from {{ ref('daily_orders') }}
),

channels as (
    select
        dataset, session_date, channel_scope,
        sum(sessions) as sessions, sum(engaged_sessions) as engaged_sessions
    from {{ ref('channel_performance') }}
    group by dataset, session_date, channel_scope
),

origins as (
    select dataset, session_date, sum(sessions) as sessions
    from {{ ref('acquisition') }}
    group by dataset, session_date
)

select days.dataset, days.event_date, 'events' as what
from days
left join events on days.dataset = events.dataset and days.event_date = events.event_date
where coalesce(events.events, 0) <> days.events
union all
select days.dataset, days.event_date, 'orders'
from days
left join orders on days.dataset = orders.dataset and days.event_date = orders.order_date
where orders.orders is distinct from days.orders
    or orders.purchase_events is distinct from days.purchases
    or orders.gross_revenue_usd_micros is distinct from days.revenue_usd_micros
    or orders.raw_revenue_usd_micros is distinct from days.raw_revenue_usd_micros
union all
select channels.dataset, channels.session_date, 'channels'
from channels
left join days
    on channels.dataset = days.dataset and channels.session_date = days.event_date
where channels.sessions is distinct from days.sessions
    or channels.engaged_sessions is distinct from days.engaged_sessions
union all
select origins.dataset, origins.session_date, 'acquisition'
from origins
left join days on origins.dataset = days.dataset and origins.session_date = days.event_date
where origins.sessions is distinct from days.sessions
