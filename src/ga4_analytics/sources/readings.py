"""How text becomes a value, and which text is refused: DuckDB macros, said once.

Every reading comes as a value macro, null where the text does not fit, and a rule that
tells why; the rules themselves are in ``rules``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ga4_analytics.sources.schema import Column

MACROS = r"""
create or replace macro whole(x) as
    case when regexp_full_match(x, '[0-9]{1,18}') then x::bigint
    when regexp_full_match(trim(x), '[+-]?[0-9]{1,19}([.]0+)?')
    then try_cast(regexp_replace(trim(x), '[.]0+$', '') as bigint) end;
create or replace macro money(x) as
    case when abs(try_cast(trim(x) as decimal(18, 6))) < 1000000
    then (try_cast(trim(x) as decimal(18, 6)) * 1000000)::bigint
    else try_cast(try_cast(trim(x) as decimal(30, 6)) * 1000000 as bigint) end;
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
create or replace macro no_event_name(x) as
    (strlen(x) > 200 and length(x) > 200) or
    (not (x >= 'a' and x < '{') and not (x >= 'A' and x < '[') and
        (not regexp_matches(x, '\pL') or is_iso(x) or has_zone(x) or is_scientific(x)));
create or replace macro path_of(x) as
    case when x is null then null
    when starts_with(x, 'https://') or starts_with(x, 'http://')
    then coalesce(nullif(regexp_extract(x, '^https?://[^/?#]*(/[^?#]*)?', 1), ''), '/')
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
FIRST_DAY = "2005-01-01"
"""Google Analytics began in 2005."""
FIRST_US = 1_104_537_600_000_000
DAY_US = 86_400_000_000
NO_CLOCK = 4_102_444_800_000_000
"""2100-01-01, where no clock says what the future is."""


@dataclass(frozen=True)
class Judging:
    """How values are judged.

    Attributes:
        clock_us: The time of the load, microseconds UTC; what is much later is the future.
        accept: Whether damaged values are accepted, as ``--accept-damaged`` says.
    """

    clock_us: int = NO_CLOCK
    accept: bool = False


_READINGS = {"integer": "whole", "boolean": "flag", "money": "money", "date": "calendar_day",
             "timestamp": "micros"}  # fmt: skip


def value_sql(column: Column, text: str) -> str:
    """SQL for a column's value from SQL for its text."""
    if column.name == "ga_session_id":
        return f"session_id({text})"
    if column.reading in _READINGS:
        return f"{_READINGS[column.reading]}({text})"
    return text


@dataclass(frozen=True)
class Fault:
    """Something that can be wrong with a column's text.

    Attributes:
        test: SQL that is true where it is wrong.
        rule: Name of the rule that it breaks.
        sign: SQL that is true wherever the test is, and elsewhere only seldom; it costs next
            to nothing.
    """

    test: str
    rule: str
    sign: str


def faults(column: Column, text: str, judging: Judging) -> list[Fault]:
    """What can be wrong with a column's text; the first that is counts.

    The value is looked at first: text that became a value is judged by the value alone.

    Args:
        column: The column; its value is there under its name.
        text: SQL for its text.
        judging: The clock.
    """
    name = column.name
    unread = f"{text} is not null and {name} is null"
    found: list[Fault] = []
    if name in IDENTIFIERS:
        plus = f"contains({text}, '+')"
        found.append(Fault(f"{plus} and is_scientific({text})", "scientific_notation", plus))
    elif column.reading in _READINGS and column.reading not in {"money", "boolean"}:
        found.append(Fault(f"{unread} and is_scientific({text})", "scientific_notation", unread))
    found += [Fault(test, rule, unread) for test, rule in _unread(column, text, unread)]
    return found + [Fault(test, rule, test) for test, rule in _impossible(column, text, judging)]


def _impossible(column: Column, text: str, judging: Judging) -> list[tuple[str, str]]:
    """What a value cannot be."""
    name = column.name
    if column.reading == "timestamp":
        return [
            (f"{name} > {judging.clock_us + DAY_US}", "future_event"),
            (f"{name} < {FIRST_US}", "impossible_timestamp"),
        ]
    if column.reading == "date":
        last = (datetime(1970, 1, 1) + timedelta(microseconds=judging.clock_us + DAY_US)).date()
        return [(f"{name} < date '{FIRST_DAY}' or {name} > date '{last}'", "impossible_date")]
    if name == "event_name":
        return [(f"no_event_name({text})", "not_an_event_name")]
    if name == "engagement_time_msec":
        return [(f"{name} < 0", "negative_engagement_time")]
    return []


def _unread(column: Column, text: str, unread: str) -> list[tuple[str, str]]:
    """What a text is that gave no value."""
    if column.reading == "timestamp":
        digits = f"regexp_full_match(trim({text}), '[0-9]+([.]0+)?')"
        return [
            (f"{unread} and {digits}", "timestamp_unit"),
            (f"{unread} and is_iso({text}) and not has_zone({text})", "timestamp_without_zone"),
            (unread, "not_a_timestamp"),
        ]
    if column.reading == "money":
        number = f"isfinite(try_cast(trim({text}) as double))"
        return [(f"{unread} and {number}", "absurd_amount"), (unread, "not_an_amount")]
    rules = {"integer": "not_a_whole_number", "boolean": "not_a_flag", "date": "not_a_date"}
    return [(unread, rules[column.reading])] if column.reading in rules else []
