"""The repeated fields of a nested export, as lists of text records.

Fields that are new to us are kept: a new slot of a parameter's value where no known slot
has one, a new field of an item among the item's parameters.
"""

from __future__ import annotations

import pyarrow as pa

from ga4_analytics.sources.batches import ITEM_FIELDS
from ga4_analytics.sources.sql_text import quoted, text_literal

SLOTS: tuple[str, ...] = ("string_value", "int_value", "float_value", "double_value")
_NO_PARAM = ", ".join(f"{slot} varchar" for slot in ("key", *SLOTS))


def repeated_sql(name: str, kind: pa.DataType, sql: str) -> str | None:
    """SQL that turns a typed repeated field into one of text records; None for other fields.

    Args:
        name: The field's name.
        kind: Its Arrow type.
        sql: SQL for its value.
    """
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind)):
        return None
    if name not in {"event_params", "user_properties", "items"}:
        return None
    element = kind.value_type
    if name == "items":
        return f"list_transform({sql}, lambda e: {_item(element)})"
    return f"list_transform({sql}, lambda e: {_param(element, name == 'user_properties', 'e')})"


def maybe_json_sql(sql: str) -> str:
    """SQL for the canonical form of a text that may be JSON, and for another text as it is.

    The engine needs the function `canonical_or_none`.
    """
    nests = f"left({sql}, 1) in ('{{', '[') and json_valid({sql})"
    return f"case when {nests} then canonical_or_none({sql}) else nullif({sql}, '') end"


def _param(kind: pa.StructType, dated: bool, var: str) -> str:
    value = kind.field("value").type
    slots = (*SLOTS, "set_timestamp_micros") if dated else SLOTS
    texts = {slot: _field(value, slot, f"{var}.value") for slot in slots}
    new = [field.name for field in value if field.name not in (*SLOTS, "set_timestamp_micros")]
    if new:
        known = ", ".join(texts[slot] for slot in SLOTS)
        others = ", ".join(_field(value, slot, f"{var}.value") for slot in new)
        texts["string_value"] = (
            f"case when coalesce({known}) is null then coalesce({others}) "
            f"else {texts['string_value']} end"
        )
    fields = [f"'key': {var}.key::varchar", *(f"'{slot}': {sql}" for slot, sql in texts.items())]
    return "{" + ", ".join(fields) + "}"


def _item(kind: pa.StructType) -> str:
    fields = [f"'{name}': {_field(kind, name, 'e')}" for name in ITEM_FIELDS]
    at = kind.get_field_index("item_params")
    params = f"null::struct({_NO_PARAM})[]"
    if at >= 0 and not pa.types.is_null(kind.field(at).type):
        inner = _param(kind.field(at).type.value_type, False, "p")
        params = f"list_transform(e.item_params, lambda p: {inner})"
    new = [field.name for field in kind if field.name not in (*ITEM_FIELDS, "item_params")]
    if new:
        params = f"list_concat(coalesce({params}, []), {_as_params(kind, new)})"
    return "{" + ", ".join([*fields, f"'item_params': {params}"]) + "}"


def _as_params(kind: pa.StructType, names: list[str]) -> str:
    """SQL for the parameters that an item's new fields become."""
    rest = ", ".join(f"'{slot}': null::varchar" for slot in SLOTS[1:])
    made = ", ".join(
        f"{{'key': {text_literal(name)}, 'string_value': {_field(kind, name, 'e')}, {rest}}}"
        for name in names
    )
    return f"list_filter([{made}], lambda n: n.string_value is not null)"


def _field(kind: pa.StructType, name: str, sql: str) -> str:
    at = kind.get_field_index(name)
    if at < 0:
        return "null::varchar"
    field = f"{sql}.{quoted(name)}"
    if isinstance(kind.field(at).type, pa.JsonType):
        return maybe_json_sql(field)
    if pa.types.is_nested(kind.field(at).type):
        return f"canonical_or_none(to_json({field})::varchar)"
    return f"nullif({field}::varchar, '')"
