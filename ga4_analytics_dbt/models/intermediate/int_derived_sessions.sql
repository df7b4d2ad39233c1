{% set timeout_us %}{{ var('session_timeout_minutes') }} * cast(60000000 as bigint){% endset %}
with events as (
    select dataset, user_key, stream_part, event_timestamp
    from {{ ref('int_identified_events') }}
    where is_session_derivable and user_key is not null
),

gaps as (
    select
        *,
        lag(event_timestamp) over (
            partition by dataset, user_key, stream_part order by event_timestamp
        ) as previous_timestamp
    from events
),

starts as (
    select dataset, user_key, stream_part, event_timestamp as session_start_us
    from gaps
    where previous_timestamp is null or event_timestamp - previous_timestamp > {{ timeout_us }}
)

select
    dataset,
    user_key,
    stream_part,
    session_start_us,
    lead(session_start_us, 1, cast(9223372036854775807 as bigint)) over (
        partition by dataset, user_key, stream_part order by session_start_us
    ) as next_start_us
from starts
