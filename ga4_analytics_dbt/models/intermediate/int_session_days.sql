with events as (
    select * from {{ ref('int_events') }}
    where is_session_derived is not null
),

-- by the parts of the session's key: text is put together once a session, not once an event
totals as (
    select
        dataset,
        user_key,
        stream_part,
        session_part,
        is_session_derived as is_derived,
        derived_start_us,
        event_date,
        min(event_timestamp) as session_start_us,
        max(event_timestamp) as session_end_us,
        count(*) as events,
        count(case when is_view then 1 end) as page_views,
        count(case when is_key_event then 1 end) as key_events,
        count(case when event_name = 'purchase' then 1 end) as purchases,
        {{ total('engagement_time_msec') }} as engagement_msec,
        {{ total("case when event_name = 'purchase' then purchase_revenue_usd_micros end") }}
            as purchase_revenue_usd_micros,
        {{ total("case when event_name = 'purchase' then purchase_revenue_micros end") }}
            as purchase_revenue_micros,
        max(case when session_engaged then 1 else 0 end) = 1 as is_marked_engaged,
        -- when the first event with a page, or with a source of each scope, came
        min(case when {{ has_landing() }} then event_timestamp end) as landing_us,
        {% for scope in source_scopes() -%}
        min(case when {{ has_source(scope) }} then event_timestamp end) as {{ scope }}_us
        {{- ',' if not loop.last }}
        {% endfor %}
    from events
    group by dataset, user_key, stream_part, session_part, is_session_derived, derived_start_us,
        event_date
)

select *, {{ session_key('totals', 'is_derived', 'derived_start_us') }} as session_key
from totals
