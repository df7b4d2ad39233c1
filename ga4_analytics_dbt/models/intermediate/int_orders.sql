with purchases as (
    select
        *,
        -- an id that is missing makes each event its own order
        coalesce(transaction_id, event_id) as order_id,
        row_number() over (
            partition by dataset, user_key, transaction_id,
                case when transaction_id is null then event_id end
            order by {{ event_order() }}
        ) as purchase_number
    from {{ ref('int_events') }}
    where event_name = 'purchase'
),

totals as (
    select
        dataset,
        user_key,
        transaction_id,
        order_id,
        count(*) as purchase_events,
        cast(sum(purchase_revenue_usd_micros) as bigint) as raw_revenue_usd_micros,
        cast(sum(purchase_revenue_micros) as bigint) as raw_revenue_micros,
        count(distinct purchase_revenue_usd_micros) > 1
            or count(distinct purchase_revenue_micros) > 1
            or count(distinct currency) > 1 as is_conflicting
    from purchases
    group by dataset, user_key, transaction_id, order_id
)

select
    purchases.dataset,
    purchases.event_id as order_key,
    purchases.user_key,
    purchases.session_key,
    purchases.event_date as order_date,
    purchases.event_timestamp as order_timestamp,
    purchases.transaction_id,
    purchases.transaction_id is null as is_id_missing,
    totals.purchase_events,
    totals.is_conflicting,
    purchases.purchase_revenue_usd_micros as revenue_usd_micros,
    purchases.purchase_revenue_micros as revenue_micros,
    purchases.currency,
    purchases.shipping_value_usd_micros,
    purchases.tax_value_usd_micros,
    purchases.total_item_quantity as items,
    totals.raw_revenue_usd_micros,
    totals.raw_revenue_micros,
    purchases.device_category,
    purchases.country
from purchases
inner join totals
    on purchases.dataset = totals.dataset
    and purchases.order_id = totals.order_id
    and coalesce(purchases.user_key, '') = coalesce(totals.user_key, '')
    and (purchases.transaction_id is null) = (totals.transaction_id is null)
where purchases.purchase_number = 1
