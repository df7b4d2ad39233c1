{# Every rule is true of every row. A rule that comes out null fails: where null is
   allowed, the rule says so. #}
{% test holds(model, rules) %}
{% for rule in rules -%}
select {{ sql_text(rule) }} as rule, count(*) as rows_against
from {{ model }}
where ({{ rule }}) is not true
having count(*) > 0
{{ 'union all' if not loop.last }}
{% endfor %}
{% endtest %}
