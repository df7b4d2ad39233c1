"""Revenue: orders by rule, refunds, what a user brings, and lifetime value by cohort."""

from __future__ import annotations

import time
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.analyses.groups import Grouping, grouping
from ga4_analytics.analyses.lifetime import bucket_number, bucket_start, lifetime_of
from ga4_analytics.analyses.masks import compiled
from ga4_analytics.analyses.orders import NOBODY, Money, money_of
from ga4_analytics.analyses.parts import Part, on_each, parts
from ga4_analytics.analyses.people import chosen_users
from ga4_analytics.analyses.scope import Scope, scope_of, words_of
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.calendar import day_of
from ga4_analytics.index.columns import NO_NUMBER
from ga4_analytics.index.layout import I64, U8
from ga4_analytics.index.reader import Index
from ga4_analytics.kernels.segments import count_rows
from ga4_analytics.questions.filters import EventSelector
from ga4_analytics.questions.revenue import (
    Amounts,
    Bucket,
    RevenueQuestion,
    RevenueResult,
    Total,
    Unit,
)
from ga4_analytics.stats.amounts import Mean, ratio_of_sums

Chosen = NDArray[np.bool_]


def answer(index: Index, question: RevenueQuestion, *, threads: int | None = None) -> RevenueResult:
    """Add up orders and refunds.

    Args:
        index: The index.
        question: The question.
        threads: How many at once; None: one a processor.

    Raises:
        QuestionError: A number is out of bounds, or something is named that is not there.
    """
    begun = time.perf_counter()
    query = question.query
    scope = scope_of(index, query)
    _check(question)
    chosen = chosen_users(index, query.users, threads=threads)
    groups = grouping(index, query.by)
    money = money_of(
        index, query.where, chosen, groups, with_nobody=query.users is None, threads=threads
    )
    inside = (money.day >= scope.first_day) & (money.day <= scope.last_day) & money.meets
    merged = groups.topped(_sizes(money, inside, len(groups.labels)), query.top)
    group = money.group if merged.merge is None else merged.merge[money.group].astype(np.int64)
    users = None if query.by else _users(index, question, scope, chosen, threads)
    lifetime = lifetime_of(index, question, scope, chosen, money, threads)
    return RevenueResult(
        spec=question,
        definition=_words(index, question, scope),
        finality=scope.finality,
        seconds=time.perf_counter() - begun,
        currency="USD",
        buckets=_buckets(index, question.interval, scope, money, inside, group, merged),
        totals=tuple(
            _total(
                index, scope, money, inside & (group == place), label, None if query.by else users
            )
            for place, label in enumerate(merged.labels)
        ),
        lifetime=lifetime,
    )


def _check(question: RevenueQuestion) -> None:
    if question.periods is not None and not 0 <= question.periods <= 1_000:
        raise QuestionError(
            f"periods: {question.periods} is out of bounds.",
            rule="A cohort is followed for 0 to 1,000 buckets after its first.",
            remedy="Give periods between them.",
        )


def _sizes(money: Money, inside: Chosen, groups: int) -> I64:
    """Size of each group in the breakdown: its orders and refunds."""
    counted = inside & (money.is_first | (money.refund != NO_NUMBER))
    return np.bincount(money.group[counted], minlength=groups).astype(np.int64)


def _users(
    index: Index,
    question: RevenueQuestion,
    scope: Scope,
    chosen: tuple[U8, ...],
    threads: int | None,
) -> int:
    """Users with an event that counts."""
    masks = compiled(index, (EventSelector(),), question.query.where)

    def work(part: Part) -> int:
        given = part.segment
        out = np.zeros(part.end_user - part.first_user, np.int64)
        count_rows(
            given.user_row, given.user_run, given.run_row, given.run_day,
            masks.rows(given, part.first_row, part.end_row), part.first_user, part.end_user,
            scope.first_day, scope.last_day, out,
        )  # fmt: skip
        return int(np.count_nonzero(out[part.chosen[part.first_user : part.end_user] != 0]))

    return sum(on_each(work, parts(index.segments, chosen), threads))


def _buckets(
    index: Index,
    unit: Unit,
    scope: Scope,
    money: Money,
    inside: Chosen,
    group: I64,
    groups: Grouping,
) -> tuple[Bucket, ...]:
    days = np.arange(scope.first_day, scope.last_day + 1)
    numbers = bucket_number(days, unit)
    of_row = bucket_number(money.day, unit)
    found = []
    for number in np.unique(numbers):
        own = days[numbers == number]
        here = inside & (of_row == number)
        start = bucket_start(int(number), unit)
        for place, label in enumerate(groups.labels):
            amounts = _amounts(index, own, money, here & (group == place))
            found.append(Bucket(day_of(start), label, _complete(index, own), amounts))
    return tuple(found)


