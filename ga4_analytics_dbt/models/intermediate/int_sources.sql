with sessions as (
    select * from {{ ref('int_session_scopes') }}
),

scopes as (
    select session_source as source, session_medium as medium, session_campaign as campaign
    from sessions
    union
    select first_user_source, first_user_medium, first_user_campaign from sessions
    union
    select unknown_source, unknown_medium, unknown_campaign from sessions
)

-- '' stands for a missing part, so that the three join by plain equality
select distinct
    coalesce(source, '') as source,
    coalesce(medium, '') as medium,
    coalesce(campaign, '') as campaign
from scopes
