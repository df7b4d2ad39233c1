with totals as (
    select * from {{ ref('int_session_totals') }}
),

sources as (
    select * from {{ ref('int_session_sources') }}
),

channels as (
    select * from {{ ref('int_channels') }}
),

days as (
    select dataset, event_date, has_engagement_time, has_session_engaged
    from {{ ref('stg_ga4_days') }}
),

grouped as (
    select
        sources.*,
        {% for scope in ['session', 'first_user', 'flat'] %}
        {{ scope }}_channel.channel_group as {{ scope }}_group{{ ',' if not loop.last }}
        {% endfor %}
    from sources
    {% for scope in ['session', 'first_user', 'flat'] %}
    left join channels as {{ scope }}_channel
        on coalesce(sources.{{ scope }}_source, '') = {{ scope }}_channel.source
        and coalesce(sources.{{ scope }}_medium, '') = {{ scope }}_channel.medium
        and coalesce(sources.{{ scope }}_campaign, '') = {{ scope }}_channel.campaign
        and sources.session_date between {{ scope }}_channel.valid_from
            and {{ scope }}_channel.valid_to
    {% endfor %}
),

channelled as (
    select
        *,
        case when session_source_rule is not null then session_group end
            as computed_channel_group,
        case when session_source_rule is not null
            then coalesce(exported_channel_group, session_group) end as session_channel_group,
        case when has_first_user_source then first_user_group end as first_user_channel_group,
        case when has_flat_source then flat_group end as unknown_channel_group
    from grouped
)

select
    totals.dataset, totals.session_key, totals.user_key, channelled.session_date,
    row_number() over (
        partition by totals.dataset, totals.user_key order by totals.first_event_number
    ) as session_number,
    totals.first_event_number, totals.session_start_us, totals.session_end_us, totals.events,
    totals.page_views, totals.key_events, totals.purchases,
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
    totals.is_derived, channelled.stream_id, channelled.platform, channelled.device_category,
    channelled.operating_system, channelled.browser, channelled.language, channelled.country,
    channelled.landing_page, channelled.source_scope,
    {% for part in ['source', 'medium', 'campaign', 'channel_group'] %}
    case
        when source_scope in ('session', 'event') then session_{{ part }}
        when source_scope = 'first_user' then first_user_{{ part }}
        when source_scope = 'unknown' then {{ 'unknown' if part == 'channel_group' else 'flat' }}_{{ part }}
    end as {{ part }},
    {% endfor %}
    case when source_scope = 'event' then 'session' else source_scope end as channel_scope,
    session_source, session_medium, session_campaign, session_channel_group,
    session_source_rule,
    case when exported_channel_group is not null then 'exported'
        when session_source_rule is not null then 'computed' end as session_channel_rule,
    exported_channel_group, computed_channel_group,
    first_user_source, first_user_medium, first_user_campaign, first_user_channel_group,
    flat_source as unknown_source, flat_medium as unknown_medium,
    flat_campaign as unknown_campaign, unknown_channel_group
from totals
inner join channelled
    on totals.dataset = channelled.dataset and totals.session_key = channelled.session_key
left join days
    on totals.dataset = days.dataset and channelled.session_date = days.event_date
