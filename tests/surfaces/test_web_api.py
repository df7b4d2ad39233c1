"""The API: the same questions and answers as Python and the command line; limits; refusals."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from hypothesis import given
from hypothesis import settings as how_often
from hypothesis import strategies as st
from web_server import serving

from ga4_analytics.analyses.ask import spec_from
from ga4_analytics.asking import Published
from ga4_analytics.questions import build
from ga4_analytics.questions.codec import encode
from ga4_analytics.questions.filters import AllOf, AnyOf, Condition, EventSelector
from ga4_analytics.questions.funnel import Exclusion, FunnelSpec
from ga4_analytics.questions.query import Query
from ga4_analytics.questions.said import made, words_of
from ga4_analytics.render.calls import calls_of
from ga4_analytics.render.json_schema import schema_of
from ga4_analytics.settings import load_settings
from ga4_analytics.web import warming
from ga4_analytics.web.api import Desk
from ga4_analytics.web.app import create_app
from ga4_analytics.web.gate import Gate, Kept
from ga4_analytics.web.options import Limits, ServeOptions
from ga4_analytics.web.progress import Progress
from ga4_analytics.web.reading import Library
from ga4_analytics.workspace import Workspace

GIVEN = {
    "funnel": "step=session_start&step=view_item[country=United States]&by=device_category",
    "trends": "series=users of page_view&series=purchase&formula=A/B&compare=period",
    "retention": "start_event=*&return_event=page_view&unit=week&periods=3",
    "lifecycle": "event=page_view&unit=week",
    "stickiness": "event=page_view&last=7d",
    "sessions": "gap=1h",
    "paths": "anchor=session_start&depth=3&hide=scroll",
    "revenue": "interval=week&periods=2",
}


@pytest.fixture(scope="module")
def address(published: Workspace) -> Iterator[str]:
    with serving(published.settings) as found:
        yield found + "/api/v1"


def answered(address: str, path: str, **more: Any) -> Any:
    response = httpx.get(f"{address}/{path}", timeout=120, **more)
    assert response.status_code == 200, response.text
    return response.json()


def same(one: Any, other: Any) -> bool:
    """Equal but for how long they took."""
    return {**one, "seconds": 0} == {**other, "seconds": 0}


@pytest.mark.parametrize("topic", GIVEN)
def test_words_json_and_python_give_the_same(
    address: str, published: Workspace, topic: str
) -> None:
    """GET with words, POST with the answer's own spec, and Python; the schema holds them."""
    told = answered(address, f"{topic}?{GIVEN[topic]}")
    again = httpx.post(f"{address}/{topic}", json=told["spec"], timeout=120).json()
    python = Published(published.settings).ask(told["spec"]).to_dict()
    assert same(told, again)
    assert same(told, json.loads(json.dumps(python)))
    jsonschema.validate(told, schema_of(topic))


@pytest.mark.parametrize("topic", GIVEN)
def test_calls_give_the_same(address: str, published: Workspace, topic: str) -> None:
    """The calls that an answer names make its question again."""
    told = answered(address, f"{topic}?{GIVEN[topic]}")
    found = httpx.post(f"{address}/calls", json=told["spec"]).json()
    assert same(answered(address, f"{topic}?{found['parameters']}"), told)
    line = found["python"].partition("ws.")[2]
    python = eval(f"ws.{line}", {"ws": Published(published.settings)})
    assert encode(python.result.spec) == told["spec"]


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
conditions = st.builds(
    Condition,
    st.sampled_from(["country", "source"]),
    st.sampled_from(["is", "is_not", "contains", "matches"]),
    st.tuples(texts) | st.tuples(texts, texts),
)
filters = (
    conditions
    | st.builds(AllOf, st.tuples(conditions, conditions))
    | st.builds(AnyOf, st.tuples(conditions, conditions))
)
events = st.builds(
    EventSelector, st.lists(texts, max_size=2).map(tuple), st.none() | filters, st.just("")
)
funnels = st.builds(
    FunnelSpec,
    st.lists(events, min_size=1, max_size=3).map(tuple),
    st.builds(Query, where=st.none() | filters, by=st.sampled_from([(), ("country",)])),
    window_seconds=st.sampled_from([None, 60, 90, 86_400, 604_800]),
    exclusions=st.lists(st.builds(Exclusion, events), max_size=1).map(tuple),
    optional=st.sampled_from([(), (2,)]),
)


