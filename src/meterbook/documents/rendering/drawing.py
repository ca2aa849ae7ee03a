"""Bars of months as one drawing each: the template lays out many small elements far slower than it places a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

OTHER = "OTHER"  # of a service that has no color of its own
# Of each service: full color, and its light tint.
COLORS = {
    "ELECTRICITY": ("#0072b2", "#a9cfe6"),
    "COLD_WATER": ("#2b8fc4", "#b5d9ec"),
    "HOT_WATER": ("#c2410c", "#f0c6ae"),
    "GAS": ("#a16207", "#ecd9a4"),
    "HEATING": ("#b91c1c", "#efb9b9"),
    "COOLING": ("#0e7490", "#aadbe5"),
    "SEWER": ("#6b7d3c", "#cfdab0"),
    OTHER: ("#475569", "#cbd5e1"),
}
# Hundredths of a point from here on.
WIDTHS = {"a4": 49323, "us-letter": 50995}  # of a page inside its margins
CHART_BESIDE = 20309  # the box beside the chart, with the space between
CHART_GAP, TABLE_GAP = 400, 300  # between columns
LEAST, ROUND = 60, 200  # of a bar: its height, and the radius of its upper corners
DIM = "#5c6775"
HATCH = (
    '<pattern id="h" width="400" height="400" patternUnits="userSpaceOnUse"><path d="M0 0h400v400h-400z" '
    'fill="#ece8fa"/><path d="M-100 500L500-100M-100 100L100-100M300 500L500 300" stroke="#6d4bd0" '
    'stroke-width="80"/></pattern>'
)

Plain = dict[str, Any]


def drawn(bill: Mapping[str, Any], air: int, proof_air: int) -> Plain:
    """This will return the drawings of a bill: of its chart, and of each row of its table of months.

    :param bill: what `page.of_bill` returns
    :param air: percent, of the first page; `proof_air` of the second
    """
    chart, history, wide = bill["chart"], bill["history"], WIDTHS[bill["paper"]]
    high, low = 2400 + 60 * air, 800 + 12 * proof_air
    rows = history["rows"] if history else []
    return {
        "chart": chart
        and {"high": high, "tops": _tops(chart["bars"], high)}
        | {"svg": _svg(chart["bars"], chart["service"], wide - CHART_BESIDE, high, CHART_GAP)},
        "rows": [_svg(row["cells"], row["service"], wide, low, TABLE_GAP) for row in rows],
        "low": low,
    }


def _tops(bars: Sequence[Mapping[str, Any]], high: int) -> list[int]:
    return [0 if bar["kind"] == "none" else _high(bar, high) for bar in bars]


def _high(bar: Mapping[str, Any], high: int) -> int:
    return max(LEAST, high * int(bar["height"]) // 1000)


def _svg(bars: Sequence[Mapping[str, Any]], service: str, wide: int, high: int, gap: int) -> str:
    full, light = COLORS.get(service, COLORS[OTHER])
    column = (wide - gap * (len(bars) - 1)) // len(bars)
    paths: dict[str, list[str]] = {}
    for place, bar in enumerate(bars):
        left, kind = place * (wide + gap) // len(bars), bar["kind"]
        if kind == "none":
            paths.setdefault("none", []).append(f"M{left} {high - LEAST // 2}h{column}")
        else:
            fill = "url(#h)" if kind == "estimated" else full if place == len(bars) - 1 else light
            paths.setdefault(fill, []).append(_bar(left, high, column, _high(bar, high)))
    inner = "".join(_filled(fill, "".join(path)) for fill, path in paths.items())
    pattern = HATCH if "url(#h)" in paths else ""
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}">{pattern}{inner}</svg>'


def _filled(fill: str, path: str) -> str:
    if fill == "none":
        return f'<path d="{path}" fill="none" stroke="{DIM}" stroke-width="60" stroke-dasharray="180"/>'
    return f'<path d="{path}" fill="{fill}"/>'


def _bar(left: int, bottom: int, wide: int, high: int) -> str:
    """A bar with round upper corners, as far as its height allows."""
    turn = min(ROUND, high)
    return (
        f"M{left} {bottom}v{turn - high}q0 {-turn} {turn} {-turn}h{wide - 2 * turn}q{turn} 0 {turn} {turn}"
        f"v{high - turn}z"
    )
