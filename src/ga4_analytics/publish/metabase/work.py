"""What a run changes: noted always, made unless only a plan was asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

from ga4_analytics.progress import Progress, Silent
from ga4_analytics.publish.metabase.client import Metabase


@dataclass(frozen=True)
class Change:
    """One thing on the server that is, or would be, made otherwise.

    Attributes:
        kind: 'server', 'database', 'table', 'collection', 'card' or 'dashboard'.
        action: 'set up', 'create', 'update', 'reconnect', 'sync', 'describe', 'restore' or
            'archive'.
        name: Its title.
        fields: What of it changes, where it is there already.
    """

    kind: str
    action: str
    name: str
    fields: tuple[str, ...] = ()


@dataclass
class Work:
    """One run against one server.

    Attributes:
        server: Signed in, unless the server has no user yet and only a plan is asked for.
        apply: Whether changes are made.
        limit: Seconds to wait at most for the server's own work.
        progress: Where long work shows that it goes on.
        changes: What was noted, in order.
    """

    server: Metabase
    apply: bool
    limit: float = 300.0
    progress: Progress = field(default_factory=Silent)
    changes: list[Change] = field(default_factory=list)

    def note(self, kind: str, action: str, name: str, fields: tuple[str, ...] = ()) -> bool:
        """Note a change, and say whether to make it."""
        self.changes.append(Change(kind, action, name, fields))
        return self.apply
