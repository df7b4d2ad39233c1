"""Named small worlds, one for each way in which real data is awkward.

Each is told in a property of New York or London, so that every one also lives with clock
changes. `named_worlds` gives them all for one zone.
"""

from __future__ import annotations

from collections.abc import Callable

from journeys import Journey, journey
from worlds import World, carried, day_of

Teller = Callable[[str], list[Journey]]
FUNNEL = ("view_item", "add_to_cart", "begin_checkout", "purchase")
FALL = {"America/New_York": "2020-11-01", "Europe/London": "2020-10-25"}
SPRING = {"America/New_York": "2021-03-14", "Europe/London": "2021-03-28"}


def midnight(zone: str) -> list[Journey]:
    """A session, a funnel and a repeated order that all cross midnight and the year's end."""
    ana = journey("ana", zone).at("2020-12-31 23:58:00").session(1).sees("page_view", page="/a")
    ana.sees("view_item").after(minutes=1, seconds=59, micros=999_999).sees("add_to_cart")
    ana.after(micros=1).sees("begin_checkout").buys("T1", 20).after(minutes=1).buys("T1", 20)
    return [ana]


def autumn(zone: str) -> list[Journey]:
    """The repeated hour: one local time twice, and a day of 25 hours."""
    ana = journey("ana", zone).at(f"{FALL[zone]} 01:30:00").session(1).sees("page_view", page="/a")
    ana.at(f"{FALL[zone]} 01:30:00", fold=1).session(2).sees("page_view", page="/b")
    ben = journey("ben", zone).at(f"{FALL[zone]} 00:00:00").session(1).sees("view_item")
    ben.at(f"{FALL[zone]} 23:59:59").sees("add_to_cart").after(seconds=1).sees("begin_checkout")
    return [ana, ben]


def spring(zone: str) -> list[Journey]:
    """The missing hour: a session over the gap, and a return a calendar day later."""
    ana = journey("ana", zone).at(f"{SPRING[zone]} 00:59:59").session(1)
    ana.sees("session_start", "page_view").after(seconds=2).sees("view_item")
    ana.at(f"{SPRING[zone]} 23:59:59").after(seconds=1).session(2).sees("page_view", page="/")
    return [ana]


def ties(zone: str) -> list[Journey]:
    """All steps in one microsecond: against step order, in it, and settled by batch fields."""
    plain = journey("plain", zone).at("2021-01-05 10:00").session(1).sees(*reversed(FUNNEL))
    wrong = journey("wrong", zone).at("2021-01-05 10:00").session(1)
    right = journey("right", zone).at("2021-01-05 10:00").session(1)
    for story, order in ((wrong, tuple(reversed(FUNNEL))), (right, FUNNEL)):
        for index, name in enumerate(order):
            story.has(batch_page_id=1, batch_ordering_id=1, batch_event_index=index).sees(name)
    return [plain, wrong, right]


def windows(zone: str) -> list[Journey]:
    """The week's last microsecond, and one too late; a late start that goes further."""
    edge = journey("edge", zone).at("2021-01-05 10:00").session(1).sees("view_item", "add_to_cart")
    edge.after(days=7).sees("begin_checkout").buys("T1", 1)
    late = journey("late", zone).at("2021-01-05 10:00").session(1).sees("view_item", "add_to_cart")
    late.after(days=7, micros=1).sees("begin_checkout").buys("T1", 1)
    again = journey("again", zone).at("2021-01-05 00:00:01").session(1).sees("view_item")
    again.at("2021-01-05 20:00").sees("view_item").after(days=6, hours=22).sees("add_to_cart")
    return [edge, late, again]


def nobody(zone: str) -> list[Journey]:
    """Events without a device: they count as events and revenue, never as users."""
    ghost = journey(None, zone).at("2021-01-05 10:00").session(1).sees("page_view", page="/a")
    ghost.buys("T1", 5, "mug").after(seconds=1).buys("T1", 5, "mug").after(days=1).sees("scroll")
    ghost.after(seconds=1).has(user_id="ana").sees("login")
    return [ghost, journey("ana", zone).at("2021-01-06 10:00").session(1).sees("scroll")]


def sessionless(zone: str) -> list[Journey]:
    """Some events carry no session id: no session, yet a user and a day."""
    ana = journey("ana", zone).at("2021-01-05 10:00").sees("page_view", page="/a")
    ana.after(seconds=5).session(7).sees("scroll").after(minutes=50).sees("scroll")
    return [ana, journey("ben", zone).at("2021-01-05 10:00").sees("scroll")]


def orders(zone: str) -> list[Journey]:
    """Ids repeated, missing, placeholders, conflicting, and shared by two buyers."""
    ana = journey("ana", zone).at("2021-01-05 10:00").session(1).buys("T1", 10.01, "mug")
    ana.after(seconds=1).buys("T1", 10.01, "mug").after(days=1).buys("T1", 12.5, "mug")
    ana.after(seconds=1).buys(None, 1.1).after(seconds=1).buys(None, 1.1)
    ana.after(seconds=1).buys("(not set)", 0.1).after(seconds=1).buys("(not set)", 0.2)
    ana.after(seconds=1).buys("T2", None).after(seconds=1).buys("T2", 3)
    ben = journey("ben", zone).at("2021-01-06 10:00").session(1).buys("T1", 7, "cap")
    return [ana, ben.after(seconds=1).buys("t1", 0)]


