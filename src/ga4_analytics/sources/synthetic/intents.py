"""What happens in which session: how many events of each name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.sources.synthetic.allocate import (
    apportion,
    choose,
    diffuse,
    scatter,
    until_users,
)
from ga4_analytics.sources.synthetic.draws import Floats, Ints, heavy, uniform
from ga4_analytics.sources.synthetic.published import (
    CODE,
    EVENT_NAMES,
    MONTH_STARTS,
    USERS,
    USERS_WITH,
    Calendar,
)
from ga4_analytics.sources.synthetic.sessions import Sessions
from ga4_analytics.sources.synthetic.spec import SampleSpec

Mask = NDArray[np.bool_]

DUPLICATES = {"first_visit": 148, "page_view": 260, "scroll": 60, "user_engagement": 130}
"""Events sent twice, at scale 1; the published first visits exceed their users by 148."""
CONSENTLESS_SHARE = 0.002
"""Share of page views without consent, and so without ids."""
_ORDERED_CHECKOUT = 0.66
_ORDERED_PURCHASE = 0.68
_MONTH_LEVEL = (1.24, 1.19, 0.88)
_FREE = ("user_engagement", "scroll", "view_promotion", "select_item", "view_search_results",
         "select_promotion", "click", "view_item_list")  # fmt: skip


@dataclass(frozen=True)
class Intents:
    """Events by session and name, and what goes beside the sessions.

    Attributes:
        counts: Events by session (rows) and event code (columns).
        consentless: Page views without ids, by day.
        duplicates: Events to be sent twice, by event name.
    """

    counts: Ints
    consentless: Ints
    duplicates: dict[str, int]


@dataclass(frozen=True)
class _Makers:
    """Sessions by the furthest part of the purchase funnel that they have."""

    view: Mask
    cart: Mask
    checkout: Mask
    purchase: Mask


def _funnel(spec: SampleSpec, plan: Calendar, sessions: Sessions, pull: Floats) -> _Makers:
    """Choose the sessions of each funnel step, day by day."""
    quota = {name: diffuse(plan.series[name] * spec.scale) for name in plan.series}
    more = np.maximum(plan.series["purchases"] - plan.series["purchase_sessions"], 0.0)
    again = diffuse(more * spec.scale)
    purchases = np.maximum(quota["purchases"] - again, np.minimum(quota["purchases"], 1))
    checkouts = np.maximum(quota["checkout_sessions"], purchases)  # rounding of small samples
    views = np.maximum(quota["view_sessions"], checkouts)
    keys = np.arange(len(sessions))
    day = sessions.day

    def pick(name: str, weights: Floats, wanted: Ints) -> Mask:
        return choose(uniform(spec.seed, name, keys), weights, day, wanted)

    free = ~sessions.crosses & ~sessions.is_robot
    view = pick("view", free * pull * np.sqrt(pull), views)
    cart = pick("cart", view * (0.2 + pull * np.sqrt(pull)), quota["cart_sessions"])
    carts = np.bincount(day, cart, spec.days)
    ordered = np.minimum(np.floor(checkouts * _ORDERED_CHECKOUT + 0.5), carts).astype(np.int64)
    with_cart = pick("checkout", cart * (1.0 + pull), ordered)
    without = pick("checkout", view * ~cart * (1.0 + pull), checkouts - ordered)
    checkout = with_cart | without
    in_order = np.floor(purchases * _ORDERED_PURCHASE + 0.5).astype(np.int64)
    in_order = np.minimum(in_order, np.bincount(day, with_cart, spec.days).astype(np.int64))
    purchase = pick("purchase", with_cart * 1.0, in_order)
    purchase |= pick("purchase", checkout * ~purchase * 1.0, purchases - in_order)
    return _Makers(view, cart, checkout, purchase)


def _totals(spec: SampleSpec, plan: Calendar) -> dict[str, int]:
    """Events wanted by name, less those that will be sent twice."""
    return {
        name: max(int(amount * spec.scale + 0.5) - duplicates(spec, plan).get(name, 0), 0)
        for name, amount in plan.events.items()
    }


def duplicates(spec: SampleSpec, plan: Calendar) -> dict[str, int]:
    """How many events of each name are sent twice; one of each at least.

    Example:
        >>> from ga4_analytics.sources.synthetic.published import calendar
        >>> duplicates(SampleSpec(scale=1.0), calendar(SampleSpec()))["first_visit"]
        148
    """
    size = spec.scale * plan.coverage
    return {name: max(1, int(count * size + 0.5)) for name, count in DUPLICATES.items()}


def _page_views(
    spec: SampleSpec, plan: Calendar, sessions: Sessions, makers: _Makers, silent: Mask
) -> tuple[Ints, Ints]:
    """Page views by session, so that each day has its published number of them.

    Returns:
        Page views by session, the one after midnight included; and consentless ones by day.
    """
    wanted = np.floor(plan.series["page_views"] * spec.scale + 0.5).astype(np.int64)
    wanted -= apportion(plan.series["page_views"], duplicates(spec, plan)["page_view"])
    consentless = diffuse(wanted * CONSENTLESS_SHARE)
    base = np.where(silent, 0, 1) + makers.view + makers.checkout * 2 + makers.purchase
    after_midnight = np.bincount(sessions.day[sessions.crosses] + 1, minlength=spec.days)
    spent = np.bincount(sessions.day, base, spec.days).astype(np.int64) + after_midnight
    over = spent > wanted - consentless
    base = np.where(over[sessions.day], np.where(silent, 0, 1), base)
    spent = np.bincount(sessions.day, base, spec.days).astype(np.int64) + after_midnight
    left = np.maximum(wanted - consentless - spent, 0)
    eager = sessions.appetite * (1.0 + 1.5 * makers.view + 5.0 * makers.checkout)
    weight = np.where(silent, 0, 1 + np.minimum(eager * 16, 20_000).astype(np.int64))
    order = np.argsort(sessions.day, kind="stable")
    more = np.zeros(len(sessions), np.int64)
    more[order] = scatter(spec.seed, "pages", weight[order], sessions.day[order], left)
    return base + more + sessions.crosses, consentless


def _starts(spec: SampleSpec, plan: Calendar, sessions: Sessions, makers: _Makers) -> Mask:
    """Sessions with a session_start; the few without are mostly of users with one session."""
    wanted = np.floor(plan.series["session_starts"] * spec.scale + 0.5).astype(np.int64)
    have = np.bincount(sessions.day, minlength=spec.days)
    alone = np.bincount(sessions.user)[sessions.user] == 1
    weight = np.where(alone, 1.0, 0.75) * ~makers.checkout
    u = uniform(spec.seed, "no start", np.arange(len(sessions)))
    return ~choose(u, weight, sessions.day, np.maximum(have - wanted, 0))


def _spread(spec: SampleSpec, name: str, chosen: Mask, weight: Floats, total: int) -> Ints:
    """Give each chosen session one event and share the others by weight."""
    left = max(total - int(chosen.sum()), 0)
    whole = np.where(chosen, 1 + np.minimum(weight * 16, 50_000).astype(np.int64), 0)
    one_group = np.zeros(len(chosen), np.int64)
    return chosen + scatter(spec.seed, f"spread/{name}", whole, one_group, np.array([left]))


def _month_level(plan: Calendar, sessions: Sessions) -> Floats:
    """How lively each session's month is beside its page views, as published by month."""
    months = np.searchsorted(MONTH_STARTS[1:], plan.rows, side="right")
    return np.array(_MONTH_LEVEL)[months][sessions.day]


