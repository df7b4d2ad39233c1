"""The whole job on one server: desired against actual, as a plan or for good.

Every step reads first and writes what differs, and whatever it writes carries its mark from
the first call on. So a run that died anywhere is completed by the next, and a run that finds
everything in its place writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ga4_analytics.progress import Progress, Silent
from ga4_analytics.publish.metabase.bodies import UNKNOWN
from ga4_analytics.publish.metabase.catalogue import (
    Model,
    describe,
    plan_descriptions,
    read_models,
)
from ga4_analytics.publish.metabase.client import Metabase
from ga4_analytics.publish.metabase.content import (
    Ground,
    archive_left,
    cards_of,
    write_cards,
    write_dashboards,
)
from ga4_analytics.publish.metabase.database import (
    Needed,
    Tables,
    ensure_database,
    wait_for_tables,
)
from ga4_analytics.publish.metabase.definitions import Dashboard, Scene
from ga4_analytics.publish.metabase.identity import DEFAULT_COLLECTION
from ga4_analytics.publish.metabase.ours import Ours, ensure_collection, find_ours
from ga4_analytics.publish.metabase.session import sign_in, sign_out, wait_until_ready
from ga4_analytics.publish.metabase.target import DATABASE_NAME, Connection, Login
from ga4_analytics.publish.metabase.work import Change, Work


@dataclass(frozen=True)
class Wanted:
    """What a server must have.

    Attributes:
        dashboards: The dashboards and, in them, the cards.
        scene: Values and defaults of their filters.
        connection: How Metabase reaches the warehouse.
        collection: Name of our collection.
        database: Name of our database connection.
        models: What its tables mean.
    """

    dashboards: tuple[Dashboard, ...]
    scene: Scene
    connection: Connection
    collection: str = DEFAULT_COLLECTION
    database: str = DATABASE_NAME
    models: Mapping[str, Model] = field(default_factory=read_models)


@dataclass(frozen=True)
class Options:
    """How a run goes.

    Attributes:
        apply: Whether changes are made; if not, the run only reads.
        prune: Whether what we made and no longer define is archived.
        reconnect: Whether the connection is sent again, with its password.
        limit: Seconds to wait at most for the server to start, and for its look at the tables.
    """

    apply: bool = True
    prune: bool = False
    reconnect: bool = False
    limit: float = 300.0


@dataclass(frozen=True)
class Provisioned:
    """What a run did, or would do.

    Attributes:
        url: The server.
        version: Its version.
        applied: Whether the changes were made.
        changes: What was, or would be, changed.
        left: Names of what we made, no longer define and did not archive.
        dashboards: Name and address of each dashboard that is there.
    """

    url: str
    version: str
    applied: bool
    changes: tuple[Change, ...]
    left: tuple[str, ...]
    dashboards: tuple[tuple[str, str], ...]


def provision(
    server: Metabase,
    login: Login,
    wanted: Wanted,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Provisioned:
    """Make a server have what is wanted, or say what that would change.

    Args:
        server: The server; nobody is signed in yet.
        login: Who signs in; the first administrator of a new server.
        wanted: What it must have.
        options: How the run goes.
        progress: Where long work shows that it goes on.

    Raises:
        MetabaseError: The server cannot be reached, is of an unknown version, or refused
            something. What was done until then stays, and the next run goes on from there.
    """
    options = options or Options()
    work = Work(server, options.apply, options.limit, progress or Silent())
    with work.progress.phase("Waiting for Metabase", None, "looks") as advance:
        properties = wait_until_ready(server, options.limit, advance=advance)
    try:
        is_new = sign_in(server, login, properties, options.apply)
        if is_new:
            work.note("server", "set up", server.url)
        left, numbers = _content(work, wanted, options, is_new and not options.apply)
    finally:
        sign_out(server)
    return Provisioned(
        server.url,
        str(properties["version"]["tag"]),
        options.apply,
        tuple(work.changes),
        left,
        tuple(
            (each.name, f"{server.url}/dashboard/{numbers[each.slug]}")
            for each in wanted.dashboards
            if each.slug in numbers
        ),
    )


def _content(
    work: Work, wanted: Wanted, options: Options, blind: bool
) -> tuple[tuple[str, ...], dict[str, int]]:
    """Database, tables, collection, cards and dashboards, in the order in which they are needed.

    Args:
        work: The run.
        wanted: What the server must have.
        options: How the run goes.
        blind: Whether nothing can be read, for the server has no user that could sign in.

    Returns:
        What is left over, and the numbers of the dashboards that are there.
    """
    database, tables = _database(work, wanted, options, blind)
    if blind:
        work.note("collection", "create", wanted.collection)
    collection = None if blind else ensure_collection(work, wanted.collection)
    cards = cards_of(wanted.dashboards)
    ours = Ours()
    if collection is not None:
        place = (collection, wanted.collection)
        slugs = {each.slug for each in wanted.dashboards}
        ours = find_ours(work.server, place, cards.keys(), slugs)
    ground = Ground(
        wanted.scene, database or UNKNOWN, tables, (collection or UNKNOWN, wanted.collection)
    )
    numbers = write_cards(work, cards, ground, ours)
    written = write_dashboards(work, wanted.dashboards, ground, ours, numbers)
    if options.prune:
        archive_left(work, ours)
    left = () if options.prune else tuple(f"{kind} {name!r}" for kind, _, name in ours.left)
    return left, written


def _database(
    work: Work, wanted: Wanted, options: Options, blind: bool
) -> tuple[int | None, Tables]:
    if blind:
        work.note("database", "create", wanted.database)
        database = None
    else:
        database = ensure_database(work, wanted.database, wanted.connection, options.reconnect)
    if database is None:
        plan_descriptions(work, wanted.models)
        return None, {}
    tables = wait_for_tables(work, database, wanted.database, _needed(wanted))
    describe(work, tables, wanted.models)
    return database, tables


def _needed(wanted: Wanted) -> Needed:
    """What the server must know: all marts whole, and each card's tables and date column."""
    needed = {
        name: frozenset(model.columns) for name, model in wanted.models.items() if model.needed
    }
    for card in cards_of(wanted.dashboards).values():
        for mart in card.marts:
            needed.setdefault(mart, frozenset())
        if card.date_column:
            needed[card.marts[0]] |= {card.date_column}
    return needed
