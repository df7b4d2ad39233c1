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

places as (
    select
        *,
        min(case when {{ has_landing() }} then place end)
            over (partition by dataset, session_key) as landing_place
        {%- for scope in source_scopes() %},
        min(case when {{ has_source(scope) }} then place end)
            over (partition by dataset, session_key) as {{ scope }}_place
        {%- endfor %}
    from candidates
)

-- each max() is over one row
select
    dataset,
    session_key,
    max(case when place = 1 then event_id end) as first_event_id,
    max(case when place = 1 then event_date end) as session_date,
    {% for name in ['batch_page_id', 'batch_ordering_id', 'batch_event_index', 'stream_id',
        'platform', 'device_category', 'operating_system', 'browser', 'language', 'country'] -%}
    max(case when place = 1 then {{ name }} end) as {{ name }},
    {% endfor -%}
    max(case when place = landing_place then page_path end) as landing_page,
    max(case when place = session_place then session_channel_group end) as exported_channel_group,
    max(case when place = event_place then gclid end) as gclid
    {%- for scope in source_scopes() %}{% for part in ['source', 'medium', 'campaign'] %},
    max(case when place = {{ scope }}_place then {{ scope }}_{{ part }} end)
        as {{ 'exported' if scope == 'session' else scope }}_{{ part }}
    {%- endfor %}{% endfor %}
from places
group by dataset, session_key
