with events as (
    select * from {{ ref('int_events') }}
    where session_key is not null
)

select
    dataset,
    session_key,
    user_key,
    min(event_timestamp) as session_start_us,
    max(event_timestamp) as session_end_us,
    count(*) as events,
    count(case when is_view then 1 end) as page_views,
    count(case when is_key_event then 1 end) as key_events,
    count(case when event_name = 'purchase' then 1 end) as purchases,
    cast(sum(engagement_time_msec) as bigint) as engagement_msec,
    cast(sum(case when event_name = 'purchase' then purchase_revenue_usd_micros end) as bigint)
        as purchase_revenue_usd_micros,
    cast(sum(case when event_name = 'purchase' then purchase_revenue_micros end) as bigint)
        as purchase_revenue_micros,
    max(case when session_engaged then 1 else 0 end) = 1 as is_marked_engaged,
    max(case when is_session_derived then 1 else 0 end) = 1 as is_derived,
    -- the user's events are numbered, so "the first event that ..." is a minimum
    min(user_event_number) as first_event_number,
    min(case when is_view then user_event_number end) as landing_event_number,
    min(
        case
            when coalesce(session_source, session_medium, session_campaign, session_channel_group)
                is not null
                then user_event_number
        end
    ) as session_source_event_number,
    min(
        case
            when coalesce(first_user_source, first_user_medium, first_user_campaign) is not null
                then user_event_number
        end
    ) as first_user_source_event_number,
    min(
        case
            when coalesce(event_source, event_medium, event_campaign, gclid) is not null
                then user_event_number
        end
    ) as event_source_event_number,
    min(
        case
            when coalesce(flat_source, flat_medium, flat_campaign) is not null
                then user_event_number
        end
    ) as flat_source_event_number
from events
group by dataset, session_key, user_key
