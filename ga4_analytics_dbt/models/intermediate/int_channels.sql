{% set fixed_date = var('channel_rules_date') | string %}
with sources as (
    select
        int_sources.*,
        trim({{ ascii_lower('int_sources.source') }}) as source_text,
        trim({{ ascii_lower('int_sources.medium') }}) as medium_text,
        {{ ascii_lower('int_sources.campaign') }} as campaign_text,
        categories.source_category
    from {{ ref('int_sources') }} as int_sources
    left join {{ ref('int_source_categories') }} as categories
        on int_sources.source = categories.source
),

rules as (
    select
        rule_order,
        channel_group,
        -- an empty cell tests nothing
        nullif(source_pattern, '') as source_pattern,
        nullif(source_category, '') as source_category,
        nullif(medium_pattern, '') as medium_pattern,
        nullif(campaign_pattern, '') as campaign_pattern,
        valid_from,
        valid_to
    from {{ ref('channel_rules') }}
),

-- the dates from which another set of rules holds; one set where a date is fixed
starts as (
    select date '1970-01-01' as valid_from
    {% if not fixed_date %}
    union
    select valid_from from rules
    union
    select cast(valid_to + 1 as date) from rules where valid_to < date '9999-12-31'
    {% endif %}
),

periods as (
    select
        valid_from,
        cast(coalesce(lead(valid_from) over (order by valid_from) - 1, date '9999-12-31') as date)
            as valid_to,
        {{ "date '" ~ fixed_date ~ "'" if fixed_date else 'valid_from' }} as rules_date
    from starts
),

matched as (
    select
        sources.source, sources.medium, sources.campaign, periods.valid_from,
        min(rules.rule_order) as rule_order
    from sources
    cross join periods
    inner join rules
        on periods.rules_date between rules.valid_from and rules.valid_to
        and (rules.source_category is null or rules.source_category = sources.source_category)
        and (rules.source_pattern is null
            or {{ text_matches('sources.source_text', 'rules.source_pattern') }})
        and (rules.medium_pattern is null
            or {{ text_matches('sources.medium_text', 'rules.medium_pattern') }})
        and (rules.campaign_pattern is null
            or {{ text_matches('sources.campaign_text', 'rules.campaign_pattern') }})
    group by sources.source, sources.medium, sources.campaign, periods.valid_from
),

names as (
    select distinct rule_order, channel_group from rules
)

select
    sources.source, sources.medium, sources.campaign, periods.valid_from, periods.valid_to,
    sources.source_category,
    {{ bytewise_text("coalesce(names.channel_group, 'Unassigned')") }} as channel_group
from sources
cross join periods
left join matched
    on sources.source = matched.source
    and sources.medium = matched.medium
    and sources.campaign = matched.campaign
    and periods.valid_from = matched.valid_from
left join names on matched.rule_order = names.rule_order
