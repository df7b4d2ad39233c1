with events as (
    select * from {{ ref('int_events') }}
    where user_key is not null
),

spans as (
    select dataset, min(event_date) as first_loaded_date, min(day_start_us) as first_loaded_us
    from {{ ref('stg_ga4_days') }}
    group by dataset
),

totals as (
    select
        dataset,
        user_key,
        count(*) as events,
        min(event_date) as first_event_date,
        max(event_date) as last_event_date,
        min(event_timestamp) as first_event_timestamp,
        min(user_first_touch_timestamp) as first_touch_timestamp,
        min(case when event_name in ('first_visit', 'first_open') then event_date end)
            as first_visit_date,
        count(distinct user_pseudo_id) as devices,
        count(distinct user_id) as user_ids
    from events
    group by dataset, user_key
),

truncated as (
    select
        totals.*,
        totals.first_visit_date is null
            and coalesce(totals.first_touch_timestamp < spans.first_loaded_us, false)
            as is_left_truncated
    from totals
    left join spans on totals.dataset = spans.dataset
)

select
    truncated.dataset,
    truncated.user_key,
    truncated.events,
    truncated.first_event_date,
    truncated.last_event_date,
    truncated.first_event_timestamp,
    truncated.first_touch_timestamp,
    truncated.first_visit_date,
    case
        when truncated.first_visit_date is not null then truncated.first_visit_date
        when not truncated.is_left_truncated then truncated.first_event_date
    end as new_date,
    truncated.is_left_truncated,
    first_event.device_category,
    first_event.country,
    first_event.platform,
    truncated.devices,
    truncated.user_ids
from truncated
left join events as first_event
    on truncated.dataset = first_event.dataset
    and truncated.user_key = first_event.user_key
    and first_event.user_event_number = 1
