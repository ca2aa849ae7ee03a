"""Where energy went as bands from the main meter to its parts: a Sankey diagram, drawn by the server. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

WIDTH, HEIGHT, GAP, BAR, TOP = 720, 260, 10, 14, 8
WORDS = 30  # two lines of words
LEFT, RIGHT = 150, 470  # where the bars stand; captions lie beyond them


@dataclass(frozen=True)
class Share:
    """A part as it is drawn: its caption, its quantity with unit, and a tone."""

    caption: str
    value: str
    tone: str
    quantity: Fraction


@dataclass(frozen=True)
class Band:
    """A part: the path from the left bar to its own, where that is, and the words beside it."""

    path: str
    y: int
    height: int
    words_y: int
    caption: str
    value: str
    tone: str


@dataclass(frozen=True)
class Flow:
    """The whole picture; `sentence` says it in words. Parts below zero are in the table only."""

    bands: tuple[Band, ...]
    source_y: int
    source_height: int
    height: int
    sentence: str
    has_negative: bool


def draw(shares: Sequence[Share]) -> Flow | None:
    """This will draw the parts above zero, each as high as its share; None where there is nothing to draw."""
    drawn = [each for each in shares if each.quantity > 0]
    whole = sum((each.quantity for each in drawn), Fraction(0))
    if not whole:
        return None
    room = HEIGHT - 2 * TOP
    heights = [max(2, int(each.quantity * room / whole)) for each in drawn]
    y_left, y_right, bands = TOP, TOP, []
    for share, height in zip(drawn, heights, strict=True):
        bands.append(
            Band(
                path=_path(y_left, y_right, height),
                y=y_right,
                height=height,
                words_y=max(y_right + height // 2 - 4, y_right + 8),
                caption=share.caption,
                value=share.value,
                tone=share.tone,
            )
        )
        y_left += height
        y_right += max(height, WORDS) + GAP  # two small parts must not share their words
    return Flow(
        bands=tuple(bands),
        source_y=TOP,
        source_height=sum(heights),
        height=max(y_right, y_left) + TOP,
        sentence="; ".join(f"{each.caption}: {each.value}" for each in shares),
        has_negative=any(each.quantity < 0 for each in shares),
    )


def _path(left: int, right: int, height: int) -> str:
    """A band of one width from the left bar's right edge to the right bar's left edge."""
    start, end, middle = LEFT + BAR, RIGHT, (LEFT + BAR + RIGHT) // 2
    return (
        f"M{start} {left}C{middle} {left} {middle} {right} {end} {right}"
        f"V{right + height}C{middle} {right + height} {middle} {left + height} {start} {left + height}Z"
    )
