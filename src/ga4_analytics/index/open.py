"""Opens an index that was published, and checks its files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ga4_analytics.errors import StaleError
from ga4_analytics.index.columns import ColumnSpec
from ga4_analytics.index.dictionaries import read_dictionaries
from ga4_analytics.index.layout import Segment
from ga4_analytics.index.manifest import Manifest, SegmentEntry
from ga4_analytics.index.reader import Index
from ga4_analytics.index.segment_file import mapped, read_segment
from ga4_analytics.storage.checksums import sha256_file


def open_index(manifest: Manifest, root: Path, snapshot: str) -> Index:
    """Map an index into memory; nothing is read before it is asked for.

    Files that are removed while it is open stay readable.

    Args:
        manifest: What it consists of.
        root: The folder of its files.
        snapshot: Name of the data that it holds.

    Raises:
        StaleError: A file is gone, has another size or a format that is not known.
    """
    return Index(
        dataset=manifest.dataset,
        identity=manifest.identity,
        snapshot=snapshot,
        calendar=manifest.calendar,
        specs=tuple(
            ColumnSpec(entry.name, entry.kind, entry.source, entry.words)
            for entry in manifest.columns
        ),
        dictionaries=read_dictionaries(root, manifest.dictionaries),
        segments=tuple(open_segment(root, entry) for entry in manifest.segments),
        nobody=tuple(open_segment(root, entry) for entry in manifest.nobody),
    )


def open_segment(root: Path, entry: SegmentEntry) -> Segment:
    """Map a segment into memory.

    Raises:
        StaleError: Its file is gone or not as it was written.
    """
    segment = read_segment(root, entry.file, dead_users(root, entry))
    if (segment.rows, segment.users) != (entry.rows, entry.users):
        raise StaleError(
            f"The index file {entry.file.file} has {segment.rows:,} rows of {segment.users:,} "
            f"users, not {entry.rows:,} of {entry.users:,}.",
            rule="Files of an index never change.",
            remedy="Build the index again with `ga4 build`.",
        )
    return segment


def dead_users(root: Path, entry: SegmentEntry) -> NDArray[np.uint32]:
    """The places of a segment's dead users, ascending."""
    if entry.dead is None:
        return np.zeros(0, np.uint32)
    return np.frombuffer(mapped(root, entry.dead), "<u4", entry.dead_users)


def verify_files(manifest: Manifest, root: Path) -> int:
    """Read every file of an index and compare its checksum.

    Returns:
        How many files were read.

    Raises:
        StaleError: A file is gone or its bytes are not those that were written.
    """
    files = {facts.file: facts for facts in manifest.files}
    for facts in files.values():
        mapped(root, facts).close()
        found = sha256_file(root / facts.file)
        if found != facts.sha256:
            raise StaleError(
                f"The index file {root / facts.file} has checksum {found[:12]}..., "
                f"not {facts.sha256[:12]}....",
                rule="Files of an index never change.",
                remedy="Build the index again with `ga4 build`; check the disk.",
            )
    return len(files)
