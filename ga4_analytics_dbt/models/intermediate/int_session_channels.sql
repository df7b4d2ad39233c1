{{ config(materialized='view') }}

with scopes as (
    select * from {{ ref('int_session_scopes') }}
),

channels as (
    select * from {{ ref('int_channels') }}
),

grouped as (
    select
        scopes.*
        {%- for scope in ['session', 'first_user', 'unknown'] %},
        {{ scope }}_channel.channel_group as {{ scope }}_group
        {%- endfor %}
    from scopes
    {%- for scope in ['session', 'first_user', 'unknown'] %}
    left join channels as {{ scope }}_channel
        on coalesce(scopes.{{ scope }}_source, '') = {{ scope }}_channel.source
        and coalesce(scopes.{{ scope }}_medium, '') = {{ scope }}_channel.medium
        and coalesce(scopes.{{ scope }}_campaign, '') = {{ scope }}_channel.campaign
        and scopes.session_date between {{ scope }}_channel.valid_from
            and {{ scope }}_channel.valid_to
    {%- endfor %}
)

select
    dataset,
    session_key,
    source_scope,
    session_source, session_medium, session_campaign,
    session_source_rule,
    exported_channel_group,
    case when session_source_rule is not null then session_group end as computed_channel_group,
    case when session_source_rule is not null
        then coalesce(exported_channel_group, session_group) end as session_channel_group,
    case
        when session_source_rule is null then null
        when exported_channel_group is not null then 'exported'
        else 'computed'
    end as session_channel_rule,
    first_user_source, first_user_medium, first_user_campaign,
    case when has_first_user then first_user_group end as first_user_channel_group,
    unknown_source, unknown_medium, unknown_campaign,
    case when has_unknown then unknown_group end as unknown_channel_group
from grouped
