"""Run the notebook and write it, with what came out, as one HTML page.

    python scripts/04_print_notebook.py [OUT.html]

Needs the extra ``notebook``. The notebook makes its own sample in a temporary folder and removes
it. Its outputs are not kept in the notebook itself, only on the page.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks" / "03_ga4_experimentation_and_churn_modeling.ipynb"
PAGE = ROOT / "reports" / "03_ga4_experimentation_and_churn_modeling.html"
_STYLE = """
body {max-width: 54rem; margin: 2rem auto; padding: 0 1rem; color: #1f2933;
      font: 16px/1.55 system-ui, sans-serif}
h1, h2, h3 {line-height: 1.25} a.anchor-link {display: none}
pre {background: #f3f4f6; padding: .6rem .8rem; white-space: pre-wrap; font-size: .82rem;
     line-height: 1.35; border-radius: 4px}
.output_html pre, .jp-OutputArea-output pre {background: none; padding: 0}
.prompt, .jp-InputPrompt, .jp-OutputPrompt {display: none}
table.dataframe {border-collapse: collapse; border: none; font-size: .85rem}
table.dataframe td, table.dataframe th {border: none; padding: .15rem .7rem; text-align: right}
table.dataframe thead th {border-bottom: 1px solid #66727f}
img {max-width: 100%}
@media print {body {max-width: none} pre, img, table {page-break-inside: avoid}}
"""


def run() -> nbformat.NotebookNode:
    """The notebook with the outputs of a run from top to bottom."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    where = {"metadata": {"path": str(NOTEBOOK.parent)}}
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", resources=where)
    return client.execute()


def page(notebook: nbformat.NotebookNode) -> str:
    """A run notebook as one HTML page without scripts."""
    body, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
    title = notebook.cells[0].source.splitlines()[0].lstrip("# ")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n'
        f"<style>{_STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def main() -> None:
    """Run, and write the page."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE
    begun = time.monotonic()
    text = page(run())
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    print(f"Wrote {target} after {time.monotonic() - begun:.0f} s.")


if __name__ == "__main__":
    main()
