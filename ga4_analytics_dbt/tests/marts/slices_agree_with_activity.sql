-- Slice 'all' is the unsliced day; sessions and orders add up over devices, and users
-- over devices are never fewer than users.
with
days as (
    select * from {{ ref('daily_active_users') }}
),

slices as (
    select * from {{ ref('daily_metrics_by_slice') }}
),

everybody as (
    select * from slices where slice = 'all'
),

devices as (
    select
        dataset, event_date,
        sum(total_users) as total_users, sum(sessions) as sessions, sum(orders) as orders
    from slices
    where slice = 'device'
    group by dataset, event_date
)

select days.dataset, days.event_date
from days
left join everybody
    on days.dataset = everybody.dataset and days.event_date = everybody.event_date
left join devices
    on days.dataset = devices.dataset and days.event_date = devices.event_date
where (days.events > 0 or everybody.events is not null)
    and (
        {% for metric in ['active_users', 'total_users', 'new_users', 'returning_users',
            'sessions', 'engaged_sessions', 'engagement_msec', 'events', 'page_views',
            'purchases', 'orders', 'revenue_usd_micros'] -%}
        everybody.{{ metric }} is distinct from days.{{ metric }} or
        {% endfor -%}
        devices.sessions is distinct from days.sessions
        or devices.orders is distinct from days.orders
        or coalesce(devices.total_users, 0) < coalesce(days.total_users, 0)
    )
