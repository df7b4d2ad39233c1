with
days as (
    select * from {{ ref('stg_ga4_days') }}
),

lacking as (
    select distinct load_id
    from {{ source('raw', 'missing_columns') }}
    where column_name = 'refund_value_usd_micros'
),

orders as (
    select
        dataset, order_date,
        count(*) as orders,
        count(*) filter (where is_id_missing) as orders_without_id,
        count(*) filter (where is_conflicting) as conflicting_orders,
        count(distinct user_key) as buyers,
        {{ total('revenue_usd_micros') }} as revenue_usd_micros
    from {{ ref('int_orders') }}
    group by dataset, order_date
),

purchases as (
    select
        dataset, event_date,
        count(*) filter (where event_name = 'purchase') as purchase_events,
        count(*) filter (where event_name = 'refund') as refund_events,
        {{ total("case when event_name = 'purchase' then purchase_revenue_usd_micros end") }}
            as raw_revenue_usd_micros,
        {{ total('refund_value_usd_micros') }} as refund_usd_micros
    from {{ ref('int_identified_events') }}
    where event_name in ('purchase', 'refund') or refund_value_usd_micros is not null
    group by dataset, event_date
),

firsts as (
    select dataset, order_date, order_key from {{ ref('int_orders') }}
),

-- Repeats are counted on their own day, which may be later than the order's.
repeats as (
    select events.dataset, events.event_date, count(*) as repeated_purchase_events
    from {{ ref('int_identified_events') }} as events
    left join firsts
        on events.dataset = firsts.dataset and events.event_id = firsts.order_key
    where events.event_name = 'purchase' and firsts.order_key is null
    group by events.dataset, events.event_date
),

joined as (
    select
        days.dataset, days.event_date as order_date,
        {{ known('orders.orders') }},
        {{ known('orders.orders_without_id') }},
        {{ known('orders.conflicting_orders') }},
        {{ known('purchases.purchase_events') }},
        {{ known('repeats.repeated_purchase_events') }},
        {{ known('orders.buyers', 'days.has_user_pseudo_id') }},
        {{ known('purchases.refund_events') }},
        {{ known('orders.revenue_usd_micros', 'days.has_revenue') }},
        {{ known('purchases.raw_revenue_usd_micros', 'days.has_revenue') }},
        {{ known('purchases.refund_usd_micros', 'days.has_revenue and lacking.load_id is null') }}
    from days
    left join lacking on days.load_id = lacking.load_id
    {{ join_day('orders', 'order_date') }}
    {{ join_day('purchases') }}
    {{ join_day('repeats') }}
)

select
    dataset, order_date, orders, orders_without_id, conflicting_orders, purchase_events,
    repeated_purchase_events, buyers, refund_events,
    revenue_usd_micros as gross_revenue_usd_micros,
    {{ usd('revenue_usd_micros') }} as gross_revenue_usd,
    refund_usd_micros, {{ usd('refund_usd_micros') }} as refund_usd,
    revenue_usd_micros - refund_usd_micros as net_revenue_usd_micros,
    {{ usd('(revenue_usd_micros - refund_usd_micros)') }} as net_revenue_usd,
    raw_revenue_usd_micros, {{ usd('raw_revenue_usd_micros') }} as raw_revenue_usd,
    {{ ratio('revenue_usd_micros', 'orders * 1000000') }} as average_order_value_usd
from joined
