"""The README's promises: its commands run, its links lead somewhere, its words are true."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from metabase_memory import Ways
from metabase_samples import LOGIN, READER, whole_warehouse
from metabase_server import metabase_server

from ga4_analytics.transform.project import mart_names

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    """Every line of the README's bash blocks."""
    found = re.findall(r"```bash\n(.*?)```", TEXT, re.S)
    return [line for block in found for line in block.splitlines() if line.strip()]


def rows_of_the_shape_table() -> list[str]:
    """The ``ga4`` commands of the table of shapes."""
    return re.findall(r"`(ga4 [^`]+)`", TEXT.split("| you have | do |")[1].split("\n\n")[0])


def environment(**more: str) -> dict[str, str]:
    folder = Path(sys.executable).parent
    return {
        **os.environ,
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
        **more,
    }


def shell(line: str, cwd: Path, **more: str) -> str:
    """Run a line of the README; ``ga4`` is the one under test."""
    line = re.sub(r"(^|\s)(\.venv/bin/)?ga4 ", rf"\1'{sys.executable}' -m ga4_analytics ", line)
    done = subprocess.run(
        ["bash", "-c", line], cwd=cwd, env=environment(**more), capture_output=True, text=True,
        check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the README names."""
    made = tmp_path_factory.mktemp("readme")
    (made / "path" / "to").mkdir(parents=True)
    (made / "docs").mkdir()
    shutil.copy(ROOT / "data" / "ga4_events_skinny.csv", made / "path" / "to" / "export.csv")
    shutil.copy(ROOT / "docs" / "data_dictionary.md", made / "docs")
    shutil.copytree(ROOT / "dashboards", made / "dashboards")
    shutil.copytree(ROOT / "data", made / "data")
    shutil.copytree(ROOT / "scripts", made / "scripts")
    lines = (ROOT / "data" / "ga4_events_skinny.csv").read_text().splitlines()
    (made / "new_day.csv").write_text("\n".join([lines[0], *lines[-20:]]) + "\n")
    return made


def test_own_data_and_every_part_of_it(folder: Path) -> None:
    """The commands of "Your own export" and "What you get", in their order."""
    wanted = [line for line in commands() if line.startswith((".venv/bin/ga4", "ga4 "))]
    wanted = wanted[: wanted.index("ga4 docs --check") + 1]
    assert len(wanted) == 9
    for line in wanted:
        if line == "ga4 load new_day.csv":
            line += " --replace"  # here the new day is a part of one that is loaded
        shell(line, folder)
    assert (folder / "reports" / "findings.md").is_file()


def test_the_questions(folder: Path) -> None:
    """The commands of "Ask", on the export that the folder has."""
    block = TEXT.split("## Ask\n")[1].split("```bash\n")[1].split("```")[0]
    assert len(block.splitlines()) == 8
    # Another process may have the test before.
    shell("ga4 run path/to/export.csv --replace", folder)
    for line in block.splitlines():
        shell(line, folder)
    assert (folder / "paths.png").is_file()


def test_the_ledger_and_an_erasure(folder: Path) -> None:
    """The commands of "When a load was wrong", on a load that the folder has."""
    lines = [line for line in commands() if line.split()[:2] in (
        ["ga4", "loads"], ["ga4", "rejects"], ["ga4", "undo"], ["ga4", "forget"])]  # fmt: skip
    assert len(lines) == 4
    shell("ga4 run path/to/export.csv --replace", folder)
    shell("ga4 load new_day.csv --replace --set platform=WEB", folder)
    last = json.loads(shell("ga4 loads --json", folder))["loads"][0]["load_id"]
    user = (folder / "new_day.csv").read_text().splitlines()[-1].split(",")[0]
    for line in lines:
        line = line.replace("20260301T0412", last).replace("82023966.6010891291", user)
        shell(line, folder)
    assert user not in (folder / "outputs" / "amplitude_heap_events.csv").read_text()


def test_postgres_and_the_steps_by_hand(folder: Path, tmp_path: Path, postgres_url: str) -> None:
    (folder / "outputs").mkdir(exist_ok=True)
    place = tmp_path / "team"
    shutil.copytree(folder / "path", place / "path")
    here = {"GA4_WAREHOUSE": postgres_url}
    lines = [line for line in commands() if "psql" in line or "01_make" in line]
    assert len(lines) == 3
    shell(lines[0], folder, **here)
    shell("ga4 run path/to/export.csv", place, **here)
    shell(lines[1], folder, **here)
    shell("ga4 build", place, **here)
    shell(lines[2], folder, **here)
    assert (folder / "outputs" / "amplitude_heap_events.csv").read_bytes() == (
        place / "outputs" / "amplitude_heap_events.csv"
    ).read_bytes()
    dashboards(place, here)


def dashboards(place: Path, here: dict[str, str]) -> None:
    """The commands of "Dashboards in Metabase", with a stand-in where Metabase would be."""
    lines = [line for line in commands() if "ga4 metabase" in line or "ga4 grant" in line]
    assert len(lines) == 4
    with metabase_server(Ways(warehouse=whole_warehouse())) as server:
        login = {
            "GA4_METABASE_URL": server.url,
            "GA4_METABASE_EMAIL": LOGIN.email,
            "GA4_METABASE_PASSWORD": LOGIN.password,
            "GA4_METABASE_DB_PASSWORD": READER.password,
            "GA4_METABASE_DB_USER": READER.user,
            "GA4_METABASE_DB_HOST": READER.host,
        }
        shell(lines[0], place, **here)
        shell(lines[1].replace("...", "a-secret"), place, **here)
        shell(lines[2], place, **here, **login)
        assert server.writes() == []
        shell(lines[3], place, **here, **login)
        made = len(server.writes())
        shell(lines[3], place, **here, **login)
        assert 0 < made == len(server.writes())
    assert len(list((place / "previews").glob("*.png"))) == 5


def test_the_page_answers(folder: Path) -> None:
    """`ga4 serve` says where it is, and answers there; --port 0 takes any free port."""
    assert "ga4 serve" in commands()
    line = [sys.executable, "-m", "ga4_analytics", "serve", "--port", "0"]
    with subprocess.Popen(
        line, cwd=folder, env=environment(PYTHONUNBUFFERED="1"), stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            address = re.search(r"http://\S+", server.stdout.readline())
            assert address is not None
            assert httpx.get(f"{address[0]}api/v1/status", timeout=60).json()["version"] == 1
        finally:
            server.terminate()


def test_who_will_not_come_back(tmp_path: Path) -> None:
    """The commands of that part, on a sample that has enough people."""
    lines = [line for line in commands() if line.startswith("ga4 churn")]
    assert len(lines) == 3
    shell("ga4 demo-data sample --scale 0.02 --plant churn", tmp_path)
    shell("ga4 run sample --timezone UTC", tmp_path)
    for line in lines:
        assert "-" in shell(line, tmp_path)
    assert (tmp_path / "reports" / "churn" / "card.md").is_file()


def test_into_another_tool(folder: Path) -> None:
    """The commands of that part, on the export that the folder has."""
    lines = [line for line in commands() if line.startswith("ga4 export ")]
    assert len(lines) == 4
    shell("ga4 run path/to/export.csv --replace", folder)
    for line in lines:
        assert shell(line, folder)
    assert (folder / "heap.csv").is_file()
    assert (folder / "outputs" / "mixpanel" / "manifest.json").is_file()


def test_experiments_need_no_data(tmp_path: Path) -> None:
    lines = [line for line in commands() if line.startswith("ga4 experiment")]
    lines = [line for line in lines if "--metric" not in line]
    assert len(lines) == 3
    for line in lines:
        assert shell(line, tmp_path)


def test_experiments_on_the_data(folder: Path) -> None:
    lines = [line for line in commands() if line.startswith("ga4 experiment")]
    plan, analyze = (line for line in lines if "--metric" in line)
    # Another process may have the test before.
    shell("ga4 run path/to/export.csv --replace", folder)
    assert "A/A" in shell(plan, folder)
    assert "SIMULATION" in shell(analyze, folder)


def test_every_command_is_run_here_or_by_make() -> None:
    ran = {"make demo", "make test"}
    known = (
        ".venv/bin/ga4 run",
        "ga4 ",
        "python3 scripts/01",
        'psql "$GA4_WAREHOUSE" -f scripts/0',
        "export GA4_WAREHOUSE=",
        "export PGPASSWORD=",
        "GA4_GRANT_PASSWORD=",
    )
    for line in commands():
        assert line in ran or line.startswith(known), line


def test_the_table_of_shapes_uses_real_options(tmp_path: Path) -> None:
    assert len(rows_of_the_shape_table()) == 12
    for line in rows_of_the_shape_table():
        command = line.split()[1]
        help_text = shell(f"ga4 {command} --help", tmp_path)
        for option in re.findall(r"--[a-z-]+", line):
            assert option in help_text


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (ROOT / target).exists(), target


def test_the_marts_are_there() -> None:
    part = TEXT.split("- **Marts**")[1].split("slices")[0]
    assert set(re.findall(r"`(\w+)`", part)) <= set(mart_names())


def test_extract_commands_are_google_s() -> None:
    block = re.search(r"```text\n(.*?)```", TEXT, re.S)
    assert block is not None
    lines = block.group(1).splitlines()
    assert [line.split()[0] for line in lines] == ["bq", "bq", "gcloud"]
    assert all("events_20260301-*" in line for line in lines[:2])


def test_the_report_on_the_sample_has_its_figures() -> None:
    page = (ROOT / "reports" / "findings.md").read_text(encoding="utf-8")
    for target in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page):
        assert (ROOT / "reports" / target).is_file(), target
