with
days as (
    select
        dataset, event_date, source_scope, has_event_timestamp, has_user_pseudo_id,
        has_session_id, has_session_engaged, has_engagement_time, has_is_active_user,
        has_first_touch, has_session_source, has_device, has_country, has_page, has_items,
        has_transaction_id, has_revenue, load_id,
        lag(event_date) over (partition by dataset order by event_date) as previous_date
    from {{ ref('stg_ga4_days') }}
),

raw_checks as (
    select * from {{ ref('int_raw_checks') }}
),

event_checks as (
    select * from {{ ref('int_event_checks') }}
),

sessions as (
    select
        dataset, session_date,
        count(*) as sessions,
        count(exported_channel_group) as exported_channels,
        count(*) filter (where exported_channel_group <> computed_channel_group)
            as channel_disagreements
    from {{ ref('int_sessions') }}
    group by dataset, session_date
),

users as (
    select
        dataset, first_event_date,
        count(*) as first_seen_users,
        count(*) filter (where is_left_truncated) as left_truncated_users,
        count(*) filter (where user_ids > 1) as users_with_several_ids
    from {{ ref('int_users') }}
    group by dataset, first_event_date
),

orders as (
    select
        dataset, order_date,
        count(*) as orders,
        count(*) filter (where is_id_missing) as orders_without_id,
        count(*) filter (where not is_id_missing) as identified_orders,
        count(*) filter (where purchase_events > 1) as repeated_orders,
        count(*) filter (where is_conflicting) as conflicting_orders
    from {{ ref('int_orders') }}
    group by dataset, order_date
)

select
    days.*,
    {% for name in ['raw_events', 'identified_events', 'unidentified_events',
        'duplicates_removed', 'duplicates_suspected', 'placeholder_not_set',
        'placeholder_data_deleted', 'placeholder_other'] -%}
    {{ known('raw_checks.' ~ name) }},
    {% endfor -%}
    {% for name in ['events', 'events_without_user', 'events_without_session',
        'events_without_timestamp', 'timed_events', 'placed_events',
        'timestamps_outside_day', 'tied_events'] -%}
    {{ known('event_checks.' ~ name) }},
    {% endfor -%}
    {{ known('sessions.sessions', has_sessions('days')) }},
    {{ known('sessions.exported_channels', 'days.has_session_source') }},
    {{ known('sessions.channel_disagreements', 'days.has_session_source') }},
    case when {{ has_sessions('days') }} then abs(
        coalesce(event_checks.session_starts, 0) - coalesce(sessions.sessions, 0)
    ) end as session_start_gap,
    {{ known('users.first_seen_users', 'days.has_user_pseudo_id') }},
    {{ known('users.left_truncated_users', 'days.has_first_touch') }},
    {{ known('users.users_with_several_ids', 'days.has_user_pseudo_id') }},
    {{ known('orders.orders') }},
    {{ known('orders.orders_without_id') }},
    {{ known('orders.identified_orders', 'days.has_transaction_id') }},
    {{ known('orders.repeated_orders', 'days.has_transaction_id') }},
    {{ known('orders.conflicting_orders', 'days.has_transaction_id') }},
    coalesce(days.event_date - days.previous_date - 1, 0) as missing_days,
    coalesce(days.event_date - days.previous_date, 1) as elapsed_days
from days
{{ join_day('raw_checks') }}
{{ join_day('event_checks') }}
{{ join_day('sessions', 'session_date') }}
{{ join_day('users', 'first_event_date') }}
{{ join_day('orders', 'order_date') }}
