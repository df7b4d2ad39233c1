with
sessions as (
    select * from {{ ref('int_session_facts') }}
),

days as (
    select * from {{ ref('stg_ga4_days') }}
),

named as (
    select
        sessions.dataset, sessions.session_date,
        coalesce(sessions.landing_page, '(not set)') as landing_page,
        sessions.user_key, sessions.is_engaged, sessions.is_new_user, sessions.page_views,
        sessions.key_events, sessions.engagement_msec, sessions.orders,
        sessions.revenue_usd_micros
    from sessions
    inner join days
        on sessions.dataset = days.dataset and sessions.session_date = days.event_date
    where days.has_page
),

performance as (
    {{ session_performance('named', ['landing_page']) | indent(4) }}
)

select * from performance
