with
days as (
    select * from {{ ref('stg_ga4_days') }}
),

user_days as (
    select * from {{ ref('int_user_days') }}
),

members as (
    select dataset, user_key, first_event_date as cohort_date
    from {{ ref('int_users') }}
    {{ 'where not is_left_truncated' if not var('include_left_truncated') }}
),

numbers as (
    {{ numbers(var('retention_max_day')) }}
),

bounds as (
    select
        dataset,
        max(event_date) as last_date,
        max(case when is_complete then event_date end) as last_complete_date
    from days
    group by dataset
),

cohorts as (
    select dataset, cohort_date, count(*) as cohort_users
    from members
    group by dataset, cohort_date
),

returns as (
    select
        members.dataset, members.cohort_date,
        user_days.event_date - members.cohort_date as day_number,
        count(*) as retained_users
    from members
    inner join user_days
        on members.dataset = user_days.dataset and members.user_key = user_days.user_key
    group by members.dataset, members.cohort_date, user_days.event_date - members.cohort_date
),

cells as (
    select
        cohorts.dataset, cohorts.cohort_date, numbers.n as day_number, cohorts.cohort_users,
        coalesce(cohorts.cohort_date + numbers.n <= bounds.last_complete_date, false)
            as is_complete
    from cohorts
    inner join bounds on cohorts.dataset = bounds.dataset
    inner join numbers on cohorts.cohort_date + numbers.n <= bounds.last_date
),

counted as (
    select
        cells.*,
        case when cells.is_complete then coalesce(returns.retained_users, 0) end
            as retained_users
    from cells
    left join returns
        on cells.dataset = returns.dataset
        and cells.cohort_date = returns.cohort_date
        and cells.day_number = returns.day_number
)

select
    dataset, cohort_date, day_number, cohort_users, retained_users,
    {{ ratio('retained_users', 'cohort_users') }} as retention_rate,
    is_complete
from counted
