"""Whole files or none; locks that end with their holder; checksums."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ga4_analytics.errors import BusyError
from ga4_analytics.storage import atomic, checksums, locks


def _start(code: str, *args: object) -> subprocess.Popen[str]:
    """Start a Python process that prints a line when it is where the test wants it."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, args)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


HALF_FILE = """
import sys, time
from pathlib import Path
from ga4_analytics.storage.atomic import atomic_file
with atomic_file(Path(sys.argv[1])) as draft:
    draft.write_text("half")
    print("ready", flush=True)
    time.sleep(60)
"""

HELD_LOCK = """
import sys, time
from pathlib import Path
from ga4_analytics.storage.locks import exclusive
with exclusive(Path(sys.argv[1]), "ga4 load", "2026-11-22 08:00:00"):
    print("ready", flush=True)
    time.sleep(60)
"""


def test_a_file_appears_whole_and_replaces_the_older_one(tmp_path: Path) -> None:
    target = tmp_path / "new folder" / "out.csv"
    atomic.write_text(target, "a\r\nä\n")
    assert target.read_bytes() == b"a\r\n\xc3\xa4\n"
    atomic.write_text(target, "b")
    assert target.read_text() == "b"
    assert _names(target.parent) == ["out.csv"]


def test_a_failing_writer_leaves_the_older_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    atomic.write_text(target, "old")
    with pytest.raises(ValueError, match="stop"), atomic.atomic_file(target) as draft:
        draft.write_text("half")
        raise ValueError("stop")
    assert target.read_text() == "old"
    assert _names(tmp_path) == ["out.csv"]


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "real" / "out.csv")
    atomic.write_text(tmp_path / "link.csv", "x")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real" / "out.csv").read_text() == "x"


def test_a_folder_appears_with_all_its_files(tmp_path: Path) -> None:
    target = tmp_path / "snapshot"
    with atomic.atomic_folder(target) as draft:
        (draft / "marts").mkdir()
        (draft / "marts" / "a.parquet").write_bytes(b"1")
        assert not target.exists()
    assert (target / "marts" / "a.parquet").read_bytes() == b"1"
    with pytest.raises(FileExistsError), atomic.atomic_folder(target):
        pass
    with pytest.raises(ValueError, match="stop"), atomic.atomic_folder(tmp_path / "other"):
        raise ValueError("stop")
    assert _names(tmp_path) == ["snapshot"]


def test_a_killed_writer_leaves_the_old_file_and_a_leftover_that_goes(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    atomic.write_text(target, "old")
    process = _start(HALF_FILE, target)
    try:
        assert atomic.remove_leftovers(tmp_path) == []
        assert len(_names(tmp_path)) == 2
    finally:
        _kill(process)
    assert target.read_text() == "old"
    assert len(atomic.remove_leftovers(tmp_path)) == 1
    assert _names(tmp_path) == ["out.csv"]


def test_leftovers_of_a_missing_folder_are_none(tmp_path: Path) -> None:
    assert atomic.remove_leftovers(tmp_path / "nowhere") == []


def test_a_lock_names_its_holder_and_ends_when_that_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "state" / "lock"
    path.parent.mkdir()
    process = _start(HELD_LOCK, path)
    try:
        with pytest.raises(BusyError) as caught, locks.exclusive(path, "ga4 build", "now"):
            pass
        assert "ga4 load" in str(caught.value)
        assert f"process {process.pid} on" in str(caught.value)
        assert "2026-11-22 08:00:00" in str(caught.value)
    finally:
        _kill(process)
    with locks.exclusive(path, "ga4 build", "later"):
        assert "ga4 build" in path.read_text()


def test_a_lock_is_refused_twice_in_one_process_and_free_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with pytest.raises(RuntimeError, match="stop"), locks.exclusive(path, "a", "t"):
        with pytest.raises(BusyError), locks.exclusive(path, "b", "t"):
            pass
        raise RuntimeError("stop")
    with locks.exclusive(path, "c", "t"):
        pass


def test_a_file_has_the_published_checksum(tmp_path: Path) -> None:
    # FIPS 180-4 examples: "abc", and one million times "a".
    (tmp_path / "abc").write_bytes(b"abc")
    (tmp_path / "million").write_bytes(b"a" * 1_000_000)
    assert checksums.sha256_file(tmp_path / "abc") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    assert checksums.sha256_file(tmp_path / "million") == (
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    )
