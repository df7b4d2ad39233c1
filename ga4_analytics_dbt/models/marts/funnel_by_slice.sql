with
entries as (
    select * from {{ ref('int_funnel_entries') }}
),

definitions as (
    {{ funnel_definitions() | indent(4) }}
),

slices as (
    {{ slices() }}
),

-- A user's entry day is of one device and country, so slices add up.
counted as (
    select
        dataset, funnel, entry_date, furthest_step, device_category, country,
        count(*) as entered_users,
        count(*) filter (where is_open) as open_users,
        count(*) filter (where not is_converted and not is_open) as dropped_users
    from entries
    group by dataset, funnel, entry_date, furthest_step, device_category, country
),

sliced as (
    select
        counted.dataset, counted.funnel, counted.entry_date, counted.furthest_step,
        {{ slice_columns('counted') }},
        {{ total('counted.entered_users') }} as entered_users,
        {{ total('counted.open_users') }} as open_users,
        {{ total('counted.dropped_users') }} as dropped_users
    from counted
    cross join slices
    group by 1, 2, 3, 4, 5, 6, 7
),

reached as (
    select
        sliced.dataset, sliced.funnel, sliced.entry_date, sliced.slice,
        sliced.device_category, sliced.country, definitions.step, definitions.step_name,
        {{ total('sliced.entered_users') }} as entered_users,
        {{ total('case when sliced.furthest_step >= definitions.step '
                 'then sliced.entered_users else 0 end') }} as users,
        {{ total('sliced.open_users') }} as open_users,
        {{ total('sliced.dropped_users') }} as dropped_users
    from sliced
    inner join definitions on sliced.funnel = definitions.funnel
    group by 1, 2, 3, 4, 5, 6, 7, 8
)

select
    dataset, funnel, entry_date, slice, device_category, country, step, step_name,
    entered_users, users,
    {{ ratio('users', 'entered_users') }} as conversion_rate,
    open_users, dropped_users
from reached
