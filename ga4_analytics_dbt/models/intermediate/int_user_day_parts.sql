with events as (
    select * from {{ ref('int_identified_events') }}
)

-- the only pass over all events for what users, their days and the days' slices count: a few
-- rows a user, from which they all go on
select
    dataset,
    event_date,
    user_key,
    user_pseudo_id,
    user_id,
    device_category,
    country,
    count(*) as events,
    count(*) filter (where is_view) as page_views,
    count(*) filter (where event_name = 'purchase') as purchases,
    {{ total('engagement_time_msec') }} as engagement_msec,
    min(order_us) as first_order_us,
    min(event_timestamp) as first_event_timestamp,
    min(user_first_touch_timestamp) as first_touch_timestamp,
    max(case when event_name in ('first_visit', 'first_open') then 1 else 0 end) = 1
        as has_first_visit,
    max(case when engagement_time_msec > 0 then 1 else 0 end) = 1 as has_engagement,
    max(case when is_active_user then 1 else 0 end) = 1 as is_marked_active
from events
group by dataset, event_date, user_key, user_pseudo_id, user_id, device_category, country
