{{ config(materialized='view') }}

with events as (
    select
        *,
        -- a key of its own, because a condition on one side only rules out a hash join
        case when is_session_derivable then user_key end as derivable_user_key
    from {{ ref('int_identified_events') }}
),

derived_sessions as (
    select * from {{ ref('int_derived_sessions') }}
)

select
    events.*,
    derived_sessions.session_start_us as derived_start_us,
    -- what is missing (user, session id, time) makes the key null: the event has no session
    case
        when events.event_timestamp is not null
            then {{ session_key('events', 'events.is_session_derivable',
                'derived_sessions.session_start_us') }}
    end as session_key,
    case
        when events.user_key is null or events.event_timestamp is null then null
        when events.is_session_derivable then true
        when events.ga_session_id is not null then false
    end as is_session_derived
from events
left join derived_sessions
    on events.dataset = derived_sessions.dataset
    and events.derivable_user_key = derived_sessions.user_key
    and events.stream_part = derived_sessions.stream_part
    and events.event_timestamp >= derived_sessions.session_start_us
    and events.event_timestamp < derived_sessions.next_start_us
