"""The features of churn in SQL, and whether the index gives the same.

The text works on both warehouses, adds up integers only and knows nothing of the cutoff's day
or later. `analyses.churn_features` says each feature a second time, for the index.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

from ga4_analytics.analyses.churn_features import Table
from ga4_analytics.analyses.churn_plan import COUNT_OF, Feature
from ga4_analytics.errors import BuildError
from ga4_analytics.index.calendar import day_of
from ga4_analytics.questions.churn import ChurnQuestion
from ga4_analytics.sources.sql_text import quoted, text_literal
from ga4_analytics.warehouse.base import Warehouse

_ORDER = (
    "order_us, batch_page_id nulls first, batch_ordering_id nulls first, "
    "batch_event_index nulls first, event_id"
)
_TOTAL = "cast(coalesce(sum({}), 0) as bigint)"
_NUMBERS = {
    "recency_days": "activity.recency_days",
    "tenure_days": "activity.tenure_days",
    "active_days": "activity.active_days",
    "active_days_7": "activity.active_days_7",
    "active_days_8_14": "activity.active_days_8_14",
    "longest_gap_days": "activity.longest_gap_days",
    "weekend_days": "activity.weekend_days",
    "events": "count(*)",
    "events_7": "count(case when age <= 7 then 1 end)",
    "events_8_14": "count(case when age between 8 and 14 then 1 end)",
    "first_visits": "count(case when event_name in ('first_visit', 'first_open') then 1 end)",
    "sessions": "count(distinct session_number)",
    "sessions_7": "count(distinct case when age <= 7 then session_number end)",
    "engagement_msec": _TOTAL.format("engagement_time_msec"),
    "engagement_msec_7": _TOTAL.format("case when age <= 7 then engagement_time_msec end"),
    "pages": "count(distinct page_path)",
    "revenue_usd_micros": _TOTAL.format(
        "case when event_name = 'purchase' then purchase_revenue_usd_micros end"
    ),
}
_TEXTS = {"device_category": "device_category", "country": "country", "channel": "channel_group"}


def feature_sql(question: ChurnQuestion, features: Sequence[Feature], cutoff: int) -> str:
    """The select of the population of a cutoff: ``user_key`` and a column a feature.

    Args:
        question: Windows and population.
        features: Which features.
        cutoff: The cutoff's day number.

    Returns:
        One select over ``analytics.index_events`` with one parameter, the dataset. Its rows
        come in no order.
    """
    texts = [each.name for each in features if each.is_text]
    parts = [_seen(question, cutoff), _activity(question), *(_first(name) for name in texts)]
    sums = [f"{_number(each)} as {quoted(each.name)}" for each in features
            if not each.is_text and "activity." not in _number(each)]  # fmt: skip
    parts.append(
        "sums as (\n    select user_key"
        + "".join(f",\n        {each}" for each in sums)
        + "\n    from seen\n    group by user_key\n)"
    )
    columns = [
        f"first_{each.name}.value as {quoted(each.name)}" if each.is_text
        else f"{_number(each)} as {quoted(each.name)}" if "activity." in _number(each)
        else f"sums.{quoted(each.name)}"
        for each in features
    ]  # fmt: skip
    joins = "".join(
        f"\nleft join first_{name} on activity.user_key = first_{name}.user_key" for name in texts
    )
    return (
        "with "
        + ",\n\n".join(parts)
        + "\n\nselect\n    activity.user_key"
        + "".join(f",\n    {each}" for each in columns)
        + "\nfrom activity\ninner join sums on activity.user_key = sums.user_key"
        + joins
    )


def _number(feature: Feature) -> str:
    if feature.name.startswith(COUNT_OF):
        name = text_literal(feature.name.removeprefix(COUNT_OF))
        return f"count(case when event_name = {name} then 1 end)"
    return _NUMBERS[feature.name]


def _seen(question: ChurnQuestion, cutoff: int) -> str:
    """The rows of the window, each with its days to the cutoff."""
    day = day_of(cutoff)
    begin = day - timedelta(days=question.window_days)
    names = ", ".join(map(text_literal, question.active))
    active = f"event_name in ({names})" if names else "true"
    return f"""seen as (
    select
        user_key, event_date, date '{day}' - event_date as age, event_name, session_number,
        engagement_time_msec, purchase_revenue_usd_micros, page_path, device_category, country,
        channel_group, order_us, batch_page_id, batch_ordering_id, batch_event_index, event_id,
        {active} as is_active
    from analytics.index_events
    where dataset = ? and user_key is not null
        and event_date >= date '{begin}' and event_date < date '{day}'
)"""


def _activity(question: ChurnQuestion) -> str:
    """The population with what is said of its active days."""
    return f"""days as (
    select
        user_key, age,
        max(case when extract(isodow from event_date) >= 6 then 1 else 0 end) as is_weekend
    from seen
    where is_active
    group by user_key, age
),

