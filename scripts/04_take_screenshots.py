"""Take pictures of every page at both widths and in both themes.

Run by hand: ``python scripts/04_take_screenshots.py WORKSPACE [FOLDER]``. It serves the workspace
itself and needs Chromium. Experiments and Churn show something where ga4.toml declares an
experiment and `ga4 churn train` was run; those here are of
``ga4 demo-data sample --shape flat --plant experiment,churn``.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from PIL import Image  # noqa: E402
from web_server import browsing, serving, visiting  # noqa: E402

from ga4_analytics.asking import Published  # noqa: E402
from ga4_analytics.publish.saved_boards import (  # noqa: E402
    Board,
    BoardView,
    delete_board,
    save_board,
)
from ga4_analytics.questions.build import funnel  # noqa: E402
from ga4_analytics.settings import load_settings  # noqa: E402

FUNNEL = "/funnel?step=session_start&step=view_item&step=add_to_cart&step=purchase"
PAGES = {
    "home": "/",
    "trends": "/trends?series=users+of+page_view&series=users+of+view_item"
    "&series=users+of+add_to_cart&granularity=day",
    "trends-compared": "/trends?series=users+of+*&by=device_category&compare=period&last=28d",
    "trends-stickiness": "/trends?tab=stickiness&event=*&last=28d",
    "trends-lifecycle": "/trends?tab=lifecycle&event=*&unit=week",
    "funnel": FUNNEL,
    "funnel-breakdown": f"{FUNNEL}&by=device_category&window=1d",
    "funnel-days": f"{FUNNEL}&view=days",
    "funnel-rules": f"{FUNNEL}&view=rules",
    "retention": "/retention?start_event=first_visit&return_event=*&unit=week&periods=8",
    "paths": "/paths?anchor=session_start&depth=4&top=6&merge=true",
    "paths-before": "/paths?anchor=purchase&direction=to&depth=3&top=5",
    "revenue": "/revenue?interval=week&periods=8&number=gross_usd_micros",
    "users": "/users?step=purchase",
    "user": "/users?key=KEY",
    "segments": "/segments",
    "experiments": "/experiments",
    "churn": "/churn",
    "boards": "/boards",
    "board": "/boards?board=screenshots",
    "data": "/data",
    "data-quality": "/data?view=quality",
    "data-loads": "/data?view=loads",
    "data-fields": "/data?view=fields",
    "data-definitions": "/data?view=definitions",
    "nothing": "/funnel?step=purchase&step=view_item&where=country=Atlantis",
    "wrong": "/funnel?step=purchse&step=view_item",
}
BOARD = Board(
    "Weekly review",
    (
        BoardView("trends", "series=users+of+*&by=device_category&last=28d", "Users by device"),
        BoardView("funnel", FUNNEL.partition("?")[2], "From visit to purchase"),
        BoardView("retention", "start_event=first_visit&return_event=*&unit=week&periods=8",
                  "Who comes back"),
        BoardView("revenue", "interval=week&number=gross_usd_micros", "Revenue by week"),
    ),
)  # fmt: skip
COLOURS = 256
PATIENCE_MS = 120_000


def save(picture: bytes, path: Path) -> None:
    """Write a picture with few bytes: pages have few colours."""
    with Image.open(BytesIO(picture)) as image:
        few = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        few.save(path, optimize=True)


def main() -> None:
    """Take them."""
    workspace = Path(sys.argv[1]).resolve()
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "screenshots/web"
    folder.mkdir(parents=True, exist_ok=True)
    settings = load_settings(workspace, {})
    key = Published(settings).funnel_users(funnel("purchase"), 1)[0]
    save_board(workspace, "screenshots", BOARD)
    with serving(settings) as address, browsing() as browser:
        for narrow in (False, True):
            for dark in (False, True):
                kind = f"{390 if narrow else 1440}-{'dark' if dark else 'light'}"
                with visiting(browser, address, narrow=narrow, dark=dark) as visit:
                    visit.expected.add(422)
                    visit.page.set_default_timeout(PATIENCE_MS)
                    for name, path in PAGES.items():
                        page = visit.open(path.replace("KEY", key))
                        page.wait_for_load_state("networkidle")
                        page.wait_for_timeout(100)
                        save(page.screenshot(), folder / f"{name}-{kind}.png")
                        print(f"{name}-{kind}.png")
    delete_board(workspace, "screenshots")


if __name__ == "__main__":
    main()
