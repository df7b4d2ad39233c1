"""The style sheets: each rule is for something that there is, and is said once."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import ga4_analytics.web.pages as pages

HERE = Path(pages.HERE)
SHEETS = sorted((HERE / "static/css").glob("*.css"))
SCRIPTS = "\n".join(
    path.read_text(encoding="utf-8")
    for path in [*(HERE / "static/js").rglob("*.js"), *(HERE / "templates").glob("*.html")]
)
NUMBERED = re.compile(r"(series|tone)-")
"""Classes whose ends scripts put together."""
RULE = re.compile(r"([^{}]+)\{([^{}]*)\}|([^{}]+)\{|\}")


def rules(text: str) -> list[tuple[str, str]]:
    """Each rule's media query and selector."""
    found, around = [], ""
    for match in RULE.finditer(re.sub(r"/\*.*?\*/", "", text, flags=re.S)):
        if match[1] is not None:
            found.append((around, " ".join(match[1].split())))
        else:
            around = " ".join((match[3] or "").split())
    return found


EVERY = [rule for path in SHEETS for rule in rules(path.read_text(encoding="utf-8"))]


def test_each_sheet_is_short_and_linked() -> None:
    """Every page links them all, the smaller screens last."""
    frame = (HERE / "templates/frame.html").read_text(encoding="utf-8")
    listed = re.search(r"for sheet in \((.*?)\)", frame)
    assert listed is not None
    names = re.findall(r'"(\w+)"', listed[1])
    assert sorted(names) == [path.stem for path in SHEETS]
    assert (names[0], names[-1]) == ("tokens", "narrow")
    assert all(len(path.read_text(encoding="utf-8").splitlines()) < 100 for path in SHEETS)


def test_no_rule_is_said_twice() -> None:
    """A selector has one place, besides those for other screens."""
    assert len(EVERY) > 200
    assert [rule for rule, times in Counter(EVERY).items() if times > 1] == []


def test_every_class_is_given_by_somebody() -> None:
    """No rule is left of what is gone."""
    classes = {
        name for _, selector in EVERY for name in re.findall(r"\.([a-zA-Z][\w-]*)", selector)
    }
    for name in sorted(classes):
        wanted = NUMBERED.match(name)
        said = wanted[0] if wanted else name
        assert re.search(rf"(?<![\w-]){re.escape(said)}", SCRIPTS), name
