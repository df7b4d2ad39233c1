"""Small random worlds: every draw is from a seed, and ugly things are common.

What is tied in time is alike in everything that a tie could decide (device, country, source,
page, login, amount), so that each answer is determined by our definitions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from journeys import Journey, journey
from oracle import day_start
from oracle_files import as_skinny
from worlds import SKINNY, World, carried, day_of

NAMES = (
    "page_view", "page_view", "session_start", "view_item", "add_to_cart", "begin_checkout",
    "purchase", "scroll", "user_engagement", "screen_view", "view_item",
)  # fmt: skip
GAPS_SECONDS = (0, 0, 0, 1, 9, 10, 11, 40, 600, 1799, 1800, 1801, 3600, 86_400, 604_800)
STARTS = {
    "UTC": ("2020-12-28", "2020-02-27", "2026-05-10"),
    "America/New_York": ("2020-10-30", "2021-03-12", "2020-12-30"),
    "Europe/London": ("2020-10-23", "2021-03-26", "2026-05-11"),
}
"""Days just before something: the year's end, a leap day, a clock change, a new channel."""
PLACES = (
    ("google", "organic", None),
    ("google", "cpc", "spring"),
    ("google", "cpc", "cross-network brand"),
    ("(direct)", "(none)", None),
    ("facebook.com", "referral", None),
    ("bing", "cpm", None),
    ("newsletter", "email", "Autumn Shop"),
    ("partner.example", "referral", None),
    ("(data deleted)", "(data deleted)", "(data deleted)"),
    ("<Other>", "<Other>", "<Other>"),
    ("chat.example", "ai-assistant", "(ai-assistant)"),
    ("(not set)", "(not set)", "(not set)"),
    (None, None, None),
)
COUNTRIES = ("Canada", "Türkiye", "Côte d'Ivoire", "(not set)", None, "United States")
PAGES = ("/", "/a", "/b/c", "/naïve/ü", "/shop's")
ORDERS = ("T1", "T1", "T2", "(not set)", None, "T-ü")


