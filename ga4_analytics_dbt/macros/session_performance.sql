{# What sessions achieved, per dataset, session_date and the given columns of
   `relation`, which holds sessions with their facts. A row counts a user once: rows
   are grouped by user first, because distinct counts are slow. #}
{% macro session_performance(relation, dimensions) -%}
{%- set keys = (['dataset', 'session_date'] + dimensions) | join(', ') -%}
with
by_user as (
    select
        {{ keys }}, user_key,
        count(*) as sessions,
        count(*) filter (where is_engaged) as engaged_sessions,
        count(*) filter (where is_new_user) as new_sessions,
        {{ total('page_views') }} as page_views,
        {{ total('key_events') }} as key_events,
        {{ total('engagement_msec') }} as engagement_msec,
        {{ total('orders') }} as orders,
        {{ total('revenue_usd_micros') }} as revenue_usd_micros
    from {{ relation }}
    group by {{ keys }}, user_key
),

totals as (
    select
        {{ keys }},
        {{ total('sessions') }} as sessions,
        {{ total('engaged_sessions') }} as engaged_sessions,
        count(*) as users,
        count(*) filter (where new_sessions > 0) as new_users,
        {{ total('page_views') }} as page_views,
        {{ total('key_events') }} as key_events,
        {{ total('engagement_msec') }} as engagement_msec,
        {{ total('orders') }} as orders,
        {{ total('revenue_usd_micros') }} as revenue_usd_micros
    from by_user
    group by {{ keys }}
)

select
    {{ keys }}, sessions, engaged_sessions,
    {{ ratio('engaged_sessions', 'sessions') }} as engagement_rate,
    users, new_users, page_views, key_events, engagement_msec, orders, revenue_usd_micros,
    {{ usd('revenue_usd_micros') }} as revenue_usd
from totals
{%- endmacro %}
