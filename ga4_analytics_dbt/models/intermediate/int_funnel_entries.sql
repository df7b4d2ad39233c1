with
days as (
    select * from {{ ref('stg_ga4_days') }}
),

definitions as (
    {{ funnel_definitions() | indent(4) }}
),

{% for funnel in var('funnels') -%}
attempts_{{ loop.index }} as (
    {{ funnel_attempts(funnel.steps, funnel.window_seconds * 1000000, ref('int_events')) | indent(4) }}
),

{% endfor -%}
attempts as (
    {% for funnel in var('funnels') -%}
    select cast({{ sql_text(funnel.name) }} as text) as funnel, attempts_{{ loop.index }}.*
    from attempts_{{ loop.index }}
    {{ 'union all' if not loop.last }}
    {% else -%}
    {{ no_funnel_attempts() }}
    {% endfor -%}
),

ranked as (
    select
        attempts.*,
        row_number() over (
            partition by dataset, funnel, user_key, event_date
            order by
                event_timestamp, batch_page_id nulls first, batch_ordering_id nulls first,
                batch_event_index nulls first, event_id
        ) as attempt_of_day
    from attempts
),

entries as (
    select
        dataset, funnel, user_key, event_date as entry_date,
        max(furthest_step) as furthest_step,
        max(event_timestamp) as last_entry_us,
        max(case when attempt_of_day = 1 then device_category end) as device_category,
        max(case when attempt_of_day = 1 then country end) as country
    from ranked
    group by dataset, funnel, user_key, event_date
),

-- The first microsecond of which nothing is known for sure.
horizons as (
    select dataset, max(case when is_complete then day_end_us end) as horizon_us
    from days
    group by dataset
),

final as (
    select
        entries.dataset, entries.funnel, entries.user_key, entries.entry_date,
        entries.furthest_step,
        entries.furthest_step = definitions.last_step as is_converted,
        entries.furthest_step < definitions.last_step
        and coalesce(
            entries.last_entry_us + definitions.window_us >= horizons.horizon_us, true
        ) as is_open,
        entries.device_category,
        entries.country
    from entries
    inner join definitions
        on entries.funnel = definitions.funnel and definitions.step = 1
    left join horizons on entries.dataset = horizons.dataset
)

select * from final
