{% set dimensions = [
    'device_category', 'country', 'first_user_source', 'first_user_medium', 'first_user_campaign', 'session_source',
    'session_medium', 'session_campaign', 'event_source', 'event_medium', 'event_campaign',
    'source', 'medium', 'campaign', 'transaction_id'] | join(', ') %}

with
raw_events as (
    select * from {{ source('raw', 'ga4_events') }}
)

select
    dataset, event_date,
    count(*) as raw_events,
    count(*) filter (where id_scheme = 'ga4') as identified_events,
    count(*) filter (where id_scheme = 'columns') as unidentified_events,
    count(*) filter (where id_scheme = 'ga4' and repeat_ordinal > 0) as duplicates_removed,
    count(*) filter (where id_scheme = 'columns' and repeat_ordinal > 0)
        as duplicates_suspected,
    count(*) filter (where '(not set)' in ({{ dimensions }})) as placeholder_not_set,
    count(*) filter (where '(data deleted)' in ({{ dimensions }})) as placeholder_data_deleted,
    count(*) filter (where '<Other>' in ({{ dimensions }})) as placeholder_other
from raw_events
group by dataset, event_date
