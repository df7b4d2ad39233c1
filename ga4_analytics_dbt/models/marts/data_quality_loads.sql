with
loads as (
    select * from {{ source('raw', 'loads') }}
),

rejects as (
    select dataset, load_id, rule, count(*) as records
    from {{ source('raw', 'rejects') }}
    group by dataset, load_id, rule
),

files as (
    select load_id, count(*) as files
    from {{ source('raw', 'load_files') }}
    group by load_id
),

counted as (
    select
        loads.dataset, loads.load_id, '(all)' as rule, loads.lines as records,
        loads.rejected as rejected_records
    from loads
    union all
    select loads.dataset, loads.load_id, rejects.rule, loads.lines, rejects.records
    from loads
    inner join rejects on loads.load_id = rejects.load_id and loads.dataset = rejects.dataset
)

select
    counted.dataset, counted.load_id, counted.rule, loads.mode, loads.shape,
    loads.finished_at_us, files.files, counted.records, counted.rejected_records,
    {{ ratio('counted.rejected_records', 'counted.records') }} as rejected_share
from counted
inner join loads on counted.load_id = loads.load_id
left join files on counted.load_id = files.load_id
