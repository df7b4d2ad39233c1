"""The command that holds the marts against the index."""

from __future__ import annotations

import click

from ga4_analytics.cli.options import Place, placed
from ga4_analytics.errors import ExitCode
from ga4_analytics.render.verification import print_verification


@click.command()
@placed
def verify(place: Place) -> None:
    """Recount the marts from the event index and compare every value.

    The marts are made by SQL, the recount by the kernels that answer `ga4 funnel` and the like.
    A value that differs ends the command with the exit code of a failed build.

    \b
    Examples:
      ga4 verify
      ga4 verify --json
    """
    found = [each.to_dict() for each in place.open().verify()]
    print_verification(found, place.screen.out)
    place.screen.document({"verification": found})
    if not all(each["agrees"] for each in found):
        raise SystemExit(ExitCode.BUILD)
