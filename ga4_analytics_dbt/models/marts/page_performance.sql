with
events as (
    select * from {{ ref('int_identified_events') }}
),

days as (
    select * from {{ ref('stg_ga4_days') }}
),

-- Two levels, because engines count rows of groups faster than distinct values.
by_user as (
    select
        dataset, event_date, page_path, user_key,
        count(*) as events,
        count(*) filter (where is_view) as page_views,
        count(*) filter (where is_key_event) as key_events,
        {{ total('engagement_time_msec') }} as engagement_msec
    from events
    where is_view or page_path is not null
    group by dataset, event_date, page_path, user_key
),

totals as (
    select
        dataset, event_date, page_path,
        {{ total('events') }} as events,
        {{ total('page_views') }} as page_views,
        count(user_key) as users,
        {{ total('key_events') }} as key_events,
        {{ total('engagement_msec') }} as engagement_msec
    from by_user
    group by dataset, event_date, page_path
)

select
    totals.dataset, totals.event_date,
    coalesce(totals.page_path, '(not set)') as page_path,
    totals.events, totals.page_views,
    case when days.has_user_pseudo_id then totals.users end as users,
    totals.key_events,
    {{ known('totals.engagement_msec', 'days.has_engagement_time') }}
from totals
inner join days
    on totals.dataset = days.dataset and totals.event_date = days.event_date
where days.has_page
