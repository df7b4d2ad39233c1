{{ config(materialized='view') }}
{% set stitched = var('identity') == 'stitched' %}
-- whatever the identity is, for the unit test that stitches: depends_on: {{ ref('int_devices') }}

with events as (
    select * from {{ ref('stg_ga4_events') }}
),

days as (
    select dataset, event_date, day_start_us, has_session_id from {{ ref('stg_ga4_days') }}
),

{% if stitched -%}
devices as (
    select * from {{ ref('int_devices') }}
),

{% endif -%}
datasets as (
    select dataset, streams from {{ ref('int_datasets') }}
)

select
    events.*,
    {% if stitched -%}
    coalesce(devices.latest_user_id, events.user_pseudo_id) as user_key,
    {%- else -%}
    events.user_pseudo_id as user_key,
    {%- endif %}
    -- the order of events without a time of their own
    coalesce(
        events.event_timestamp,
        days.day_start_us,
        (events.event_date - date '1970-01-01') * cast(86400000000 as bigint)
    ) as order_us,
    -- sessions are told apart by stream only where there are several
    case when datasets.streams > 1 then '/' || coalesce(events.stream_id, '') else '' end
        as stream_part,
    not coalesce(days.has_session_id, false) and events.event_timestamp is not null
        as is_session_derivable,
    case
        when not coalesce(days.has_session_id, false) and events.event_timestamp is not null
            then ''
        else events.ga_session_id
    end as session_part,
    events.event_name in ('page_view', 'screen_view') as is_view,
    coalesce(events.event_name in {{ text_list(var('key_events')) }}, false) as is_key_event
from events
left join days on events.dataset = days.dataset and events.event_date = days.event_date
left join datasets on events.dataset = datasets.dataset
{%- if stitched %}
left join devices
    on events.dataset = devices.dataset and events.user_pseudo_id = devices.user_pseudo_id
{%- endif %}
