with days as (
    select * from {{ source('raw', 'ga4_days') }}
),

scoped as (
    select
        *,
        -- the best scope that the day's files can tell; scopes are never mixed within a day
        case
            when has_session_source then 'session'
            when has_first_user_source then 'first_user'
            when has_event_source then 'event'
            when has_flat_source then 'unknown'
        end as source_scope
    from days
)

select
    dataset,
    event_date,
    load_id,
    export_id,
    table_kind,
    events as raw_events,
    items as raw_items,
    coalesce(is_complete, false) as is_complete,
    coalesce(is_final, false) as is_final,
    exported_at_us,
    day_start_us,
    day_end_us,
    source_scope,
    coalesce(has_event_timestamp, false) as has_event_timestamp,
    coalesce(has_user_pseudo_id, false) as has_user_pseudo_id,
    coalesce(has_session_id, false) as has_session_id,
    coalesce(has_session_engaged, false) as has_session_engaged,
    coalesce(has_engagement_time, false) as has_engagement_time,
    coalesce(has_is_active_user, false) as has_is_active_user,
    coalesce(has_event_params, false) as has_event_params,
    coalesce(has_first_touch, false) as has_first_touch,
    coalesce(has_session_source, false) as has_session_source,
    coalesce(has_first_user_source, false) as has_first_user_source,
    coalesce(has_event_source, false) as has_event_source,
    coalesce(has_flat_source, false) as has_flat_source,
    coalesce(has_device, false) as has_device,
    coalesce(has_country, false) as has_country,
    coalesce(has_page, false) as has_page,
    coalesce(has_items, false) as has_items,
    coalesce(has_transaction_id, false) as has_transaction_id,
    coalesce(has_revenue, false) as has_revenue
from scoped
