with totals as (
    select * from {{ ref('int_session_totals') }}
),

sources as (
    select
        dataset, session_key, session_date, first_event_id, batch_page_id, batch_ordering_id,
        batch_event_index, device_category, country, landing_page
    from {{ ref('int_session_sources') }}
),

channels as (
    select * from {{ ref('int_session_channels') }}
),

-- apart from the rest: few columns to sort
numbers as (
    select
        totals.dataset,
        totals.session_key,
        row_number() over (
            partition by totals.dataset, totals.user_key
            order by totals.session_start_us, sources.batch_page_id nulls first,
                sources.batch_ordering_id nulls first, sources.batch_event_index nulls first,
                sources.first_event_id
        ) as session_number
    from totals
    inner join sources
        on totals.dataset = sources.dataset and totals.session_key = sources.session_key
),

days as (
    select dataset, event_date, has_engagement_time, has_session_engaged
    from {{ ref('stg_ga4_days') }}
)

select
    totals.dataset, totals.session_key, totals.user_key, sources.session_date,
    numbers.session_number,
    sources.first_event_id, totals.session_start_us, totals.session_end_us,
    totals.events, totals.page_views, totals.key_events, totals.purchases,
    case when days.has_engagement_time then coalesce(totals.engagement_msec, 0) end
        as engagement_msec,
    totals.purchase_revenue_usd_micros, totals.purchase_revenue_micros,
    case
        when days.has_session_engaged then totals.is_marked_engaged
        else totals.session_end_us - totals.session_start_us
            >= {{ var('engaged_session_seconds') }} * cast(1000000 as bigint)
            or totals.key_events > 0
            or totals.page_views >= 2
    end as is_engaged,
    case when days.has_session_engaged then 'exported' else 'computed' end as engaged_rule,
    totals.is_derived,
    sources.device_category, sources.country, sources.landing_page,
    channels.source_scope,
    {% for part in ['source', 'medium', 'campaign', 'channel_group'] -%}
    case
        when source_scope in ('session', 'event') then session_{{ part }}
        when source_scope = 'first_user' then first_user_{{ part }}
        when source_scope = 'unknown' then unknown_{{ part }}
    end as {{ part }},
    {% endfor -%}
    case when source_scope = 'event' then 'session' else source_scope end as channel_scope,
    session_source, session_medium, session_campaign, session_channel_group,
    session_source_rule, session_channel_rule, exported_channel_group, computed_channel_group,
    first_user_source, first_user_medium, first_user_campaign, first_user_channel_group,
    unknown_source, unknown_medium, unknown_campaign, unknown_channel_group
from totals
inner join sources
    on totals.dataset = sources.dataset and totals.session_key = sources.session_key
inner join numbers
    on totals.dataset = numbers.dataset and totals.session_key = numbers.session_key
inner join channels
    on totals.dataset = channels.dataset and totals.session_key = channels.session_key
left join days
    on totals.dataset = days.dataset and sources.session_date = days.event_date
