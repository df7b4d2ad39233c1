with events as (
    select * from {{ ref('int_events') }}
),

sessions as (
    select * from {{ ref('int_sessions') }}
)

select
    events.dataset,
    events.event_id,
    events.event_date,
    events.event_timestamp,
    events.order_us,
    events.event_name,
    events.user_key,
    events.session_key,
    sessions.session_number,
    events.is_session_derived,
    events.batch_page_id,
    events.batch_ordering_id,
    events.batch_event_index,
    events.is_suspected_repeat,
    events.engagement_time_msec,
    events.is_active_user,
    sessions.is_engaged as is_session_engaged,
    events.is_key_event,
    events.stream_id,
    events.platform,
    events.device_category,
    events.operating_system,
    events.browser,
    events.language,
    events.country,
    events.region,
    events.city,
    events.hostname,
    events.page_path,
    events.page_title,
    sessions.landing_page,
    sessions.source_scope,
    sessions.source,
    sessions.medium,
    sessions.campaign,
    sessions.channel_scope,
    sessions.channel_group,
    events.transaction_id,
    events.currency,
    events.purchase_revenue_usd_micros,
    events.purchase_revenue_micros,
    events.refund_value_usd_micros,
    events.event_value_usd_micros,
    events.user_first_touch_timestamp,
    events.event_params,
    events.user_properties
from events
left join sessions
    on events.dataset = sessions.dataset
    and events.session_key = sessions.session_key
