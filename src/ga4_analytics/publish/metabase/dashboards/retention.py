"""Who comes back, and when."""

from __future__ import annotations

from ga4_analytics.publish.metabase.dashboards.charts import PERCENT, axes, formatted
from ga4_analytics.publish.metabase.definitions import OF_SLICE, Card, Dashboard, Place

MART = "retention_by_slice"
SHOWN = (1, 2, 3, 4, 5, 6, 7, 10, 14, 21, 28, 30)
"""The day numbers of the heat table."""
NAMES = {day: f"Day {day}" for day in SHOWN}
PALE, FULL = "#FFFFFF", "#2F6FDE"


def _heat_sql() -> str:
    days = ",\n       ".join(
        f'max(retention_rate) filter (where day_number = {day} and is_complete) as "{name}"'
        for day, name in NAMES.items()
    )
    return f"""\
select cohort_date as "Cohort",
       max(cohort_users) as "Users",
       {days}
from analytics.{MART}
where dataset = {{{{dataset}}}}
  and {OF_SLICE}
  [[and {{{{date}}}}]]
group by cohort_date
order by cohort_date"""


HEAT = Card(
    slug="retention-heat",
    name="Retention by cohort",
    about="A row is the people first seen on a day, a column the share of them who came back "
    "exactly that many days later. A cell is empty until its day is complete.",
    display="table",
    marts=(MART,),
    sql=_heat_sql(),
    columns=("Cohort", "Users", *NAMES.values()),
    settings={
        "table.pivot": False,
        "table.column_formatting": [
            {
                "columns": list(NAMES.values()),
                "type": "range",
                "colors": [PALE, FULL],
                "min_type": "custom",
                "min_value": 0,
                "max_type": "custom",
                "max_value": 0.1,
            }
        ],
    }
    | formatted(dict.fromkeys(NAMES.values(), PERCENT)),
    date_column="cohort_date",
)
CURVE = Card(
    slug="retention-curve",
    name="Retention curve",
    about="The share of all cohorts in the range who came back on day N. Cohorts whose day N is "
    "not complete are in neither part of the fraction.",
    display="line",
    marts=(MART,),
    sql=f"""\
select day_number,
       sum(retained_users)::double precision / nullif(sum(cohort_users), 0) as retention_rate,
       sum(cohort_users) as cohort_users
from analytics.{MART}
where dataset = {{{{dataset}}}}
  and is_complete
  and day_number > 0
  and {OF_SLICE}
  [[and {{{{date}}}}]]
group by day_number
order by day_number""",
    columns=("day_number", "retention_rate", "cohort_users"),
    settings=axes(("day_number",), ("retention_rate",), graph__x_axis__scale="linear")
    | formatted({"retention_rate": PERCENT}),
    date_column="cohort_date",
)
SIZES = Card(
    slug="cohort-sizes",
    name="Cohort sizes",
    about="People first seen on each day. People who were there before the data begins are in no "
    "cohort.",
    display="bar",
    marts=(MART,),
    sql=f"""\
select cohort_date, cohort_users
from analytics.{MART}
where dataset = {{{{dataset}}}}
  and day_number = 0
  and {OF_SLICE}
  [[and {{{{date}}}}]]
order by cohort_date""",
    columns=("cohort_date", "cohort_users"),
    settings=axes(("cohort_date",), ("cohort_users",)),
    date_column="cohort_date",
)
WEEK = Card(
    slug="day-7-retention",
    name="Day 1 and day 7 retention by cohort",
    about="Whether newer cohorts come back more than older ones. A line ends where its day is "
    "not complete yet.",
    display="line",
    marts=(MART,),
    sql=f"""\
select cohort_date,
       max(retention_rate) filter (where day_number = 1 and is_complete) as day_1,
       max(retention_rate) filter (where day_number = 7 and is_complete) as day_7
from analytics.{MART}
where dataset = {{{{dataset}}}}
  and {OF_SLICE}
  [[and {{{{date}}}}]]
group by cohort_date
order by cohort_date""",
    columns=("cohort_date", "day_1", "day_7"),
    settings=axes(("cohort_date",), ("day_1", "day_7"))
    | formatted({"day_1": PERCENT, "day_7": PERCENT}),
    date_column="cohort_date",
)

RETENTION = Dashboard(
    slug="retention",
    name="Retention",
    about="Who comes back: N-day retention by any event, of the people first seen on each day.",
    cards=(
        (CURVE, Place(0, 0, 12, 7)),
        (WEEK, Place(0, 12, 12, 7)),
        (HEAT, Place(7, 0, 24, 14)),
        (SIZES, Place(21, 0, 24, 6)),
    ),
)
