with events as (
    select * from {{ ref('stg_ga4_events') }}
),

days as (
    select * from {{ ref('stg_ga4_days') }}
),

streams as (
    select dataset, count(distinct stream_id) as streams
    from events
    group by dataset
),

spans as (
    select
        dataset,
        min(event_date) as first_loaded_date,
        max(event_date) as last_loaded_date,
        max(case when is_complete then event_date end) as last_complete_date,
        min(day_start_us) as first_loaded_us
    from days
    group by dataset
)

select
    spans.dataset,
    spans.first_loaded_date,
    spans.last_loaded_date,
    spans.last_complete_date,
    spans.first_loaded_us,
    coalesce(streams.streams, 0) as streams
from spans
left join streams on spans.dataset = streams.dataset