@given(funnels)
@how_often(max_examples=200)
def test_words_make_just_the_question(spec: FunnelSpec) -> None:
    """Whatever it asks: its words make it, or there are none and its JSON does."""
    said = words_of("funnel", spec)
    if said is not None:
        assert made("funnel", said) == spec
    assert spec_from(json.loads(json.dumps(encode(spec)))) == spec
    assert calls_of(spec).command.startswith(("ga4 funnel", "echo "))


def test_rules_users_and_bars(address: str, published: Workspace) -> None:
    """Other tools' rules side by side, and the users of a bar, as Python tells them."""
    funnel = "step=session_start&step=view_item"
    told = answered(address, f"compare-rules?{funnel}&rules=ours,ga4")["results"]
    asked = Published(published.settings)
    python = asked.compare_rules("session_start", "view_item", rules=["ours", "ga4"]).to_dict()
    assert [each["steps"] for each in told] == [each["steps"] for each in python["results"]]
    users = answered(address, f"funnel-users?{funnel}&bar=2&limit=5")
    keys = asked.funnel_users(build.funnel("session_start", "view_item"), 2)
    assert users["users"] == keys[:5]
    assert users["has_more"] == (len(keys) > 5)


@pytest.mark.parametrize(
    ("asked", "field", "status"),
    [
        ("funnel?step=session_start&window=7x", "window", 422),
        ("funnel?step=session_start&windw=7d", "windw", 422),
        ("funnel?step=nothing_like_it", "event 1", 422),
        ("trends?series=*&top=5000", "top", 413),
        ("retention?periods=99999", "periods", 413),
        ("retention?bootstrap=999999999", "", 413),
        ("funnel?step=session_start&spec={", "spec", 422),
        ("funnel?spec=[1]", "spec", 422),
        ("values?column=nothing", "column", 422),
        ("trends?last=x", "last", 422),
        ("nothing", "", 404),
    ],
)  # fmt: skip
def test_problems_name_field_rule_and_remedy(
    address: str, asked: str, field: str, status: int
) -> None:
    response = httpx.get(f"{address}/{asked}")
    told = response.json()
    assert response.status_code == told["status"] == status, told
    assert response.headers["content-type"] == "application/problem+json"
    assert told.get("field", "") == field, told
    assert status == 404 or (told["rule"] and told["remedy"]), told


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b'{"steps": NaN}', 400),
        (b'{"steps": [{"names": ["\\ud800"]}]}', 400),
        (b"[" * 100_000, 400),
        (b"[]", 422),
        (b'{"steps": [{"names": [1]}]}', 422),
        (b" " * 5_000_000, 413),
    ],
)
def test_bodies_that_cannot_be_read(address: str, body: bytes, status: int) -> None:
    headers = {"content-type": "application/json"}
    response = httpx.post(f"{address}/funnel", content=body, headers=headers)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"


def test_no_model_is_trained_over_http(address: str) -> None:
    assert httpx.get(f"{address}/churn").status_code == 404
    assert httpx.post(f"{address}/churn", json={"type": "churn"}).status_code == 404
    assert "/api/v1/churn" not in answered(address, "openapi.json")["paths"]


