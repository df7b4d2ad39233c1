with days as (
    select * from {{ ref('int_session_days') }}
),

totals as (
    select
        dataset,
        session_key,
        user_key,
        stream_part,
        session_part,
        is_derived,
        min(session_start_us) as session_start_us,
        max(session_end_us) as session_end_us,
        {% for name in ['events', 'page_views', 'key_events', 'purchases', 'engagement_msec',
            'purchase_revenue_usd_micros', 'purchase_revenue_micros'] -%}
        {{ total(name) }} as {{ name }},
        {% endfor -%}
        max(case when is_marked_engaged then 1 else 0 end) = 1 as is_marked_engaged,
        min(landing_us) as landing_us,
        {% for scope in source_scopes() -%}
        min({{ scope }}_us) as {{ scope }}_us{{ ',' if not loop.last }}
        {% endfor %}
    from days
    group by dataset, session_key, user_key, stream_part, session_part, is_derived
)

-- numbered, because engines sort by numbers several times faster than by text
select *, row_number() over (order by dataset, session_key) as session_ordinal
from totals
