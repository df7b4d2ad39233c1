"""Provisioning as its user meets it: new servers, old ones, second runs, changes, plans."""

from __future__ import annotations

import copy
import io
from collections.abc import Iterator
from dataclasses import asdict, replace

import pytest
from metabase_memory import Json, Ways
from metabase_samples import (
    ENGAGEMENT,
    FUNNEL,
    LOGIN,
    PURCHASES,
    READER,
    SAMPLES,
    SCENE,
    SLICES,
    USERS,
    add_foreign,
    few_models,
    named,
    our_collection,
    run,
    wanted,
    whole_warehouse,
)
from metabase_server import Server, metabase_server
from rich.console import Console

from ga4_analytics.errors import MetabaseError
from ga4_analytics.publish.metabase.catalogue import read_models
from ga4_analytics.publish.metabase.compare import card_differences
from ga4_analytics.publish.metabase.definitions import Dashboard, Place
from ga4_analytics.publish.metabase.provision import Provisioned
from ga4_analytics.render.metabase import print_provisioned

OLD, LISTS, NEW = "v0.58.3", "v1.63.17", "v0.64.1.5"


@pytest.fixture(params=[OLD, LISTS, NEW, "drops ids"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A new server of each way of answering, the last one without entity ids."""
    drops = request.param == "drops ids"
    ways = Ways(tag=OLD if drops else request.param, keeps_entity_ids=not drops,
                warehouse=whole_warehouse(),
                forgets=frozenset({"isMultiSelect", "sectionId"} if drops else ()))  # fmt: skip
    with metabase_server(ways) as found:
        yield found


@pytest.fixture
def plain() -> Iterator[Server]:
    """A new server of the newest version."""
    with metabase_server(Ways(warehouse=whole_warehouse())) as found:
        yield found


def outside(server: Server) -> Json:
    """Everything on a server but our collection, what is in it, and our database's tables."""
    content = server.state.content()
    ours = our_collection(server)
    database = next(n for n, each in content["databases"].items() if each["name"] != "Other")
    del content["collections"][ours], content["databases"][database]
    for name in ("cards", "dashboards"):
        content[name] = {n: e for n, e in content[name].items() if e["collection_id"] != ours}
    content["tables"] = {n: e for n, e in content["tables"].items() if e["db_id"] != database}
    content["fields"] = {n: e for n, e in content["fields"].items()
                         if e["table_id"] in content["tables"]}  # fmt: skip
    return content


def check_dashboard(server: Server, dashboard: Dashboard) -> None:
    """Each card lies in its place and is moved by exactly the filters that its SQL names."""
    ours = our_collection(server)
    found = named(server.state.dashboards, dashboard.name, ours)
    numbers = {
        card.slug: named(server.state.cards, card.name, ours)["id"] for card, _ in dashboard.cards
    }
    wired = {(each.slug, numbers[card.slug]) for card, _ in dashboard.cards
             for each in card.filters}  # fmt: skip
    assert server.state.wired(found["id"]) == wired
    places = {(each["card_id"], each["row"], each["col"], each["size_x"], each["size_y"])
              for each in found["dashcards"] if each["card_id"]}  # fmt: skip
    assert places == {(numbers[card.slug], p.row, p.col, p.width, p.height)
                      for card, p in dashboard.cards}  # fmt: skip
    titles = [each["visualization_settings"]["text"] for each in found["dashcards"]
              if not each["card_id"]]  # fmt: skip
    assert titles == [text for text, _ in dashboard.headings]


def test_a_new_server_gets_everything(server: Server) -> None:
    server.state.ways.health_after, server.state.ways.ready_after = 2, 3
    server.state.ways.sync_after = 2
    done = run(server)
    assert server.state.users[LOGIN.email]["admin"]
    assert [each.kind for each in done.changes[:2]] == ["server", "database"]
    for dashboard in SAMPLES:
        check_dashboard(server, dashboard)
    ours = our_collection(server)
    assert [url.rsplit("/", 1)[1] for _, url in done.dashboards] == [
        str(named(server.state.dashboards, each.name, ours)["id"]) for each in SAMPLES]  # fmt: skip
    assert not server.state.sessions


def test_a_second_run_changes_nothing(server: Server) -> None:
    run(server)
    before, server.calls = server.state.content(), []
    done = run(server)
    assert done.changes == () and done.left == ()
    assert server.writes() == []
    assert server.state.content() == before


def test_a_plan_writes_nothing_and_says_what_the_run_does(server: Server) -> None:
    new = run(server, apply=False)
    assert server.writes() == [] and not server.state.users and not new.dashboards
    made = run(server)
    assert not new.applied and made.applied
    assert new.changes == made.changes
    other = replace(ENGAGEMENT, about="Who came.", cards=ENGAGEMENT.cards[:1])
    before, server.calls = server.state.content(), []
    plan = run(server, wanted((other,)), apply=False, prune=True)
    assert server.writes() == [] and server.state.content() == before
    assert {each.action for each in plan.changes} == {"update", "archive"}
    assert run(server, wanted((other,)), prune=True).changes == plan.changes


def test_what_is_not_ours_is_not_touched(server: Server) -> None:
    add_foreign(server)
    before = server.state.content()
    before["databases"] = {n: e for n, e in before["databases"].items() if e["name"] == "Other"}
    run(server)
    run(server, wanted((replace(ENGAGEMENT, name="Renamed"),)), prune=True)
    assert outside(server) == before


def test_a_changed_card_keeps_its_number_and_its_place(server: Server) -> None:
    run(server)
    ours = our_collection(server)
    card = copy.deepcopy(named(server.state.cards, SLICES.name, ours))
    board = copy.deepcopy(named(server.state.dashboards, ENGAGEMENT.name, ours))
    other = replace(SLICES, name="Sessions", sql=SLICES.sql + " order by 1", display="area")
    moved = replace(ENGAGEMENT, cards=((USERS, Place(1, 0, 12, 6)), (other, Place(1, 12, 12, 6))))
    done = run(server, wanted((moved, PURCHASES)))
    assert {(each.kind, each.action) for each in done.changes} == {
        ("card", "update"), ("dashboard", "update")}  # fmt: skip
    assert done.changes[0].fields == ("name", "display", "dataset_query")
    changed = named(server.state.cards, "Sessions", ours)
    assert (changed["id"], changed["entity_id"]) == (card["id"], card["entity_id"])
    after = named(server.state.dashboards, ENGAGEMENT.name, ours)
    assert after["id"] == board["id"]
    assert {each["id"]: each["card_id"] for each in after["dashcards"]} == {
        each["id"]: each["card_id"] for each in board["dashcards"]}  # fmt: skip
    check_dashboard(server, moved)


def test_a_setting_that_is_gone_goes_from_the_server(plain: Server) -> None:
    bold = replace(USERS, settings={**USERS.settings, "stackable.stack_type": "stacked"})
    run(plain, wanted((replace(PURCHASES, cards=((bold, Place(0, 0, 12, 6)),)),)))
    done = run(plain, wanted((replace(PURCHASES, cards=((USERS, Place(0, 0, 12, 6)),)),)))
    assert [each.fields for each in done.changes] == [("visualization_settings",)]
    card = named(plain.state.cards, USERS.name, our_collection(plain))
    assert card["visualization_settings"] == USERS.settings


def test_what_is_no_longer_defined_goes_only_when_pruned(server: Server) -> None:
    run(server)
    ours = our_collection(server)
    server.state.add_card({"name": "Mine", "display": "table", "visualization_settings": {},
                           "dataset_query": {"type": "native", "native": {"query": "select 1"},
                                             "database": next(iter(server.state.databases))},
                           "collection_id": ours})  # fmt: skip
    kept = run(server, wanted((ENGAGEMENT,)))
    assert kept.changes == ()
    assert kept.left == (f"dashboard {PURCHASES.name!r}", f"card {FUNNEL.name!r}")
    done = run(server, wanted((ENGAGEMENT,)), prune=True)
    assert [(each.kind, each.action, each.name) for each in done.changes] == [
        ("dashboard", "archive", PURCHASES.name), ("card", "archive", FUNNEL.name)]  # fmt: skip
    archived = [each["name"] for each in (*server.state.cards.values(),
                *server.state.dashboards.values()) if each["archived"]]  # fmt: skip
    assert archived == [FUNNEL.name, PURCHASES.name]
    assert run(server, wanted((ENGAGEMENT,)), prune=True).changes == ()


def test_what_was_archived_comes_back_with_its_number(server: Server) -> None:
    first = run(server)
    numbers = set(server.state.cards), set(server.state.dashboards)
    run(server, wanted(()), prune=True)
    assert all(each["archived"] for each in server.state.cards.values())
    again = run(server)
    assert {each.action for each in again.changes} == {"restore"}
    assert again.dashboards == first.dashboards
    assert (set(server.state.cards), set(server.state.dashboards)) == numbers
    server.state.change_collection(our_collection(server), {"archived": True})
    assert {each.action for each in run(server).changes} == {"restore"}
    assert run(server).changes == () and run(server).dashboards == first.dashboards


def test_changes_by_hand_are_put_right(server: Server) -> None:
    run(server)
    ours = our_collection(server)
    before = server.state.content()
    board = named(server.state.dashboards, ENGAGEMENT.name, ours)
    card = named(server.state.cards, USERS.name, ours)
    ours_of = server.state.collections[ours]

    def spoil_dashcards(**facts: object) -> None:
        board["dashcards"][0].update(facts)

    hands = (
        lambda: spoil_dashcards(parameter_mappings=[]),
        lambda: spoil_dashcards(row=9),
        lambda: spoil_dashcards(visualization_settings={"card.title": "Mine"}),
        lambda: board.update(parameters=board["parameters"][1:]),
        lambda: board["parameters"][0].pop("default"),
        lambda: board["parameters"][1].update(default="past30days"),
        lambda: board["parameters"][2]["values_source_config"]["values"].append("watch"),
        lambda: board.update(tabs=[{"id": 1, "name": "A tab"}]),
        lambda: board.update(width="fixed"),
        lambda: card.update(description="Without a mark."),
        lambda: card.update(name="Another name", display="table"),
        lambda: card["dataset_query"]["native"].update(query="select 1"),
        lambda: card["dataset_query"]["native"]["template-tags"]["date"].update(required=True),
        lambda: card["visualization_settings"].update({"graph.goal_value": 7}),
        lambda: ours_of.update(name="Ours"),
    )
    for hand in hands[: 9 if not server.state.ways.keeps_entity_ids else None]:
        hand()
        assert run(server).changes != ()
        assert server.state.content() == before


def test_a_copy_of_ours_is_theirs(plain: Server) -> None:
    run(plain)
    ours = our_collection(plain)
    board = named(plain.state.dashboards, ENGAGEMENT.name, ours)
    copied = plain.state.add_dashboard({"name": "My copy", "description": board["description"],
                                        "collection_id": ours})["id"]  # fmt: skip
    before = copy.deepcopy(plain.state.dashboards[copied])
    assert run(plain, prune=True).changes == ()
    assert plain.state.dashboards[copied] == before


def test_a_removed_dashcard_is_made_again_and_the_others_stay(plain: Server) -> None:
    run(plain)
    board = named(plain.state.dashboards, ENGAGEMENT.name, our_collection(plain))
    kept = [each["id"] for each in board["dashcards"][1:]]
    del board["dashcards"][0]
    run(plain)
    check_dashboard(plain, ENGAGEMENT)
    assert set(kept) < {each["id"] for each in board["dashcards"]}


def test_two_collections_do_not_meet(plain: Server) -> None:
    run(plain)
    before = plain.state.content()
    run(plain, wanted(collection="Shop [B]"), prune=True)
    after = plain.state.content()
    for name in ("cards", "dashboards", "collections"):
        assert {n: e for n, e in after[name].items() if n in before[name]} == before[name]
        assert len(after[name]) == 2 * len(before[name])
    assert run(plain, wanted(collection="Shop [B]"), prune=True).changes == ()
    assert run(plain, prune=True).changes == ()


def test_a_collection_of_that_name_is_not_taken(plain: Server) -> None:
    run(plain)
    plain.state.add_collection({"name": "Sales", "description": "Ours since 2019."})
    with pytest.raises(MetabaseError, match=r"did not make.*--collection.*\[ga4:collection@Sales"):
        run(plain, wanted(collection="Sales"))


def test_tables_and_columns_say_what_they_mean(plain: Server) -> None:
    done = run(plain, wanted(models=read_models()))
    tables = {each["name"]: each for each in plain.state.tables.values()}
    assert set(tables) == set(whole_warehouse()["analytics"])
    columns = {(each["table_id"], each["name"]): each for each in plain.state.fields.values()}

    def column(table: str, name: str) -> Json:
        return columns[tables[table]["id"], name]

    assert tables["daily_active_users"]["description"].startswith("One row per dataset")
    assert tables["daily_active_users"]["visibility_type"] is None
    assert tables["int_users"]["visibility_type"] == "technical"
    assert column("daily_metrics_by_slice", "country")["semantic_type"] == "type/Country"
    assert column("daily_orders", "average_order_value_usd")["semantic_type"] == "type/Currency"
    assert column("cohort_retention", "retention_rate")["semantic_type"] == "type/Percentage"
    assert column("item_performance", "item_id")["semantic_type"] is None
    assert column("daily_orders", "net_revenue_usd_micros")["visibility_type"] == "details-only"
    assert column("daily_orders", "orders")["description"]
    kinds = {each["semantic_type"] for each in plain.state.fields.values()}
    assert kinds == {None, "type/Category", "type/Country", "type/Currency", "type/Percentage"}
    assert sum(each.action == "describe" for each in done.changes) == len(tables)
    assert run(plain, wanted(models=read_models())).changes == ()


def test_filters_offer_the_values_of_the_data(plain: Server) -> None:
    run(plain)
    board = named(plain.state.dashboards, ENGAGEMENT.name, our_collection(plain))
    filters = {each["slug"]: each for each in board["parameters"]}
    assert list(filters) == ["dataset", "date", "device", "country"]
    assert filters["dataset"]["default"] == ["shop"] and filters["dataset"]["required"]
    assert filters["date"]["default"] == "2020-11-01~2021-01-31"
    assert filters["device"]["default"] is None
    for name, values in (("dataset", SCENE.datasets), ("country", SCENE.countries)):
        assert filters[name]["values_source_config"] == {"values": list(values)}
        assert filters[name]["isMultiSelect"] is False
    bare = replace(wanted(), scene=replace(SCENE, funnels=(), countries=()))
    run(plain, bare)
    assert run(plain, bare).changes == ()
    board = named(plain.state.dashboards, PURCHASES.name, our_collection(plain))
    assert next(f for f in board["parameters"] if f["slug"] == "funnel")["default"] == ["(none)"]


def test_a_changed_password_is_mended_and_a_working_one_left_alone(plain: Server) -> None:
    run(plain)
    plain.state.ways.password = "another-secret-8d2"
    after = replace(READER, password="another-secret-8d2")
    done = run(plain, wanted(connection=after))
    assert [(each.action, each.fields) for each in done.changes] == [
        ("reconnect", ("password",))]  # fmt: skip
    assert run(plain, wanted(connection=after)).changes == ()
    assert [each.action for each in run(plain, wanted(connection=after), reconnect=True).changes
            ] == ["reconnect"]  # fmt: skip
    moved = replace(after, host="db.example", sslmode="require")
    assert run(plain, wanted(connection=moved)).changes[0].fields == ("host", "ssl", "ssl-mode")
    assert run(plain, wanted(connection=moved)).changes == ()


def test_a_new_mart_is_looked_for(plain: Server) -> None:
    mart = plain.state.ways.warehouse["analytics"].pop("funnel_steps")
    run(plain, wanted((replace(ENGAGEMENT, cards=ENGAGEMENT.cards[:1]),)))
    plain.state.ways.warehouse["analytics"]["funnel_steps"] = mart
    plain.state.ways.sync_after = 3
    done = run(plain)
    assert ("database", "sync") in {(each.kind, each.action) for each in done.changes}
    check_dashboard(plain, PURCHASES)
    assert run(plain).changes == ()


def test_queries_compare_in_every_form() -> None:
    with metabase_server(Ways(tag=LISTS, warehouse=whole_warehouse())) as server:
        run(server)
        ours = our_collection(server)
        sent = named(server.state.cards, SLICES.name, ours)
        found = server.state.shown_card(sent["id"])
        body = {key: sent[key] for key in ("name", "dataset_query", "visualization_settings")}
        assert card_differences(body, found) == ()
        for tag, key, value in ((0, "default", "another"), (0, "type", "number"),
                                (1, "dimension", ["field", {}, 10**6]),
                                (1, "widget-type", "date/single")):  # fmt: skip
            spoilt = copy.deepcopy(found)
            spoilt["dataset_query"]["stages"][0]["template-tags"][tag][key] = value
            assert card_differences(body, spoilt) == ("dataset_query",), key


def test_a_run_is_told_in_a_table_and_by_addresses(plain: Server) -> None:
    def told(done: Provisioned) -> str:
        console = Console(file=io.StringIO(), width=200)
        print_provisioned(asdict(done), console)
        return console.file.getvalue()  # type: ignore[attr-defined]

    first = told(run(plain))
    assert "daily_active_users" in first and "stickiness, revenue_usd and 1 more" in first
    assert f"Sample engagement  {plain.url}/dashboard/" in first
    left = told(run(plain, wanted((ENGAGEMENT,))))
    assert left.startswith("Nothing to change") and "--prune archives it" in left
    assert f"dashboard '{PURCHASES.name}', card '{FUNNEL.name}'" in left
    plan = told(run(plain, wanted((ENGAGEMENT,)), apply=False, prune=True))
    assert "archive" in plan and "Would make 2 changes" in plan and "Nothing was written" in plan


def test_few_models_are_a_part_of_all() -> None:
    assert few_models().keys() < read_models().keys()
