"""What we send passes Metabase's own schemas, and what the stand-in answers does too.

They come with its command line, the npm package ``@metabase/cli`` (AGPL): it is installed into
a temporary folder and run; nothing of it is kept here. After the install it needs no network.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from metabase_memory import Json, Ways
from metabase_samples import SAMPLES, run, wanted, whole_warehouse
from metabase_server import Call, Server, metabase_server
from metabase_state import newer_query

from ga4_analytics.publish.metabase.dashboards import DASHBOARDS

PACKAGE = "@metabase/cli@0.3.1"
COMMANDS = {
    "POST /api/setup": "setup",
    "POST /api/collection": "collection create",
    "POST /api/card": "card create",
    "PUT /api/card/:id": "card update",
    "POST /api/dashboard": "dashboard create",
    "PUT /api/dashboard/:id": "dashboard update",
    "PUT /api/field/:id": "field update",
    "PUT /api/table/:id": "table update",
}
"""Its command for each request of ours; connecting a database is the one it has none for."""


@dataclass(frozen=True)
class CommandLine:
    """Metabase's command line in a folder of its own."""

    folder: Path

    def run(self, *arguments: str, code: int = 0) -> Any:
        """Run it and give the JSON that it prints."""
        program = self.folder / "node_modules/@metabase/cli/dist/cli.mjs"
        done = subprocess.run(
            ["node", program, *arguments],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout or "null")

    def send(self, server: Server, command: str, body: Json, *more: str, code: int = 0) -> Any:
        """Have it send a body to a server."""
        file = self.folder / f"{uuid.uuid4()}.json"
        file.write_text(json.dumps(body), encoding="utf-8")
        return self.run(*command.split(), *more, "--file", str(file), "--json", "--url",
                        server.url, "--api-key", "mb_key", "--skip-preflight",
                        code=code)  # fmt: skip


@pytest.fixture(scope="module")
def command_line(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """The command line, installed by npm."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("npm and node are not here; they run Metabase's own schemas")
    folder = tmp_path_factory.mktemp("metabase command line")
    (folder / "package.json").write_text("{}", encoding="utf-8")
    try:
        done = subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm could not install {PACKAGE} in 3 minutes")
    if done.returncode:
        pytest.skip(f"npm could not install {PACKAGE}: {done.stderr.strip()[-200:]}")
    return CommandLine(folder)


@pytest.fixture(scope="module")
def provisioned() -> Iterator[Server]:
    """A server with the samples and our real dashboards, and a change of each kind sent."""
    with metabase_server(Ways(tag="v0.58.3", warehouse=whole_warehouse())) as server:
        run(server, wanted((*SAMPLES, *DASHBOARDS)))
        for thing in (*server.state.cards.values(), *server.state.dashboards.values()):
            thing.update(name="Another", description=None)
            if "dataset_query" in thing:
                thing["display"] = "map"
                thing["dataset_query"]["native"]["query"] += " "
        run(server, wanted((*SAMPLES, *DASHBOARDS)))
        server.state.keys.add("mb_key")
        yield server


def sent(server: Server, name: str) -> list[Call]:
    """The requests of a kind that a server got."""
    return [call for call in server.calls
            if f"{call.method} {re.sub(r'/[0-9]+', '/:id', call.path)}" == name]  # fmt: skip


def problems(schema: Json, body: Any) -> list[str]:
    """What a schema says against a body."""
    return [f"{list(each.path)}: {each.message}"
            for each in Draft202012Validator(schema).iter_errors(body)]  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_each_request_passes_the_schema_of_its_command(
    name: str, command_line: CommandLine, provisioned: Server
) -> None:
    schema = command_line.run(*COMMANDS[name].split(), "--help", "--json")["inputSchema"]
    calls = sent(provisioned, name)
    assert calls
    for call in calls:
        assert problems(schema, call.body) == []
    assert problems(schema, {"name": 7, "semantic_type": "type/Nonsense", "description": 7})


def test_each_query_passes_in_the_newer_form(
    command_line: CommandLine, provisioned: Server
) -> None:
    """One card for each set of filters: the form differs by nothing else."""
    kinds = {
        frozenset(call.body["dataset_query"]["native"]["template-tags"]): call.body
        for call in sent(provisioned, "POST /api/card")
    }
    for body in kinds.values():
        query = newer_query(body["dataset_query"], as_list=False)
        told = command_line.run("query", "--dry-run", "--json", "--body", json.dumps(query))
        assert told == {"ok": True, "errors": []}
        query["stages"][0]["template-tags"]["dataset"]["type"] = "nonsense"
        told = command_line.run("query", "--dry-run", "--json", "--body", json.dumps(query), code=2)
        assert not told["ok"]


def test_the_stand_in_answers_in_the_shapes_that_metabase_has(
    command_line: CommandLine, provisioned: Server
) -> None:
    """The command line refuses an answer of another shape than its server's."""
    card = sent(provisioned, "POST /api/card")[0].body
    made = command_line.send(provisioned, "card create", card | {"entity_id": "x" * 21})
    changed = command_line.send(provisioned, "card update", {"display": "table"}, str(made["id"]))
    assert changed["display"] == "table"
    call = next(call for call in sent(provisioned, "PUT /api/dashboard/:id")
                if len(call.body.get("dashcards", ())) > 1)  # fmt: skip
    number = call.path.rsplit("/", 1)[1]
    board = command_line.send(provisioned, "dashboard update", call.body, number)
    assert len(board["dashcards"]) == len(call.body["dashcards"])
    at = ("--json", "--url", provisioned.url, "--api-key", "mb_key", "--skip-preflight")
    listed = command_line.run("collection", "items", str(board["collection_id"]), *at)
    assert {each["model"] for each in listed["data"]} == {"card", "dashboard"}
