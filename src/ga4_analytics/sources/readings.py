"""How text becomes a value, and which text is refused: DuckDB macros, said once.

Every reading comes as a value macro, null where the text does not fit, and a rule that
tells why. Rules marked fatal mean that the file lost information before it reached us, so
that no line of it can be trusted.
"""

from __future__ import annotations

from ga4_analytics.sources.schema import Column

MACROS = r"""
create or replace macro whole(x) as
    case when regexp_full_match(x, '[0-9]{1,18}') then x::bigint
    when regexp_full_match(trim(x), '[+-]?[0-9]{1,19}([.]0+)?')
    then try_cast(regexp_replace(trim(x), '[.]0+$', '') as bigint) end;
create or replace macro money(x) as
    try_cast(try_cast(trim(x) as decimal(30, 6)) * 1000000 as bigint);
create or replace macro flag(x) as
    case when lower(trim(x)) in ('true', '1', 'yes', '1.0') then true
    when lower(trim(x)) in ('false', '0', 'no', '0.0') then false end;
create or replace macro calendar_day(x) as
    case when regexp_full_match(trim(x), '[0-9]{8}')
    then try_cast(substr(trim(x), 1, 4) || '-' || substr(trim(x), 5, 2) || '-' ||
        substr(trim(x), 7, 2) as date)
    when regexp_full_match(trim(x), '[0-9]{4}-[0-9]{2}-[0-9]{2}')
    then try_cast(trim(x) as date) end;
create or replace macro has_zone(x) as
    regexp_matches(trim(x), '[0-9]{2}:[0-9]{2}.*(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?)$');
create or replace macro is_iso(x) as
    regexp_matches(trim(x), '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}');
create or replace macro micros(x) as
    case when regexp_full_match(x, '[0-9]{16}') then x::bigint
    when regexp_full_match(trim(x), '[0-9]{1,19}([.]0+)?')
    then case when whole(x) between 1000000000000000 and 9999999999999999 then whole(x) end
    when is_iso(x) and has_zone(x)
    then epoch_us(try_cast(regexp_replace(trim(x), ' ?UTC$', '+00') as timestamptz)) end;
create or replace macro is_scientific(x) as
    regexp_full_match(trim(x), '[+-]?[0-9]([.,][0-9]+)?[eE][+][0-9]+');
create or replace macro session_id(x) as
    case when regexp_full_match(x, '[0-9]+[.]0+') then regexp_replace(x, '[.]0+$', '') else x end;
create or replace macro path_of(x) as
    case when x is null then null
    else coalesce(nullif(regexp_extract(x,
        '^(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?(?://[^/?#]*)?([^?#]*)', 1), ''), '/') end;
create or replace macro param_json(e) as
    case when e.string_value is not null and e.string_value <> ''
    then to_json(e.string_value)::varchar
    when e.int_value is not null
    then coalesce(try_cast(e.int_value as bigint)::varchar, to_json(e.int_value)::varchar)
    when coalesce(e.double_value, e.float_value) is not null
    then case when isfinite(try_cast(coalesce(e.double_value, e.float_value) as double))
        then try_cast(coalesce(e.double_value, e.float_value) as double)::varchar
        else to_json(coalesce(e.double_value, e.float_value))::varchar end
    else 'null' end;
create or replace macro param_text(e) as
    coalesce(nullif(e.string_value, ''), e.int_value, e.double_value, e.float_value);
create or replace macro members(l) as
    case when len(l) = len(list_distinct(list_transform(l, lambda e: e.k)))
    then list_transform(l, lambda e: to_json(e.k) || ':' || e.j)
    else list_transform(list_sort(list_distinct(list_transform(l, lambda e: e.k))),
        lambda k: to_json(k) || ':' || case when len(list_filter(l, lambda e: e.k = k)) = 1
            then list_filter(l, lambda e: e.k = k)[1].j
            else '[' || array_to_string(
                list_transform(list_filter(l, lambda e: e.k = k), lambda e: e.j), ',') || ']'
            end) end;
create or replace macro object_json(l) as
    case when len(l) > 0 then '{' || array_to_string(members(l), ',') || '}' end;
"""

IDENTIFIERS = frozenset(
    {
        "user_pseudo_id",
        "user_id",
        "ga_session_id",
        "stream_id",
        "transaction_id",
        "item_id",
    }
)
FATAL = frozenset({"scientific_notation", "timestamp_unit", "timestamp_without_zone"})

REASONS: dict[str, str] = {
    "missing_event_name": "There is no event name; every event needs one.",
    "missing_event_date": "There is neither a date nor a timestamp to take it from; map one with "
    "--map event_date=COLUMN.",
    "scientific_notation": "{value!r} lost digits, as a spreadsheet does to long numbers; export "
    "again and do not open the file in a spreadsheet.",
    "timestamp_unit": "{value!r} is not microseconds since 1970, which have 16 digits; multiply "
    "seconds by 1,000,000 or milliseconds by 1,000.",
    "timestamp_without_zone": "{value!r} has no time zone; add one (2026-03-01T13:34:38Z) or "
    "export event_timestamp as microseconds.",
    "not_a_timestamp": "{value!r} is not microseconds since 1970 UTC, nor an ISO time with a zone.",
    "not_a_date": "{value!r} is not a date such as 20260301 or 2026-03-01.",
    "not_a_whole_number": "{value!r} is not a whole number.",
    "not_a_flag": "{value!r} is not true or false.",
    "not_an_amount": "{value!r} is not an amount such as 12.50.",
    "param_not_a_number": "A parameter's typed value is not a number.",
    "param_without_key": "A parameter has a value and no key.",
    "item_not_a_number": "An item's price, quantity or revenue is not a number.",
}
"""Rule to what is told; ``{value}`` is the text found."""

_READINGS = {"integer": "whole", "boolean": "flag", "money": "money", "date": "calendar_day",
             "timestamp": "micros"}  # fmt: skip
_RULES = {"integer": "not_a_whole_number", "boolean": "not_a_flag", "money": "not_an_amount",
          "date": "not_a_date"}  # fmt: skip


def value_sql(column: Column, text: str) -> str:
    """SQL for a column's value from SQL for its text."""
    if column.name == "ga_session_id":
        return f"session_id({text})"
    if column.reading in _READINGS:
        return f"{_READINGS[column.reading]}({text})"
    return text


def problem_cases(column: Column, text: str) -> list[tuple[str, str]]:
    """Tests for what can be wrong with a column's text, each with its rule.

    The value is looked at first: text that became a value is judged no further.

    Args:
        column: The column; its value is there under its name.
        text: SQL for its text.
    """
    unread = f"{text} is not null and {column.name} is null"
    cases: list[tuple[str, str]] = []
    if column.name in IDENTIFIERS:
        cases.append((f"contains({text}, '+') and is_scientific({text})", "scientific_notation"))
    elif column.reading in _READINGS and column.reading not in {"money", "boolean"}:
        cases.append((f"{unread} and is_scientific({text})", "scientific_notation"))
    if column.reading == "timestamp":
        digits = f"regexp_full_match(trim({text}), '[0-9]+([.]0+)?')"
        cases += [
            (f"{unread} and {digits}", "timestamp_unit"),
            (f"{unread} and is_iso({text}) and not has_zone({text})", "timestamp_without_zone"),
            (unread, "not_a_timestamp"),
        ]
    elif column.reading in _RULES:
        cases.append((unread, _RULES[column.reading]))
    return cases
