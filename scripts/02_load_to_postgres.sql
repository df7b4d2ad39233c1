-- Load a skinny CSV into schema raw of a Postgres 15 (or newer) by hand, with psql:
--
--   psql "$GA4_WAREHOUSE" -v ON_ERROR_STOP=1 -f scripts/02_load_to_postgres.sql
--   psql ... -v skinny=my.csv -v dataset=shop -v timezone=America/New_York -f scripts/...
--
-- It leaves the rows that `ga4 load` leaves for the same file: the same columns, values and
-- event ids. The days of the file are replaced, so running it twice changes nothing; a line
-- that cannot be read stops it before anything is written. `ga4 load` does more: it keeps bad
-- lines with their reason, infers the time zone and refuses days that shrink.
--
-- The extension uuid-ossp comes with the server's contrib modules (in the package
-- postgresql-15 on Debian); a database's owner may create it.

\set ON_ERROR_STOP on
\if :{?skinny} \else \set skinny data/ga4_events_skinny.csv
\endif
\if :{?dataset} \else \set dataset ga4
\endif
\if :{?timezone} \else \set timezone UTC
\endif

begin;

create extension if not exists "uuid-ossp";
create schema if not exists raw;
create schema if not exists analytics;

create table if not exists raw.ga4_events (
    dataset text collate "C" not null, event_date date, event_id text collate "C" not null,
    id_scheme text collate "C", repeat_ordinal integer, repeat_of text collate "C",
    event_timestamp bigint, utc_offset_min integer, event_name text collate "C",
    user_pseudo_id text collate "C", user_id text collate "C", ga_session_id text collate "C",
    ga_session_number bigint, session_engaged boolean, engagement_time_msec bigint,
    is_active_user boolean, user_first_touch_timestamp bigint, batch_page_id bigint,
    batch_ordering_id bigint, batch_event_index bigint, stream_id text collate "C",
    platform text collate "C", hostname text collate "C", page_location text collate "C",
    page_path text collate "C", page_title text collate "C", page_referrer text collate "C",
    device_category text collate "C", device_brand text collate "C",
    device_model text collate "C", operating_system text collate "C",
    operating_system_version text collate "C", browser text collate "C",
    browser_version text collate "C", language text collate "C", continent text collate "C",
    country text collate "C", region text collate "C", city text collate "C",
    app_version text collate "C", first_user_source text collate "C",
    first_user_medium text collate "C", first_user_campaign text collate "C",
    session_source text collate "C", session_medium text collate "C",
    session_campaign text collate "C", session_channel_group text collate "C",
    event_source text collate "C", event_medium text collate "C", event_campaign text collate "C",
    gclid text collate "C", source text collate "C", medium text collate "C",
    campaign text collate "C", event_value_usd_micros bigint, transaction_id text collate "C",
    currency text collate "C", purchase_revenue_usd_micros bigint, purchase_revenue_micros bigint,
    refund_value_usd_micros bigint, refund_value_micros bigint, shipping_value_usd_micros bigint,
    tax_value_usd_micros bigint, total_item_quantity bigint, event_params text collate "C",
    user_properties text collate "C", other_fields text collate "C"
);
create table if not exists raw.ga4_items (
    dataset text collate "C" not null, event_date date, event_id text collate "C" not null,
    item_index integer not null, item_id text collate "C", item_name text collate "C",
    item_brand text collate "C", item_variant text collate "C", item_category text collate "C",
    item_category2 text collate "C", item_category3 text collate "C",
    item_category4 text collate "C", item_category5 text collate "C", price_usd_micros bigint,
    price_micros bigint, quantity bigint, item_revenue_usd_micros bigint,
    item_revenue_micros bigint, item_refund_usd_micros bigint, item_refund_micros bigint,
    coupon text collate "C", affiliation text collate "C", location_id text collate "C",
    item_list_id text collate "C", item_list_name text collate "C",
    item_list_index text collate "C", promotion_id text collate "C",
    promotion_name text collate "C", creative_name text collate "C",
    creative_slot text collate "C", item_params text collate "C"
);
create table if not exists raw.ga4_days (
    dataset text collate "C" not null, event_date date not null, load_id text collate "C",
    export_id text collate "C", table_kind text collate "C", events bigint, items bigint,
    is_complete boolean, is_final boolean, exported_at_us bigint, day_start_us bigint,
    day_end_us bigint, has_event_timestamp boolean, has_user_pseudo_id boolean,
    has_session_id boolean, has_session_engaged boolean, has_engagement_time boolean,
    has_is_active_user boolean, has_event_params boolean, has_first_touch boolean,
    has_session_source boolean, has_first_user_source boolean, has_event_source boolean,
    has_flat_source boolean, has_device boolean, has_country boolean, has_page boolean,
    has_items boolean, has_transaction_id boolean, has_revenue boolean,
    primary key (dataset, event_date)
);
create table if not exists raw.loads (
    load_id text collate "C" not null, dataset text collate "C", mode text collate "C",
    shape text collate "C", started_at_us bigint, finished_at_us bigint, lines bigint,
    accepted bigint, rejected bigint, events bigint, items bigint, duplicates bigint,
    suspects bigint, timezone text collate "C", version text collate "C",
    superseded bigint, forgotten bigint, undoes text collate "C", undone_at_us bigint,
    primary key (load_id)
);
create table if not exists raw.load_files (
    load_id text collate "C" not null, dataset text collate "C", path text collate "C" not null,
    sha256 text collate "C", bytes bigint, shape text collate "C", reading text collate "C",
    primary key (load_id, path)
);
create table if not exists raw.day_files (
    dataset text collate "C" not null, event_date date not null, sha256 text collate "C" not null,
    reading text collate "C", is_superseded boolean, primary key (dataset, event_date, sha256)
);
create table if not exists raw.load_days (
    load_id text collate "C" not null, dataset text collate "C", event_date date not null,
    events_before bigint, events_after bigint, primary key (load_id, event_date)
);
create table if not exists raw.load_events (
    load_id text collate "C" not null, dataset text collate "C", event_date date not null,
    event_name text collate "C" not null, events_before bigint, events_after bigint,
    primary key (load_id, event_date, event_name)
);
create table if not exists raw.forgotten (
    dataset text collate "C" not null, column_name text collate "C" not null,
    id_sha256 text collate "C" not null, forgotten_at_us bigint,
    primary key (dataset, column_name, id_sha256)
);
-- What loads replace, so that `ga4 undo` can put it back.
create table if not exists raw.replaced_events (
    replaced_by text collate "C", like raw.ga4_events
);
create table if not exists raw.replaced_items (replaced_by text collate "C", like raw.ga4_items);
create table if not exists raw.replaced_days (replaced_by text collate "C", like raw.ga4_days);
create table if not exists raw.replaced_day_files (
    replaced_by text collate "C", like raw.day_files
);
create table if not exists raw.rejects (
    load_id text collate "C", dataset text collate "C", file text collate "C", line bigint,
    column_name text collate "C", rule text collate "C", reason text collate "C",
    raw_text text collate "C"
);
create table if not exists raw.damage (
    load_id text collate "C", dataset text collate "C", file text collate "C",
    column_name text collate "C", rule text collate "C", records bigint, first_line bigint,
    example text collate "C", reason text collate "C", accepted boolean
);
create table if not exists raw.missing_columns (
    load_id text collate "C" not null, dataset text collate "C",
    column_name text collate "C" not null, reason text collate "C",
    primary key (load_id, column_name)
);

