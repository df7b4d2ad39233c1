"""The repeated fields of a nested export, as lists of text records."""

from __future__ import annotations

import pyarrow as pa

from ga4_analytics.sources.batches import ITEM_FIELDS

SLOTS: tuple[str, ...] = ("string_value", "int_value", "float_value", "double_value")


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


def _param(kind: pa.StructType, dated: bool, var: str) -> str:
    value = kind.field("value").type
    slots = (*SLOTS, "set_timestamp_micros") if dated else SLOTS
    fields = [f"'key': {var}.key::varchar"]
    fields += [f"'{slot}': {_field(value, slot, f'{var}.value')}" for slot in slots]
    return "{" + ", ".join(fields) + "}"


def _item(kind: pa.StructType) -> str:
    fields = [f"'{name}': {_field(kind, name, 'e')}" for name in ITEM_FIELDS]
    at = kind.get_field_index("item_params")
    if at >= 0:
        inner = _param(kind.field(at).type.value_type, False, "p")
        fields.append(f"'item_params': list_transform(e.item_params, lambda p: {inner})")
    else:
        param = ", ".join(f"{slot} varchar" for slot in ("key", *SLOTS))
        fields.append(f"'item_params': null::struct({param})[]")
    return "{" + ", ".join(fields) + "}"


def _field(kind: pa.StructType, name: str, sql: str) -> str:
    if kind.get_field_index(name) < 0:
        return "null::varchar"
    return f"nullif({sql}.{name}::varchar, '')"
