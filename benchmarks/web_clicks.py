"""From the click to the drawn chart, and what the server takes of it.

Run by hand: ``python benchmarks/web_clicks.py WORKSPACE [CLICKS]``. Each click asks what was not
asked before, so that no answer is a kept one; kernels are compiled. It serves the workspace itself
and needs Chromium. Times in milliseconds: median, least and 90th percentile.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from playwright.sync_api import Page  # noqa: E402
from web_server import browsing, serving, visiting  # noqa: E402

from ga4_analytics.analyses.warm import warm  # noqa: E402
from ga4_analytics.asking import Published  # noqa: E402

VIEWS = {
    "funnel": "/funnel?step=view_item&step=add_to_cart&step=purchase&where=source!=",
    "retention": "/retention?start_event=first_visit&return_event=*&where=source!=",
    "trends": "/trends?series=users+of+*&series=purchase&where=source!=",
}
_CLICK = """
(turn) => new Promise((done) => {
  const main = document.getElementById("main");
  const begun = performance.now();
  new MutationObserver((seen, observer) => {
    if (main.dataset.ready !== "yes") return;
    observer.disconnect();
    const ready = performance.now();
    // Two frames later what was drawn is on the screen.
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const all = performance.getEntriesByType("resource");
      const last = all.filter((each) => each.name.includes("/api/v1/")).at(-1);
      const drawing = ready - last.responseEnd;
      done([performance.now() - begun, last.startTime - begun, last.duration, drawing]);
    }));
  }).observe(main, { attributes: true, attributeFilter: ["data-ready"] });
  const buttons = [...document.querySelectorAll("#builder .switch button")];
  buttons.find((each) => each.textContent === turn).click();
})
"""
CHOICES = {"funnel": ("Strict", "Ordered"), "retention": ("Week", "Day"), "trends": ("Week", "Day")}


def clicks(page: Page, address: str, view: str, count: int) -> list[list[float]]:
    """Milliseconds of each click: until drawn; until asked, of the request, of the drawing."""
    found = []
    for number in range(count):
        page.goto(f"{address}{VIEWS[view]}x{number}")
        page.wait_for_selector('main[data-ready="yes"]')
        found.append(page.evaluate(_CLICK, CHOICES[view][0]))
    return found


def main() -> None:
    """Measure."""
    published = Published.open(Path(sys.argv[1]).resolve())
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 15
    warm(published.index())
    with (
        serving(published.settings) as address,
        browsing() as browser,
        visiting(browser, address) as visit,
    ):
        for view in VIEWS:
            clicks(visit.page, address, view, 2)
            begun = time.process_time()
            times = clicks(visit.page, address, view, count)
            used = (time.process_time() - begun) * 1000 / count / 2
            drawn, *parts = ([each[at] for each in times] for at in range(4))
            asked, took, made = map(statistics.median, parts)
            print(
                f"{view:10} click to drawn {statistics.median(drawn):4.0f} "
                f"({min(drawn):.0f} to {statistics.quantiles(drawn, n=10)[-1]:.0f}): "
                f"until asked {asked:.0f}, request {took:.0f}, drawing {made:.0f}, the rest two "
                f"frames; server CPU a question {used:.0f}; load {os.getloadavg()[0]:.1f}"
            )


if __name__ == "__main__":
    main()
