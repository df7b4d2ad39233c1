"""The colours of series: told apart without red, green or blue, and seen on both backgrounds."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

import ga4_analytics.web.pages as pages

CSS = (Path(pages.HERE) / "static/css/tokens.css").read_text(encoding="utf-8")
THEMES = dict(zip(("light", "dark"), re.findall(r":root[^{]*\{(.*?)\n\}", CSS, re.S), strict=False))
SIGHT = {
    "all colours": np.eye(3),
    # Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]]
    ),
}  # fmt: skip
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(color: str) -> np.ndarray:
    """Linear RGB of a colour such as #0d52d2."""
    parts = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* (D65) of linear RGB."""
    white = XYZ @ np.clip(rgb, 0, 1) / np.array([0.9505, 1, 1.089])
    f = np.where(white > 0.008856, np.cbrt(white), 7.787 * white + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def colors(theme: str) -> list[str]:
    return [re.search(rf"--s{n}: (#\w{{6}});", THEMES[theme])[1] for n in range(1, 9)]  # type: ignore[index]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sight", SIGHT)
def test_series_are_told_apart(theme: str, sight: str) -> None:
    """A difference of 10 in CIE L*a*b* is seen at a glance; the first six have far more."""
    seen = [lab(SIGHT[sight] @ linear(color)) for color in colors(theme)]
    for one, other in combinations(range(8), 2):
        apart = float(np.linalg.norm(seen[one] - seen[other]))
        assert apart > (18 if other < 6 else 12), (one + 1, other + 1, apart)


@pytest.mark.parametrize("theme", THEMES)
def test_series_are_seen_on_the_background(theme: str) -> None:
    """WCAG 1.4.11: 3 to 1 for what a chart is drawn with."""
    surface = re.search(r"--surface: (#\w{6});", THEMES[theme])
    assert surface is not None
    light = [float(XYZ[1] @ linear(color)) + 0.05 for color in (surface[1], *colors(theme))]
    for each in light[1:]:
        assert max(each, light[0]) / min(each, light[0]) >= 3
