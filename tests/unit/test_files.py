"""Archives and folders: what is in them is read, what cannot be read is named."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from shape_files import canonical, events, inspected, json_csv, ndjson, parquet

from ga4_analytics.errors import DamagedFileError, SourceError, UnknownShapeError
from ga4_analytics.ingest.files import expand, inspect
from ga4_analytics.sources.mapping import NO_OPTIONS
from ga4_analytics.workspace import Workspace

GOOD = "event_name,event_date,user_pseudo_id\nx,20201101,1.10\n"


def zipped(path: Path, **members: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return path


def archive_of(path: Path, *files: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("__MACOSX")
        archive.writestr("__MACOSX/._a.json", b"\0\1")
        archive.writestr("export/.DS_Store", b"\0\1")
        for file in files:
            archive.write(file, f"export/{file.name}")
    return path


def test_a_zip_is_the_files_in_it(tmp_path: Path) -> None:
    rows = events(30, seed=4)
    parts = [ndjson(rows[:10], tmp_path / "a.json"), parquet(rows[10:20], tmp_path / "b.parquet"),
             json_csv(rows[20:], tmp_path / "c.csv")]  # fmt: skip
    found = canonical(archive_of(tmp_path / "all.zip", *parts))
    apart = [canonical(part) for part in parts]
    assert found == tuple([each for part in apart for each in part[at]] for at in range(3))
    names = [file.name for file in inspected(tmp_path / "all.zip")]
    assert names == [f"{tmp_path}/all.zip/export/{part.name}" for part in parts]


def test_errors_name_the_member(tmp_path: Path) -> None:
    bad = GOOD + 'x,20201101,"1.10\n'
    path = zipped(tmp_path / "a.zip", export__bad_dot_csv=bad)
    with pytest.raises(SourceError, match=r"a\.zip/export/bad\.csv, from line 3") as caught:
        canonical(path)
    assert "unpacked" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        (lambda path: zipped(path, **{"[Content_Types].xml": "", "xl/workbook.xml": ""}),
         UnknownShapeError, "spreadsheet"),
        (lambda path: zipped(path, a=zipped(path.with_name("in.zip"), a=GOOD).read_bytes()),
         UnknownShapeError, "within a zip"),
        (lambda path: zipped(path), SourceError, "no data file"),
        (lambda path: zipped(path, **{"../../out.csv": GOOD}), DamagedFileError, "outside"),
        (lambda path: path.write_bytes(zipped(path, a=GOOD).read_bytes()[:-30]),
         DamagedFileError, "damaged zip"),
        (lambda path: path.write_bytes(flipped(zipped(path, a=GOOD * 50).read_bytes())),
         DamagedFileError, "damaged"),
        (lambda path: path.write_bytes(encrypted(zipped(path, a=GOOD).read_bytes())),
         UnknownShapeError, "encrypted"),
    ],
)  # fmt: skip
def test_archives_that_are_refused(
    tmp_path: Path, content: object, error: type[SourceError], said: str
) -> None:
    path = tmp_path / "x.zip"
    content(path)  # type: ignore[operator]
    with pytest.raises(error, match=said) as caught:
        inspected(path)
    assert caught.value.remedy
    assert "x.zip" in str(caught.value)


def flipped(data: bytes) -> bytes:
    return data[:45] + bytes([data[45] ^ 0xFF]) + data[46:]


def encrypted(data: bytes) -> bytes:
    """The same archive with the flag that says so, in both headers."""
    at = data.index(b"PK\x01\x02")
    data = data[: at + 8] + b"\x01" + data[at + 9 :]
    return data[:6] + b"\x01" + data[7:]


def test_a_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(tmp_path / "bomb.zip", a=b"0" * 10_000_000)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": 1_000})())
    with pytest.raises(SourceError, match=r"10,000,000 bytes.*1,000 free"):
        inspected(path)
    assert not list((tmp_path / "unpacked").rglob("a"))


def test_what_is_unpacked_goes_even_after_a_kill(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "ws", timezone="UTC")
    left = workspace.settings.state_dir / "unpacked" / "0" / "old.zip" / "old.csv"
    left.parent.mkdir(parents=True)
    left.write_text("left by a run that was killed")
    result = workspace.load([zipped(tmp_path / "a.zip", a_dot_csv=GOOD)])
    assert result.events == 1
    assert not (workspace.settings.state_dir / "unpacked").exists()
    with pytest.raises(SourceError):
        workspace.load([zipped(tmp_path / "b.zip", a_dot_csv="a,b\n1,2\n")])
    assert not (workspace.settings.state_dir / "unpacked").exists()
    files = workspace.warehouse.query("select path from raw.load_files").to_pylist()
    assert files == [{"path": f"{tmp_path}/a.zip/a.csv"}]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Good files among all kinds of bad ones."""
    made = tmp_path / "export"
    (made / "events_20201103.csv").mkdir(parents=True)
    (made / "good.csv").write_text(GOOD)
    (made / "events_20201103.csv" / "part.csv").write_text(GOOD.replace("1.10", "2.20"))
    (made / "broken.csv").symlink_to(tmp_path / "nowhere")
    (made / "empty.csv").write_text("")
    (made / "notes.txt").write_text("do not forget")
    os.mkfifo(made / "pipe")
    zipped(made / "sheet.xlsx", **{"[Content_Types].xml": ""})
    return made


BAD = ("broken.csv", "empty.csv", "notes.txt", "pipe", "sheet.xlsx")


def test_all_bad_files_are_named_in_one_error(folder: Path) -> None:
    with pytest.raises(SourceError) as caught:
        inspect(expand([str(folder)]), NO_OPTIONS, folder / "unpacked")
    for name in BAD:
        assert f"{folder}/{name}" in caught.value.problem
    assert "good.csv" not in str(caught.value)
    assert "--skip-unreadable" in caught.value.remedy


def test_bad_files_are_left_out_on_demand(folder: Path, tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "ws", timezone="UTC")
    # The folder named like a table makes a file of another kind: load what lies beside it.
    (folder / "events_20201103.csv" / "part.csv").unlink()
    with pytest.raises(SourceError):
        workspace.load([folder])
    assert workspace.warehouse.query("select * from raw.loads").num_rows == 0
    result = workspace.load([folder], skip_unreadable=True)
    assert (result.events, result.rejected) == (1, {"unreadable_file": 5})
    found = workspace.warehouse.query(
        "select file, line, rule, reason from raw.rejects order by file"
    ).to_pylist()
    assert [(row["file"], row["line"]) for row in found] == [(f"{folder}/{n}", 0) for n in BAD]
    assert "sheet.xlsx is a spreadsheet" in found[-1]["reason"]


def test_a_folder_of_nothing_but_bad_files_is_refused(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("notes")
    with pytest.raises(SourceError, match="2 files"):
        inspect(expand([str(tmp_path)]), NO_OPTIONS, tmp_path / "unpacked", skip_unreadable=True)
