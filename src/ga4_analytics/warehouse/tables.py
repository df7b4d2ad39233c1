"""The tables of schema ``raw``, once for every engine.

``ga4_events`` and ``ga4_items`` hold what was loaded; ``ga4_days`` says of each loaded
day how much there is, whether it is complete and final, and which columns its files
could fill; the others are the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass

from ga4_analytics.sources.schema import EVENT_COLUMNS, ITEM_COLUMNS, Column


@dataclass(frozen=True)
class Table:
    """A table that this program fills itself.

    Attributes:
        name: Its name.
        about: One sentence: "One row per ...".
        columns: Its columns in order.
        key: The columns that name a row; empty where rows have no name.
        schema: 'raw', or 'results' for what is made for BI tools.
    """

    name: str
    about: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    schema: str = "raw"


def _columns(*spec: tuple[str, str, str]) -> tuple[Column, ...]:
    return tuple(Column(name, kind, about) for name, kind, about in spec)  # type: ignore[arg-type]


CAPABILITIES: dict[str, tuple[str, ...]] = {
    "has_event_timestamp": ("event_timestamp",),
    "has_user_pseudo_id": ("user_pseudo_id",),
    "has_session_id": ("ga_session_id",),
    "has_session_engaged": ("session_engaged",),
    "has_engagement_time": ("engagement_time_msec",),
    "has_is_active_user": ("is_active_user",),
    "has_event_params": ("event_params",),
    "has_first_touch": ("user_first_touch_timestamp",),
    "has_session_source": ("session_source", "session_medium", "session_channel_group"),
    "has_first_user_source": ("first_user_source", "first_user_medium"),
    "has_event_source": ("event_source", "event_medium", "gclid"),
    "has_flat_source": ("source", "medium"),
    "has_device": ("device_category",),
    "has_country": ("country",),
    "has_page": ("page_location",),
    "has_items": ("items",),
    "has_transaction_id": ("transaction_id",),
    "has_revenue": ("purchase_revenue_usd_micros",),
}
"""Flag of ``ga4_days`` to the columns of which at least one must be there."""

EVENTS = Table("ga4_events", "One row per event.", EVENT_COLUMNS, ("dataset", "event_id"))
ITEMS = Table(
    "ga4_items",
    "One row per item of an event.",
    ITEM_COLUMNS,
    ("dataset", "event_id", "item_index"),
)
DAYS = Table(
    "ga4_days",
    "One row per dataset and loaded day.",
    _columns(
        ("dataset", "text", "The property."),
        ("event_date", "date", "The day in the property's zone."),
        ("load_id", "text", "The load that last wrote the day."),
        (
            "export_id",
            "text",
            "The load that began the export; parts added with --append share it.",
        ),
        ("table_kind", "text", "'daily', 'intraday', 'fresh' or 'flat'."),
        ("events", "bigint", "Rows of ga4_events."),
        ("items", "bigint", "Rows of ga4_items."),
        ("is_complete", "boolean", "Whether all of the day's events are there."),
        ("is_final", "boolean", "Whether the day was exported 72 hours or more after its end."),
        ("exported_at_us", "bigint", "When the rows were exported, microseconds UTC."),
        ("day_start_us", "bigint", "The day's first instant, microseconds UTC."),
        ("day_end_us", "bigint", "The next day's first instant, microseconds UTC."),
    )
    + tuple(
        Column(name, "boolean", f"Whether the files carried {' or '.join(parts)}.")
        for name, parts in CAPABILITIES.items()
    ),
    ("dataset", "event_date"),
)
LOADS = Table(
    "loads",
    "One row per load that was committed.",
    _columns(
        ("load_id", "text", "Start time and a short digest of the files."),
        ("dataset", "text", "The property."),
        ("mode", "text", "'load', 'replace', 'append', 'undo' or 'forget'."),
        ("shape", "text", "The files' shapes, comma separated."),
        ("started_at_us", "bigint", "Start, microseconds UTC."),
        ("finished_at_us", "bigint", "End, microseconds UTC."),
        ("lines", "bigint", "Records read: events of nested shapes, lines of flat ones."),
        ("accepted", "bigint", "Records that became events or items."),
        ("rejected", "bigint", "Records kept in raw.rejects."),
        ("events", "bigint", "Events written."),
        ("items", "bigint", "Items written."),
        ("duplicates", "bigint", "Events that repeat another under scheme 'ga4'."),
        ("suspects", "bigint", "Events that repeat another under scheme 'columns'."),
        ("timezone", "text", "The property's zone."),
        ("version", "text", "The version of this program."),
        ("superseded", "bigint", "Records left out because a better table holds their day."),
        ("forgotten", "bigint", "Records left out because their user was forgotten."),
        ("undoes", "text", "The load that this one took back; null for others."),
        (
            "undone_at_us",
            "bigint",
            "When it was taken back, microseconds UTC, or null.",
        ),
    ),
    ("load_id",),
)
LOAD_FILES = Table(
    "load_files",
    "One row per file of a load.",
    _columns(
        ("load_id", "text", "The load."),
        ("dataset", "text", "The property."),
        ("path", "text", "The file as named by the user."),
        ("sha256", "text", "Checksum of its bytes."),
        ("bytes", "bigint", "Its size."),
        ("shape", "text", "What it was detected as."),
        ("reading", "text", "Digest of the options it was read with."),
    ),
    ("load_id", "path"),
)
DAY_FILES = Table(
    "day_files",
    "One row per loaded day and file whose rows it now holds.",
    _columns(
        ("dataset", "text", "The property."),
        ("event_date", "date", "The day."),
        ("sha256", "text", "Checksum of the file."),
        ("reading", "text", "Digest of the options it was read with."),
        ("is_superseded", "boolean", "Whether a better table of the load held the day instead."),
    ),
    ("dataset", "event_date", "sha256"),
)
LOAD_DAYS = Table(
    "load_days",
    "One row per load and day that it wrote: what moved.",
    _columns(
        ("load_id", "text", "The load."),
        ("dataset", "text", "The property."),
        ("event_date", "date", "The day."),
        ("events_before", "bigint", "Events there before; 0 for a new day."),
        ("events_after", "bigint", "Events there now."),
    ),
    ("load_id", "event_date"),
)
LOAD_EVENTS = Table(
    "load_events",
    "One row per load, day that it wrote and event name whose count moved: the revision log.",
    _columns(
        ("load_id", "text", "The load."),
        ("dataset", "text", "The property."),
        ("event_date", "date", "The day."),
        ("event_name", "text", "The event's name."),
        ("events_before", "bigint", "Events of the name there before; 0 for a new name."),
        ("events_after", "bigint", "Events of the name there now; 0 for a lost name."),
    ),
    ("load_id", "event_date", "event_name"),
)
REJECTS = Table(
    "rejects",
    "One row per record that could not be read, with its reason.",
    _columns(
        ("load_id", "text", "The load."),
        ("dataset", "text", "The property."),
        ("file", "text", "The file as named by the user."),
        ("line", "bigint", "The line, or row of a Parquet file, from 1."),
        ("column_name", "text", "The column at fault; null where it is the whole record."),
        ("rule", "text", "Short name of the rule it breaks."),
        ("reason", "text", "What was found and what to do."),
        ("raw_text", "text", "The record as it stood in the file."),
    ),
)
DAMAGE = Table(
    "damage",
    "One row per load, file, column and rule that values or records of it break.",
    _columns(
        ("load_id", "text", "The load."),
        ("dataset", "text", "The property."),
        ("file", "text", "The file as named by the user."),
        ("column_name", "text", "The column at fault; null where it is the whole record."),
        ("rule", "text", "Short name of the rule, see docs/damage.md."),
        ("records", "bigint", "How many records break it."),
        ("first_line", "bigint", "The first of them, from 1."),
        ("example", "text", "What stands there; null where it is in raw.rejects."),
        ("reason", "text", "What is wrong."),
        (
            "accepted",
            "boolean",
            "Whether --accept-damaged accepted it; else the records are in raw.rejects.",
        ),
    ),
)
MISSING = Table(
    "missing_columns",
    "One row per load and canonical column that its files could not fill.",
    _columns(
        ("load_id", "text", "The load."),
        ("dataset", "text", "The property."),
        ("column_name", "text", "The canonical column."),
        ("reason", "text", "Why it is null."),
    ),
    ("load_id", "column_name"),
)

FORGOTTEN = Table(
    "forgotten",
    "One row per person who was forgotten; no later load brings them back.",
    _columns(
        ("dataset", "text", "The property."),
        ("column_name", "text", "'user_pseudo_id' or 'user_id': where the id stood."),
        ("id_sha256", "text", "SHA-256 of the id, which itself is kept nowhere."),
        ("forgotten_at_us", "bigint", "When, microseconds UTC."),
    ),
    ("dataset", "column_name", "id_sha256"),
)


def _copies(name: str, of: Table) -> Table:
    return Table(
        name,
        f"Rows of {of.name} that a load replaced, so that it can be undone.",
        (Column("replaced_by", "text", "The load that replaced the row."), *of.columns),
    )


COPIES: dict[str, Table] = {
    table.name: _copies(f"replaced_{table.name.removeprefix('ga4_')}", table)
    for table in (EVENTS, ITEMS, DAYS, DAY_FILES)
}
"""Table whose rows belong to a day, to the table that keeps what loads replaced."""

TABLES: tuple[Table, ...] = (
    EVENTS,
    ITEMS,
    DAYS,
    LOADS,
    LOAD_FILES,
    DAY_FILES,
    LOAD_DAYS,
    LOAD_EVENTS,
    REJECTS,
    DAMAGE,
    MISSING,
    FORGOTTEN,
    *COPIES.values(),
)

CHURN_SCORES = Table(
    "churn_scores",
    "One row per dataset, as-of day and user: the chance to churn that a model gave.",
    _columns(
        ("dataset", "text", "The property."),
        ("as_of", "date", "The first day of which nothing was known."),
        ("user_key", "text", "The user: a user_pseudo_id."),
        ("model_id", "text", "The model; `ga4 churn card` says how far to trust it."),
        (
            "model",
            "text",
            "Its kind: 'recency', 'logistic', 'hist_gradient_boosting' or 'xgboost'.",
        ),
        ("window_days", "bigint", "Days before as_of that the model looks at."),
        ("gap_days", "bigint", "Days from as_of on that count neither way."),
        ("horizon_days", "bigint", "Days after the gap; a churner is active on none of them."),
        ("chance_to_churn", "double", "The chance to churn, from 0 to 1."),
        ("chance_rank", "bigint", "1 is the likeliest to churn; equal chances share a rank."),
        ("decile", "bigint", "1 is the tenth of users likeliest to churn; ties by user_key."),
        ("recency_days", "bigint", "Days from the last active day to as_of."),
        ("recency_rank", "bigint", "1 was away the longest; equal days share a rank."),
        ("scored_at_us", "bigint", "When, microseconds UTC."),
    ),
    ("dataset", "as_of", "user_key"),
    "results",
)

RESULTS: tuple[Table, ...] = (CHURN_SCORES,)
"""Tables of schema results; each is made when it is first filled."""
