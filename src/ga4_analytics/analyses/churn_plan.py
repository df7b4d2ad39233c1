"""Which cutoffs train and which judge, and which features the days can answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ga4_analytics.analyses.told import lacking
from ga4_analytics.errors import QuestionError
from ga4_analytics.index.calendar import Calendar, DayFacts, day_number, day_of
from ga4_analytics.index.reader import Index
from ga4_analytics.questions.churn import ChurnQuestion, Cutoff, LeftOut

Role = Literal["train", "test", "unused"]


@dataclass(frozen=True)
class Feature:
    """What a model may know of a user as of a cutoff.

    Attributes:
        name: Its name; also the column of the SQL.
        words: What it is.
        needs: What a day's files must have; of alternatives within a text with ``|`` one.
        is_text: Whether it is a category.
    """

    name: str
    words: str
    needs: tuple[str, ...] = ()
    is_text: bool = False


_TIMES = ("session_id|event_timestamp",)
_CHANNEL = "session_source|event_source|first_user_source|flat_source"
_PLAIN = (
    Feature("recency_days", "Days from the last active day to the cutoff; 1 is the day before."),
    Feature("tenure_days", "Days from the first active day in the window to the cutoff."),
    Feature("active_days", "Active days in the window."),
    Feature("active_days_7", "Active days in the last 7 days."),
    Feature("active_days_8_14", "Active days in the 7 days before those."),
    Feature("longest_gap_days", "Most days from one active day to the next in the window."),
    Feature("weekend_days", "Active days on a Saturday or Sunday."),
    Feature("events", "Events in the window."),
    Feature("events_7", "Events in the last 7 days."),
    Feature("events_8_14", "Events in the 7 days before those."),
    Feature("first_visits", "Events first_visit or first_open in the window."),
    Feature("sessions", "Sessions with an event in the window.", _TIMES),
    Feature("sessions_7", "Sessions with an event in the last 7 days.", _TIMES),
    Feature("engagement_msec", "Engagement time in the window, ms.", ("engagement_time",)),
    Feature("engagement_msec_7", "Engagement time in the last 7 days, ms.", ("engagement_time",)),
    Feature("pages", "Distinct page paths in the window.", ("page",)),
    Feature("revenue_usd_micros", "Revenue of purchase events in the window, millionths of USD.",
            ("revenue",)),
)  # fmt: skip
_TEXTS = (
    Feature("device_category", "Device category of the first event that has one.", ("device",),
            True),
    Feature("country", "Country of the first event that has one.", ("country",), True),
    Feature("channel", "Channel of the first session, once it was silent for a whole day.",
            (*_TIMES, _CHANNEL), True),
)  # fmt: skip
COUNT_OF = "events_of_"


def features_of(question: ChurnQuestion) -> tuple[Feature, ...]:
    """Every feature of a question, whatever the data can answer.

    >>> [each.name for each in features_of(ChurnQuestion(counted=("purchase",)))][-4:]
    ['events_of_purchase', 'device_category', 'country', 'channel']
    """
    counted = dict.fromkeys(question.counted)
    counts = [Feature(COUNT_OF + name, f"Events {name} in the window.") for name in counted]
    return (*_PLAIN, *counts, *_TEXTS)


@dataclass(frozen=True)
class Plan:
    """What a question comes to on the days that are there.

    Attributes:
        cutoffs: All of them in order; those of no use with the reason.
        features: Those that every day of the used windows can answer.
        left_out: The others.
        refusal: Why there is nothing to train or judge on; None where there is.
    """

    cutoffs: tuple[Cutoff, ...]
    features: tuple[Feature, ...]
    left_out: tuple[LeftOut, ...]
    refusal: str | None

    def days(self, role: Role) -> tuple[int, ...]:
        """The cutoffs of a role as day numbers."""
        return tuple(day_number(each.day) for each in self.cutoffs if each.role == role)


def planned(index: Index, question: ChurnQuestion) -> Plan:
    """Place cutoffs back from the last day of which a whole label is known.

    Args:
        index: The index.
        question: The question, checked.

    Raises:
        QuestionError: The index joins devices to persons.
    """
    check(index, question)
    calendar = index.calendar
    cutoffs = _cutoffs(calendar, question)
    used = [each for each in cutoffs if each.role != "unused"]
    seen = [
        facts
        for facts in calendar.days
        if any(0 < (each.day - facts.day).days <= question.window_days for each in used)
    ]
    features, left_out = usable(question, seen)
    return Plan(cutoffs, features, left_out, _refusal(calendar, question, cutoffs))


def usable(
    question: ChurnQuestion, days: list[DayFacts]
) -> tuple[tuple[Feature, ...], tuple[LeftOut, ...]]:
    """The features that every one of some days can answer, and the others with the reason."""
    kept, left_out = [], []
    for feature in features_of(question):
        if feature.name in question.leave_out:
            left_out.append(LeftOut(feature.name, "The question leaves it out."))
            continue
        missing = lacking(days, feature.needs)
        if missing is None:
            kept.append(feature)
        else:
            left_out.append(LeftOut(feature.name, missing))
    return tuple(kept), tuple(left_out)


def check(index: Index, question: ChurnQuestion) -> None:
    """Refuse what makes no sense.

    Raises:
        QuestionError: A number is out of its range, a feature is not known, or the index joins
            devices to persons.
    """
    if index.identity != "device":
        raise QuestionError(
            f"The index of {index.dataset!r} joins devices to persons by a login.",
            rule="Features may not know the future, and a later login changes whose days those "
            "before it were.",
            remedy='Set identity = "device" in ga4.toml, or pass --identity device, and run '
            "`ga4 build`.",
        )
    for name, least in (("window_days", 14), ("gap_days", 0), ("horizon_days", 1),
                        ("step_days", 1), ("test_cutoffs", 1), ("least_active_days", 1),
                        ("resamples", 0), ("seed", 0)):  # fmt: skip
        value = getattr(question, name)
        if not least <= value <= 100_000:
            raise _wrong(name, f"{value} is not from {least} to 100,000")
    if not 0.5 <= question.confidence < 1:
        raise _wrong("confidence", f"{question.confidence} is not in [0.5, 1)")
    if not question.shares or not all(0 < share <= 1 for share in question.shares):
        raise _wrong("shares", "each is a share of the users, above 0 and at most 1")
    known = {each.name for each in features_of(question)}
    if unknown := sorted(set(question.leave_out) - known):
        raise _wrong("leave_out", f"there is no feature {unknown[0]!r}, only {', '.join(known)}")
    if "recency_days" in question.leave_out:
        raise _wrong("leave_out", "recency_days is the rule that models are held against")


def _wrong(field: str, problem: str) -> QuestionError:
    return QuestionError(f"{field}: {problem}.", remedy=f"Change {field}.")


def _cutoffs(calendar: Calendar, question: ChurnQuestion) -> tuple[Cutoff, ...]:
    """Whole steps back from the last cutoff whose label is known."""
    if calendar.first is None or calendar.last_complete is None:
        return ()
    ahead = question.gap_days + question.horizon_days
    last = day_number(calendar.last_complete) + 1 - ahead
    first = day_number(calendar.first) + question.window_days
    days = range(last, first - 1, -question.step_days)
    why = {day: _unknown(calendar, question, day) for day in days}
    sound = [day for day in days if why[day] is None]
    test = set(sound[: question.test_cutoffs])
    end = min(test, default=0)
    found = []
    for day in sorted(days):
        reason = why[day]
        if reason is None and day not in test and day + ahead > end:
            reason = "Its label is not known by the first test cutoff."
        role: Role = "test" if day in test else "train" if reason is None else "unused"
        found.append(Cutoff(day_of(day), role, why=reason))
    return tuple(found)


def _unknown(calendar: Calendar, question: ChurnQuestion, cutoff: int) -> str | None:
    """Why a cutoff cannot be used: a day of its window or horizon is not there."""
    ahead = cutoff + question.gap_days
    return missing_day(calendar, range(cutoff - question.window_days, cutoff)) or missing_day(
        calendar, range(ahead, ahead + question.horizon_days)
    )


def missing_day(calendar: Calendar, days: Iterable[int]) -> str | None:
    """Which of some days cannot be used and why, in a sentence; None where all can."""
    for day in map(day_of, days):
        facts = calendar.by_day.get(day)
        if facts is None:
            return f"{day} is not loaded."
        if not facts.is_complete:
            return f"{day} is not complete."
        if "user_pseudo_id" not in facts.can:
            return f"The files of {day} have no users."
    return None


def _refusal(
    calendar: Calendar, question: ChurnQuestion, cutoffs: tuple[Cutoff, ...]
) -> str | None:
    roles = [each.role for each in cutoffs]
    if "train" in roles and roles.count("test") == question.test_cutoffs:
        return None
    ahead = question.gap_days + question.horizon_days
    steps = (question.test_cutoffs - 1) * question.step_days
    # A training cutoff stands whole steps before the first test cutoff.
    before = -(-ahead // question.step_days) * question.step_days
    need = question.window_days + before + steps + ahead
    complete = sum(facts.is_complete for facts in calendar.days)
    gaps = sum(each.why is not None and each.why.endswith("is not loaded.") for each in cutoffs)
    words = (
        f"{complete} complete days are loaded. {need} without a break are needed: "
        f"{question.window_days} of features, {ahead} of gap and horizon for training, and "
        f"{ahead} more, with {steps} between test cutoffs, for a test that is later"
    )
    return words + (f"; {gaps} cutoffs fall because a day is not loaded." if gaps else ".")
