with events as (
    select * from {{ ref('int_identified_events') }}
    where user_key is not null
),

parts as (
    select * from {{ ref('int_user_day_parts') }}
    where user_key is not null
),

datasets as (
    select * from {{ ref('int_datasets') }}
),

totals as (
    select
        dataset,
        user_key,
        {{ total('events') }} as events,
        min(first_order_us) as first_order_us,
        min(event_date) as first_event_date,
        max(event_date) as last_event_date,
        min(first_event_timestamp) as first_event_timestamp,
        min(first_touch_timestamp) as first_touch_timestamp,
        min(case when has_first_visit then event_date end) as first_visit_date,
        count(distinct user_pseudo_id) as devices,
        count(distinct user_id) as user_ids
    from parts
    group by dataset, user_key
),

firsts as (
    select
        events.dataset,
        events.user_key,
        events.device_category,
        events.country,
        row_number() over (
            partition by events.dataset, events.user_key order by {{ event_order() }}
        ) as place
    from events
    inner join totals
        on events.dataset = totals.dataset
        and events.user_key = totals.user_key
        and events.order_us = totals.first_order_us
),

truncated as (
    select
        totals.*,
        totals.first_visit_date is null
            and coalesce(totals.first_touch_timestamp < datasets.first_loaded_us, false)
            as is_left_truncated
    from totals
    left join datasets on totals.dataset = datasets.dataset
)

select
    truncated.dataset, truncated.user_key, events, first_event_date, last_event_date,
    first_event_timestamp, first_touch_timestamp, first_visit_date,
    case
        when first_visit_date is not null then first_visit_date
        when not is_left_truncated then first_event_date
    end as new_date,
    is_left_truncated, device_category, country, devices, user_ids
from truncated
inner join firsts
    on truncated.dataset = firsts.dataset
    and truncated.user_key = firsts.user_key
    and firsts.place = 1
