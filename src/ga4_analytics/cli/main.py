"""The command group and how errors end it."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import cast

import click
from rich.console import Console

from ga4_analytics import __version__
from ga4_analytics.errors import ExitCode, Ga4Error

EPILOG = """\b
Exit codes: 0 done, 2 wrong usage, 3 a setting is wrong, 4 a file cannot be read,
5 a load was refused, 6 the warehouse failed, 7 a model or test failed, 8 a result is
stale, 9 another process is at work, 10 a question is wrong, 11 Metabase failed,
12 an export is not whole, 130 interrupted, 1 anything else.

\b
Examples:
  ga4 run export.csv                     everything, into this folder
  ga4 run 'export/*.json.gz' -w my-site  everything, into the folder my-site
  ga4 status --json                      what is loaded, for a program
  ga4 funnel session_start purchase      a question; ga4 events says what can be named
"""


COMMANDS = {
    "run": "everything",
    "init": "setup",
    "demo-data": "data",
    "load": "data",
    "build": "data",
    "status": "show",
    "loads": "ledger",
    "rejects": "ledger",
    "undo": "ledger",
    "forget": "ledger",
    "funnel": "questions",
    "retention": "questions",
    "trends": "questions",
    "lifecycle": "questions",
    "stickiness": "questions",
    "sessions": "questions",
    "paths": "questions_more",
    "revenue": "questions_more",
    "user": "questions_more",
    "segments": "segments",
    "experiment": "experiment",
    "churn": "churn",
    "events": "catalogue",
    "columns": "catalogue",
    "warm": "catalogue",
    "schema": "catalogue",
    "serve": "serving",
    "export": "exporting",
    "report": "show",
    "verify": "verifying",
    "grant": "granting",
    "metabase": "metabase",
    "docs": "setup",
}
"""Each command and the module of `cli` that has it."""


class Commands(click.Group):
    """Loads only the module of the command that is run: a question must not wait for dbt."""

    def list_commands(self, context: click.Context) -> list[str]:
        """All commands, in the order in which people need them."""
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """One command, or None where there is none of the name."""
        if name not in COMMANDS:
            return None
        module = import_module(f"ga4_analytics.cli.{COMMANDS[name]}")
        return cast(click.Command, getattr(module, name.replace("-", "_")))


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ga4")
def cli() -> None:
    """Product analytics on your own Google Analytics 4 export.

    `ga4 run PATH` is the whole job: load the files, build and test the models, write the
    outputs and the findings report. Its parts are commands too.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    try:
        cli.main(args=arguments, prog_name="ga4", standalone_mode=False)
    except click.exceptions.Abort:
        _complain("Interrupted. What was being written is as it was before.")
        sys.exit(ExitCode.INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(ExitCode.USAGE)
    except Ga4Error as error:
        _explain(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _complain("Interrupted. What was being written is as it was before.")
        sys.exit(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        sys.exit(ExitCode.OK)
    except OSError as error:
        _complain(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))
        sys.exit(ExitCode.INTERNAL)
    sys.exit(ExitCode.OK)


def _complain(text: str) -> None:
    console = Console(stderr=True, soft_wrap=True)
    console.print("error:", style="bold red", end=" ")
    console.print(text, highlight=False, markup=False)


def _explain(error: Ga4Error) -> None:
    _complain(error.problem)
    console = Console(stderr=True, soft_wrap=True)
    for label, text in (("rule", error.rule), ("remedy", error.remedy)):
        if text:
            console.print(f"{label}:", style="dim", end=" ")
            console.print(text, highlight=False, markup=False)
