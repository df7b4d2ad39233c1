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
partition by user_number
        order by
            event_timestamp desc,
            batch_page_id desc nulls last,
            batch_ordering_id desc nulls last,
            batch_event_index desc nulls last
        range between unbounded preceding and current row
{%- endmacro %}

{# The names of the events that any funnel has as a step. #}
{% macro funnel_event_names() -%}
{%- set names = [] -%}
{%- for funnel in var('funnels') -%}{%- do names.extend(funnel.steps) -%}{%- endfor -%}
{{ return(names | unique | list) }}
{%- endmacro %}

{# The events of a funnel, `step` saying which of its steps each is. #}
{% macro funnel_events(steps, events) -%}
select
    user_number, event_date, event_timestamp, batch_page_id, batch_ordering_id,
    batch_event_index,
    case event_name
        {% for name in steps -%}
        when {{ sql_text(name) }} then {{ loop.index }}
        {% endfor -%}
    end as step
from {{ events }}
where event_name in {{ text_list(steps) }}
{%- endmacro %}

{# One row per event of step 1 with how far its attempt went. `reached_k` is the time at
   which a chain of steps that starts at the row's event first reaches step k: the
   earliest chain reaches every step at its earliest, so it alone is worth following.
   It is found from the last step backwards, and each round needs two steps' events. #}
{% macro funnel_attempts(steps, window_us, step_events) -%}
{%- set last = steps | length -%}
{%- set place = 'user_number, event_date, event_timestamp, batch_page_id, '
    ~ 'batch_ordering_id, batch_event_index' -%}
with
step_{{ last }} as (
    select
        {{ place }}
        {%- if last > 1 %},
        event_timestamp as reached_{{ last }}
        {%- endif %}
    from {{ step_events }}
    where step = {{ last }}
)
{%- for j in range(last - 1, 0, -1) -%}
,
step_{{ j }}_and_next as (
    select
        {{ place }}, true as is_step
        {%- for k in range(j + 1, last + 1) %}, cast(null as bigint) as next_{{ k }}
        {%- endfor %}
    from {{ step_events }}
    where step = {{ j }}
    union all
    select
        {{ place }}, false
        {%- for k in range(j + 1, last + 1) %}, reached_{{ k }}
        {%- endfor %}
    from step_{{ j + 1 }}
),
step_{{ j }}_reaching as (
    select
        {{ place }}, is_step
        {%- for k in range(j + 1, last + 1) %},
        min(next_{{ k }}) over following as reached_{{ k }}
        {%- endfor %}
    from step_{{ j }}_and_next
    window following as (
        {{ funnel_frame() }}
    )
),
step_{{ j }} as (
    select
        {{ place }}
        {%- if j > 1 %}, event_timestamp as reached_{{ j }}
        {%- endif %}
        {%- for k in range(j + 1, last + 1) %}, reached_{{ k }}
        {%- endfor %}
    from step_{{ j }}_reaching
    where is_step
)
{%- endfor %}
select
    user_number, event_date, event_timestamp,
    case
        {%- for k in range(last, 1, -1) %}
        when reached_{{ k }} - event_timestamp <= {{ window_us }} then {{ k }}
        {%- endfor %}
        when event_timestamp is not null then 1
    end as furthest_step
from step_1
{%- endmacro %}

{# One row per user and day with an event of step 1: the best attempt of the day, the time
   of the last one, and where the first one happened. #}
{% macro funnel_entry_days(funnel, events) -%}
with
step_events as (
    {{ funnel_events(funnel.steps, events) | indent(4) }}
),

attempts as (
    {{ funnel_attempts(funnel.steps, funnel.window_seconds * 1000000, 'step_events')
        | indent(4) }}
),

days as (
    select
        user_number, event_date as entry_date,
        max(furthest_step) as furthest_step,
        max(event_timestamp) as last_entry_us
    from attempts
    group by user_number, event_date
),

ranked as (
    select
        user_number, event_date, device_category, country,
        row_number() over (
            partition by user_number, event_date
            order by
                event_timestamp, batch_page_id nulls first, batch_ordering_id nulls first,
                batch_event_index nulls first, event_id
        ) as attempt_of_day
    from {{ events }}
    where event_name = {{ sql_text(funnel.steps[0]) }}
)

select
    days.user_number, days.entry_date, days.furthest_step, days.last_entry_us,
    ranked.device_category, ranked.country
from days
inner join ranked
    on days.user_number = ranked.user_number and days.entry_date = ranked.event_date
    and ranked.attempt_of_day = 1
{%- endmacro %}
