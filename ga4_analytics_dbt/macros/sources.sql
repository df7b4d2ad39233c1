{# The scopes in which a file may say where traffic came from. #}
{% macro source_scopes() %}
    {{ return(['session', 'first_user', 'event', 'flat']) }}
{% endmacro %}

{# Whether an event carries a source of that scope. #}
{% macro has_source(scope) -%}
    coalesce(
        {{ scope }}_source, {{ scope }}_medium, {{ scope }}_campaign
        {{- ', session_channel_group' if scope == 'session' }}
        {{- ', gclid' if scope == 'event' }}
    ) is not null
{%- endmacro %}

{# Whether an event can be a session's landing: its first page or screen. #}
{% macro has_landing() -%}
    is_view
{%- endmacro %}

{# A column's value on the session's event at a place. #}
{% macro of_place(column, place) -%}
    max(case when place = {{ place }} then {{ column }} end)
{%- endmacro %}
