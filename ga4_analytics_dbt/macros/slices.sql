{# The four slices of the `_by_slice` marts, as rows. #}
{% macro slices() -%}
select 'all' as slice, false as by_device, false as by_country
union all select 'device', true, false
union all select 'country', false, true
union all select 'device_country', true, true
{%- endmacro %}

{# A dimension's value within a slice: '(all)' where the slice does not use it. #}
{% macro slice_value(by, dimension) -%}
case when {{ by }} then coalesce({{ dimension }}, '(unknown)') else '(all)' end
{%- endmacro %}

{# The columns of a slice, from a relation with device_category and country
   joined to `slices`. #}
{% macro slice_columns(relation) -%}
slices.slice,
        {{ slice_value('slices.by_device', relation ~ '.device_category') }} as device_category,
        {{ slice_value('slices.by_country', relation ~ '.country') }} as country
{%- endmacro %}

{# The join of two relations of one row per dataset, day and slice. #}
{% macro join_slice(left, right) -%}
left join {{ right }}
        on {{ left }}.dataset = {{ right }}.dataset
        and {{ left }}.event_date = {{ right }}.event_date
        and {{ left }}.slice = {{ right }}.slice
        and {{ left }}.device_category = {{ right }}.device_category
        and {{ left }}.country = {{ right }}.country
{%- endmacro %}
