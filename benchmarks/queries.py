#!/usr/bin/env python3
"""The same questions to the index, ClickHouse (chDB) and DuckDB, on two cores, warm.

    .venv/bin/python benchmarks/queries.py --data FOLDER              4.3 million events
    .venv/bin/python benchmarks/queries.py --data FOLDER --samples 23    100 million
    .venv/bin/python benchmarks/queries.py --small                    are all numbers equal?

Stores are made in FOLDER where they are not there yet (100 million: 12 GB, an hour). Each
engine has a process of its own and they take turns; each repetition asks another variant of the
question, and all engines must give equal numbers for it before any time is shown. A peer has
several formulations: all are checked and tried once, the fastest runs on. Ours is timed from the
spec to the finished result with its definition and intervals.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from versus.bandwidth import bandwidth, shares
from versus.built import make_index, open_built
from versus.questions import QUESTIONS, Question
from versus.staged import make_staged
from versus.stores import make_chdb, make_duck
from versus.worker import ENGINES, Worker

LIMIT_MS = 10.0
"""Below this no ratio is asked for at 4.3 million events."""
FEW_EVENTS = 20_000_000

Times = dict[tuple[str, str, str], list[float]]
"""Seconds by question, engine and formulation."""


def main() -> None:
    """Make what is missing, check, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="Folder of the stores, kept between runs.")
    parser.add_argument("--samples", type=int, default=1, help="Samples of 4.3 million events.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", action="append", choices=[q.name for q in QUESTIONS])
    parser.add_argument("--small", action="store_true", help="Scale 0.1: numbers only, no times.")
    parser.add_argument("--markdown", type=Path, help="Write the table to this file as well.")
    given = parser.parse_args()
    asked = tuple(q for q in QUESTIONS if not given.only or q.name in given.only)
    if given.small or given.data is None:
        with tempfile.TemporaryDirectory() as name:
            make(Path(name), 1, 0.1 if given.small else 1.0)
            run(Path(name), asked, given)
        return
    folder = given.data / f"events-{given.samples}"
    make(folder, given.samples, 1.0)
    run(folder, asked, given)


def make(folder: Path, samples: int, scale: float) -> None:
    """The stores of all engines."""
    folder.mkdir(parents=True, exist_ok=True)
    make_staged(folder, samples, scale)
    make_index(folder)
    make_duck(folder)
    make_chdb(folder)


def run(folder: Path, asked: tuple[Question, ...], given: argparse.Namespace) -> None:
    """Check all numbers, then measure."""
    workers = [Worker(name, folder) for name in ENGINES]
    try:
        chosen = checked(workers, asked)
        print("All engines give the same numbers for every question and variant.", flush=True)
        if given.small:
            return
        measured = repeated(workers, asked, chosen, given.rounds)
    finally:
        for worker in workers:
            worker.close()
    text = table(folder, asked, chosen, measured)
    print(text)
    if given.markdown:
        given.markdown.write_text(text + "\n", encoding="utf-8")


Chosen = dict[tuple[str, str], list[str]]
"""Formulations that run on, by question and engine."""


def checked(workers: list[Worker], asked: tuple[Question, ...]) -> Chosen:
    """Ask everything: the first variant in every formulation, the others in the fastest.

    Raises:
        SystemExit: Two answers differ.
    """
    chosen: Chosen = {}
    for question in asked:
        times: dict[tuple[str, str], float] = {}
        for place in range(len(question.variants)):
            first: tuple[str, Any] | None = None
            for worker in workers:
                key = (question.name, worker.name)
                for form in chosen[key] if place else worker.forms[question.name]:
                    seconds, answer = worker.ask(question.name, place, form)
                    times.setdefault((worker.name, form), seconds)
                    first = compared(question, place, first, (f"{worker.name} ({form})", answer))
                chosen.setdefault(key, fastest(question, worker.name, times))
        tried = ", ".join(f"{' '.join(who)} {spent:.2f} s" for who, spent in times.items())
        print(f"{question.name}: equal ({tried})", file=sys.stderr, flush=True)
    return chosen


