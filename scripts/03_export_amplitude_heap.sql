-- Write outputs/amplitude_heap_events.csv from Postgres by hand, with psql, after `dbt build`:
--
--   psql "$GA4_WAREHOUSE" -f scripts/03_export_amplitude_heap.sql
--   psql ... -v target=my.csv -f scripts/03_export_amplitude_heap.sql
--
-- The file is the one that `ga4 export` writes. Why some events are left out, and what the
-- columns mean, stands in outputs/README.md.

\set ON_ERROR_STOP on
\if :{?target} \else \set target outputs/amplitude_heap_events.csv
\endif

-- COPY to standard output and \g write the file where psql runs, as \copy does, and unlike it
-- may span lines.
copy (
with accepted as (
    select
        *,
        case
            when length(user_id) between 5 and 255
                and lower(user_id) not in ('anonymous', 'undefined', 'unknown', 'lmy47d')
                and replace(replace(user_id, '0', ''), '-', '') <> ''
                then user_id
        end as accepted_user_id,
        case
            when length(user_pseudo_id) between 5 and 255
                and lower(user_pseudo_id) not in ('anonymous', 'undefined', 'unknown', 'lmy47d')
                and replace(replace(user_pseudo_id, '0', ''), '-', '') <> ''
                then user_pseudo_id
        end as accepted_device_id
    from analytics.int_events
),

judged as (
    select
        *,
        case
            when event_timestamp is null or event_timestamp < 0 then 'without a time'
            when starts_with(event_name, '[Amplitude]') or starts_with(event_name, '$')
                then 'reserved name'
            when accepted_user_id is null and accepted_device_id is null then 'without an id'
        end as refusal
    from accepted
)

select
    judged.accepted_user_id as user_id,
    judged.accepted_device_id as device_id,
    judged.event_name as event_type,
    judged.event_timestamp / 1000 as time,
    judged.event_id as insert_id,
    sessions.session_start_us / 1000 as session_id,
    judged.platform,
    judged.country,
    judged.device_category,
    trim_scale(
        case judged.event_name
            when 'purchase' then judged.purchase_revenue_usd_micros
            when 'refund' then -judged.refund_value_usd_micros
        end::numeric / 1000000
    ) as revenue,
    '{' || concat_ws(
        ',',
        '"ga4_event_date":"' || judged.event_date::text || '"',
        '"ga4_dataset":' || to_json(judged.dataset)::text,
        '"ga4_source":' || to_json(judged.source)::text,
        '"ga4_medium":' || to_json(judged.medium)::text,
        '"ga4_campaign":' || to_json(judged.campaign)::text,
        '"ga4_source_scope":' || to_json(judged.source_scope)::text,
        '"ga4_transaction_id":' || to_json(judged.transaction_id)::text,
        nullif(substr(judged.event_params, 2, length(judged.event_params) - 2), '')
    ) || '}' as event_properties
from judged
left join analytics.int_sessions as sessions
    on judged.dataset = sessions.dataset
    and judged.session_key = sessions.session_key
where judged.refusal is null
order by judged.dataset, judged.event_date, judged.event_timestamp, judged.event_id
) to stdout with (format csv, header)
\g :target
