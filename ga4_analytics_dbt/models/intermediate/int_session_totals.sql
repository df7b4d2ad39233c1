with events as (
    select * from {{ ref('int_events') }}
    where session_key is not null
),

totals as (
    select
        dataset,
        session_key,
        user_key,
        min(event_timestamp) as session_start_us,
        max(event_timestamp) as session_end_us,
        count(*) as events,
        count(case when is_view then 1 end) as page_views,
        count(case when is_key_event then 1 end) as key_events,
        count(case when event_name = 'purchase' then 1 end) as purchases,
        cast(sum(engagement_time_msec) as bigint) as engagement_msec,
        cast(sum(case when event_name = 'purchase' then purchase_revenue_usd_micros end) as bigint)
            as purchase_revenue_usd_micros,
        cast(sum(case when event_name = 'purchase' then purchase_revenue_micros end) as bigint)
            as purchase_revenue_micros,
        max(case when session_engaged then 1 else 0 end) = 1 as is_marked_engaged,
        max(case when is_session_derived then 1 else 0 end) = 1 as is_derived,
        -- when the first event with a page, or with a source of each scope, came
        min(case when {{ has_landing() }} then event_timestamp end) as landing_us,
        {% for scope in source_scopes() -%}
        min(case when {{ has_source(scope) }} then event_timestamp end) as {{ scope }}_us
        {{- ',' if not loop.last }}
        {% endfor %}
    from events
    group by dataset, session_key, user_key
)

-- numbered, because engines sort by numbers several times faster than by text
select *, row_number() over (order by dataset, session_key) as session_ordinal
from totals
