"""The oracle against answers worked out by hand, and against the tables of our definitions."""

from __future__ import annotations

from datetime import date

import oracle
import oracle_marts
import pytest
from journeys import Journey, journey
from oracle_channels import channel_group
from oracle_marts import Answers
from oracle_performance import daily_orders
from worlds import NESTED, Rules, World

HOUR = 3600
NEW_YORK = "America/New_York"


def world(*stories: Journey, through: str = "2020-11-30", carries: str = "") -> World:
    """A world of these stories; `carries` lacks the capabilities after a minus sign."""
    events = tuple(event for story in stories for event in story.events)
    lacking = {word.removeprefix("-") for word in carries.split()}
    return World("w", events, date.fromisoformat(through), NESTED - lacking)


def log(*moments: str) -> Journey:
    """A story from a line such as ``A0 B50``: event name and minutes."""
    story = journey("u")
    for moment in moments:
        story.at("2020-11-02 08:00").after(minutes=int(moment[1:])).sees(moment[0])
    return story


@pytest.mark.parametrize(
    ("line", "furthest"),
    [
        ("A0 A30 B45 C75", 3),
        ("A0 A120 B130 C140", 3),
        ("A0 B0 C0", 3),
        ("C0 B0 A0", 3),
        ("A0 B50 C100", 2),
        ("A20 B40 C50", 3),
        ("A0 B60 C60", 3),
        ("B0 A1 C2", 1),
    ],
)
def test_funnel_of_the_published_table(line: str, furthest: int) -> None:
    """The column "ours" of the two tables; events after the range's end still complete."""
    rules = Rules(funnels=(("f", ("A", "B", "C"), HOUR),))
    answer = oracle_marts.funnel_steps(Answers(world(log(*line.split())), rules))
    users = [answer["f", date(2020, 11, 2), step]["users"] for step in (1, 2, 3)]
    assert users == [1] * furthest + [0] * (3 - furthest)


def test_events_after_the_entry_day_complete_a_funnel() -> None:
    """Entered at 23:50, converted after midnight; the next day has no entry."""
    story = journey("u").at("2020-11-02 23:50").sees("A").after(minutes=20).sees("B", "C")
    answer = oracle_marts.funnel_steps(
        Answers(world(story), Rules(funnels=(("f", ("A", "B", "C"), HOUR),)))
    )
    assert {key[1] for key in answer} == {date(2020, 11, 2)}
    assert answer["f", date(2020, 11, 2), 3]["users"] == 1


def test_batch_fields_order_ties_and_what_they_leave_is_favourable() -> None:
    """B before A in the request is not a conversion; without the fields it is."""
    rules = Rules(funnels=(("f", ("A", "B"), HOUR),))
    batched = journey("u").at("2020-11-02 08:00")
    batched.has(batch_event_index=1).sees("B").has(batch_event_index=2).sees("A")
    plain = journey("u").at("2020-11-02 08:00").sees("B").sees("A")
    for story, converted in ((batched, 0), (plain, 1)):
        answer = oracle_marts.funnel_steps(Answers(world(story), rules))
        assert answer["f", date(2020, 11, 2), 2]["users"] == converted


def test_open_and_dropped() -> None:
    """Of four entrants one converts, one can still, two are out of time."""
    stories = [
        journey("done").at("2020-11-02 22:00").sees("A", "B"),
        journey("open").at("2020-11-02 23:30").sees("A"),
        journey("late").at("2020-11-02 22:59:59").sees("A"),
        journey("edge").at("2020-11-02 23:00").after(micros=-1).sees("A"),
    ]
    rules = Rules(funnels=(("f", ("A", "B"), HOUR),))
    answer = oracle_marts.funnel_steps(Answers(world(*stories, through="2020-11-02"), rules))
    row = answer["f", date(2020, 11, 2), 2]
    assert (row["users"], row["open_users"], row["dropped_users"]) == (1, 1, 2)


def test_a_session_over_midnight_counts_once_on_its_first_date() -> None:
    """23:58 to 00:05, one session id."""
    story = journey("u", NEW_YORK).at("2020-11-02 23:58").session(1).sees("page_view", page="/a")
    story.after(minutes=7).sees("scroll")
    answers = Answers(world(story), Rules(zone=NEW_YORK))
    days = oracle_marts.daily_active_users(answers)
    assert [row["sessions"] for row in days.values()] == [1, 0]
    assert [row["total_users"] for row in days.values()] == [1, 1]


