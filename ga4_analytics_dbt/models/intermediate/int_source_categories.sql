with recursive sources as (
    select distinct source from {{ ref('int_sources') }}
    where source <> ''
),

patterns as (
    select * from {{ ref('channel_sources') }}
),

-- m.shop.example.com gives itself, shop.example.com, example.com and com
suffixes as (
    select source, trim({{ ascii_lower('source') }}) as suffix, 1 as depth
    from sources
    union all
    select source, substr(suffix, strpos(suffix, '.') + 1) as suffix, depth + 1 as depth
    from suffixes
    where strpos(suffix, '.') > 0 and depth < 6
),

split as (
    select
        source,
        suffix,
        depth,
        split_part(suffix, '.', 1) as label,
        -- what may follow a brand: nothing, or the end of a domain such as .com, .de or .co.uk
        (depth = 1 and strpos(suffix, '.') = 0)
        or {{ text_matches('suffix', "'^[^.]+([.](co|com|net|org|ne|or|go))?[.][a-z]+$'") }}
            as is_brand_place
    from suffixes
),

matched as (
    select
        split.source,
        patterns.source_category,
        row_number() over (
            partition by split.source
            order by
                case patterns.match when 'name' then 1 when 'domain' then 2 else 3 end,
                split.depth
        ) as preference
    from split
    inner join patterns
        on (patterns.match = 'name' and split.depth = 1 and split.suffix = patterns.pattern)
        or (patterns.match = 'domain' and split.suffix = patterns.pattern)
        or (patterns.match = 'brand' and split.is_brand_place and split.label = patterns.pattern)
)

select source, source_category
from matched
where preference = 1
