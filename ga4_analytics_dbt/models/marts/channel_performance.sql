with
sessions as (
    select * from {{ ref('int_session_facts') }}
),

-- A session stands once under each scope that its day's files tell.
scoped as (
    {% for scope in ['session', 'first_user', 'unknown'] -%}
    select
        sessions.*, cast('{{ scope }}' as text) as scope,
        {{ scope }}_channel_group as scope_channel_group
    from sessions
    where {{ scope }}_channel_group is not null
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

named as (
    select
        dataset, session_date, scope as channel_scope, scope_channel_group as channel_group,
        user_key, is_engaged, is_new_user, page_views, key_events, engagement_msec, orders,
        revenue_usd_micros
    from scoped
),

performance as (
    {{ session_performance('named', ['channel_scope', 'channel_group']) | indent(4) }}
)

select * from performance
