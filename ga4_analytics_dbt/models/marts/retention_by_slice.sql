with
days as (
    select * from {{ ref('stg_ga4_days') }}
),

user_days as (
    select * from {{ ref('int_user_days') }}
),

members as (
    select dataset, user_key, first_event_date as cohort_date, device_category, country
    from {{ ref('int_users') }}
    {{ 'where not is_left_truncated' if not var('include_left_truncated') }}
),

numbers as (
    {{ numbers(var('slice_retention_max_day')) }}
),

slices as (
    {{ slices() }}
),

bounds as (
    select
        dataset,
        max(event_date) as last_date,
        max(case when is_complete then event_date end) as last_complete_date
    from days
    group by dataset
),

-- A user is of one device and country, so slices add up and small sums are enough.
visits as (
    select
        members.dataset, members.cohort_date, members.device_category, members.country,
        user_days.event_date - members.cohort_date as day_number,
        count(*) as users
    from members
    inner join user_days
        on members.dataset = user_days.dataset and members.user_key = user_days.user_key
    where user_days.event_date - members.cohort_date <= {{ var('slice_retention_max_day') }}
    group by
        members.dataset, members.cohort_date, members.device_category, members.country,
        user_days.event_date - members.cohort_date
),

returns as (
    select
        visits.dataset, visits.cohort_date, visits.day_number,
        {{ slice_columns('visits') }},
        {{ total('visits.users') }} as users
    from visits
    cross join slices
    group by 1, 2, 3, 4, 5, 6
),

cells as (
    select
        cohorts.dataset, cohorts.cohort_date, cohorts.slice, cohorts.device_category,
        cohorts.country, numbers.n as day_number, cohorts.users as cohort_users,
        coalesce(cohorts.cohort_date + numbers.n <= bounds.last_complete_date, false)
            as is_complete
    -- Every user of a cohort has an event on its day 0: that is what dates the cohort.
    from returns as cohorts
    inner join bounds on cohorts.dataset = bounds.dataset
    inner join numbers on cohorts.cohort_date + numbers.n <= bounds.last_date
    where cohorts.day_number = 0
),

counted as (
    select
        cells.*,
        case when cells.is_complete then coalesce(returns.users, 0) end as retained_users
    from cells
    left join returns
        on cells.dataset = returns.dataset and cells.cohort_date = returns.cohort_date
        and cells.day_number = returns.day_number and cells.slice = returns.slice
        and cells.device_category = returns.device_category and cells.country = returns.country
)

select
    dataset, cohort_date, slice, device_category, country, day_number, cohort_users,
    retained_users, {{ ratio('retained_users', 'cohort_users') }} as retention_rate, is_complete
from counted