def test_the_repeated_hour_is_two_hours_of_one_day() -> None:
    """01:30 twice on 2020-11-01 in New York: an hour apart, so two derived sessions."""
    story = journey("u", NEW_YORK).at("2020-11-01 01:30").sees("scroll")
    story.at("2020-11-01 01:30", fold=1).sees("scroll")
    answers = Answers(world(story, carries="-session_id"), Rules(zone=NEW_YORK))
    assert story.events[1]["event_timestamp"] - story.events[0]["event_timestamp"] == 3_600_000_000
    assert [session.day for session in answers.sessions] == [date(2020, 11, 1)] * 2


def test_a_day_of_clock_change_has_25_hours() -> None:
    """From its first instant to the next day's."""
    start, end = (oracle.day_start(date(2020, 11, day), NEW_YORK) for day in (1, 2))
    assert end - start == 25 * HOUR * 1_000_000


def test_derived_sessions_end_by_a_longer_gap_only() -> None:
    """30 minutes exactly is no gap, a microsecond more is."""
    story = journey("u").at("2020-11-02 08:00").sees("scroll").after(minutes=30).sees("scroll")
    story.after(minutes=30, micros=1).sees("scroll")
    answers = Answers(world(story, carries="-session_id"), Rules())
    assert [len(session.rows) for session in answers.sessions] == [2, 1]


def test_streams_part_sessions_only_where_there_are_several() -> None:
    """One session id on two streams is two sessions."""
    one = journey("u").at("2020-11-02 08:00").session(1).sees("scroll").after(seconds=1)
    assert len(Answers(world(one.sees("scroll")), Rules()).sessions) == 1
    two = one.has(stream_id="2002").sees("scroll")
    assert len(Answers(world(two), Rules()).sessions) == 2


@pytest.mark.parametrize(
    ("seconds", "names", "engaged"),
    [
        (9.999999, ("scroll", "scroll"), False),
        (10, ("scroll", "scroll"), True),
        (1, ("page_view", "page_view"), True),
        (1, ("page_view", "screen_view"), True),
        (1, ("scroll", "purchase"), True),
        (1, ("page_view", "scroll"), False),
    ],
)
def test_engaged_session(seconds: float, names: tuple[str, str], engaged: bool) -> None:
    """10 seconds, or a key event, or two views; computed where there is no flag."""
    story = journey("u").at("2020-11-02 08:00").session(1).sees(names[0])
    story.after(seconds=seconds).sees(names[1])
    answers = Answers(world(story, carries="-session_engaged"), Rules())
    assert answers.engaged(answers.sessions[0]) is engaged


def test_new_returning_and_left_truncated() -> None:
    """New by first_visit, new by first event, truncated: never new."""
    early = oracle.day_start(date(2020, 10, 1), "UTC")
    stories = [
        journey("visit", user_first_touch_timestamp=early).at("2020-11-03 08:00"),
        journey("plain").at("2020-11-02 08:00").sees("scroll").after(days=1).sees("scroll"),
        journey("old", user_first_touch_timestamp=early).at("2020-11-02 09:00").sees("scroll"),
    ]
    stories[0].sees("first_visit")
    answers = Answers(world(*stories), Rules())
    days = oracle_marts.daily_active_users(answers)
    assert [(row["new_users"], row["returning_users"]) for row in days.values()] == [(1, 1), (1, 1)]
    assert [key for key, user in answers.users.items() if user.left_truncated] == ["old"]


def test_stitched_logins_join_devices_and_their_past() -> None:
    """Two devices, one login at the end: one user from the first day on."""
    phone = journey("phone").at("2020-11-02 08:00").sees("scroll").after(days=1)
    phone.has(user_id="ana").sees("login")
    desk = journey("desk").at("2020-11-02 09:00").has(user_id="ana").sees("scroll")
    both = world(phone, desk)
    assert set(Answers(both, Rules()).users) == {"phone", "desk"}
    assert set(Answers(both, Rules(identity="stitched")).users) == {"ana"}


