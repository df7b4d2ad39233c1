-- Slice 'all' is the unsliced step, and so is the sum of every other slice: an entry day
-- is of one device and country.
with
steps as (
    select * from {{ ref('funnel_steps') }}
),

slices as (
    select
        dataset, funnel, entry_date, step, slice,
        sum(entered_users) as entered_users, sum(users) as users,
        sum(open_users) as open_users, sum(dropped_users) as dropped_users
    from {{ ref('funnel_by_slice') }}
    group by dataset, funnel, entry_date, step, slice
),

names as (
    {{ slices() }}
)

select steps.dataset, steps.funnel, steps.entry_date, steps.step, names.slice
from steps
cross join names
left join slices
    on steps.dataset = slices.dataset and steps.funnel = slices.funnel
    and steps.entry_date = slices.entry_date and steps.step = slices.step
    and names.slice = slices.slice
where slices.entered_users is distinct from steps.entered_users
    or slices.users is distinct from steps.users
    or slices.open_users is distinct from steps.open_users
    or slices.dropped_users is distinct from steps.dropped_users
