"""The findings report: a page of Markdown with figures, written from one snapshot.

Its bytes depend on the snapshot's tables and the kept model of churn alone. The last line, a
comment, names the data and the bytes of each figure, so that a check needs no drawing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ga4_analytics.errors import StaleError
from ga4_analytics.publish import sections
from ga4_analytics.publish.churn_section import churn
from ga4_analytics.publish.markdown import filled
from ga4_analytics.publish.sections import Content, Plot
from ga4_analytics.publish.snapshot import Snapshot
from ga4_analytics.render import text
from ga4_analytics.render.facts import Headline, dataset_facts, headline, rows_of
from ga4_analytics.render.status import damage_line
from ga4_analytics.render.style import save_png
from ga4_analytics.settings import Settings
from ga4_analytics.storage.atomic import atomic_file, write_text
from ga4_analytics.storage.checksums import sha256_file

FILE_NAME = "findings.md"
FIGURES = "figures"

_FOOTER = re.compile(r"\n<!-- figures: (\{.*\}) -->\n\Z")


@dataclass(frozen=True)
class _Report:
    text: str
    plots: tuple[Plot, ...]


def write_findings(snapshot: Snapshot, settings: Settings) -> Path:
    """Write ``reports/findings.md`` and its figures.

    Args:
        snapshot: What to report.
        settings: The workspace's settings; they name the dataset and the folder.

    Returns:
        The page's path.

    Raises:
        StaleError: The snapshot has no such dataset, or lacks a mart.
        OSError: A file cannot be written.
    """
    report = _compose(snapshot, settings)
    page = settings.reports_dir / FILE_NAME
    old = _recorded(page)
    figures = {}
    for plot in report.plots:
        path = settings.reports_dir / FIGURES / plot.name
        with atomic_file(path) as draft:
            save_png(plot.draw(*plot.data), draft)
        figures[plot.name] = {"data": plot.digest, "sha256": sha256_file(path)}
    footer = f"\n<!-- figures: {json.dumps(figures, sort_keys=True)} -->\n"
    write_text(page, report.text + footer)
    for name in set(old) - set(figures):
        (settings.reports_dir / FIGURES / name).unlink(missing_ok=True)
    return page


def check_findings(snapshot: Snapshot, settings: Settings) -> None:
    """Refuse a report that says something else than the snapshot.

    Raises:
        StaleError: The page or a figure is missing, was changed, or shows other data.
    """
    page = settings.reports_dir / FILE_NAME
    if not page.is_file():
        raise _stale(f"{page} is not there.")
    report = _compose(snapshot, settings)
    written = _FOOTER.sub("", page.read_text(encoding="utf-8"))
    for number, (old, new) in enumerate(_lines(written, report.text), start=1):
        if old != new:
            raise _stale(f"{page}, line {number}, says {old!r} where the data say {new!r}.")
    recorded = _recorded(page)
    for plot in report.plots:
        path = settings.reports_dir / FIGURES / plot.name
        record = recorded.get(plot.name, {})
        if not path.is_file() or sha256_file(path) != record.get("sha256"):
            raise _stale(f"The figure {path} is missing or was changed.")
        if plot.digest != record.get("data"):
            raise _stale(f"The figure {path} shows other data.")


def _stale(problem: str) -> StaleError:
    return StaleError(
        problem,
        rule="A report says what the published marts say.",
        remedy="Write it again with `ga4 report`.",
    )


def _lines(old: str, new: str) -> list[tuple[str, str]]:
    olds, news = old.splitlines(), new.splitlines()
    size = max(len(olds), len(news))
    olds += [""] * (size - len(olds))
    news += [""] * (size - len(news))
    return list(zip(olds, news, strict=True))


def _recorded(page: Path) -> Mapping[str, Mapping[str, str]]:
    """The figures that a page names in its last line; none where there is no such page."""
    if not page.is_file():
        return {}
    found = _FOOTER.search(page.read_text(encoding="utf-8"))
    try:
        record: Mapping[str, Mapping[str, str]] = json.loads(found[1]) if found else {}
    except ValueError:
        return {}
    # The names are used to delete files, so nothing but a plain name may pass.
    return {name: record[name] for name in record if re.fullmatch(r"\w+\.png", name)}


def _compose(snapshot: Snapshot, settings: Settings) -> _Report:
    dataset = settings.dataset
    found = headline(snapshot, dataset)
    if found is None:
        known = ", ".join(facts["dataset"] for facts in snapshot.status["datasets"])
        raise StaleError(
            f"The snapshot {snapshot.id} has no day of the dataset {dataset!r}.",
            rule=f"It holds {known or 'no dataset'}.",
            remedy="Set `dataset` in ga4.toml, or load files and run `ga4 build`.",
        )
    content = _content(snapshot, dataset, found) | {"churn": churn(settings)}
    page = re.sub(r"\n{3,}", "\n\n", filled("findings.md.j2", content)).rstrip() + "\n"
    retention = content["retention"]
    plots = [content["activity"]["plot"], retention["heat_map"], retention["curve"]]
    plots += [funnel.get("plot") for funnel in content["funnels"]]
    plots += [scope["plot"] for scope in content["channels"]]
    plots += [content["orders"]["plot"], content["churn"]["plot"]]
    return _Report(page, tuple(plot for plot in plots if plot is not None))


def _content(snapshot: Snapshot, dataset: str, found: Headline) -> Content:
    facts = dataset_facts(snapshot, dataset)
    shown = snapshot.status["settings"]
    days = rows_of(snapshot, "daily_active_users", dataset)
    quality = sections.quality(rows_of(snapshot, "data_quality", dataset))
    gaps = {gap["check"]: gap["note"] for gap in quality["gaps"]}
    loads = facts.get("recent_loads", [])
    retention = sections.retention(rows_of(snapshot, "cohort_retention", dataset))
    funnels = sections.funnels(rows_of(snapshot, "funnel_steps", dataset), shown["funnels"])
    channels = sections.channels(snapshot, dataset)
    return {
        "dataset": dataset,
        "period": f"{sections.day(found.first_day)} to {sections.day(found.last_day)}",
        "completeness": f"{found.days} days loaded, {found.complete_days} complete, "
        f"{found.final_days} final",
        "identity": "devices"
        if shown["identity"] == "device"
        else "people where signed in, else devices",
        "zone": loads[0]["timezone"] if loads else shown["timezone"],
        "in_short": sections.in_short(found, retention, funnels, channels),
        "headline": sections.headline_rows(found, days, gaps),
        "finality": _finality(found, shown),
        "activity": sections.activity(days),
        "retention": retention,
        "left_truncated": _left_truncated(shown),
        "no_retention": _no_retention(gaps),
        "funnels": funnels,
        "channels": channels,
        "orders": sections.orders(rows_of(snapshot, "daily_orders", dataset)),
        "tops": sections.tops(snapshot, dataset),
        "quality": quality,
        "rejects": ", ".join(
            f"{text.count(number)} by rule {rule}" for rule, number in facts["rejects"].items()
        ),
        "damage": [damage_line(each) for each in facts["accepted_damage"]],
        "missing": _missing(facts["missing_columns"]),
        "settings": _settings(shown),
    }


def _finality(found: Headline, shown: Mapping[str, Any]) -> str:
    if shown["identity"] == "stitched":
        return "With stitched identity a login can change past days, so no day is final."
    if found.final_days == found.days:
        return "All days are final: they were exported 72 hours or more after their end."
    return (
        f"{found.days - found.final_days} of {found.days} days are not final: Google may still "
        "change a day until 72 hours after its end."
    )


def _left_truncated(shown: Mapping[str, Any]) -> str:
    if shown["include_left_truncated"]:
        return "Users first seen before the first loaded day are included (left-truncated)."
    return "Users first touched before the first loaded day are left out (left-truncated)."


def _no_retention(gaps: Mapping[str, str]) -> str:
    if "no_user_id" in gaps:
        return gaps["no_user_id"]
    return "No cohort is old enough: a rate needs a complete day after the first one."


def _missing(columns: list[dict[str, str]]) -> list[str]:
    """Columns that are null, put together by reason."""
    reasons: dict[str, list[str]] = {}
    for entry in columns:
        reasons.setdefault(entry["reason"], []).append(entry["column"])
    return [f"{', '.join(names)}: {reason}" for reason, names in reasons.items()]


def _settings(shown: Mapping[str, Any]) -> list[str]:
    return [
        f"Identity: {shown['identity']}",
        f"Key events: {', '.join(shown['key_events']) or 'none'}",
        f"Engaged session: from {shown['engaged_session_seconds']} seconds, where the export has "
        "no flag",
        f"Session gap, where the export has no session ids: {shown['session_timeout_minutes']} "
        "minutes",
        f"Channel rules of: {shown['channel_rules_date'] or 'the date of each session'}",
    ]
