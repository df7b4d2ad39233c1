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
        totals.session_ordinal,
        row_number() over (
            partition by totals.session_ordinal order by {{ event_order() }}
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

-- the place of the first event of each kind, beside each of them
marked as (
    select
        *,
        min(case when {{ has_landing() }} then place end)
            over (partition by session_ordinal) as landing_place
        {%- for scope in source_scopes() %},
        min(case when {{ has_source(scope) }} then place end)
            over (partition by session_ordinal) as {{ scope }}_place
        {%- endfor %}
    from candidates
)

-- each maximum is over one event, so that it only picks its value
select
    dataset,
    session_key,
    {{ of_place('event_id', '1') }} as first_event_id,
    {{ of_place('event_date', '1') }} as session_date,
    {{ of_place('batch_page_id', '1') }} as batch_page_id,
    {{ of_place('batch_ordering_id', '1') }} as batch_ordering_id,
    {{ of_place('batch_event_index', '1') }} as batch_event_index,
    {{ of_place('device_category', '1') }} as device_category,
    {{ of_place('country', '1') }} as country,
    {{ of_place('page_path', 'landing_place') }} as landing_page,
    {{ of_place('session_channel_group', 'session_place') }} as exported_channel_group,
    {{ of_place('gclid', 'event_place') }} as gclid
    {%- for scope in source_scopes() %}{% for part in ['source', 'medium', 'campaign'] %},
    {{ of_place(scope ~ '_' ~ part, scope ~ '_place') }}
        as {{ 'exported' if scope == 'session' else scope }}_{{ part }}
    {%- endfor %}{% endfor %}
from marked
group by dataset, session_key
