"""How far the data can be trusted."""

from __future__ import annotations

from ga4_analytics.publish.metabase.dashboards.charts import PERCENT, axes, by_day, formatted
from ga4_analytics.publish.metabase.definitions import Card, Dashboard, Place

CHECKS = Card(
    slug="checks",
    name="Checks",
    about="What was found in the data of the range, the most affected first. What the files "
    "cannot tell is empty.",
    display="table",
    marts=("data_quality",),
    sql="""\
select check_name as "Check",
       sum(affected) as "Affected",
       sum(total) as "Out of",
       sum(affected)::double precision / nullif(sum(total), 0) as "Share",
       note as "What it means"
from analytics.data_quality
where dataset = {{dataset}}
  [[and {{date}}]]
group by check_name, note
having sum(affected) > 0
order by 4 desc nulls last, 1""",
    columns=("Check", "Affected", "Out of", "Share", "What it means"),
    settings={"table.pivot": False} | formatted({"Share": PERCENT}),
    date_column="event_date",
)
BY_DAY = Card(
    slug="checks-by-day",
    name="Affected share by day",
    about="A jump says when something in the tracking changed.",
    display="line",
    marts=("data_quality",),
    sql="""\
select event_date, check_name, share
from analytics.data_quality
where dataset = {{dataset}}
  and affected > 0
  [[and {{date}}]]
order by event_date, check_name""",
    columns=("event_date", "check_name", "share"),
    settings=axes(("event_date", "check_name"), ("share",)) | formatted({"share": PERCENT}),
    date_column="event_date",
)
VOLUME = by_day(
    "events-by-day",
    "Events by day",
    "A gap is a day that was not loaded or not tracked.",
    "daily_active_users",
    ("events",),
    display="bar",
)
DAYS = Card(
    slug="days",
    name="Days",
    about="The latest days. Complete: all events of the day are there. Final: exported 72 hours "
    "or more after its end, so that late events are in it.",
    display="table",
    marts=("daily_active_users",),
    sql="""\
select event_date as "Day",
       events as "Events",
       is_complete as "Complete",
       is_final as "Final",
       active_users_rule as "Active users are"
from analytics.daily_active_users
where dataset = {{dataset}}
  [[and {{date}}]]
order by 1 desc
limit 100""",
    columns=("Day", "Events", "Complete", "Final", "Active users are"),
    settings={"table.pivot": False},
    date_column="event_date",
)
LOADS = Card(
    slug="loads",
    name="Loads",
    about="Each load and how many of its records were rejected; the records are kept with the "
    "reason (`ga4 rejects`). All loads: the date filter does not reach it.",
    display="table",
    marts=("data_quality_loads",),
    sql="""\
select load_id as "Load",
       shape as "Shape",
       mode as "Mode",
       date '1970-01-01' + cast(floor(finished_at_us / 86400000000.0) as integer) as "Finished",
       files as "Files",
       records as "Records",
       rejected_records as "Rejected",
       rejected_share as "Share"
from analytics.data_quality_loads
where dataset = {{dataset}}
  and rule = '(all)'
order by finished_at_us desc, load_id desc
limit 100""",
    columns=("Load", "Shape", "Mode", "Finished", "Files", "Records", "Rejected", "Share"),
    settings={"table.pivot": False} | formatted({"Share": PERCENT}),
)

QUALITY = Dashboard(
    slug="data-quality",
    name="Data quality",
    about="What is loaded, what is missing, and what in it is doubtful.",
    cards=(
        (VOLUME, Place(0, 0, 12, 7)),
        (BY_DAY, Place(0, 12, 12, 7)),
        (CHECKS, Place(7, 0, 24, 9)),
        (DAYS, Place(16, 0, 10, 9)),
        (LOADS, Place(16, 10, 14, 9)),
    ),
)
