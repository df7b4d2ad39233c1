with events as (
    select * from {{ ref('int_events') }}
    where user_key is not null
),

sessions as (
    select dataset, session_key, is_engaged from {{ ref('int_sessions') }}
    where is_engaged
),

users as (
    select * from {{ ref('int_users') }}
),

days as (
    select * from {{ ref('stg_ga4_days') }}
),

totals as (
    select
        events.dataset,
        events.user_key,
        events.event_date,
        count(*) as events,
        max(case when events.is_active_user then 1 else 0 end) = 1 as is_marked_active,
        max(
            case
                when sessions.is_engaged
                    or events.event_name in ('first_visit', 'first_open')
                    or events.engagement_time_msec > 0
                    then 1
                else 0
            end
        ) = 1 as is_proxy_active
    from events
    left join sessions
        on events.dataset = sessions.dataset
        and events.session_key = sessions.session_key
    group by events.dataset, events.user_key, events.event_date
)

select
    totals.dataset,
    totals.user_key,
    totals.event_date,
    totals.events,
    case
        when days.has_is_active_user then totals.is_marked_active
        -- without times there are no sessions; without engagement time only first_visit is left
        when days.has_event_timestamp or days.has_engagement_time then totals.is_proxy_active
    end as is_active,
    case
        when days.has_is_active_user then 'exported'
        when days.has_event_timestamp or days.has_engagement_time then 'proxy'
    end as active_rule,
    coalesce(totals.event_date = users.new_date, false) as is_new
from totals
left join users
    on totals.dataset = users.dataset and totals.user_key = users.user_key
left join days
    on totals.dataset = days.dataset and totals.event_date = days.event_date
