with
events as (
    select * from {{ ref('int_identified_events') }}
),

user_days as (
    select * from {{ ref('int_user_days') }}
),

slices as (
    {{ slices() }}
),

-- Two levels, because engines count rows of groups faster than distinct values.
groups as (
    select
        dataset, event_date, device_category, country, user_key,
        count(*) as events,
        count(*) filter (where is_view) as page_views,
        count(*) filter (where event_name = 'purchase') as purchases,
        {{ total('engagement_time_msec') }} as engagement_msec
    from events
    group by dataset, event_date, device_category, country, user_key
),

-- A user with two devices on a day counts in the slice of each, and once in '(all)'.
slice_users as (
    select
        groups.dataset, groups.event_date, {{ slice_columns('groups') }}, groups.user_key,
        {{ total('groups.events') }} as events,
        {{ total('groups.page_views') }} as page_views,
        {{ total('groups.purchases') }} as purchases,
        {{ total('groups.engagement_msec') }} as engagement_msec
    from groups
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
