"""Read how a quantity follows from what is measured: sewer from water, heat from hot water."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating import tier_reading
from meterbook.tariffs.rating.problems import Note
from meterbook.tariffs.rating.problems import gettext_noop as _
from meterbook.tariffs.rating.terms import ALL_MONTHS, Linked, Minimum, Winter

_NEVER_WITH = ("prices", "period_tiers", "price_series", "loss", "tier_year", "tier_sharing", "hours_of")


def linked(place: str, raw: Mapping[str, Any], unit: Unit, note: Note) -> Linked | None:
    """This will read the `linked` of an ENERGY component.

    :param unit: that of the document
    :param note: told of each problem
    """
    given = raw.get("linked")
    if given is None:
        return None
    for key in _NEVER_WITH:
        if key in raw:
            note(f"{place}.{key}", _("a linked quantity has one price, or tiers, and no %(key)s"), key=key)
    if raw.get("channel", "IMPORT") != "IMPORT":
        note(f"{place}.channel", _("a linked quantity follows from what is measured as IMPORT"))
    if "bank" in raw:
        note(f"{place}.bank", _("a linked quantity has one price, or tiers, and no %(key)s"), key="bank")
    own = Unit(given["unit"]) if "unit" in given else None
    return Linked(
        factor=Decimal(given["factor"]),
        unit=None if own is unit else own,
        less=given.get("less", ""),
        winter=_winter(given.get("winter")),
        most=_most(given.get("most")),
    )


def _winter(raw: Mapping[str, Any] | None) -> Winter | None:
    if raw is None:
        return None
    months = frozenset(raw["months"])
    return Winter(
        months=months,
        in_months=frozenset(raw.get("in_months", ALL_MONTHS - months)),
        percent=Decimal(raw.get("percent", "100")),
        is_needed=raw.get("without", "HOLD") == "HOLD",
    )


def _most(raw: Mapping[str, Any] | None) -> Minimum | None:
    if raw is None:
        return None
    reference = tier_reading.length(raw.get("reference", "BILLING_PERIOD"))
    return Minimum(Decimal(raw["quantity"]), reference, tier_reading.scale(raw.get("scale")))
