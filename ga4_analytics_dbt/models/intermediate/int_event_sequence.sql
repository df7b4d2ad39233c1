{% set stitched = var('identity') == 'stitched' %}
with events as (
    select * from {{ ref('stg_ga4_events') }}
),

days as (
    select * from {{ ref('stg_ga4_days') }}
),

{% if stitched %}
devices as (
    select * from {{ ref('int_devices') }}
),
{% endif %}

streams as (
    select dataset, count(distinct stream_id) > 1 as has_several_streams
    from events
    group by dataset
),

keyed as (
    select
        events.dataset,
        events.event_id,
        events.event_timestamp,
        {% if stitched %}
        coalesce(devices.latest_user_id, events.user_pseudo_id) as user_key,
        {% else %}
        events.user_pseudo_id as user_key,
        {% endif %}
        coalesce(
            events.event_timestamp,
            days.day_start_us,
            (events.event_date - date '1970-01-01') * cast(86400000000 as bigint)
        ) as order_us,
        events.batch_page_id,
        events.batch_ordering_id,
        events.batch_event_index,
        events.ga_session_id,
        -- sessions are told apart by stream only where there are several
        case when streams.has_several_streams then coalesce('/' || events.stream_id, '/') else '' end
            as stream_part,
        not coalesce(days.has_session_id, false) as is_derivable
    from events
    left join days on events.dataset = days.dataset and events.event_date = days.event_date
    left join streams on events.dataset = streams.dataset
    {% if stitched %}
    left join devices
        on events.dataset = devices.dataset
        and events.user_pseudo_id = devices.user_pseudo_id
    {% endif %}
    where events.user_pseudo_id is not null
),

numbered as (
    select
        *,
        row_number() over (partition by dataset, user_key order by {{ event_order() }})
            as user_event_number
    from keyed
),

-- where the day's files carry no session id, a session ends after the timeout without an event
gaps as (
    select
        *,
        lag(event_timestamp) over (
            partition by dataset, user_key, stream_part order by user_event_number
        ) as previous_timestamp
    from numbered
    where is_derivable and event_timestamp is not null
),

starts as (
    select
        *,
        max(
            case
                when previous_timestamp is null then event_timestamp
                when event_timestamp - previous_timestamp
                    > {{ var('session_timeout_minutes') }} * cast(60000000 as bigint)
                    then event_timestamp
            end
        ) over (
            partition by dataset, user_key, stream_part order by user_event_number
            rows between unbounded preceding and current row
        ) as session_start_us
    from gaps
)

select
    dataset, event_id, user_key, user_event_number, order_us,
    -- a null ga_session_id makes the key null: the event belongs to no session
    case when event_timestamp is not null then user_key || '/' || ga_session_id || stream_part end
        as session_key,
    case when event_timestamp is not null and ga_session_id is not null then false end
        as is_session_derived
from numbered
where not (is_derivable and event_timestamp is not null)

union all

select
    dataset, event_id, user_key, user_event_number, order_us,
    user_key || '/d' || cast(session_start_us as text) || stream_part as session_key,
    true as is_session_derived
from starts
