"""How numbers look: the same in the terminal, the report and the plots."""

from __future__ import annotations

from collections.abc import Sequence

from ga4_analytics.stats.proportions import Proportion

NOTHING = "–"
"""Stands where the data have no answer."""

_BLOCKS = "▁▂▃▄▅▆▇█"


def count(value: int | None) -> str:
    """A count with thousands separators.

    >>> count(4295584), count(None)
    ('4,295,584', '–')
    """
    return NOTHING if value is None else f"{value:,}"


def dollars(micros: int | None, cents: bool = True) -> str:
    """An amount in micro-units as US dollars, rounded half up.

    >>> dollars(362_165_000_000, cents=False), dollars(-1_005_000), dollars(None)
    ('$362,165', '-$1.01', '–')
    """
    if micros is None:
        return NOTHING
    unit = 10_000 if cents else 1_000_000
    whole = (abs(micros) + unit // 2) // unit
    sign = "-" if micros < 0 and whole else ""
    return f"{sign}${whole // 100:,}.{whole % 100:02d}" if cents else f"{sign}${whole:,}"


def rounded(value: float, form: str) -> str:
    """A number in a format; one that is rounded to zero has no sign.

    Args:
        value: The number.
        form: As after the colon in an f-string.

    >>> rounded(-0.0004, "+.1%"), rounded(0.0004, "+.1%"), rounded(-0.0006, "+.1%")
    ('0.0%', '0.0%', '-0.1%')
    >>> rounded(float("-inf"), "+.1f"), rounded(-0.0, ".3g")
    ('-inf', '0')
    """
    said = f"{value:{form}}"
    bare = said.lstrip("+-")
    return said if bare.strip("0.,%") else bare


def percent(value: float | Proportion | None, digits: int = 1) -> str:
    """A fraction as per cent.

    >>> percent(0.2553), percent(-0.0004), percent(None)
    ('25.5 %', '0.0 %', '–')
    """
    if value is None:
        return NOTHING
    fraction = value.value if isinstance(value, Proportion) else value
    return f"{rounded(fraction * 100, f'.{digits}f')} %"


def interval(share: Proportion | None, digits: int = 1) -> str:
    """A proportion's interval in per cent.

    >>> from ga4_analytics.stats.proportions import wilson
    >>> interval(wilson(81, 263))
    '25.5 to 36.6 %'
    """
    if share is None:
        return NOTHING
    return f"{share.low * 100:.{digits}f} to {share.high * 100:.{digits}f} %"


def span(seconds: int) -> str:
    """A length of time in the largest unit that measures it exactly.

    >>> span(604800), span(86400), span(5400), span(61)
    ('7 days', '1 day', '90 minutes', '61 seconds')
    """
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds % size == 0 and seconds:
            number = seconds // size
            return f"{number} {unit}{'s' if number != 1 else ''}"
    return f"{seconds} second{'s' if seconds != 1 else ''}"


def sparkline(values: Sequence[int | None], width: int) -> str:
    """A line of blocks that shows a trend, from 0 to its largest value.

    Args:
        values: One value a day; None leaves a blank.
        width: Most characters to use; more days are put together by their mean.

    >>> sparkline([0, 4, None, 8], 10)
    '▁▅ █'
    >>> sparkline([1, 1, 3, 3], 2)
    '▃█'
    """
    size = max(1, -(-len(values) // max(1, width)))
    groups = [values[start : start + size] for start in range(0, len(values), size)]
    known = [[value for value in group if value is not None] for group in groups]
    heights = [sum(group) / len(group) if group else None for group in known]
    top = max((height for height in heights if height is not None), default=0.0) or 1.0
    last = len(_BLOCKS) - 1
    return "".join(
        " " if height is None else _BLOCKS[int(height / top * last + 0.5)] for height in heights
    )


def bar(value: float, width: int) -> str:
    """A horizontal bar in eighths of a character.

    Args:
        value: The length as a fraction in [0, 1].
        width: Characters of a full bar.

    >>> bar(0.5, 3), bar(0.001, 3), bar(0.0, 3)
    ('█▌', '▏', '')
    """
    eighths = round(min(1.0, max(0.0, value)) * width * 8)
    if value > 0 and eighths == 0:
        eighths = 1
    rest = "▏▎▍▌▋▊▉"[eighths % 8 - 1] if eighths % 8 else ""
    return "█" * (eighths // 8) + rest
