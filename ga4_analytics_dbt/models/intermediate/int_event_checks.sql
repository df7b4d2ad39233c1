with
events as (
    select * from {{ ref('int_identified_events') }}
),

days as (
    select * from {{ ref('stg_ga4_days') }}
),

totals as (
    select
        events.dataset, events.event_date,
        count(*) as events,
        count(*) filter (where events.user_key is null) as events_without_user,
        count(*) filter (
            where events.user_key is null or events.event_timestamp is null
            or (events.ga_session_id is null and not events.is_session_derivable)
        ) as events_without_session,
        count(*) filter (where events.event_timestamp is null) as events_without_timestamp,
        count(events.event_timestamp) as timed_events,
        count(*) filter (
            where events.user_key is not null and events.event_timestamp is not null
        ) as placed_events,
        count(*) filter (
            where events.event_timestamp < days.day_start_us
            or events.event_timestamp >= days.day_end_us
        ) as timestamps_outside_day,
        count(*) filter (where events.event_name = 'session_start') as session_starts
    from events
    inner join days on events.dataset = days.dataset and events.event_date = days.event_date
    group by events.dataset, events.event_date
),

moments as (
    select dataset, event_date, user_key, event_timestamp, count(*) as events
    from events
    where user_key is not null and event_timestamp is not null
    group by dataset, event_date, user_key, event_timestamp
    having count(*) > 1
),

ties as (
    select dataset, event_date, {{ total('events') }} as tied_events
    from moments
    group by dataset, event_date
)

select totals.*, coalesce(ties.tied_events, 0) as tied_events
from totals
left join ties on totals.dataset = ties.dataset and totals.event_date = ties.event_date
