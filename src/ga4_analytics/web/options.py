"""How the page is served: where, for whom, and how much one may ask."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Limits:
    """What one request, and all together, may take.

    Attributes:
        body_bytes: Longest body of a request.
        at_once: Questions that are computed at the same time; they share the processors.
        waiting: Questions that may wait for their turn; more are refused.
        patience_seconds: How long a question waits for its turn.
        answer_seconds: How long one waits for an answer; compiling does not count.
        work: Most events that a question may look at, each counted once a part of it.
        cache_bytes: Answers that are kept.
    """

    body_bytes: int = 1_000_000
    at_once: int = field(default_factory=lambda: max(2, os.cpu_count() or 1))
    waiting: int = 200
    patience_seconds: float = 30.0
    answer_seconds: float = 60.0
    work: int = 20_000_000_000
    cache_bytes: int = 64_000_000


@dataclass(frozen=True)
class ServeOptions:
    """How the page is served.

    Attributes:
        host: The address it binds.
        port: The port.
        token: What a visitor must know; empty: nothing, which only loopback allows.
        dataset: The property, where it is not that of the settings.
        limits: How much one may ask.
        compiled: Whether kernels are compiled in the background at the start.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    token: str = field(default="", repr=False)
    dataset: str | None = None
    limits: Limits = field(default_factory=Limits)
    compiled: bool = True

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it.

        >>> ServeOptions().is_loopback, ServeOptions("0.0.0.0").is_loopback
        (True, False)
        """
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine itself.

    >>> is_loopback("localhost"), is_loopback("::1"), is_loopback("127.8.9.1")
    (True, True, True)
    >>> is_loopback("evil.example"), is_loopback("localhost.evil.example")
    (False, False)
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
