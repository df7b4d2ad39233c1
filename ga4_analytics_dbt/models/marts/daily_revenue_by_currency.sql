with
orders as (
    select
        dataset, order_date as event_date, currency,
        count(*) as orders,
        {{ total('revenue_micros') }} as gross_revenue_micros
    from {{ ref('int_orders') }}
    group by dataset, order_date, currency
),

events as (
    select
        dataset, event_date, currency,
        {{ total("case when event_name = 'purchase' then purchase_revenue_micros end") }}
            as raw_revenue_micros,
        {{ total('refund_value_micros') }} as refund_micros
    from {{ ref('int_identified_events') }}
    where event_name = 'purchase' or refund_value_micros is not null
    group by dataset, event_date, currency
)

select
    events.dataset, events.event_date as order_date,
    coalesce(events.currency, '(not set)') as currency,
    coalesce(orders.orders, 0) as orders,
    orders.gross_revenue_micros,
    events.refund_micros,
    events.raw_revenue_micros
from events
left join orders
    on events.dataset = orders.dataset and events.event_date = orders.event_date
    and coalesce(events.currency, '(not set)') = coalesce(orders.currency, '(not set)')
