{# How every number of the marts is made, so that engines agree to the last unit. #}

{# A sum of integers; both engines widen sums, the contract wants bigint. #}
{% macro total(expression) -%}
cast(sum({{ expression }}) as bigint)
{%- endmacro %}

{# A rate or a mean: one division of two integers, null where there is nothing to divide by. #}
{% macro ratio(numerator, denominator) -%}
cast({{ numerator }} as double precision) / nullif({{ denominator }}, 0)
{%- endmacro %}

{# US dollars of an amount in micro-units. #}
{% macro usd(micros) -%}
cast({{ micros }} as double precision) / 1000000
{%- endmacro %}

{# The numbers 0 to `last` as rows of one column, `n`, on any engine. #}
{% macro numbers(last) -%}
{% for n in range(last + 1) %}select {{ n }} as n{{ ' union all ' if not loop.last }}{% endfor %}
{%- endmacro %}

{# A text literal. #}
{% macro sql_text(value) -%}
'{{ value | replace("'", "''") }}'
{%- endmacro %}

{# A count or sum of a day: 0 where nothing happened, null where the files cannot tell. #}
{% macro known(column, condition='true') -%}
{%- set name = column.split('.') | last -%}
{%- if condition == 'true' -%}
coalesce({{ column }}, 0) as {{ name }}
{%- else -%}
case when {{ condition }} then coalesce({{ column }}, 0) end as {{ name }}
{%- endif -%}
{%- endmacro %}

{# A day has sessions when its files name users and times; ids of sessions can be derived. #}
{% macro has_sessions(days) -%}
{{ days }}.has_user_pseudo_id and {{ days }}.has_event_timestamp
{%- endmacro %}

{# The join from `days` to a relation of one row per dataset and day. #}
{% macro join_day(relation, date_column='event_date') -%}
left join {{ relation }}
        on days.dataset = {{ relation }}.dataset
        and days.event_date = {{ relation }}.{{ date_column }}
{%- endmacro %}
