with parts as (
    select * from {{ ref('int_user_day_parts') }}
    where user_key is not null
),

session_days as (
    select dataset, session_key, user_key, event_date from {{ ref('int_session_days') }}
),

sessions as (
    select dataset, session_key from {{ ref('int_sessions') }}
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
        dataset,
        user_key,
        event_date,
        {{ total('events') }} as events,
        max(case when is_marked_active then 1 else 0 end) = 1 as is_marked_active,
        max(case when has_first_visit or has_engagement then 1 else 0 end) = 1 as is_told_active
    from parts
    group by dataset, user_key, event_date
),

-- a session that spans days engages its user on each of them
engaged as (
    select distinct session_days.dataset, session_days.user_key, session_days.event_date
    from session_days
    inner join sessions
        on session_days.dataset = sessions.dataset
        and session_days.session_key = sessions.session_key
),

judged as (
    select
        totals.*,
        totals.is_told_active or engaged.user_key is not null as is_proxy_active
    from totals
    left join engaged
        on totals.dataset = engaged.dataset
        and totals.user_key = engaged.user_key
        and totals.event_date = engaged.event_date
)

select
    judged.dataset,
    judged.user_key,
    judged.event_date,
    judged.events,
    case
        when days.has_is_active_user then judged.is_marked_active
        -- without times there are no sessions; without engagement time only first_visit is left
        when days.has_event_timestamp or days.has_engagement_time then judged.is_proxy_active
    end as is_active,
    case
        when days.has_is_active_user then 'exported'
        when days.has_event_timestamp or days.has_engagement_time then 'proxy'
    end as active_rule,
    coalesce(judged.event_date = users.new_date, false) as is_new
from judged
left join users
    on judged.dataset = users.dataset and judged.user_key = users.user_key
left join days
    on judged.dataset = days.dataset and judged.event_date = days.event_date
