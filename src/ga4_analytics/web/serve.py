"""Runs the page until it is interrupted."""

from __future__ import annotations

import logging
import threading
import time
import webbrowser
from collections.abc import Callable

import uvicorn

from ga4_analytics.errors import SettingsError
from ga4_analytics.settings import Settings
from ga4_analytics.web.app import create_app
from ga4_analytics.web.options import ServeOptions


def serve(
    settings: Settings,
    options: ServeOptions,
    *,
    started: Callable[[str], None] = lambda address: None,
    open_browser: bool = False,
) -> None:
    """Serve the page of a workspace until it is interrupted.

    Args:
        settings: The workspace's settings.
        options: Where and for whom.
        started: Told the address when it answers.
        open_browser: Whether to show it.

    Raises:
        SettingsError: It binds wider than this machine without a token.
    """
    check_options(options)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    config = uvicorn.Config(
        create_app(settings, options),
        host=options.host,
        port=options.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
        h11_max_incomplete_event_size=65_536,
    )
    server = uvicorn.Server(config)
    threading.Thread(
        target=_tell, args=(server, options, started, open_browser), daemon=True
    ).start()
    server.run()


def check_options(options: ServeOptions) -> None:
    """Refuse to show data to a network without a token.

    Raises:
        SettingsError: It binds wider than this machine without a token.
    """
    if not options.is_loopback and not options.token:
        raise SettingsError(
            f"host: {options.host} can be reached by others, and no token is set.",
            rule="Beyond this machine the page asks every visitor for a token.",
            remedy="Set GA4_TOKEN in the environment, or leave --host away.",
        )


def _tell(
    server: uvicorn.Server, options: ServeOptions, started: Callable[[str], None], show: bool
) -> None:
    while not server.started:
        if server.should_exit:
            return
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    host = f"[{options.host}]" if ":" in options.host else options.host
    address = f"http://{host}:{port}/"
    started(address)
    if show:
        webbrowser.open(address)