create temporary table lines (
    user_id text, event_date text, event_timestamp text, event_name text, country text,
    device_category text, source text, medium text, transaction_id text,
    purchase_revenue_usd text
) on commit drop;

-- \copy takes no variables, so the command is put together first.
\set load_lines '\\copy lines from ' :'skinny' ' with (format csv, header match)'
:load_lines

-- Values: an empty cell is null, times have 16 digits, money becomes whole micro-units.
create temporary table readable on commit drop as
select
    cast(event_date as date) as event_date,
    cast(nullif(event_timestamp, '') as bigint) as event_timestamp,
    nullif(event_name, '') as event_name,
    nullif(user_id, '') as user_pseudo_id,
    nullif(country, '') as country,
    nullif(device_category, '') as device_category,
    nullif(source, '') as source,
    nullif(medium, '') as medium,
    nullif(transaction_id, '') as transaction_id,
    cast(cast(nullif(purchase_revenue_usd, '') as numeric(30, 6)) * 1000000 as bigint)
        as purchase_revenue_usd_micros
from lines;

alter table readable
    alter column event_date set not null,
    alter column event_name set not null,
    add check (event_timestamp between 1000000000000000 and 9999999999999999),
    add check (user_pseudo_id !~ '^[+-]?[0-9]([.,][0-9]+)?[eE][+][0-9]+$');