def compared(
    question: Question, place: int, first: tuple[str, Any] | None, found: tuple[str, Any]
) -> tuple[str, Any]:
    """The first answer, if this one is equal.

    Raises:
        SystemExit: It is not.
    """
    if first is not None and first[1] != found[1]:
        sys.exit(difference(question, question.variants[place], first, found))
    return first or found


def difference(question: Question, variant: Any, one: tuple[str, Any], other: tuple[str, Any]
               ) -> str:  # fmt: skip
    """What differs, for people."""
    lines = [f"{question.words} ({variant}) differs:"]
    for who, answer in (one, other):
        lines.append(f"  {who}: {str(answer)[:1500]}")
    if isinstance(one[1], list) and isinstance(other[1], list):
        lost = [each for each in one[1] if each not in other[1]]
        more = [each for each in other[1] if each not in one[1]]
        lines.append(f"  only the first: {lost[:20]}; only the second: {more[:20]}")
    return "\n".join(lines)


def fastest(question: Question, engine: str, times: dict[tuple[str, str], float]) -> list[str]:
    """An engine's fastest formulation; of the precomputed class one a table."""
    least = {form: spent for (who, form), spent in times.items() if who == engine}
    if question.kind != "precomputed" or engine == "ours":
        return [min(least, key=least.__getitem__)]
    kinds = [[f for f in least if ("user days" in f) == of_days] for of_days in (True, False)]
    return [min(among, key=least.__getitem__) for among in kinds]


def repeated(
    workers: list[Worker],
    asked: tuple[Question, ...],
    chosen: Chosen,
    rounds: int,
) -> Times:
    """Ask in turns; each round another variant, and the numbers are compared again."""
    times: Times = {}
    for number in range(rounds):
        for question in asked:
            place = number % len(question.variants)
            first: tuple[str, Any] | None = None
            for worker in workers:
                for form in chosen[question.name, worker.name]:
                    seconds, answer = worker.ask(question.name, place, form)
                    first = compared(question, place, first, (f"{worker.name} ({form})", answer))
                    times.setdefault((question.name, worker.name, form), []).append(seconds)
        print(f"round {number + 1}, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
    return times


def table(
    folder: Path,
    asked: tuple[Question, ...],
    chosen: Chosen,
    times: Times,
) -> str:
    """The figures as Markdown."""
    index = open_built(folder)
    speed, touched = bandwidth(), shares(index, asked)
    few = index.rows < FEW_EVENTS
    lines = [
        f"{index.rows:,} events, {sum(s.users for s in index.segments):,} users; two cores; "
        f"chDB {version('chdb')}, DuckDB {version('duckdb')}; load {os.getloadavg()[0]:.1f}; "
        f"memory is read at {speed / 1e9:.1f} GB/s. Medians, ms.",
        "",
        "| question | class | ours | ClickHouse | DuckDB | ratio | wanted | met | bandwidth |",
        "|-|-|-:|-:|-:|-:|-:|-|-:|",
    ]
    for question in asked:
        [mine] = (statistics.median(times[question.name, "ours", form])
                  for form in chosen[question.name, "ours"])  # fmt: skip
        forms = [chosen[question.name, engine] for engine in ENGINES[1:]]
        for pair in zip(*forms, strict=True):
            theirs = [statistics.median(times[question.name, engine, form])
                      for engine, form in zip(ENGINES[1:], pair, strict=True)]  # fmt: skip
            ratio = min(theirs) / mine
            wanted = question.wanted / (2 if few else 1) if question.wanted else None
            met = "" if wanted is None else "yes" if ratio >= wanted else "NO"
            if met == "NO" and few and mine * 1000 < LIMIT_MS:
                met = f"yes (< {LIMIT_MS:g} ms)"
            words = question.words
            if question.kind == "precomputed":
                words += ", peers " + pair[0].split(",")[0]
            share = touched[question.name] / mine / speed
            cells = (words, question.kind, f"{mine * 1000:,.1f}",
                     *(f"{each * 1000:,.0f}" for each in theirs), f"{ratio:.1f}",
                     f"{wanted:g}" if wanted else "", met, f"{share:.0%}")  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "Formulations: " + "; ".join(
        f"{question.name}: " + ", ".join(
            f"{engine} {' and '.join(chosen[question.name, engine])}" for engine in ENGINES[1:])
        for question in asked) + "."]  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    main()
