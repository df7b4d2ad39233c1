with
days as (
    select * from {{ ref('stg_ga4_days') }}
),

-- Numbered, because engines sort by numbers several times faster than by text.
users as (
    select
        dataset, user_key,
        row_number() over (order by dataset, user_key) as user_number
    from {{ ref('int_users') }}
),

definitions as (
    {{ funnel_definitions() | indent(4) }}
),

-- Read once for all funnels.
events as (
    select
        users.user_number, events.event_id, events.event_name, events.event_date,
        events.event_timestamp, events.batch_page_id, events.batch_ordering_id,
        events.batch_event_index, events.device_category, events.country
    from {{ ref('int_identified_events') }} as events
    inner join users
        on events.dataset = users.dataset and events.user_key = users.user_key
    where events.event_timestamp is not null
        and events.event_name in {{ text_list(funnel_event_names()) }}
),

{% for funnel in var('funnels') -%}
entry_days_{{ loop.index }} as (
    {{ funnel_entry_days(funnel, 'events') | indent(4) }}
),

{% endfor -%}
entries as (
    {% for funnel in var('funnels') -%}
    select cast({{ sql_text(funnel.name) }} as text) as funnel, entry_days_{{ loop.index }}.*
    from entry_days_{{ loop.index }}
    {{ 'union all' if not loop.last }}
    {% else -%}
    select
        cast(null as text) as funnel, cast(null as bigint) as user_number,
        cast(null as date) as entry_date, cast(null as integer) as furthest_step,
        cast(null as bigint) as last_entry_us, cast(null as text) as device_category,
        cast(null as text) as country
    where false
    {% endfor -%}
),

-- The first microsecond of which nothing is known for sure.
horizons as (
    select dataset, max(case when is_complete then day_end_us end) as horizon_us
    from days
    group by dataset
),

final as (
    select
        users.dataset, entries.funnel, users.user_key, entries.entry_date,
        entries.furthest_step,
        entries.furthest_step = definitions.last_step as is_converted,
        entries.furthest_step < definitions.last_step
        and coalesce(
            entries.last_entry_us + definitions.window_us >= horizons.horizon_us, true
        ) as is_open,
        entries.device_category,
        entries.country
    from entries
    inner join users on entries.user_number = users.user_number
    inner join definitions
        on entries.funnel = definitions.funnel and definitions.step = 1
    left join horizons on users.dataset = horizons.dataset
)

select * from final