def duplicates(zone: str) -> list[Journey]:
    """Exported twice, three times; and two alike that the batch index tells apart."""
    ana = journey("ana", zone).at("2021-01-05 10:00").session(1).sees("page_view", page="/a")
    ana.again().again().after(seconds=1).buys("T1", 4, "mug").again()
    ana.has(batch_page_id=1, batch_ordering_id=1, batch_event_index=1).sees("scroll")
    return [ana.has(batch_event_index=2).sees("scroll")]


def names(zone: str) -> list[Journey]:
    """Ids like numbers, quotes, slashes, accents, emoji, right-to-left, and a comma."""
    stories = []
    for number, ident in enumerate(
        ("4.10", "4.1", "o'neill", 'q"q', "é", "e\u0301", "🦊", "שלום", "a,b", "a/1", "a", " x")
    ):
        story = journey(ident, zone).at("2021-01-05 10:00").after(seconds=number).session(12)
        story.country("Côte d'Ivoire").sees("page_view", page="/naïve", page_title='Ünï 🦊, "x"')
        stories.append(story.session(2).sees("événement"))
    return stories


def truncated(zone: str) -> list[Journey]:
    """First touched before the data, on its first instant, after it; and a late first_visit."""
    edge = journey("edge", zone).at("2021-01-05 00:00").now
    day = 86_400_000_000
    stories = []
    for ident, touched in (("before", edge - 1), ("edge", edge), ("long", edge - 99 * day)):
        story = journey(ident, zone, user_first_touch_timestamp=touched).at("2021-01-05 10:00")
        stories.append(story.session(1).sees("scroll").after(days=1).sees("scroll"))
    late = journey("late", zone, user_first_touch_timestamp=edge - 1).at("2021-01-05 11:00")
    stories.append(late.session(1).sees("scroll").after(days=1).sees("first_visit"))
    return stories


def logins(zone: str) -> list[Journey]:
    """Two devices of one person, a shared device, a login that comes and changes."""
    phone = journey("phone", zone).at("2021-01-05 10:00").session(1).sees("first_visit")
    phone.after(days=1).session(2).has(user_id="ana").sees("login", "view_item")
    desk = journey("desk", zone).at("2021-01-06 09:00").session(1).has(user_id="ana")
    desk.sees("first_visit").after(hours=2).sees("add_to_cart").buys("T1", 9)
    shared = journey("shared", zone).at("2021-01-05 10:00").session(1).has(user_id="ben")
    shared.sees("login").buys("T1", 9).after(days=2).session(2).has(user_id="eve").sees("login")
    return [phone, desk, shared, journey("alone", zone).at("2021-01-07 10:00").sees("scroll")]


def interleaved(zone: str) -> list[Journey]:
    """Two tabs at once, and one session id on two streams."""
    ana = journey("ana", zone).at("2021-01-05 23:50").session(1).sees("page_view", page="/a")
    for number in range(1, 5):
        ana.after(minutes=4).session(1 + number % 2).sees("page_view", page=f"/{number}")
    ben = journey("ben", zone).at("2021-01-05 10:00").session(1).sees("scroll")
    return [ana, ben.after(seconds=11).has(stream_id="2002").sees("scroll")]


def gaps(zone: str) -> list[Journey]:
    """Days without any event between days with some; someone who comes on day 28."""
    ana = journey("ana", zone).at("2021-01-05 10:00").session(1).sees("page_view", page="/a")
    ana.after(days=3).session(2).sees("first_visit").after(days=24).session(3).sees("scroll")
    ben = journey("ben", zone).at("2021-02-02 10:00").session(1).sees("first_open")
    return [ana, ben.after(days=1).sees("user_engagement", engagement_time_msec=1)]


def once(zone: str) -> list[Journey]:
    """One event and nothing else."""
    return [journey("ana", zone).at("2021-01-05 10:00").sees("scroll")]


def channels(zone: str) -> list[Journey]:
    """Exported group, exported source, collected source, ads click, nothing: in one world."""
    stories = []
    for number, (click, collected) in enumerate(CLICKS):
        record = {"cross_channel_campaign": click} if click else None
        story = journey(f"u{number}", zone).at("2026-05-12 23:59:50").session(1)
        story.has(session_traffic_source_last_click=record, collected_traffic_source=collected)
        story.sees("page_view", page="/a").after(days=1).session(2).sees("page_view", page="/a")
        stories.append(story)
    return stories


CLICKS: tuple[tuple[dict[str, str] | None, dict[str, str] | None], ...] = (
    ({"source": "google", "medium": "cpc", "default_channel_group": "Paid Search"}, None),
    ({"source": "google", "medium": "cpc", "default_channel_group": "Cross-network"}, None),
    ({"source": "(direct)", "medium": "(none)"}, {"manual_source": "x", "manual_medium": "email"}),
    (None, {"manual_source": "x", "manual_medium": "email"}),
    (None, {"gclid": "Cj0"}),
    (None, {"gclid": "Cj0", "manual_source": "google", "manual_medium": "organic"}),
    (None, {"gclid": "Cj0", "manual_source": "bing", "manual_medium": "cpc"}),
    ({"source": "chat.example", "medium": "ai-assistant"}, None),
    (None, None),
)

TOLD: tuple[Teller, ...] = (
    midnight, autumn, spring, ties, windows, nobody, sessionless, orders, duplicates, names,
    truncated, logins, interleaved, gaps, once, channels,
)  # fmt: skip


def named_worlds(zone: str) -> list[World]:
    """All of them, told in one zone; the last day of each is not complete."""
    worlds = []
    for tell in TOLD:
        events = [event for story in tell(zone) for event in story.events]
        days = sorted({day_of(event) for event in events})
        through = days[-2] if len(days) > 1 else days[0]
        worlds.append(World(tell.__name__, tuple(events), through, carried(events)))
    return worlds
