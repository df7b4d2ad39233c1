{# All that differs between the engines; each macro is named for what it does. #}

{# Whether a text holds a match of a regular expression. Patterns keep to what both
   engines read alike: anchors, groups, plain character classes, no dot, no backslash. #}
{% macro text_matches(value, pattern) -%}
    {{ adapter.dispatch('text_matches', 'ga4_analytics')(value, pattern) }}
{%- endmacro %}

{% macro duckdb__text_matches(value, pattern) -%}
    regexp_matches({{ value }}, {{ pattern }})
{%- endmacro %}

{% macro postgres__text_matches(value, pattern) -%}
    ({{ value }} ~ {{ pattern }})
{%- endmacro %}

{# Text that sorts and compares byte by byte, whatever the database's own collation is. #}
{% macro bytewise_text(value) -%}
    {{ adapter.dispatch('bytewise_text', 'ga4_analytics')(value) }}
{%- endmacro %}

{% macro duckdb__bytewise_text(value) -%}
    cast({{ value }} as text)
{%- endmacro %}

{% macro postgres__bytewise_text(value) -%}
    (cast({{ value }} as text) collate "C")
{%- endmacro %}

{# What a model asks of its own transaction. Postgres takes a join on computed keys for one
   of a few rows and then loops over thousands: such a model ran for minutes, and with hash
   joins for a second. A merge join on the day alone, with the user as a filter, is as bad.
   Fresh statistics do not help, since the guess is about expressions.
   Compiling such selects takes longer than running them. #}
{% macro transaction_settings() -%}
    {{ adapter.dispatch('transaction_settings', 'ga4_analytics')() }}
{%- endmacro %}

{% macro duckdb__transaction_settings() -%}
{%- endmacro %}

{% macro postgres__transaction_settings() -%}
    set local enable_nestloop = off; set local enable_mergejoin = off; set local jit = off; set local work_mem = '256MB'
{%- endmacro %}