-- event_id: the version 5 UUID of the event's key, a JSON object of its columns by name. Lines
-- with equal keys may be two events, so they are numbered and kept.
create temporary table numbered on commit drop as
with keyed as (
    select
        *,
        uuid_generate_v5(
            uuid_generate_v5(uuid_ns_url(), 'ga4-product-analytics:event'),
            '{' || concat_ws(
                ',',
                '"country":' || to_json(country)::text,
                '"device_category":' || to_json(device_category)::text,
                '"event_date":' || to_json(event_date::text)::text,
                '"event_name":' || to_json(event_name)::text,
                '"event_timestamp":' || to_json(event_timestamp::text)::text,
                '"medium":' || to_json(medium)::text,
                '"purchase_revenue_usd_micros":' || to_json(purchase_revenue_usd_micros::text)::text,
                '"source":' || to_json(source)::text,
                '"transaction_id":' || to_json(transaction_id)::text,
                '"user_pseudo_id":' || to_json(user_pseudo_id)::text
            ) || '}'
        ) as event_key
    from readable
)
select *, cast(row_number() over (partition by event_key) - 1 as integer) as repeat_ordinal
from keyed;

create temporary table days on commit drop as
select
    event_date,
    count(*) as events,
    event_date < max(event_date) over () as is_complete,
    cast(extract(epoch from cast(event_date as timestamp) at time zone :'timezone') as bigint)
        * 1000000 as day_start_us,
    cast(extract(epoch from cast(event_date + 1 as timestamp) at time zone :'timezone') as bigint)
        * 1000000 as day_end_us,
    cast(extract(epoch from now()) * 1000000 as bigint) as exported_at_us,
    to_char(now() at time zone 'UTC', 'YYYYMMDD"T"HH24MISSUS"Z-by-hand"') as load_id
from numbered
group by event_date;

delete from raw.ga4_events using days
where ga4_events.dataset = :'dataset' and ga4_events.event_date = days.event_date;
delete from raw.ga4_items using days
where ga4_items.dataset = :'dataset' and ga4_items.event_date = days.event_date;
delete from raw.ga4_days using days
where ga4_days.dataset = :'dataset' and ga4_days.event_date = days.event_date;
delete from raw.day_files using days
where day_files.dataset = :'dataset' and day_files.event_date = days.event_date;

insert into raw.ga4_events (
    dataset, event_date, event_id, id_scheme, repeat_ordinal, repeat_of, event_timestamp,
    utc_offset_min, event_name, user_pseudo_id, country, device_category, source, medium,
    transaction_id, purchase_revenue_usd_micros
)
select
    :'dataset', event_date,
    case repeat_ordinal
        when 0 then event_key
        else uuid_generate_v5(event_key, repeat_ordinal::text)
    end,
    'columns', repeat_ordinal,
    case when repeat_ordinal > 0 then event_key end,
    event_timestamp,
    cast(extract(epoch from
        (to_timestamp(event_timestamp / 1000000) at time zone :'timezone')
        - (to_timestamp(event_timestamp / 1000000) at time zone 'UTC')) / 60 as integer),
    event_name, user_pseudo_id, country, device_category, source, medium, transaction_id,
    purchase_revenue_usd_micros
from numbered;

insert into raw.ga4_days
select
    :'dataset', event_date, load_id, load_id, 'flat', events, 0, is_complete,
    is_complete and exported_at_us >= day_end_us + 259200000000,
    exported_at_us, day_start_us, day_end_us,
    true,  -- has_event_timestamp
    true,  -- has_user_pseudo_id
    false, -- has_session_id
    false, -- has_session_engaged
    false, -- has_engagement_time
    false, -- has_is_active_user
    false, -- has_event_params
    false, -- has_first_touch
    false, -- has_session_source
    false, -- has_first_user_source
    false, -- has_event_source
    true,  -- has_flat_source
    true,  -- has_device
    true,  -- has_country
    false, -- has_page
    false, -- has_items
    true,  -- has_transaction_id
    true   -- has_revenue
from days;

insert into raw.loads (
    load_id, dataset, mode, shape, started_at_us, finished_at_us, lines, accepted, rejected,
    events, items, duplicates, suspects, timezone, version
)
select
    min(load_id), :'dataset', 'load', 'flat', min(exported_at_us), min(exported_at_us), sum(events),
    sum(events), 0, sum(events), 0, 0,
    (select count(*) from numbered where repeat_ordinal > 0), :'timezone', 'by hand'
from days;

select count(*) as events, min(event_date) as first_day, max(event_date) as last_day from numbered;

commit;
