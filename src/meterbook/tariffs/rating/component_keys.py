"""Which keys a component of each charge can have, and which make it more than a plain one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meterbook.tariffs.rating.problems import Note
from meterbook.tariffs.rating.problems import gettext_noop as _
from meterbook.tariffs.rating.terms import Charge

_ALWAYS = {"code", "name", "charge"}
_LADDER = {
    "tier_mode",
    "tier_boundary",
    "tier_sharing",
    "tier_reference",
    "tier_factor_decimals",
    "no_proration_within_days",
    "tier_scale",
    "tier_year",
    "hours_of",
}
_ANYWHERE = {"service"}
_FIXED = {"price", "tiers", "times", "seasons", "only_if"}
_LINES = {"components", "least", "most"}
KEYS = {
    Charge.ENERGY: {
        "price",
        "prices",
        "tiers",
        "period_tiers",
        "price_series",
        "channel",
        "seasons",
        "only_if",
        "package",
        "package_rounding",
        "quantity_rounding",
        "loss",
        "minimum",
        "allowance",
        "linked",
        "bank",
        *_LADDER,
    },
    Charge.FIXED_DAILY: {*_FIXED, "proration"},
    Charge.FIXED_MONTHLY: {*_FIXED, "proration"},
    Charge.FIXED_YEARLY: _FIXED,
    Charge.FIXED_PERIOD: _FIXED,
    Charge.ONE_OFF: {"price", "times", "due"},
    Charge.DEMAND: {"price", "prices", "tiers", "period_tiers", "tier_mode", "tier_boundary", "seasons", "demand"},
    Charge.POWER_FACTOR: {"price", "components", "power_factor"},
    Charge.LOW_DELTA_T: {"price", "components", "delta_t"},
    Charge.DISCOUNT: {"price", "percent", *_LINES},
    Charge.SURCHARGE: {"price", "percent", *_LINES},
    Charge.MINIMUM_BILL: {"price", "components", "proration"},
    Charge.MAXIMUM_BILL: {"price", "components", "proration"},
    Charge.PASS_THROUGH: {"invoice"},
    Charge.COST_CAP: {"invoice", "components"},
    Charge.CREDIT_BANK: {"components", "bank"},
    Charge.BANK_END: {"bank_end"},
}
_OF_TIERS = {"tiers", "period_tiers"}
_PLAIN = {*_ALWAYS, "price", "prices", "tiers", "tier_reference", "no_proration_within_days"}
_PLAIN_CHARGES = {Charge.ENERGY, Charge.FIXED_DAILY, Charge.FIXED_MONTHLY}


def check(place: str, raw: Mapping[str, Any], note: Note) -> None:
    """This will tell of each key that a component of this charge cannot have."""
    charge = Charge(raw["charge"])
    for key in raw:
        if key in _LADDER and not _OF_TIERS & raw.keys():
            note(f"{place}.{key}", _("only a component with tiers has this"))
        elif key not in _ANYWHERE | KEYS[charge] | _ALWAYS and not (
            key in {"prices", "tiers"} and charge in _PLAIN_CHARGES
        ):
            note(f"{place}.{key}", _("a component of charge %(charge)s has no %(key)s"), charge=charge, key=key)


def is_plain(raw: Mapping[str, Any]) -> bool:
    """This will tell whether totals by price period are all that a component needs."""
    tiers = raw.get("tiers", [])
    return (
        raw["charge"] in _PLAIN_CHARGES
        and raw.keys() <= _PLAIN
        and not (tiers and raw["charge"] != Charge.ENERGY)
        and all(tier.keys() <= {"up_to", "price"} for tier in tiers)
        and raw.get("tier_reference") not in ("BILLING_PERIOD", "CALENDAR_YEAR")
    )
