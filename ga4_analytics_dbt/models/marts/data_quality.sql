with
days as (
    select * from {{ ref('int_day_checks') }}
),

damaged as (
    select distinct load_id from {{ source('raw', 'damage') }} where accepted
),

checks as (
    {% for name, affected, total, note in quality_checks() -%}
    select
        dataset, event_date, {{ sql_text(name) }} as check_name,
        cast({{ affected }} as bigint) as affected,
        cast({{ total }} as bigint) as total,
        {{ sql_text(note) }} as note
    from days
    union all
    {% endfor -%}
    {% for name, condition, note in quality_gaps() -%}
    select
        dataset, event_date, {{ sql_text(name) }}, events, events, {{ sql_text(note) }}
    from days
    where {{ condition }}
    union all
    {% endfor -%}
    select
        days.dataset, days.event_date, 'accepted_damage', days.events, days.events,
        'Their load accepted damaged values (--accept-damaged): raw.damage says which.'
    from days
    inner join damaged on days.load_id = damaged.load_id
)

select
    dataset, event_date, check_name, affected, total,
    {{ ratio('affected', 'total') }} as share,
    note
from checks
