with totals as (
    select * from {{ ref('int_session_totals') }}
),

events as (
    select * from {{ ref('int_events') }}
    where session_key is not null
),

-- only the few events of a session that can be the first of their kind
candidates as (
    select
        events.*,
        row_number() over (
            partition by events.dataset, events.session_key order by {{ event_order() }}
        ) as place
    from events
    inner join totals
        on events.dataset = totals.dataset
        and events.session_key = totals.session_key
        and events.event_timestamp in (
            totals.session_start_us, totals.landing_us
            {%- for scope in source_scopes() %}, totals.{{ scope }}_us{% endfor %}
        )
),

-- the place of the first event of each kind
places as (
    select
        dataset,
        session_key,
        min(case when {{ has_landing() }} then place end) as landing_place
        {%- for scope in source_scopes() %},
        min(case when {{ has_source(scope) }} then place end) as {{ scope }}_place
        {%- endfor %}
    from candidates
    group by dataset, session_key
)

select
    places.dataset,
    places.session_key,
    first_event.event_id as first_event_id,
    first_event.event_date as session_date,
    first_event.batch_page_id,
    first_event.batch_ordering_id,
    first_event.batch_event_index,
    first_event.device_category,
    first_event.country,
    landing_event.page_path as landing_page,
    session_event.session_channel_group as exported_channel_group,
    event_event.gclid
    {%- for scope in source_scopes() %}{% for part in ['source', 'medium', 'campaign'] %},
    {{ scope }}_event.{{ scope }}_{{ part }}
        as {{ 'exported' if scope == 'session' else scope }}_{{ part }}
    {%- endfor %}{% endfor %}
from places
inner join candidates as first_event
    on places.dataset = first_event.dataset
    and places.session_key = first_event.session_key
    and first_event.place = 1
{%- for kind in ['landing'] + source_scopes() %}
left join candidates as {{ kind }}_event
    on places.dataset = {{ kind }}_event.dataset
    and places.session_key = {{ kind }}_event.session_key
    and places.{{ kind }}_place = {{ kind }}_event.place
{%- endfor %}
