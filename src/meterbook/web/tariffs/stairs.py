"""Prices in steps as a picture: a stair of quantities and prices, drawn as SVG by the server. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from meterbook.tariffs.rating.document import Component, TariffDocument
from meterbook.tariffs.rating.terms import Tier
from meterbook.web.tariffs import picture, views
from meterbook.web.templatetags import meterbook as tags

WIDTH, HEIGHT, LOWEST = 960, 160, 8
BEYOND = Decimal("1.35")  # how far the final step, which has no end, is drawn
FINEST = 8  # decimals of a price


@dataclass(frozen=True)
class Step:
    """One step: where it stands, and what it says."""

    x: int
    y: int
    width: int
    height: int
    shade: int
    title: str


@dataclass(frozen=True)
class Stair:
    """One charge with prices in steps; `used_x` is where the quantity of the example lies, None where it has none."""

    caption: str
    steps: tuple[Step, ...]
    used_x: int | None
    used: str
    sentence: str


def stairs(document: TariffDocument, used: Decimal | None, *, language: str) -> tuple[Stair, ...]:
    """This will draw each charge of a tariff that has prices in steps.

    :param used: the quantity of the example month, in the tariff's unit
    """
    unit = picture.symbol(document.unit.value)
    return tuple(_stair(each, used, unit, document.currency, language) for each in document.components if each.tiers)


def _stair(component: Component, used: Decimal | None, unit: str, currency: str, language: str) -> Stair:
    tiers = component.tiers
    known = [each.up_to for each in tiers if each.up_to is not None]
    end = max([*(each * BEYOND for each in known), used or Decimal(0), Decimal(1)])
    dearest = max(max(each.price for each in tiers), Decimal(0)) or Decimal(1)
    steps = tuple(_steps(tiers, end, dearest, f"{currency}/{unit}", unit))
    return Stair(
        caption=views.said(component.name, language),
        steps=steps,
        used_x=None if used is None else _place(used, end),
        used="" if used is None else f"{_written(used)}{tags.NO_BREAK}{unit}",
        sentence="; ".join(each.title for each in steps),
    )


def _steps(tiers: Sequence[Tier], end: Decimal, dearest: Decimal, price_unit: str, unit: str) -> list[Step]:
    found, start = [], Decimal(0)
    ranked = sorted({each.price for each in tiers}, reverse=True)
    for tier in tiers:
        until = tier.up_to if tier.up_to is not None else end
        x, right = _place(start, end), _place(until, end)
        height = max(LOWEST, int(max(tier.price, Decimal(0)) * HEIGHT / dearest))
        facts = {
            "from": _written(start),
            "until": _written(until),
            "unit": unit,
            "price": _written(tier.price),
            "price_unit": price_unit,
        }
        words = _("%(from)s to %(until)s %(unit)s: %(price)s %(price_unit)s")
        if tier.up_to is None:
            words = _("above %(from)s %(unit)s: %(price)s %(price_unit)s")
        shade = max(1, picture.SHADES - ranked.index(tier.price))  # the dearest is the darkest
        found.append(Step(x, HEIGHT - height, max(1, right - x), height, shade, words % facts))
        start = until
    return found


def _place(quantity: Decimal, end: Decimal) -> int:
    return min(WIDTH, int(max(quantity, Decimal(0)) * WIDTH / end))


def _written(number: Decimal) -> str:
    exponent = number.normalize().as_tuple().exponent
    return tags.number(number, min(FINEST, max(0, -exponent if isinstance(exponent, int) else 0)))
