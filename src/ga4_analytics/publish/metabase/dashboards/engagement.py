"""How many people come, how often, and what they do."""

from __future__ import annotations

from ga4_analytics.publish.metabase.dashboards.charts import PERCENT, axes, by_day, last_day
from ga4_analytics.publish.metabase.definitions import Card, Dashboard, Place

SLICES = "daily_metrics_by_slice"
DAYS = "daily_active_users"
LAST = "The last day of the range, and the change from the day before it."

ACTIVE = last_day(
    "active-users", "Active users", f"Distinct active users. {LAST}", SLICES, "active_users"
)
SESSIONS = last_day(
    "sessions", "Sessions", f"Sessions, each counted on the day it began. {LAST}", SLICES,
    "sessions",
)  # fmt: skip
RATE = last_day(
    "engagement-rate", "Engagement rate", f"Engaged sessions over sessions. {LAST}", SLICES,
    "engagement_rate", how=PERCENT,
)  # fmt: skip
EVENTS = last_day("events", "Events", f"Events, exact duplicates removed. {LAST}", SLICES, "events")
BY_DAY = by_day(
    "active-users-by-day",
    "Daily active users",
    "Distinct active users of each day. Read, never added up: a person who comes on two "
    "days counts on both.",
    SLICES,
    ("active_users",),
)
ROLLING = by_day(
    "rolling-users",
    "Daily, weekly and monthly active users",
    "Distinct active users of the day, of the 7 and of the 28 days that end with it. "
    "Empty until that many days are loaded. Of everybody: the device and country filters do "
    "not reach it.",
    DAYS,
    ("active_users", "rolling_7d_users", "rolling_28d_users"),
)
STICKINESS = by_day(
    "stickiness",
    "Stickiness",
    "Active users of the day over those of the 28 days that end with it: the share of "
    "the month's people who came today.",
    DAYS,
    ("stickiness",),
    how=PERCENT,
)
NEW = by_day(
    "new-and-returning",
    "New and returning users",
    "Users of the day by whether it was their first. Together they are the users with any "
    "event that day.",
    SLICES,
    ("new_users", "returning_users"),
    display="bar",
    stackable__stack_type="stacked",
)
TIME = by_day(
    "engagement-time",
    "Engagement time",
    "Hours for which the site or app was in the foreground.",
    SLICES,
    ("engagement_hours",),
    display="area",
    how={"decimals": 1},
    computed="engagement_msec::double precision / 3600000 as engagement_hours",
)
ENGAGED = by_day(
    "sessions-by-day",
    "Sessions and engaged sessions",
    "Sessions by the day they began, and those of them that were engaged: 10 seconds (a "
    "setting), a key event or two views.",
    SLICES,
    ("sessions", "engaged_sessions"),
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
