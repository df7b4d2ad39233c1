with
events as (
    select * from {{ ref('int_identified_events') }}
),

-- Two levels, because engines count rows of groups faster than distinct values.
user_events as (
    select dataset, event_date, event_name, user_key, count(*) as events
    from events
    group by dataset, event_date, event_name, user_key
),

day_events as (
    select
        dataset, event_date, event_name,
        {{ total('events') }} as events,
        count(user_key) as users
    from user_events
    group by dataset, event_date, event_name
),

days as (
    select * from {{ ref('stg_ga4_days') }}
),

shares as (
    select
        day_events.*,
        cast(sum(events) over (partition by dataset, event_date) as bigint) as day_events
    from day_events
)

select
    shares.dataset, shares.event_date, shares.event_name, shares.events,
    case when days.has_user_pseudo_id then shares.users end as users,
    shares.day_events,
    {{ ratio('shares.events', 'shares.day_events') }} as event_share
from shares
inner join days
    on shares.dataset = days.dataset and shares.event_date = days.event_date
