"""How many people come, how often, and what they do."""

from __future__ import annotations

from ga4_analytics.publish.metabase.dashboards.charts import (
    PERCENT,
    axes,
    formatted,
    latest,
    of_day,
)
from ga4_analytics.publish.metabase.definitions import Card, Dashboard, Place

SLICES = "daily_metrics_by_slice"
DAYS = "daily_active_users"


def _number(slug: str, name: str, column: str, about: str, percent: bool = False) -> Card:
    return Card(
        slug=slug,
        name=name,
        about=f"{about} The last day of the range, and the change from the day before it.",
        display="smartscalar",
        marts=(SLICES,),
        sql=of_day(SLICES, column, slices=True),
        columns=("event_date", column),
        settings=latest(column, PERCENT if percent else None),
        date_column="event_date",
    )


ACTIVE = _number("active-users", "Active users", "active_users", "Distinct active users.")
SESSIONS = _number(
    "sessions", "Sessions", "sessions", "Sessions, each counted on the day it began."
)
RATE = _number(
    "engagement-rate",
    "Engagement rate",
    "engagement_rate",
    "Engaged sessions over sessions.",
    percent=True,
)
EVENTS = _number("events", "Events", "events", "Events, exact duplicates removed.")

BY_DAY = Card(
    slug="active-users-by-day",
    name="Daily active users",
    about="Distinct active users of each day. Read, never added up: a person who comes on two "
    "days counts on both.",
    display="line",
    marts=(SLICES,),
    sql=of_day(SLICES, "active_users", slices=True),
    columns=("event_date", "active_users"),
    settings=axes(("event_date",), ("active_users",)),
    date_column="event_date",
)
ROLLING = Card(
    slug="rolling-users",
    name="Daily, weekly and monthly active users",
    about="Distinct active users of the day, of the 7 and of the 28 days that end with it. "
    "Empty until that many days are loaded. Of everybody: the device and country filters do "
    "not reach it.",
    display="line",
    marts=(DAYS,),
    sql=of_day(DAYS, "active_users, rolling_7d_users, rolling_28d_users", slices=False),
    columns=("event_date", "active_users", "rolling_7d_users", "rolling_28d_users"),
    settings=axes(("event_date",), ("active_users", "rolling_7d_users", "rolling_28d_users")),
    date_column="event_date",
)
STICKINESS = Card(
    slug="stickiness",
    name="Stickiness",
    about="Active users of the day over those of the 28 days that end with it: the share of "
    "the month's people who came today.",
    display="line",
    marts=(DAYS,),
    sql=of_day(DAYS, "stickiness", slices=False),
    columns=("event_date", "stickiness"),
    settings=axes(("event_date",), ("stickiness",)) | formatted({"stickiness": PERCENT}),
    date_column="event_date",
)
NEW = Card(
    slug="new-and-returning",
    name="New and returning users",
    about="Users of the day by whether it was their first. Together they are the users with any "
    "event that day.",
    display="bar",
    marts=(SLICES,),
    sql=of_day(SLICES, "new_users, returning_users", slices=True),
    columns=("event_date", "new_users", "returning_users"),
    settings=axes(
        ("event_date",), ("new_users", "returning_users"), stackable__stack_type="stacked"
    ),
    date_column="event_date",
)
TIME = Card(
    slug="engagement-time",
    name="Engagement time",
    about="Hours for which the site or app was in the foreground.",
    display="area",
    marts=(SLICES,),
    sql=of_day(
        SLICES, "engagement_msec::double precision / 3600000 as engagement_hours", slices=True
    ),
    columns=("event_date", "engagement_hours"),
    settings=axes(("event_date",), ("engagement_hours",))
    | formatted({"engagement_hours": {"decimals": 1}}),
    date_column="event_date",
)
ENGAGED = Card(
    slug="sessions-by-day",
    name="Sessions and engaged sessions",
    about="Sessions by the day they began, and those of them that were engaged: 10 seconds (a "
    "setting), a key event or two views.",
    display="line",
    marts=(SLICES,),
    sql=of_day(SLICES, "sessions, engaged_sessions", slices=True),
    columns=("event_date", "sessions", "engaged_sessions"),
    settings=axes(("event_date",), ("sessions", "engaged_sessions")),
    date_column="event_date",
)
BY_NAME = Card(
    slug="event-distribution",
    name="Events by name",
    about="How often each event happened in the range, the 25 commonest. Of everybody: the "
    "device and country filters do not reach it.",
    display="row",
    marts=("event_distribution",),
    sql="""\
select event_name, sum(events) as events
from analytics.event_distribution
where dataset = {{dataset}}
  [[and {{date}}]]
group by event_name
order by events desc, event_name
limit 25""",
    columns=("event_name", "events"),
    settings=axes(("event_name",), ("events",)),
    date_column="event_date",
)
BY_DEVICE = Card(
    slug="active-users-by-device",
    name="Active users by device",
    about="Distinct active users of each device category. A person with two devices counts in "
    "both lines, so the lines do not add up to the total.",
    display="line",
    marts=(SLICES,),
    sql="""\
select event_date, device_category, active_users
from analytics.daily_metrics_by_slice
where dataset = {{dataset}}
  and slice in ('device', 'device_country')
  and country = coalesce([[{{country}},]] '(all)')
  [[and device_category = {{device}}]]
  [[and {{date}}]]
order by event_date, device_category""",
    columns=("event_date", "device_category", "active_users"),
    settings=axes(("event_date", "device_category"), ("active_users",)),
    date_column="event_date",
)

ENGAGEMENT = Dashboard(
    slug="engagement",
    name="Engagement",
    about="How many people come, how often they come back within the month, how long they stay "
    "and what they do.",
    cards=(
        (ACTIVE, Place(0, 0, 6, 3)),
        (SESSIONS, Place(0, 6, 6, 3)),
        (RATE, Place(0, 12, 6, 3)),
        (EVENTS, Place(0, 18, 6, 3)),
        (BY_DAY, Place(3, 0, 12, 7)),
        (ROLLING, Place(3, 12, 12, 7)),
        (NEW, Place(10, 0, 12, 7)),
        (STICKINESS, Place(10, 12, 12, 7)),
        (ENGAGED, Place(17, 0, 12, 7)),
        (TIME, Place(17, 12, 12, 7)),
        (BY_NAME, Place(24, 0, 12, 10)),
        (BY_DEVICE, Place(24, 12, 12, 10)),
    ),
)