def plan_intents(spec: SampleSpec, plan: Calendar, sessions: Sessions, new: Mask) -> Intents:
    """Decide how many events of each name each session has.

    Args:
        spec: The sample's size and seed.
        plan: What is expected of its days and names.
        sessions: The sessions.
        new: Whether a session is the first of a user who is new in the data.

    Returns:
        The counts; their totals by name are the published ones, scaled.
    """
    keys = np.arange(len(sessions))
    character = heavy(spec.seed, "shopper", sessions.user)
    pull = sessions.appetite * character
    makers = _funnel(spec, plan, sessions, pull)
    starts = _starts(spec, plan, sessions, makers)
    silent_u = uniform(spec.seed, "silent", keys)
    silent = (silent_u < 0.0018) & starts & ~makers.view & ~sessions.crosses
    views, consentless = _page_views(spec, plan, sessions, makers, silent)
    total = _totals(spec, plan)
    size = len(np.unique(sessions.user)) / USERS
    counts = np.zeros((len(sessions), len(EVENT_NAMES)), np.int64)
    counts[:, CODE["session_start"]] = starts
    counts[:, CODE["page_view"]] = views
    counts[:, CODE["first_visit"]] = new
    jitter = 0.5 + np.minimum(heavy(spec.seed, "jitter", keys), 4.0)
    busy = views * jitter * _month_level(plan, sessions)
    for name, chosen in (("view_item", makers.view), ("add_to_cart", makers.cart),
                         ("begin_checkout", makers.checkout)):  # fmt: skip
        counts[:, CODE[name]] = _spread(spec, name, chosen, busy, total[name])
    weights = makers.checkout * (1.0 + 1e6 * makers.purchase)
    for name in ("add_shipping_info", "add_payment_info"):
        people = int(USERS_WITH[name] * size + 0.5)
        chosen = until_users(uniform(spec.seed, name, keys), weights, sessions.user, people)
        counts[:, CODE[name]] = _spread(spec, name, chosen, busy, total[name])
    for name in _FREE:
        people = int(USERS_WITH[name] * size + 0.5)
        u = uniform(spec.seed, name, keys)
        weight = np.where(silent, 0.0, 0.2 + np.minimum(busy, 30))
        chosen = until_users(u, weight, sessions.user, people)
        if int(chosen.sum()) > total[name]:
            chosen &= np.cumsum(chosen) <= total[name]
        counts[:, CODE[name]] = _spread(spec, name, chosen, busy, total[name])
    counts[:, CODE["purchase"]] = _purchases(spec, plan, sessions, makers.purchase)
    return Intents(counts, consentless, duplicates(spec, plan))


def _purchases(spec: SampleSpec, plan: Calendar, sessions: Sessions, chosen: Mask) -> Ints:
    """Purchase events by session: one each, the day's others among the day's purchasers."""
    wanted = diffuse(plan.series["purchases"] * spec.scale)
    extra = wanted - np.bincount(sessions.day, chosen, spec.days).astype(np.int64)
    order = np.argsort(sessions.day, kind="stable")
    counts = chosen.astype(np.int64)
    weight = counts[order]
    counts[order] += scatter(spec.seed, "orders", weight, sessions.day[order], extra)
    return counts
