with
items as (
    select * from {{ ref('stg_ga4_items') }}
),

orders as (
    select dataset, order_key from {{ ref('int_orders') }}
),

-- An event that lists an item twice is still one event of that item.
by_event as (
    select
        dataset, event_date, event_id, event_name,
        coalesce(item_id, '(not set)') as item_id,
        coalesce(item_name, '(not set)') as item_name,
        {{ total('quantity') }} as quantity,
        {{ total('item_revenue_usd_micros') }} as item_revenue_usd_micros,
        {{ total('item_refund_usd_micros') }} as item_refund_usd_micros
    from items
    group by 1, 2, 3, 4, 5, 6
),

-- An order's items are those of its earliest event; repeats of it count only as raw.
ruled as (
    select by_event.*, orders.order_key is not null as is_order
    from by_event
    left join orders
        on by_event.dataset = orders.dataset and by_event.event_id = orders.order_key
),

totals as (
    select
        dataset, event_date, item_id, item_name,
        {% for name, event in [
            ('list_views', 'view_item_list'), ('list_clicks', 'select_item'),
            ('views', 'view_item'), ('add_to_carts', 'add_to_cart'),
            ('checkouts', 'begin_checkout'), ('purchases', 'purchase')] -%}
        count(*) filter (where event_name = '{{ event }}') as {{ name }},
        {% endfor -%}
        count(*) filter (where is_order) as orders,
        {{ total('case when is_order then quantity end') }} as quantity,
        {{ total('case when is_order then item_revenue_usd_micros end') }} as revenue_usd_micros,
        {{ total("case when event_name = 'purchase' then item_revenue_usd_micros end") }}
            as raw_revenue_usd_micros,
        count(*) filter (where event_name = 'refund') as refunds,
        {{ total('item_refund_usd_micros') }} as refund_usd_micros
    from ruled
    group by dataset, event_date, item_id, item_name
),

-- Nothing bought is 0; bought at a price that the file does not tell is null.
known as (
    select
        dataset, event_date, item_id, item_name, list_views, list_clicks, views, add_to_carts,
        checkouts, purchases, orders, refunds,
        case when orders > 0 then quantity else 0 end as quantity,
        case when orders > 0 then revenue_usd_micros else 0 end as revenue_usd_micros,
        case when purchases > 0 then raw_revenue_usd_micros else 0 end
            as raw_revenue_usd_micros,
        case when refunds > 0 then refund_usd_micros else 0 end as refund_usd_micros
    from totals
)

select
    dataset, event_date, item_id, item_name, list_views, list_clicks, views, add_to_carts,
    checkouts, purchases, orders, quantity, revenue_usd_micros,
    {{ usd('revenue_usd_micros') }} as revenue_usd, raw_revenue_usd_micros,
    {{ usd('raw_revenue_usd_micros') }} as raw_revenue_usd, refunds, refund_usd_micros,
    {{ usd('refund_usd_micros') }} as refund_usd
from known