def _complete(index: Index, days: I64) -> bool:
    known = index.calendar.by_day
    facts = [known.get(day_of(day)) for day in days]
    return all(each is not None and each.is_complete for each in facts)


def _amounts(index: Index, days: I64, money: Money, here: Chosen) -> Amounts | None:
    """The numbers of some rows on some days; None where no day is loaded."""
    known = index.calendar.by_day
    loaded = [known[day_of(day)] for day in days if day_of(day) in known]
    if not loaded:
        return None
    can_tell = all("revenue" in facts.can for facts in loaded)
    first = here & money.is_first
    owners = money.owner[first]
    orders = int(np.count_nonzero(first))
    gross = _sum(money.revenue[first]) if can_tell else None
    refunds = None
    if index.spec("refund_usd") and all("refunds" in facts.can for facts in loaded):
        refunds = _sum(money.refund[here])
    knows_users = all("user_pseudo_id" in facts.can for facts in loaded)
    return Amounts(
        orders=orders,
        orders_without_id=int(np.count_nonzero(first & ~money.has_id)),
        conflicting_orders=int(np.count_nonzero(first & money.conflicting)),
        purchase_events=int(np.count_nonzero(here & money.is_purchase)),
        buyers=len(np.unique(owners[owners != NOBODY])) if knows_users else None,
        gross_usd_micros=gross,
        refund_usd_micros=refunds,
        net_usd_micros=None if gross is None or refunds is None else gross - refunds,
        raw_usd_micros=_sum(money.revenue[here & money.is_purchase]) if can_tell else None,
        average_order_usd=gross / orders / 1_000_000 if orders and gross is not None else None,
    )


def _sum(values: I64) -> int:
    return int(values[values != NO_NUMBER].sum())


def _total(
    index: Index, scope: Scope, money: Money, here: Chosen, label: tuple[str | None, ...],
    users: int | None,
) -> Total:  # fmt: skip
    amounts = _amounts(index, np.arange(scope.first_day, scope.last_day + 1), money, here)
    amounts = amounts or Amounts(0, 0, 0, 0, 0, None, None, None, None, None)
    first = here & money.is_first
    if amounts.gross_usd_micros is None:
        return Total(label, amounts, users, None, None, None)
    everyone, owner = np.unique(money.owner[first], return_inverse=True)
    paid = _by_owner(owner, money.revenue[first], len(everyone))
    # Each order of nobody stands for itself.
    known = everyone != NOBODY
    alone = money.revenue[first & (money.owner == NOBODY)]
    alone_usd = np.where(alone == NO_NUMBER, 0, alone) / 1e6
    orders = np.bincount(owner, minlength=len(everyone)).astype(np.float64)
    return Total(
        label,
        amounts,
        users,
        ratio_of_sums(
            np.append(paid[known], alone_usd), np.append(orders[known], np.ones(len(alone)))
        ),
        _per_user(paid[known], users),
        ratio_of_sums(paid[known], np.ones(int(known.sum()))),
    )


def _per_user(paid: NDArray[np.float64], users: int | None) -> Mean | None:
    # A filter leaves only users with an event that meets it, buyers too.
    return None if users is None else ratio_of_sums(paid, np.ones(len(paid)), users - len(paid))


def _by_owner(owner: I64, revenue: I64, owners: int) -> NDArray[np.float64]:
    """US dollars of each owner, from a sum of whole micro-units."""
    total = np.zeros(owners, np.int64)
    np.add.at(total, owner, np.where(revenue == NO_NUMBER, 0, revenue))
    return total / 1e6


def _words(index: Index, question: RevenueQuestion, scope: Scope) -> tuple[str, ...]:
    named = index.spec("transaction_id") is not None
    sentences = [
        *words_of(index, question.query, scope),
        "An order is a user and a transaction id; its earliest event says its day, its value and "
        "its group, and must meet the filter."
        if named
        else "The index has no transaction ids: each purchase event is an order of its own.",
        "An id that is null, empty or (not set) makes each event an order of its own, counted "
        "apart; orders whose events disagree on the value are counted.",
        "Gross is the revenue of orders, raw that of all purchase events; refunds count on the "
        "day of the refund; all in US dollars.",
        "Intervals are 95 % and normal, users being what varies.",
    ]
    if index.spec("refund_usd") is None:
        sentences.append("The index has no refunds, so net is not known.")
    days = (scope.start + timedelta(n) for n in range((scope.end - scope.start).days + 1))
    facts = [index.calendar.by_day.get(day) for day in days]
    blind = sum(each is not None and "revenue" not in each.can for each in facts)
    if blind:
        sentences.append(f"The files of {blind} days tell no revenue: it is null with them.")
    if question.periods is not None:
        sentences.append(
            f"Lifetime value: users by the {question.interval} in which they were new (first "
            "visit, else first event; who was there before the first loaded day is left out); "
            "the gross of their orders to the end of each period over all of them; only periods "
            "that are complete."
        )
    return tuple(sentences)
