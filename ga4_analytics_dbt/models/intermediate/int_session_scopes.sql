{{ config(materialized='view') }}

with sessions as (
    select
        *,
        -- known export fault: a Google Ads click id with a missing or organic medium
        gclid is not null and coalesce(event_medium, 'organic') = 'organic' as is_ads_click
    from {{ ref('int_session_sources') }}
),

days as (
    select
        dataset, event_date, source_scope, has_session_source, has_first_user_source,
        has_event_source, has_flat_source
    from {{ ref('stg_ga4_days') }}
),

ruled as (
    select
        sessions.*,
        days.source_scope,
        days.has_first_user_source,
        days.has_flat_source,
        case
            when days.has_session_source
                and coalesce(exported_source, exported_medium, exported_campaign) is not null
                then 'exported'
            when days.has_event_source
                and (is_ads_click or coalesce(event_source, event_medium, event_campaign) is not null)
                then 'collected'
            when days.has_session_source or days.has_event_source then 'direct'
        end as session_source_rule
    from sessions
    left join days
        on sessions.dataset = days.dataset
        and sessions.session_date = days.event_date
)

select
    dataset, session_key, session_date, source_scope, session_source_rule,
    exported_channel_group,
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
    -- a value on a day whose files lack the scope belongs to another day of the session
    {% for part in ['source', 'medium', 'campaign'] -%}
    case when has_first_user_source then first_user_{{ part }} end as first_user_{{ part }},
    case when has_flat_source then flat_{{ part }} end as unknown_{{ part }},
    {% endfor -%}
    coalesce(has_first_user_source, false) as has_first_user,
    coalesce(has_flat_source, false) as has_unknown
from ruled
