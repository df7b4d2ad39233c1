with totals as (
    select * from {{ ref('int_session_totals') }}
),

events as (
    select * from {{ ref('int_identified_events') }}
),

-- only the few events of a session that can be the first of their kind
moments as (
    {% for name in ['session_start', 'landing'] + source_scopes() -%}
    select
        dataset, user_key, stream_part, session_part, is_derived, session_ordinal,
        {{ name }}_us as event_timestamp
    from totals
    where {{ name }}_us is not null
    {{ 'union' if not loop.last }}
    {% endfor %}
),

candidates as (
    select events.*, moments.session_ordinal
    from events
    inner join moments
        on events.dataset = moments.dataset
        and events.user_key = moments.user_key
        and events.event_timestamp = moments.event_timestamp
        and events.stream_part = moments.stream_part
        and events.session_part = moments.session_part
        and events.is_session_derivable = moments.is_derived
),

-- only what the order needs: engines carry every column through a sort
placed as (
    select
        session_ordinal, event_id,
        {{ has_landing() }} as has_landing,
        {%- for scope in source_scopes() %}
        {{ has_source(scope) }} as has_{{ scope }},
        {%- endfor %}
        row_number() over (partition by session_ordinal order by {{ event_order() }}) as place
    from candidates
),

-- the place of the first event of each kind
places as (
    select
        session_ordinal,
        min(case when has_landing then place end) as landing_place
        {%- for scope in source_scopes() %},
        min(case when has_{{ scope }} then place end) as {{ scope }}_place
        {%- endfor %}
    from placed
    group by session_ordinal
),

marked as (
    select
        candidates.*, placed.place, places.landing_place
        {%- for scope in source_scopes() %}, places.{{ scope }}_place {%- endfor %}
    from placed
    inner join places on placed.session_ordinal = places.session_ordinal
    inner join candidates
        on placed.session_ordinal = candidates.session_ordinal
        and placed.event_id = candidates.event_id
    where placed.place = 1 or placed.place = places.landing_place
        {%- for scope in source_scopes() %} or placed.place = places.{{ scope }}_place {%- endfor %}
),

-- each maximum is over one event, so that it only picks its value
picked as (
    select
        session_ordinal,
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
    group by session_ordinal
)

select
    totals.dataset,
    totals.session_key,
    first_event_id, session_date, picked.batch_page_id, picked.batch_ordering_id,
    picked.batch_event_index, device_category, country, landing_page, exported_channel_group, gclid
    {%- for scope in source_scopes() %}{% for part in ['source', 'medium', 'campaign'] %},
    {{ 'exported' if scope == 'session' else scope }}_{{ part }}
    {%- endfor %}{% endfor %}
from picked
inner join totals on picked.session_ordinal = totals.session_ordinal
