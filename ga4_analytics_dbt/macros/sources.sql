{# The join from a session to one of its user's events by that event's number. #}
{% macro join_event(alias, number) -%}
    left join events as {{ alias }}
        on totals.dataset = {{ alias }}.dataset
        and totals.user_key = {{ alias }}.user_key
        and totals.{{ number }} = {{ alias }}.user_event_number
{%- endmacro %}
