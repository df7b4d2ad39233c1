"""Take pictures of every page at both widths and in both themes.

Run by hand: ``python scripts/04_take_screenshots.py WORKSPACE [FOLDER]``. It serves the workspace
itself and needs Chromium.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from PIL import Image  # noqa: E402
from web_server import browsing, serving, visiting  # noqa: E402

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
    "segments": "/segments",
    "boards": "/boards",
    "data": "/data",
    "data-quality": "/data?view=quality",
    "data-definitions": "/data?view=definitions",
}


def save(picture: bytes, path: Path) -> None:
    """Write a picture with as few bytes as PNG takes."""
    with Image.open(BytesIO(picture)) as image:
        image.convert("RGB").save(path, optimize=True)


def main() -> None:
    """Take them."""
    workspace = Path(sys.argv[1]).resolve()
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "screenshots/web"
    folder.mkdir(parents=True, exist_ok=True)
    with serving(load_settings(workspace, {})) as address, browsing() as browser:
        for narrow in (False, True):
            for dark in (False, True):
                kind = f"{390 if narrow else 1440}-{'dark' if dark else 'light'}"
                with visiting(browser, address, narrow=narrow, dark=dark) as visit:
                    for name, path in PAGES.items():
                        page = visit.open(path)
                        page.wait_for_timeout(100)
                        save(page.screenshot(), folder / f"{name}-{kind}.png")
                        print(f"{name}-{kind}.png")


if __name__ == "__main__":
    main()
