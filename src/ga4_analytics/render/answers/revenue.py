"""Revenue as tables: groups, days, cohorts."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from ga4_analytics.questions.revenue import RevenueResult
from ga4_analytics.render import text
from ga4_analytics.render.answers.parts import (
    DIM,
    MOST_ROWS,
    Cell,
    days_of,
    fitting,
    group_name,
    heading,
    table,
)
from ga4_analytics.stats.amounts import Mean

_MOST_COHORTS = 24


def revenue(result: RevenueResult, width: int) -> list[RenderableType]:
    """Totals of each group, then by time, then what cohorts brought."""
    spec = result.spec
    about = (f"by {spec.interval}", days_of(result.finality))
    out: list[RenderableType] = [heading(f"Revenue in {result.currency}", about), ""]
    out += [_totals(result, width), "", *_values(result, width)]
    if not spec.query.by:
        out += ["", *_buckets(result, width)]
    if result.lifetime:
        out += ["", *_lifetime(result, width)]
    return out


def _totals(result: RevenueResult, width: int) -> RenderableType:
    heads = [", ".join(result.spec.query.by), "orders", "buyers", "gross", "refunds", "net", "raw"]
    rows: list[list[Cell]] = []
    for total in result.totals:
        found = total.amounts
        money = (
            found.gross_usd_micros, found.refund_usd_micros, found.net_usd_micros,
            found.raw_usd_micros,
        )  # fmt: skip
        row: list[Cell] = [group_name(total.group), text.count(found.orders)]
        row += [text.count(found.buyers), *(text.dollars(value) for value in money)]
        rows.append(row)
    return table(heads, rows, width=width)


def _values(result: RevenueResult, width: int) -> list[RenderableType]:
    """Means with their intervals."""
    heads = [", ".join(result.spec.query.by), "average order", "95 %", "a buyer", "a user", "95 %"]
    rows: list[list[Cell]] = [
        [
            group_name(total.group),
            usd(total.average_order),
            between(total.average_order),
            usd(total.per_buyer),
            usd(total.per_user),
            between(total.per_user),
        ]
        for total in result.totals
    ]
    if not any(total.per_user for total in result.totals):
        heads, rows = heads[:4], [row[:4] for row in rows]
    return [table(heads, rows, width=width)]


def usd(mean: Mean | None) -> str:
    """A mean amount.

    >>> usd(None), usd(Mean(30.0, 4, 7.5, 5.0, 10.0))
    ('–', '$7.50')
    """
    return text.NOTHING if mean is None else f"${mean.value:,.2f}"


def between(mean: Mean | None) -> str:
    """Its interval.

    >>> between(Mean(30.0, 4, 7.5, 5.0, 10.0))
    '5.00–10.00'
    """
    if mean is None or mean.low is None or mean.high is None:
        return text.NOTHING
    return f"{mean.low:,.2f}–{mean.high:,.2f}"


def _buckets(result: RevenueResult, width: int) -> list[RenderableType]:
    buckets = result.buckets[-MOST_ROWS:]
    rows: list[list[Cell]] = []
    for bucket in buckets:
        found = bucket.amounts
        row: list[Cell] = [f"{bucket.start}{'' if bucket.is_complete else '*'}"]
        if found is None:
            rows.append([*row, *[text.NOTHING] * 6])
            continue
        row += [text.count(found.orders), text.count(found.buyers)]
        row += [text.dollars(found.gross_usd_micros), text.dollars(found.refund_usd_micros)]
        row += [text.dollars(found.net_usd_micros)]
        mean = found.average_order_usd
        rows.append([*row, text.NOTHING if mean is None else f"${mean:,.2f}"])
    heads = [result.spec.interval, "orders", "buyers", "gross", "refunds", "net", "average order"]
    notes = ["* not complete"] if any(not bucket.is_complete for bucket in buckets) else []
    if len(buckets) < len(result.buckets):
        notes.append(f"the last {len(buckets)} of {len(result.buckets)}; --csv has all")
    return [table(heads, rows, width=width), Text("; ".join(notes), style=DIM)]


def _lifetime(result: RevenueResult, width: int) -> list[RenderableType]:
    """A row a cohort, a column a period: what a user has brought until its end."""
    cohorts = sorted({value.cohort for value in result.lifetime})
    periods = sorted({value.period for value in result.lifetime})
    cells = {(value.cohort, value.period): value for value in result.lifetime}
    count = fitting(20, [9] * len(periods), width)
    rows: list[list[Cell]] = []
    for cohort in cohorts[-_MOST_COHORTS:]:
        row: list[Cell] = [str(cohort), text.count(cells[cohort, periods[0]].users)]
        for period in periods[:count]:
            cell = cells.get((cohort, period))
            row.append(usd(cell.value if cell else None))
        rows.append(row)
    heads = ["cohort", "users", *(str(period) for period in periods[:count])]
    note = f"Gross a user until the end of each {result.spec.interval} since the first."
    if count < len(periods):
        note += f" {count} of {len(periods)} periods."
    return [table(heads, rows, width=width), Text(note, style=DIM)]


SHOWN = {"RevenueResult": revenue}
