"""How a document looks beside what it says: title, texts, colors, paper, ways to pay, which sections. Data only."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

WHITE = (255, 255, 255)
ACCENT = "#0f766e"
SOFT_PARTS, INK_PARTS = 104, 816  # thousandths of the color in its tint, and kept of it in its darker shade
LEAST_CONTRAST = Decimal("4.5")  # WCAG 2.2, 1.4.3
FLARE = Decimal("0.05")
SHARES = (Decimal("0.2126"), Decimal("0.7152"), Decimal("0.0722"))  # of red, green and blue

Rgb = tuple[int, int, int]
Said = Mapping[str, str]


class Paper(enum.StrEnum):
    """Sizes of paper; the value is what the typesetter calls them."""

    A4 = "a4"
    LETTER = "us-letter"


class LogoPlace(enum.StrEnum):
    """Whose picture stands at the head; where there is none, the organization's."""

    ORGANIZATION = "ORGANIZATION"
    SITE = "SITE"
    CUSTOMER = "CUSTOMER"


@dataclass(frozen=True)
class Look:
    """A template. Texts are by language ("en", "es"); where one says nothing, what is mandatory has its own words.

    `title` and `notice` stand on bills, `credit_title` and `credit_notice` on credit notes.

    `iban` and `bic` without spaces; `accent` as #rrggbb. What B-70 asks for cannot be switched off.
    """

    title: Said = field(default_factory=dict)
    notice: Said = field(default_factory=dict)
    dispute: Said = field(default_factory=dict)
    hours: Said = field(default_factory=dict)
    average_cost: Said = field(default_factory=dict)
    payment: Said = field(default_factory=dict)
    legal: Said = field(default_factory=dict)
    credit_title: Said = field(default_factory=dict)
    credit_notice: Said = field(default_factory=dict)
    payee: str = ""
    iban: str = ""
    bic: str = ""
    accent: str = ACCENT
    logo: LogoPlace = LogoPlace.ORGANIZATION
    paper: Paper = Paper.A4
    shows_boxes: bool = True
    shows_comparison: bool = True
    shows_payment_code: bool = True


@dataclass(frozen=True)
class Palette:
    """The accent, its darker shade for words on the tint, and the tint: #rrggbb."""

    accent: str
    ink: str
    soft: str


def internal(look: Look) -> Look:
    """This will take from a template what it says to customers: of paying, disputing and the law (M-063)."""
    said: Said = {}
    return replace(
        look,
        title=said,
        notice=said,
        credit_title=said,
        credit_notice=said,
        dispute=said,
        payment=said,
        legal=said,
        iban="",
        bic="",
        shows_payment_code=False,
    )


def palette(accent: str) -> Palette:
    """This will return the colors that belong to an accent."""
    if accent == ACCENT:
        return Palette(ACCENT, "#0b5f58", "#e6f3f1")
    own = rgb(accent)
    soft = tuple(255 - (255 - each) * SOFT_PARTS // 1000 for each in own)
    ink = tuple(each * INK_PARTS // 1000 for each in own)
    return Palette(accent, _written(ink), _written(soft))


def contrast(accent: str) -> Decimal:
    """This will return the lower of two contrasts (1 to 21): white on the accent, and its words on its tint."""
    made = palette(accent)
    return min(_ratio(rgb(made.accent), WHITE), _ratio(rgb(made.ink), rgb(made.soft)))


def rgb(color: str) -> Rgb:
    """This will read #rrggbb."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _ratio(one: Rgb, other: Rgb) -> Decimal:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + FLARE) / (darker + FLARE)


def _luminance(color: Rgb) -> Decimal:
    """Relative luminance (WCAG 2.2)."""
    parts = (_linear(Decimal(each) / 255) for each in color)
    return sum((share * part for share, part in zip(SHARES, parts, strict=True)), Decimal(0))


def _linear(part: Decimal) -> Decimal:
    """Of sRGB (IEC 61966-2-1)."""
    if part <= Decimal("0.04045"):
        return part / Decimal("12.92")
    return Decimal(((part + Decimal("0.055")) / Decimal("1.055")) ** Decimal("2.4"))


def _written(color: tuple[int, ...]) -> str:
    return "#" + "".join(f"{each:02x}" for each in color)