def test_retention_cells_end_with_the_last_complete_day() -> None:
    """Cohort of two; one comes back on day 1; day 2 is not complete."""
    back = journey("a").at("2020-11-02 08:00").sees("x").after(days=1).sees("x")
    once = journey("b").at("2020-11-02 08:00").sees("x").after(days=2).sees("x")
    answer = oracle_marts.cohort_retention(
        Answers(world(back, once, through="2020-11-03"), Rules())
    )
    cells = [answer[date(2020, 11, 2), day]["retained_users"] for day in (0, 1, 2)]
    assert cells == [2, 1, None]


def test_orders() -> None:
    """Repeated, missing, placeholder and conflicting ids; two users share an id."""
    ana = journey("ana").at("2020-11-02 08:00").buys("T1", 10).after(seconds=1).buys("T1", 12.5)
    ana.after(seconds=1).buys(None, 1).after(seconds=1).buys("(not set)", 2)
    ben = journey("ben").at("2020-11-03 08:00").buys("T1", 3)
    answers = Answers(world(ana, ben), Rules())
    first = oracle_marts.daily_active_users(answers)[(date(2020, 11, 2),)]
    assert (first["orders"], first["purchases"]) == (3, 4)
    assert (first["revenue_usd"], first["raw_revenue_usd"]) == (13.0, 25.5)
    day = daily_orders(answers)[(date(2020, 11, 2),)]
    assert (day["orders_without_id"], day["conflicting_orders"]) == (2, 1)
    assert len(answers.orders) == 4


def test_repeats_go_only_where_they_can_be_told() -> None:
    """Same key twice; batch index or the lack of parameters keeps both."""
    story = journey("u").at("2020-11-02 08:00").session(1).has(batch_event_index=1).sees("x")
    story.again().has(batch_event_index=2).sees("x")
    assert oracle.repeats(world(story)) == {1}
    assert oracle.repeats(world(story, carries="-event_params")) == set()


def test_rolling_users_wait_for_enough_days() -> None:
    """Seven days with one and the same user, and one more on the first."""
    story = journey("u", is_active_user=True).at("2020-11-02 08:00")
    for _ in range(8):
        story.sees("x").after(days=1)
    other = journey("v", is_active_user=True).at("2020-11-02 08:00").sees("x")
    days = oracle_marts.daily_active_users(Answers(world(story, other), Rules()))
    assert [row["rolling_7d_users"] for row in days.values()] == [None] * 6 + [2, 1]


@pytest.mark.parametrize(
    ("source", "medium", "campaign", "group"),
    [
        ("(direct)", "(none)", None, "Direct"),
        (None, None, None, "Direct"),
        ("google", "cpc", "x cross-network", "Cross-network"),
        ("amazon.com", "cpc", None, "Paid Shopping"),
        ("x", "ppc", "spring shop", "Paid Shopping"),
        ("bing", "cpc", None, "Paid Search"),
        ("facebook.com", "paid-social", None, "Paid Social"),
        ("youtube.com", "referral", None, "Organic Video"),
        ("youtube.com", "paid", None, "Paid Video"),
        ("x", "cpm", None, "Display"),
        ("google", "cpm", None, "Paid Search"),
        ("x", "retargeting", None, "Paid Other"),
        ("etsy.com", "referral", None, "Organic Shopping"),
        ("reddit.com", "referral", None, "Organic Social"),
        ("x", "video", None, "Organic Video"),
        ("x", "organic", None, "Organic Search"),
        ("x", "referral", None, "Referral"),
        ("x", "e-mail", None, "Email"),
        ("x", "affiliate", None, "Affiliates"),
        ("x", "audio", None, "Audio"),
        ("sms", "x", None, "SMS"),
        ("x", "web-push", None, "Mobile Push Notifications"),
        ("(data deleted)", "(data deleted)", None, "Unassigned"),
        ("chat", "ai-assistant", None, "Unassigned"),
    ],
)
def test_channel_groups(
    source: str | None, medium: str | None, campaign: str | None, group: str
) -> None:
    """Each rule once, before AI Assistant existed."""
    assert channel_group((source, medium, campaign), date(2020, 11, 2)) == group


def test_ai_assistant_is_dated() -> None:
    """The channel begins on 2026-05-13."""
    place = ("chat", "ai-assistant", "(ai-assistant)")
    assert channel_group(place, date(2026, 5, 12)) == "Unassigned"
    assert channel_group(place, date(2026, 5, 13)) == "AI Assistant"
