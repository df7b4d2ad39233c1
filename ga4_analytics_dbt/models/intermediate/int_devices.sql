{{ config(materialized='table' if var('identity') == 'stitched' else 'view') }}

with events as (
    select *, coalesce(event_timestamp, 0) as order_us
    from {{ ref('stg_ga4_events') }}
    where user_pseudo_id is not null and user_id is not null
),

ranked as (
    select
        dataset,
        user_pseudo_id,
        user_id,
        row_number() over (
            partition by dataset, user_pseudo_id
            order by event_date desc, order_us desc, batch_page_id desc nulls last,
                batch_ordering_id desc nulls last, batch_event_index desc nulls last,
                event_id desc
        ) as recency
    from events
)

select
    dataset,
    user_pseudo_id,
    max(case when recency = 1 then user_id end) as latest_user_id,
    count(distinct user_id) as user_ids
from ranked
group by dataset, user_pseudo_id
