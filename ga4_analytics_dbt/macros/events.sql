{# The one order of a user's events. order_us is event_timestamp, or the day's start where
   the file has none; what the batch fields leave tied is settled by event_id. #}
{% macro event_order() -%}
    order_us, batch_page_id nulls first, batch_ordering_id nulls first,
    batch_event_index nulls first, event_id
{%- endmacro %}

{# The key of a session, from what tells it apart in a relation. #}
{% macro session_key(relation, is_derived, derived_start_us) -%}
    case
        when {{ is_derived }} then {{ relation }}.user_key || '/d'
            || cast({{ derived_start_us }} as text) || {{ relation }}.stream_part
        else {{ relation }}.user_key || '/' || {{ relation }}.session_part
            || {{ relation }}.stream_part
    end
{%- endmacro %}

{# '(not set)' says that there is no value; '(data deleted)' and '<Other>' say that there was. #}
{% macro clean(column) -%}
    nullif({{ column }}, '(not set)') as {{ column.split('.') | last }}
{%- endmacro %}

{# Lower case for the letters A to Z only: lower() differs between engines beyond them. #}
{% macro ascii_lower(value) -%}
    translate({{ value }}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')
{%- endmacro %}

{# The texts of a list as SQL literals: ('a', 'b'). An empty list gives (null): no match. #}
{% macro text_list(values) -%}
    ({% for value in values %}'{{ value | replace("'", "''") }}'{{ ', ' if not loop.last }}{% else %}null{% endfor %})
{%- endmacro %}