@dataclass
class _Maker:
    """Draws one world; `alike` remembers what belongs to a moment."""

    dice: Random
    zone: str
    first: date
    length: int
    traits: frozenset[str]
    alike: dict[tuple[str, int], Any] = field(default_factory=dict)

    def same(self, what: str, moment: int, choices: tuple[Any, ...]) -> Any:
        """A choice that is the same for all that happens at this moment."""
        return self.alike.setdefault((what, moment), self.dice.choice(choices))

    def visitor(self, ident: str | None) -> list[dict[str, Any]]:
        """The events of one device."""
        fields: dict[str, Any] = {}
        if self.dice.random() < 0.5:
            touched = self.first + timedelta(days=self.dice.choice((-9, -1, 0, 1)))
            fields["user_first_touch_timestamp"] = day_start(touched, self.zone)
        told = journey(ident, self.zone, **fields)
        for number in range(self.dice.randint(1, 4)):
            self.visit(told, number)
        return told.events

    def visit(self, told: Journey, number: int) -> None:
        """One session, often close to midnight; sessions may interleave."""
        day = self.first + timedelta(days=self.dice.randrange(self.length))
        second = self.dice.choice((0, 60, 30_000, 86_000, 86_390, 86_399))
        told.at_micros(day_start(day, self.zone) + second * 1_000_000)
        shared = self.dice.random() < 0.2
        told.session(None if self.dice.random() < 0.15 else 500 + (0 if shared else number))
        if "two_streams" in self.traits:
            told.has(stream_id=self.dice.choice(("1001", "2002")))
        if number == 0 and self.dice.random() < 0.4:
            self.event(told, "first_visit")
        for _ in range(self.dice.randint(1, 7)):
            self.event(told, self.dice.choice(NAMES))
            if told.now + 90_000_000 < day_start(self.first + timedelta(days=60), self.zone):
                told.after(seconds=self.dice.choice(GAPS_SECONDS[: 14 if number else 11]))

    def sources(self, told: Journey, params: dict[str, Any]) -> None:
        """Where the visitor came from, in each of the places that an export has for it."""
        now = told.now
        if "first_user" in self.traits:
            place = self.same("first", now, PLACES)
            told.has(traffic_source=_record(place, "source", "medium", "name") or None)
        if "session" in self.traits:
            click = _record(self.same("click", now, PLACES), "source", "medium", "campaign_name")
            group = self.same("group", now, (None, None, "Direct", "Email"))
            click |= {"default_channel_group": group} if group and click else {}
            record = {"cross_channel_campaign": click} if click else None
            told.has(session_traffic_source_last_click=record)
        if "collected" in self.traits:
            params |= _record(self.same("place", now, PLACES), "source", "medium", "campaign")
            gclid = self.same("gclid", now, (None, None, None, "Cj0"))
            told.has(collected_traffic_source={"gclid": gclid} if gclid else None)

    def event(self, told: Journey, name: str) -> None:
        """One event with all that belongs to its moment."""
        now = told.now
        told.device(self.same("device", now, ("desktop", "mobile", "tablet", None)))
        told.country(self.same("country", now, COUNTRIES))
        told.has(user_id=self.same("login", now, (None, None, None, "ana", "(not set)")))
        if "batch" in self.traits:
            told.has(batch_page_id=7, batch_ordering_id=1)
            told.has(batch_event_index=self.dice.randint(1, 3))
        if "active" in self.traits:
            told.has(is_active_user=self.same("active", now, (True, False)))
        params: dict[str, Any] = {}
        if "flag" in self.traits:
            params["session_engaged"] = self.dice.choice(("0", "0", "0", "1"))
        if self.dice.random() < 0.3:
            params["engagement_time_msec"] = self.dice.choice((0, 1, 1000, 12_345))
        self.sources(told, params)
        if name in ("page_view", "screen_view", "view_item"):
            params["page_location"] = "https://shop.example" + self.same("page", now, PAGES)
        if name == "purchase":
            order, paid = self.same("order", now, ORDERS), self.same("paid", now, (10, 19.99, 0.1))
            told.buys(order, self.same("unpaid", now, (paid, paid, None)), "mug", **params)
        else:
            told.sees(name, **params)
        if self.dice.random() < 0.06:
            told.again()


def _record(place: tuple[str | None, ...], *names: str) -> dict[str, Any]:
    return {name: part for name, part in zip(names, place, strict=True) if part is not None}


TRAITS = ("first_user", "session", "collected", "batch", "flag", "active", "two_streams")


def random_world(seed: int, zone: str) -> World:
    """The world of a seed.

    Args:
        seed: Anything; the same seed gives the same world.
        zone: The property's time zone, one of `STARTS`.
    """
    dice = Random(f"{zone}/{seed}")
    traits = frozenset(trait for trait in TRAITS if dice.random() < 0.4)
    first = date.fromisoformat(dice.choice(STARTS[zone]))
    maker = _Maker(dice, zone, first, dice.choice((1, 2, 4, 9, 35)), traits)
    devices = ["82023966.6010891291", "ünï", "d'3", "4.10", "4.1"][: dice.randint(1, 5)]
    events = [event for device in devices for event in maker.visitor(device)]
    if dice.random() < 0.4:
        events += maker.visitor(None)
    dice.shuffle(events)
    days = sorted({day_of(event) for event in events})
    through = days[-2] if len(days) > 1 and dice.random() < 0.5 else days[-1]
    return World(
        f"{zone.lower().replace('/', '_')}_{seed}", tuple(events), through, carried(events)
    )


def skinny_world(seed: int, zone: str) -> World:
    """What a skinny file says of the world of a seed."""
    world = random_world(seed, zone)
    events = tuple(as_skinny(event) for event in world.events)
    return World(f"skinny_{world.name}", events, world.complete_through, SKINNY)