def test_the_same_answer_is_not_sent_twice(address: str) -> None:
    """A browser that has the answer of this snapshot is told so."""
    first = httpx.get(f"{address}/funnel?step=session_start")
    again = httpx.get(
        f"{address}/funnel?step=session_start", headers={"If-None-Match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def test_too_many_and_too_slow(published: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limits there is a clear answer: 429 where all wait, 503 where it takes long."""
    import ga4_analytics.web.api as api

    def slowly(*given: Any) -> Any:
        time.sleep(0.8)
        raise AssertionError("not waited for")

    monkeypatch.setattr(api, "answered", slowly)
    limits = Limits(at_once=1, waiting=2, patience_seconds=0.3, answer_seconds=0.4)
    app = create_app(published.settings, ServeOptions(limits=limits, compiled=False))

    async def ask_many() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            paths = [f"/api/v1/funnel?step=session_start&window={n + 1}d" for n in range(6)]
            return await asyncio.gather(*map(client.get, paths))

    found = asyncio.run(ask_many())
    assert sorted(each.status_code for each in found) == [429, 429, 429, 503, 503, 503]
    assert all("retry-after" in each.headers and each.json()["remedy"] for each in found)


def test_saved_segments(address: str, published: Workspace) -> None:
    """Kept, listed, used, not overwritten unasked, removed."""
    one = f"{address}/saved-segments/api-viewers"
    users = {"type": "did", "event": {"names": ["view_item"]}}
    assert httpx.put(one, json={"users": users}).status_code == 200
    assert httpx.put(one, json={"users": users}).status_code == 409
    assert httpx.put(one, json={"users": users, "replace": True}).status_code == 200
    assert (
        httpx.put(f"{address}/saved-segments/No%20Name", json={"users": users}).status_code == 422
    )
    assert "api-viewers" in [
        each["name"] for each in answered(address, "saved-segments")["segments"]
    ]
    told = answered(address, "trends?series=users of *&segment=api-viewers")
    python = Published(published.settings).trends("users of *", users="api-viewers")
    assert told["lines"][0]["total"] == python.lines[0].total
    torn = published.settings.workspace / "segments/torn.json"
    torn.write_text("{", encoding="utf-8")
    listed = answered(address, "saved-segments")
    torn.unlink()
    assert "api-viewers" in [each["name"] for each in listed["segments"]]
    assert [each["name"] for each in listed["damaged"]] == ["torn"]
    assert httpx.delete(one).status_code == 204
    assert httpx.get(one).status_code == 404


def test_openapi_holds_the_answers(address: str) -> None:
    """Each answer is as the document says."""
    document = answered(address, "openapi.json")
    for topic, words in GIVEN.items():
        operation = document["paths"][f"/api/v1/{topic}"]["get"]
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        whole = {"components": document["components"], **schema}
        jsonschema.validate(answered(address, f"{topic}?{words}"), whole)


def test_where_nothing_is_published_the_page_says_what_to_do(tmp_path: Path) -> None:
    """Pages and API answer 503 with the remedy, and look again at every request."""
    app = create_app(load_settings(tmp_path, {}), ServeOptions(compiled=False))

    async def ask(path: str) -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.get(path)

    page = asyncio.run(ask("/funnel"))
    assert (page.status_code, "ga4 build" in page.text) == (503, True)
    told = asyncio.run(ask("/api/v1/funnel?step=page_view"))
    assert (told.status_code, told.json()["remedy"][:15]) == (503, "Run `ga4 build`")


def test_warming_tells_how_far_it_is(address: str) -> None:
    """Where nothing is compiled, nobody waits for it."""
    told = answered(address, "warming")["warming"]
    assert told == {"is_done": True, "done": 0, "of": 0, "seconds": 0.0, "left_seconds": None}


def test_compiling_at_the_start_lets_who_asks_go_first(
    published: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts its parts, and waits a little where somebody is being answered."""
    options = ServeOptions()
    desk = Desk(Library(published.settings), options, Gate(options.limits), Kept(1), Progress())
    seen: list[tuple[int, int, bool]] = []

    def warm(index: Any, told: Any, threads: int) -> None:
        assert threads == 1
        for _ in range(3):
            told("funnel")
            shown = desk.progress.shown()
            seen.append((shown["done"], shown["of"], shown["is_done"]))

    monkeypatch.setattr(warming, "warm", warm)
    monkeypatch.setattr(warming, "questions", lambda index: iter(range(3)))
    monkeypatch.setattr(warming, "POLITE_SECONDS", 0.01)
    warming.warm_up(desk)
    assert seen == [(2, 5, False), (3, 5, False), (4, 5, False)]
    assert desk.progress.shown()["is_done"]

    async def while_asked() -> float:
        begun = threading.Event()
        asking = asyncio.create_task(desk.gate.run(lambda threads: (begun.set(), time.sleep(0.1))))
        while not begun.is_set():
            await asyncio.sleep(0.001)
        started = time.monotonic()
        await asyncio.to_thread(warming.warm_up, desk)
        waited = time.monotonic() - started
        await asking
        return waited

    assert asyncio.run(while_asked()) > 0.05
