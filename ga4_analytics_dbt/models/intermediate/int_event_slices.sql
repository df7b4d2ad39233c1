with
parts as (
    select * from {{ ref('int_user_day_parts') }}
),

user_days as (
    select * from {{ ref('int_user_days') }}
),

slices as (
    {{ slices() }}
),

-- A user with two devices on a day counts in the slice of each, and once in '(all)'.
slice_users as (
    select
        parts.dataset, parts.event_date, {{ slice_columns('parts') }}, parts.user_key,
        {{ total('parts.events') }} as events,
        {{ total('parts.page_views') }} as page_views,
        {{ total('parts.purchases') }} as purchases,
        {{ total('parts.engagement_msec') }} as engagement_msec
    from parts
    cross join slices
    group by 1, 2, 3, 4, 5, 6
),

judged as (
    select
        slice_users.*, user_days.is_active, user_days.is_new,
        slice_users.user_key is not null and user_days.is_active is null as is_untold
    from slice_users
    left join user_days
        on slice_users.dataset = user_days.dataset
        and slice_users.user_key = user_days.user_key
        and slice_users.event_date = user_days.event_date
)

select
    dataset, event_date, slice, device_category, country,
    {{ total('events') }} as events,
    {{ total('page_views') }} as page_views,
    {{ total('purchases') }} as purchases,
    {{ total('engagement_msec') }} as engagement_msec,
    count(user_key) as total_users,
    count(*) filter (where is_active) as active_users,
    count(*) filter (where is_untold) as untold_users,
    count(*) filter (where is_new) as new_users
from judged
group by dataset, event_date, slice, device_category, country
