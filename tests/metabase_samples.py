"""Two small dashboards, their scene, and a warehouse that has what they need."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace

from metabase_memory import Json, Ways
from metabase_server import Server

from ga4_analytics.publish.dictionary import models_of, seeds
from ga4_analytics.publish.metabase.catalogue import Model, read_models
from ga4_analytics.publish.metabase.client import Metabase
from ga4_analytics.publish.metabase.definitions import OF_SLICE, Card, Dashboard, Place, Scene
from ga4_analytics.publish.metabase.identity import DEFAULT_COLLECTION
from ga4_analytics.publish.metabase.provision import Options, Provisioned, Wanted, provision
from ga4_analytics.publish.metabase.target import Connection, Login

LOGIN = Login("", "ana@example.com", "an-admin-password-93")
READER = Connection("postgres", 5432, "ga4", "ga4_reader", Ways().password)

USERS = Card(
    slug="sample-users",
    name="Active users",
    about="Distinct users by day.",
    display="line",
    marts=("daily_active_users",),
    sql="select event_date, active_users from analytics.daily_active_users\n"
    "where dataset = {{dataset}} [[and {{date}}]] order by event_date",
    columns=("event_date", "active_users"),
    settings={"graph.dimensions": ["event_date"], "graph.metrics": ["active_users"]},
    date_column="event_date",
)
SLICES = Card(
    slug="sample-slices",
    name="Sessions of a slice",
    about="Sessions by day, of one device and country.",
    display="bar",
    marts=("daily_metrics_by_slice",),
    sql="select event_date, sessions from analytics.daily_metrics_by_slice\n"
    f"where dataset = {{{{dataset}}}} and {OF_SLICE} [[and {{{{date}}}}]]",
    columns=("event_date", "sessions"),
    settings={"graph.dimensions": ["event_date"], "graph.metrics": ["sessions"]},
    date_column="event_date",
)
FUNNEL = Card(
    slug="sample-funnel",
    name="The funnel",
    about="Users who came to each step.",
    display="funnel",
    marts=("funnel_steps",),
    sql="select step_name, sum(users) as users from analytics.funnel_steps\n"
    "where dataset = {{dataset}} and funnel = {{funnel}} group by step_name",
    columns=("step_name", "users"),
    settings={
        "funnel.dimension": "step_name",
        "funnel.metric": "users",
        "column_settings": {'["name", "users"]': {"number_style": "decimal"}},
    },
)
ENGAGEMENT = Dashboard(
    slug="sample-engagement",
    name="Sample engagement",
    about="Who comes.",
    cards=((USERS, Place(1, 0, 24, 6)), (SLICES, Place(7, 0, 12, 6))),
    headings=(("Users", Place(0, 0, 24, 1)),),
)
PURCHASES = Dashboard(
    slug="sample-purchases",
    name="Sample purchases",
    about="Who buys.",
    cards=((FUNNEL, Place(0, 0, 12, 6)), (USERS, Place(0, 12, 12, 6))),
)
SAMPLES = (ENGAGEMENT, PURCHASES)

SCENE = Scene(
    datasets=("shop", "blog"),
    first_day="2020-11-01",
    last_day="2021-01-31",
    devices=("desktop", "mobile"),
    countries=("Peru", "Türkiye"),
    funnels=("purchase",),
    scopes=("session", "first_user"),
)

FEW = frozenset({"daily_active_users", "int_users"})
"""Models that are described where a test counts calls: one that people see, one that not."""


@functools.cache
def few_models() -> dict[str, Model]:
    """The models of `FEW`, one of them with few columns."""
    found = {name: model for name, model in read_models().items() if name in FEW}
    shown = found["daily_active_users"]
    kept = ("event_date", "stickiness", "revenue_usd", "revenue_usd_micros")
    columns = {name: shown.columns[name] for name in kept}
    return found | {shown.name: replace(shown, columns=columns)}


def whole_warehouse() -> dict[str, dict[str, dict[str, str]]]:
    """What `ga4 build` makes, with its columns, and a schema that Metabase is not shown."""
    return {
        "analytics": {name: dict(columns) for name, columns in _columns().items()},
        "raw": {"ga4_events": {"user_pseudo_id": "text"}},
    }


@functools.cache
def _columns() -> dict[str, dict[str, str]]:
    folders = ("marts", "staging", "intermediate", "index")
    relations = [model for folder in folders for model in models_of(folder)] + seeds()
    return {
        each["name"]: {
            column["name"]: column.get("data_type", "text") for column in each.get("columns", [])
        }
        for each in relations
    }


def wanted(
    dashboards: tuple[Dashboard, ...] = SAMPLES,
    connection: Connection = READER,
    models: Mapping[str, Model] | None = None,
    **others: str,
) -> Wanted:
    """What a server must have, with few models described unless said otherwise."""
    few = few_models() if models is None else models
    return Wanted(dashboards, SCENE, connection, models=few, **others)


def run(
    server: Server, what: Wanted | None = None, login: Login = LOGIN, **options: object
) -> Provisioned:
    """Provision a stand-in, without waiting between attempts."""
    with Metabase(server.url, sleep=lambda seconds: None) as client:
        given = Options(**{"limit": 5.0, **options})  # type: ignore[arg-type]
        return provision(client, login, what or wanted(), given)


def add_foreign(server: Server) -> None:
    """Give a server a user and things that are none of ours, some with our names."""
    state = server.state
    state.users[LOGIN.email] = {"password": LOGIN.password, "admin": True}
    details = {"user": "other", "password": state.ways.password, "schema-filters-patterns": "raw"}
    other = state.add_database({"name": "Other", "engine": "postgres", "details": details})["id"]
    state.metadata(other, hidden=True)
    theirs = state.add_collection({"name": "Marketing", "description": None})["id"]
    query: Json = {"type": "native", "database": other, "native": {"query": "select 1"}}
    for place in (theirs, None):
        state.add_card({"name": USERS.name, "display": "line", "dataset_query": query,
                        "visualization_settings": {}, "collection_id": place})  # fmt: skip
    board = state.add_dashboard({"name": ENGAGEMENT.name, "collection_id": theirs})["id"]
    state.change_dashboard(board, {"dashcards": [
        {"id": -1, "card_id": next(iter(state.cards)), "row": 0, "col": 0, "size_x": 12,
         "size_y": 4, "parameter_mappings": [], "visualization_settings": {}}]})  # fmt: skip


def our_collection(server: Server, name: str = DEFAULT_COLLECTION) -> int:
    """The number of our collection on a stand-in."""
    return next(n for n, each in server.state.collections.items() if each["name"] == name)


def named(things: dict[int, Json], name: str, collection: int) -> Json:
    """The one thing of a name in a collection."""
    found = [
        each
        for each in things.values()
        if each["name"] == name and each["collection_id"] == collection
    ]
    assert len(found) == 1, (name, found)
    return found[0]
