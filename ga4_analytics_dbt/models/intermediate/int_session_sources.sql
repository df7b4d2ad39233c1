with totals as (
    select * from {{ ref('int_session_totals') }}
),

events as (
    select * from {{ ref('int_events') }}
    where session_key is not null
),

days as (
    select * from {{ ref('stg_ga4_days') }}
),

joined as (
    select
        totals.dataset,
        totals.session_key,
        first_event.event_date as session_date,
        first_event.stream_id,
        first_event.platform,
        first_event.device_category,
        first_event.operating_system,
        first_event.browser,
        first_event.language,
        first_event.country,
        landing.page_path as landing_page,
        last_click.session_source as exported_source,
        last_click.session_medium as exported_medium,
        last_click.session_campaign as exported_campaign,
        last_click.session_channel_group as exported_channel_group,
        -- known export fault: a Google Ads click id with a missing or organic medium
        collected.gclid is not null and coalesce(collected.event_medium, 'organic') = 'organic'
            as is_ads_click,
        collected.event_source,
        collected.event_medium,
        collected.event_campaign,
        first_user.first_user_source,
        first_user.first_user_medium,
        first_user.first_user_campaign,
        flat.flat_source,
        flat.flat_medium,
        flat.flat_campaign
    from totals
    {{ join_event('first_event', 'first_event_number') }}
    {{ join_event('landing', 'landing_event_number') }}
    {{ join_event('last_click', 'session_source_event_number') }}
    {{ join_event('collected', 'event_source_event_number') }}
    {{ join_event('first_user', 'first_user_source_event_number') }}
    {{ join_event('flat', 'flat_source_event_number') }}
),

scoped as (
    select
        joined.*,
        days.source_scope,
        days.has_first_user_source,
        days.has_flat_source,
        case
            when days.has_session_source
                and coalesce(exported_source, exported_medium, exported_campaign) is not null
                then 'exported'
            when days.has_event_source
                and coalesce(event_source, event_medium, event_campaign) is not null
                or is_ads_click
                then 'collected'
            when days.has_session_source or days.has_event_source then 'direct'
        end as session_source_rule
    from joined
    left join days
        on joined.dataset = days.dataset
        and joined.session_date = days.event_date
)

select
    dataset, session_key, session_date, stream_id, platform, device_category, operating_system,
    browser, language, country, landing_page, source_scope, has_first_user_source,
    has_flat_source, session_source_rule, exported_channel_group,
    case session_source_rule
        when 'exported' then exported_source
        when 'collected' then case when is_ads_click then 'google' else event_source end
        when 'direct' then '(direct)'
    end as session_source,
    case session_source_rule
        when 'exported' then exported_medium
        when 'collected' then case when is_ads_click then 'cpc' else event_medium end
        when 'direct' then '(none)'
    end as session_medium,
    case session_source_rule
        when 'exported' then exported_campaign
        when 'collected' then event_campaign
    end as session_campaign,
    first_user_source, first_user_medium, first_user_campaign,
    flat_source, flat_medium, flat_campaign
from scoped
