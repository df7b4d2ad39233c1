"""Where sessions come from, and how far people get."""

from __future__ import annotations

from ga4_analytics.publish.metabase.dashboards.charts import PERCENT, USD, axes, formatted
from ga4_analytics.publish.metabase.definitions import OF_SLICE, Card, Dashboard, Place

CHANNELS = "channel_performance"
FUNNELS = "funnel_by_slice"

RESULTS = ("Sessions", "Engaged", "Orders", "Revenue")
"""What came of sessions: the last columns of a table of where they came from."""
RESULTS_SQL = """\
sum(sessions) as "Sessions",
       sum(engaged_sessions)::double precision / nullif(sum(sessions), 0) as "Engaged",
       sum(orders) as "Orders",
       sum(revenue_usd_micros)::double precision / 1000000 as "Revenue\""""
RESULTS_WRITTEN = {"table.pivot": False} | formatted({"Engaged": PERCENT, "Revenue": USD})

BY_CHANNEL = Card(
    slug="sessions-by-channel",
    name="Sessions by channel",
    about="Sessions of each default channel group in the range. 'Channel of' says whose source "
    "it is: the session's (last click) or the user's first.",
    display="row",
    marts=(CHANNELS,),
    sql=f"""\
select channel_group, sum(sessions) as sessions
from analytics.{CHANNELS}
where dataset = {{{{dataset}}}}
  and channel_scope = {{{{scope}}}}
  [[and {{{{date}}}}]]
group by channel_group
order by sessions desc, channel_group""",
    columns=("channel_group", "sessions"),
    settings=axes(("channel_group",), ("sessions",)),
    date_column="session_date",
)
CHANNEL_DAYS = Card(
    slug="channels-by-day",
    name="Sessions by channel and day",
    about="Each session stands on the day it began, in one channel.",
    display="area",
    marts=(CHANNELS,),
    sql=f"""\
select session_date, channel_group, sessions
from analytics.{CHANNELS}
where dataset = {{{{dataset}}}}
  and channel_scope = {{{{scope}}}}
  [[and {{{{date}}}}]]
order by session_date, channel_group""",
    columns=("session_date", "channel_group", "sessions"),
    settings=axes(
        ("session_date", "channel_group"), ("sessions",), stackable__stack_type="stacked"
    ),
    date_column="session_date",
)
SOURCES = Card(
    slug="sources",
    name="Sources and mediums",
    about="The 50 commonest sources by sessions, with what came of them.",
    display="table",
    marts=("acquisition",),
    sql=f"""\
select source as "Source",
       medium as "Medium",
       {RESULTS_SQL}
from analytics.acquisition
where dataset = {{{{dataset}}}}
  [[and {{{{date}}}}]]
group by source, medium
order by 3 desc, 1, 2
limit 50""",
    columns=("Source", "Medium", *RESULTS),
    settings=RESULTS_WRITTEN,
    date_column="session_date",
)
MAP = Card(
    slug="countries",
    name="Sessions by country",
    about="Sessions by the country in which they began. Countries whose name the map does not "
    "know are in the table beside it.",
    display="map",
    marts=("daily_metrics_by_slice", "country_codes"),
    sql="""\
select country_codes.country_code, sum(sessions) as sessions
from analytics.daily_metrics_by_slice
inner join analytics.country_codes
  on country_codes.country = daily_metrics_by_slice.country
where dataset = {{dataset}}
  and slice in ('country', 'device_country')
  and device_category = coalesce([[{{device}},]] '(all)')
  [[and daily_metrics_by_slice.country = {{country}}]]
  [[and {{date}}]]
group by country_codes.country_code
order by sessions desc, country_code""",
    columns=("country_code", "sessions"),
    settings={
        "map.type": "region",
        "map.region": "world_countries",
        "map.dimension": "country_code",
        "map.metric": "sessions",
    },
    date_column="event_date",
)
COUNTRIES = Card(
    slug="country-table",
    name="Countries",
    about="Sessions, orders and revenue by country, the 50 with the most sessions.",
    display="table",
    marts=("daily_metrics_by_slice",),
    sql=f"""\
select country as "Country",
       {RESULTS_SQL}
from analytics.daily_metrics_by_slice
where dataset = {{{{dataset}}}}
  and slice in ('country', 'device_country')
  and device_category = coalesce([[{{{{device}}}},]] '(all)')
  [[and country = {{{{country}}}}]]
  [[and {{{{date}}}}]]
group by country
order by 2 desc nulls last, 1
limit 50""",
    columns=("Country", *RESULTS),
    settings=RESULTS_WRITTEN,
    date_column="event_date",
)
FUNNEL = Card(
    slug="funnel",
    name="Funnel",
    about="People who entered on a day of the range and how far the best attempt of that day "
    "came; a person counts once for each day of entry. Entries whose window is still open count "
    "as far as they came.",
    display="funnel",
    marts=(FUNNELS,),
    sql=f"""\
select step_name, sum(users) as users
from analytics.{FUNNELS}
where dataset = {{{{dataset}}}}
  and funnel = {{{{funnel}}}}
  and {OF_SLICE}
  [[and {{{{date}}}}]]
group by step, step_name
order by step""",
    columns=("step_name", "users"),
    settings={"funnel.dimension": "step_name", "funnel.metric": "users"},
    date_column="entry_date",
)
CONVERSION = Card(
    slug="conversion-by-day",
    name="Conversion by day of entry",
    about="The share of each day's entries that came through the last step. A day is empty while "
    "an entry of it is still open.",
    display="line",
    marts=(FUNNELS, "funnel_steps"),
    sql=f"""\
select entry_date,
       case when open_users = 0 then conversion_rate end as conversion_rate
from analytics.{FUNNELS}
where dataset = {{{{dataset}}}}
  and funnel = {{{{funnel}}}}
  and step = (
    select max(step) from analytics.funnel_steps where funnel_steps.funnel = {{{{funnel}}}}
  )
  and {OF_SLICE}
  [[and {{{{date}}}}]]
order by entry_date""",
    columns=("entry_date", "conversion_rate"),
    settings=axes(("entry_date",), ("conversion_rate",)) | formatted({"conversion_rate": PERCENT}),
    date_column="entry_date",
)
LANDING = Card(
    slug="landing-pages",
    name="Landing pages",
    about="The 50 commonest first pages of sessions. Empty where the files carry no pages.",
    display="table",
    marts=("landing_page_performance",),
    sql=f"""\
select landing_page as "Landing page",
       {RESULTS_SQL}
from analytics.landing_page_performance
where dataset = {{{{dataset}}}}
  [[and {{{{date}}}}]]
group by landing_page
order by 2 desc, 1
limit 50""",
    columns=("Landing page", *RESULTS),
    settings=RESULTS_WRITTEN,
    date_column="session_date",
)

ACQUISITION = Dashboard(
    slug="acquisition",
    name="Acquisition and funnel",
    about="Where sessions come from, what came of them, and how far people get.",
    headings=(
        ("Where sessions come from", Place(0, 0, 24, 1)),
        ("How far people get", Place(23, 0, 24, 1)),
        ("In detail", Place(32, 0, 24, 1)),
    ),
    cards=(
        (BY_CHANNEL, Place(1, 0, 10, 8)),
        (CHANNEL_DAYS, Place(1, 10, 14, 8)),
        (MAP, Place(9, 0, 14, 14)),
        (COUNTRIES, Place(9, 14, 10, 14)),
        (FUNNEL, Place(24, 0, 12, 8)),
        (CONVERSION, Place(24, 12, 12, 8)),
        (SOURCES, Place(33, 0, 12, 10)),
        (LANDING, Place(33, 12, 12, 10)),
    ),
)
