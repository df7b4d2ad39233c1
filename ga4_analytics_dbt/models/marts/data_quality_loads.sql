with
loads as (
    select * from {{ source('raw', 'loads') }}
),

found as (
    select dataset, load_id, rule, 1 as rejected, 0 as accepted
    from {{ source('raw', 'rejects') }}
    union all
    select dataset, load_id, rule, 0 as rejected, records as accepted
    from {{ source('raw', 'damage') }}
    where accepted
),

rules as (
    select
        dataset, load_id, rule,
        {{ total('rejected') }} as rejected_records,
        {{ total('accepted') }} as accepted_damage
    from found
    group by dataset, load_id, rule
),

accepted as (
    select load_id, {{ total('accepted_damage') }} as accepted_damage
    from rules
    group by load_id
),

files as (
    select load_id, count(*) as files
    from {{ source('raw', 'load_files') }}
    group by load_id
),

counted as (
    select
        loads.dataset, loads.load_id, '(all)' as rule, loads.lines as records,
        loads.rejected as rejected_records,
        coalesce(accepted.accepted_damage, 0) as accepted_damage
    from loads
    left join accepted on loads.load_id = accepted.load_id
    union all
    select
        loads.dataset, loads.load_id, rules.rule, loads.lines, rules.rejected_records,
        rules.accepted_damage
    from loads
    inner join rules on loads.load_id = rules.load_id and loads.dataset = rules.dataset
)

select
    counted.dataset, counted.load_id, counted.rule, loads.mode, loads.shape,
    loads.finished_at_us, files.files, counted.records, counted.rejected_records,
    {{ ratio('counted.rejected_records', 'counted.records') }} as rejected_share,
    counted.accepted_damage
from counted
inner join loads on counted.load_id = loads.load_id
left join files on counted.load_id = files.load_id
