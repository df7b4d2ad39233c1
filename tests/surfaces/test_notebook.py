"""The notebook runs from top to bottom and says what the package says."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "03_ga4_experimentation_and_churn_modeling.ipynb"
PAGE = ROOT / "reports" / "03_ga4_experimentation_and_churn_modeling.html"


def printer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("printer", ROOT / "scripts/04_print_notebook.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def texts(notebook: nbformat.NotebookNode) -> str:
    """All texts that came out."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            found += [output.get("text", ""), output.get("data", {}).get("text/plain", "")]
    return "\n".join(found)


def test_outputs_are_not_kept_in_git() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    assert {"Figure", "figure"} & set(re.findall(r"\w+", NOTEBOOK.read_text(encoding="utf-8")))


def test_it_runs_and_its_page_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)
    # The kernel of this very interpreter, whatever kernels a machine has.
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    print_notebook = printer()
    done = print_notebook.run()
    said = texts(done)
    assert "planted: +50%" in said
    assert "of the way from the rule to the best possible" in said
    assert "ranks users better than the days since they were last seen" in said
    pictures = [
        output
        for cell in done.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) == 7
    assert not [
        o for cell in done.cells for o in cell.get("outputs", []) if o.get("name") == "stderr"
    ]
    page = print_notebook.page(done)
    assert page.count("data:image/png") == 7 and "<script" not in page


def test_the_page_in_the_repository_is_of_this_notebook() -> None:
    """Every line of code and every heading stands on it."""
    page = PAGE.read_text(encoding="utf-8")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for cell in notebook.cells:
        for line in cell.source.splitlines():
            if cell.cell_type == "markdown" and line.startswith("#"):
                assert line.lstrip("# ") in page
            if cell.cell_type == "code":
                for word in re.findall(r"[a-z_]{6,}", line):
                    assert word in page, line
    assert page.count("data:image/png") == 7
