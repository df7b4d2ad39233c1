with items as (
    select * from {{ source('raw', 'ga4_items') }}
),

events as (
    select dataset, event_date, event_id, event_timestamp, event_name, user_pseudo_id
    from {{ ref('stg_ga4_events') }}
),

cleaned as (
    select
        dataset, event_date, event_id, item_index,
        {{ clean('item_id') }}, {{ clean('item_name') }}, {{ clean('item_brand') }},
        {{ clean('item_variant') }}, {{ clean('item_category') }}, {{ clean('item_category2') }},
        {{ clean('item_category3') }}, {{ clean('item_category4') }},
        {{ clean('item_category5') }},
        price_usd_micros, price_micros, quantity,
        item_revenue_usd_micros, item_revenue_micros, item_refund_usd_micros, item_refund_micros,
        {{ clean('coupon') }}, {{ clean('affiliation') }}, {{ clean('location_id') }},
        {{ clean('item_list_id') }}, {{ clean('item_list_name') }}, {{ clean('item_list_index') }},
        {{ clean('promotion_id') }}, {{ clean('promotion_name') }}, {{ clean('creative_name') }},
        {{ clean('creative_slot') }}, item_params
    from items
)

select
    cleaned.*,
    events.event_timestamp,
    events.event_name,
    events.user_pseudo_id
from cleaned
inner join events
    on cleaned.dataset = events.dataset
    -- the same day by itself: said, so that who asks for some days meets no events of others
    and cleaned.event_date = events.event_date
    and cleaned.event_id = events.event_id
