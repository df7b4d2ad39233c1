with
entries as (
    select * from {{ ref('int_funnel_entries') }}
),

days as (
    select * from {{ ref('stg_ga4_days') }}
),

definitions as (
    {{ funnel_definitions() | indent(4) }}
),

horizons as (
    select dataset, max(case when is_complete then day_end_us end) as horizon_us
    from days
    group by dataset
),

reached as (
    select
        entries.dataset, entries.funnel, entries.entry_date, definitions.step,
        definitions.step_name, definitions.window_us,
        count(*) as entered_users,
        count(*) filter (where entries.furthest_step >= definitions.step) as users,
        count(*) filter (where entries.furthest_step >= definitions.step - 1)
            as users_before,
        count(*) filter (where entries.is_open) as open_users,
        count(*) filter (where not entries.is_converted and not entries.is_open)
            as dropped_users
    from entries
    inner join definitions on entries.funnel = definitions.funnel
    group by
        entries.dataset, entries.funnel, entries.entry_date, definitions.step,
        definitions.step_name, definitions.window_us
),

judged as (
    select
        reached.*,
        case when reached.step > 1 then reached.users_before end as previous_users,
        -- A day's last instant is the microsecond before its end.
        coalesce(days.day_end_us - 1 + reached.window_us < horizons.horizon_us, false)
            as is_mature
    from reached
    inner join days
        on reached.dataset = days.dataset and reached.entry_date = days.event_date
    left join horizons on reached.dataset = horizons.dataset
)

select
    dataset, funnel, entry_date, step, step_name, entered_users, users,
    {{ ratio('users', 'entered_users') }} as conversion_rate,
    previous_users,
    {{ ratio('users', 'previous_users') }} as step_rate,
    open_users, dropped_users, is_mature
from judged
