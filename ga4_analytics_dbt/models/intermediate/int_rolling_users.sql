with
days as (
    select * from {{ ref('stg_ga4_days') }}
),

user_days as (
    select * from {{ ref('int_user_days') }}
),

-- A user active on a day stays in an n-day window for n days, or until active again.
stays as (
    select
        dataset, event_date,
        lead(event_date, 1, event_date + 28)
            over (partition by dataset, user_key order by event_date) as next_date
    from user_days
    where is_active
),

changes as (
    select dataset, event_date as changed_on, 1 as change_7d, 1 as change_28d from stays
    union all
    select dataset, least(event_date + 7, next_date), -1, 0 from stays
    union all
    select dataset, least(event_date + 28, next_date), 0, -1 from stays
    union all
    select dataset, event_date, 0, 0 from days
),

daily_changes as (
    select
        dataset, changed_on,
        {{ total('change_7d') }} as change_7d,
        {{ total('change_28d') }} as change_28d
    from changes
    group by dataset, changed_on
),

running as (
    select
        dataset, changed_on as event_date,
        sum(change_7d) over (partition by dataset order by changed_on) as users_7d,
        sum(change_28d) over (partition by dataset order by changed_on) as users_28d
    from daily_changes
),

untold as (
    select dataset, event_date, count(*) as user_days
    from user_days
    where is_active is null
    group by dataset, event_date
),

-- A day whose files cannot say who was active leaves every window that holds it unknown.
judged as (
    select
        days.dataset, days.event_date,
        days.event_date - min(days.event_date) over (partition by days.dataset) as days_before,
        days.event_date - date '1970-01-01' as day_index,
        case
            when days.has_user_pseudo_id and untold.user_days is null then 0 else 1
        end as is_untold
    from days
    left join untold
        on days.dataset = untold.dataset and days.event_date = untold.event_date
),

windows as (
    select
        dataset, event_date, days_before,
        {% for n in (7, 28) -%}
        sum(is_untold) over (
            partition by dataset order by day_index
            range between {{ n - 1 }} preceding and current row
        ) as untold_{{ n }}d{{ ',' if not loop.last }}
        {% endfor -%}
    from judged
)

select
    windows.dataset, windows.event_date,
    {% for n in (7, 28) -%}
    case
        when windows.days_before >= {{ n - 1 }} and windows.untold_{{ n }}d = 0
            then cast(running.users_{{ n }}d as bigint)
    end as rolling_{{ n }}d_users{{ ',' if not loop.last }}
    {% endfor -%}
from windows
inner join running
    on windows.dataset = running.dataset and windows.event_date = running.event_date
