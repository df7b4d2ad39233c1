"""What tables and columns mean, told to Metabase from the dbt project's YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ga4_analytics.publish.dictionary import flat, models_of, seeds
from ga4_analytics.publish.metabase.client import Json
from ga4_analytics.publish.metabase.database import SCHEMA, Table, Tables
from ga4_analytics.publish.metabase.work import Work

_SHOWN = ("marts", "staging")
_TECHNICAL = ("intermediate", "index")
_LONG_TEXTS = frozenset({"note", "page_path", "landing_page"})
_RATES = frozenset({"stickiness", "share"})
_RATE_ENDINGS = ("_rate", "_share")


@dataclass(frozen=True)
class Model:
    """A model as people should see it.

    Attributes:
        name: Its table in schema ``analytics``.
        table: What the table gets: description and visibility.
        columns: What each column gets, by name.
        needed: Whether the server must have read it, with every column, before cards are made.
    """

    name: str
    table: Json
    columns: Mapping[str, Json]
    needed: bool = False


def semantic_type(column: str, data_type: str) -> str | None:
    """Metabase's semantic type of a mart's column, by its name and type.

    Ids, long texts, counts, days and flags get none; the server's own guess stays.

    >>> semantic_type("revenue_usd", "double precision"), semantic_type("country", "text")
    ('type/Currency', 'type/Country')
    >>> semantic_type("stickiness", "double precision"), semantic_type("item_id", "text")
    ('type/Percentage', None)
    """
    if data_type == "double precision":
        if column.endswith("_usd"):
            return "type/Currency"
        rate = column in _RATES or column.endswith(_RATE_ENDINGS)
        return "type/Percentage" if rate else None
    if data_type != "text" or column.endswith("_id") or column in _LONG_TEXTS:
        return None
    return "type/Country" if column == "country" else "type/Category"


def read_models() -> dict[str, Model]:
    """Every model and seed of the dbt project; the technical ones are kept out of the way."""
    found: dict[str, Model] = {}
    for folder in _SHOWN:
        for model in models_of(folder):
            columns = {
                each["name"]: _column(each, folder == "marts") for each in model.get("columns", [])
            }
            found[model["name"]] = Model(
                model["name"], _table(model, None), columns, needed=folder == "marts"
            )
    technical = [model for folder in _TECHNICAL for model in models_of(folder)]
    for model in technical + seeds():
        found[model["name"]] = Model(model["name"], _table(model, "technical"), {})
    return found


def describe(work: Work, tables: Tables, models: Mapping[str, Model]) -> None:
    """Tell the server what its tables of ours mean, where it does not know.

    Args:
        work: The run.
        tables: What the server knows; others than ours are left alone.
        models: What ours mean.
    """
    ours = sorted(tables.keys() & models.keys())
    with work.progress.phase("Describing tables", len(ours), "tables") as advance:
        for name in ours:
            _describe(work, tables[name], models[name])
            advance(1)


def plan_descriptions(work: Work, models: Mapping[str, Model]) -> None:
    """Note what a server will be told of tables that it has not read yet."""
    for name, model in sorted(models.items()):
        work.note("table", "describe", f"{SCHEMA}.{name}", (*model.table, *model.columns))


def _describe(work: Work, table: Table, model: Model) -> None:
    of_table = _differing(model.table, table.facts)
    of_columns = {
        name: changed
        for name, wanted in model.columns.items()
        if name in table.fields and (changed := _differing(wanted, table.fields[name]))
    }
    if not of_table and not of_columns:
        return
    if not work.note("table", "describe", f"{SCHEMA}.{model.name}", (*of_table, *of_columns)):
        return
    for name, changed in of_columns.items():
        work.server.put(f"/api/field/{table.fields[name]['id']}", changed)
    if of_table:
        work.server.put(f"/api/table/{table.id}", of_table)


def _differing(wanted: Json, facts: Json) -> Json:
    return {key: value for key, value in wanted.items() if facts.get(key) != value}


def _table(model: Json, visibility: str | None) -> Json:
    facts: Json = {"description": flat(model.get("description")) or None}
    return facts | {"visibility_type": visibility} if visibility else facts


def _column(column: Json, of_mart: bool) -> Json:
    facts: Json = {"description": flat(column.get("description")) or None}
    if not of_mart:
        return facts
    kind = semantic_type(column["name"], column.get("data_type", ""))
    if kind:
        facts["semantic_type"] = kind
    if column["name"].endswith("_micros"):
        # Kept for exact sums; people read the dollars beside them.
        facts["visibility_type"] = "details-only"
    return facts