gaps as (
    select *, age - lag(age) over (partition by user_key order by age) as gap
    from days
),

activity as (
    select
        user_key,
        min(age) as recency_days,
        max(age) as tenure_days,
        count(*) as active_days,
        count(case when age <= 7 then 1 end) as active_days_7,
        count(case when age between 8 and 14 then 1 end) as active_days_8_14,
        coalesce(max(gap), 0) as longest_gap_days,
        sum(is_weekend) as weekend_days
    from gaps
    group by user_key
    having count(*) >= {question.least_active_days}
)"""


def _first(name: str) -> str:
    """The value of a category of the first event that has one; of the first session's channel."""
    column = _TEXTS[name]
    has = "session_number" if name == "channel" else column
    # A session with an event on the last day before the cutoff may go on.
    over = """
    left join (
        select distinct user_key, session_number from seen
        where age = 1 and session_number is not null
    ) as going on ranked.user_key = going.user_key
        and ranked.session_number = going.session_number
    where place = 1 and going.user_key is null"""
    rest = over if name == "channel" else "\n    where place = 1"
    return f"""first_{name} as (
    select ranked.user_key, ranked.{column} as value
    from (
        select user_key, session_number, {column},
            row_number() over (partition by user_key order by {_ORDER}) as place
        from seen
        where {has} is not null
    ) as ranked{rest}
)"""


def features_in_sql(
    warehouse: Warehouse,
    dataset: str,
    question: ChurnQuestion,
    features: Sequence[Feature],
    cutoff: int,
) -> pa.Table:
    """The population of a cutoff from the warehouse, users in byte order of their keys.

    Raises:
        WarehouseError: The engine refused.
    """
    found = warehouse.query(feature_sql(question, features, cutoff), [dataset])
    kinds = {each.name: pa.string() if each.is_text else pa.int64() for each in features}
    columns = {"user_key": found["user_key"].cast(pa.string())} | {
        name: found[name].cast(kind) for name, kind in kinds.items()
    }
    table = pa.table(columns)
    return table.take(pc.sort_indices(table["user_key"].combine_chunks()))


def as_table(table: Table, features: Sequence[Feature]) -> pa.Table:
    """What the index says, in the form of `features_in_sql`."""
    columns: dict[str, pa.Array] = {"user_key": table.keys}
    for each in features:
        columns[each.name] = (
            table.texts[each.name] if each.is_text else pa.array(table.numbers[each.name])
        )
    return pa.table(columns)


def require_same(
    warehouse: Warehouse,
    dataset: str,
    question: ChurnQuestion,
    features: Sequence[Feature],
    table: Table,
) -> int:
    """Refuse features of the index that the warehouse's SQL does not give.

    Returns:
        How many users were compared.

    Raises:
        BuildError: They differ; the message names the feature.
    """
    own = as_table(table, features)
    other = features_in_sql(warehouse, dataset, question, features, table.cutoff)
    for name in own.column_names:
        if own.num_rows != other.num_rows or not _equal(own[name], other[name]):
            raise BuildError(
                f"The index and the warehouse differ in {name} as of {day_of(table.cutoff)}: "
                f"{own.num_rows} and {other.num_rows} users.",
                rule="Both must give the same features to the last unit.",
                remedy="Run `ga4 build --fresh-index`; report this if it stays.",
            )
    return int(own.num_rows)


def _equal(own: pa.ChunkedArray, other: pa.ChunkedArray) -> bool:
    return bool(own.combine_chunks().equals(other.combine_chunks()))
