"""docker-compose.yml: of the right form, closed to other machines, and without a secret in it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
FILE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = FILE["services"]
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
NAMES = re.findall(r"^([A-Z0-9_]+)=", EXAMPLE, re.MULTILINE)


def test_it_has_the_form_of_the_specification() -> None:
    schema = json.loads((ROOT / "tests/schemas/compose_spec.json").read_text(encoding="utf-8"))
    # The schema is of 2021, a year before `name` came into the specification.
    judge = jsonschema.Draft201909Validator(schema)
    judge.validate({key: value for key, value in FILE.items() if key != "name"})
    assert not judge.is_valid({"services": {"postgres": {"imgae": "postgres:15"}}})


def test_ports_are_open_to_this_machine_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_secrets_come_from_the_environment_and_have_no_default() -> None:
    secret = re.compile("PASS|SECRET|KEY")
    for service in SERVICES.values():
        for name, value in service["environment"].items():
            if secret.search(name):
                assert re.fullmatch(r"\$\{GA4_\w+:\?[\w .]+\}", value), name
    assert all(not value for name, value in re.findall(r"^(\w+)=(.*)$", EXAMPLE, re.MULTILINE)
               if secret.search(name))  # fmt: skip


def test_every_variable_is_in_the_example_and_the_other_way_round() -> None:
    assert set(re.findall(r"\$\{(\w+)", TEXT)) == set(NAMES)
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").replace("/", "").split()


def test_images_are_pinned_in_the_supported_range() -> None:
    images = [service["image"] for service in SERVICES.values() if "image" in service]
    assert images.count("postgres:15") == 2
    (metabase,) = (image for image in images if image.startswith("metabase/"))
    major = re.fullmatch(r"metabase/metabase:v0\.(\d+)(\.\d+)+", metabase)
    assert major is not None and 58 <= int(major[1]) <= 64


def test_servers_say_when_they_are_healthy_and_others_wait_for_it() -> None:
    for name, service in SERVICES.items():
        if "image" in service:
            assert service["healthcheck"]["test"][0] == "CMD"
            assert service.get("depends_on") or name != "metabase"
        for needed in service.get("depends_on", {}).values():
            assert needed == {"condition": "service_healthy"}


def test_metabase_tells_nobody_and_has_a_database_of_its_own() -> None:
    given = SERVICES["metabase"]["environment"]
    assert {given[name] for name in ("MB_ANON_TRACKING_ENABLED", "MB_CHECK_FOR_UPDATES",
                                     "MB_LOAD_SAMPLE_CONTENT")} == {"false"}  # fmt: skip
    assert given["MB_DB_HOST"] == "metabase-db"
    volumes = [volume.split(":")[0] for name in ("postgres", "metabase-db")
               for volume in SERVICES[name]["volumes"]]  # fmt: skip
    assert len(set(volumes)) == 2 and set(volumes) < set(FILE["volumes"])


def test_the_tool_itself_accepts_it(tmp_path: Path) -> None:
    docker = shutil.which("docker")
    asked = [docker or "docker", "compose", "version"]
    if docker is None or subprocess.run(asked, capture_output=True, check=False).returncode:
        pytest.skip("docker compose is not on this machine: the file's schema is checked above")
    env = "".join(f"{name}=x1\n" for name in NAMES if "PORT" not in name)
    (tmp_path / ".env").write_text(env)
    done = subprocess.run(
        [docker, "compose", "--env-file", str(tmp_path / ".env"), "config", "--quiet"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_image_has_what_it_copies_and_installs_by_hash() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for copied in re.findall(r"^COPY (.+) \S+$", lines, re.MULTILINE):
        assert all((ROOT / each).exists() for each in copied.split())
    assert "--require-hashes" in lines and "USER ga4" in lines
    kept = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert kept[0] == "*" and not any(".env" in line or "data" in line for line in kept)
