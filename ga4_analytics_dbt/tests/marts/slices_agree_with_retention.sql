-- Slice 'all' is the unsliced cell, and so is the sum of every other slice: a user is of
-- one device and country.
with
cells as (
    select * from {{ ref('cohort_retention') }}
    where day_number <= {{ var('slice_retention_max_day') }}
),

slices as (
    select
        dataset, cohort_date, day_number, slice,
        sum(cohort_users) as cohort_users, sum(retained_users) as retained_users
    from {{ ref('retention_by_slice') }}
    group by dataset, cohort_date, day_number, slice
),

names as (
    {{ slices() }}
)

select cells.dataset, cells.cohort_date, cells.day_number, names.slice
from cells
cross join names
left join slices
    on cells.dataset = slices.dataset and cells.cohort_date = slices.cohort_date
    and cells.day_number = slices.day_number and names.slice = slices.slice
where slices.cohort_users is distinct from cells.cohort_users
    or slices.retained_users is distinct from cells.retained_users
