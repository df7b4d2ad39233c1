{# Funnels by entry day. A step is a distinct event name, so one event serves one step. #}

{# Every funnel's steps as rows: funnel, step, step_name, last_step, window_us. #}
{% macro funnel_definitions() -%}
{%- for funnel in var('funnels') -%}
    {%- set outer = loop -%}
    {%- for name in funnel.steps %}
select
    cast({{ sql_text(funnel.name) }} as text) as funnel,
    {{ loop.index }} as step,
    cast({{ sql_text(name) }} as text) as step_name,
    {{ funnel.steps | length }} as last_step,
    cast({{ funnel.window_seconds }} as bigint) * 1000000 as window_us
{{ 'union all' if not (loop.last and outer.last) }}
    {%- endfor -%}
{%- else %}
select
    cast(null as text) as funnel,
    cast(null as integer) as step,
    cast(null as text) as step_name,
    cast(null as integer) as last_step,
    cast(null as bigint) as window_us
where false
{%- endfor %}
{%- endmacro %}

{# The frame that holds an event, what happened after it, and what is tied with it
   (same microsecond and same batch fields): so a tie is resolved in step order,
   in the funnel's favour. It runs backwards because engines keep a growing frame's
   minimum as they go, and start over for a shrinking one. The order is that of
   `event_order`, turned around. #}
{% macro funnel_frame() -%}
partition by dataset, user_key
        order by
            event_timestamp desc,
            batch_page_id desc nulls last,
            batch_ordering_id desc nulls last,
            batch_event_index desc nulls last
        range between unbounded preceding and current row
{%- endmacro %}

{# One row per event of step 1 with how far its attempt went. `reached_k` is the time at
   which a chain of steps that starts at the row's event first reaches step k: the
   earliest chain reaches every step at its earliest, so it alone is worth following. #}
{% macro funnel_attempts(steps, window_us, events) -%}
{%- set last = steps | length -%}
with
step_events as (
    select
        dataset, user_key, event_id, event_date, event_timestamp, batch_page_id,
        batch_ordering_id, batch_event_index, device_category, country,
        case event_name
            {% for name in steps -%}
            when {{ sql_text(name) }} then {{ loop.index }}
            {% endfor -%}
        end as step
    from {{ events }}
    where user_key is not null and event_timestamp is not null
        and event_name in ({% for name in steps %}{{ sql_text(name) }}{{ ', ' if not loop.last }}{% endfor %})
),
step_{{ last }} as (
    select
        step_events.*
        {%- for k in range(2, last + 1) %},
        case when step = {{ k }} then event_timestamp end as reached_{{ k }}
        {%- endfor %}
    from step_events
)
{%- for j in range(last - 1, 0, -1) -%}
,
step_{{ j }} as (
    select
        dataset, user_key, event_id, event_date, event_timestamp, batch_page_id,
        batch_ordering_id, batch_event_index, device_category, country, step
        {%- for k in range(2, last + 1) %},
        {% if k > j -%}
        case when step = {{ j }}
            then min(case when step = {{ j + 1 }} then reached_{{ k }} end) over following
            else reached_{{ k }}
        end as reached_{{ k }}
        {%- else -%}
        reached_{{ k }}
        {%- endif -%}
        {%- endfor %}
    from step_{{ j + 1 }}
    window following as (
        {{ funnel_frame() }}
    )
)
{%- endfor %}
select
    dataset, user_key, event_id, event_date, event_timestamp, batch_page_id,
    batch_ordering_id, batch_event_index, device_category, country,
    case
        {%- for k in range(last, 1, -1) %}
        when reached_{{ k }} - event_timestamp <= {{ window_us }} then {{ k }}
        {%- endfor %}
        when step = 1 then 1
    end as furthest_step
from step_1
where step = 1
{%- endmacro %}

{# The columns of `funnel_attempts` without a row, for a project without funnels. #}
{% macro no_funnel_attempts() -%}
select
    cast(null as text) as funnel,
    dataset, user_key, event_id, event_date, event_timestamp, batch_page_id,
    batch_ordering_id, batch_event_index, device_category, country,
    cast(null as integer) as furthest_step
from {{ ref('int_events') }}
where false
{%- endmacro %}
