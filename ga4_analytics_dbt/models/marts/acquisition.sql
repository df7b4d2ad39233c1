with
sessions as (
    select * from {{ ref('int_session_facts') }}
),

named as (
    select
        dataset, session_date, source_scope,
        coalesce(source, '(not set)') as source,
        coalesce(medium, '(not set)') as medium,
        coalesce(campaign, '(not set)') as campaign,
        user_key, is_engaged, is_new_user, page_views, key_events, engagement_msec, orders,
        revenue_usd_micros
    from sessions
    where source_scope is not null
),

performance as (
    {{ session_performance('named', ['source_scope', 'source', 'medium', 'campaign'])
        | indent(4) }}
)

select * from performance
