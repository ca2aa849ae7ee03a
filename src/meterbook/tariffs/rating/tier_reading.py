"""Read prices by period, tiers and how they are climbed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from meterbook.tariffs.rating.problems import Note
from meterbook.tariffs.rating.problems import gettext_noop as _
from meterbook.tariffs.rating.terms import Charge, Ladder, Length, Reference, Scale, Tier


def length(raw: object) -> Length:
    """This will read what a threshold holds for: {"days": 30}, or a name."""
    return Length(days=raw["days"]) if isinstance(raw, Mapping) else Length(named=Reference(str(raw)))


def scale(raw: Mapping[str, str] | None) -> Scale | None:
    """This will read by which fact of the account something is multiplied."""
    return None if raw is None else Scale(raw["fact"], Decimal(raw.get("least", "0")))


def prices(place: str, raw: Mapping[str, str], periods: Sequence[str], note: Note) -> tuple[tuple[str, Decimal], ...]:
    """This will read a price for each price period; every one must be there."""
    if not raw:
        return ()
    for code in raw:
        if code not in periods:
            note(f"{place}.{code}", _("there is no such price period"))
    for code in periods:
        if code not in raw:
            note(place, _("price period “%(code)s” has no price; a price of 0 must be written"), code=code)
    return tuple((code, Decimal(raw[code])) for code in periods if code in raw)


def period_tiers(
    place: str, raw: Mapping[str, list[Mapping[str, Any]]], periods: Sequence[str], note: Note
) -> tuple[tuple[str, tuple[Tier, ...]], ...]:
    """This will read a ladder for each price period; every one must be there."""
    if not raw:
        return ()
    here = f"{place}.period_tiers"
    for code in raw:
        if code not in periods:
            note(f"{here}.{code}", _("there is no such price period"))
    for code in periods:
        if code not in raw:
            note(here, _("price period “%(code)s” has no tiers"), code=code)
    for code, listed in raw.items():
        for index, each in enumerate(listed):
            if "prices" in each:
                note(f"{here}.{code}[{index}].prices", _("tiers of one price period have a price each"))
    return tuple((code, tiers(f"{here}.{code}", raw[code], periods, note)) for code in periods if code in raw)


def tiers(place: str, raw: Sequence[Mapping[str, Any]], periods: Sequence[str], note: Note) -> tuple[Tier, ...]:
    """This will read a ladder: thresholds rise, the final tier has none, and all are priced alike."""
    found = tuple(_tier(f"{place}[{index}]", each, periods, note) for index, each in enumerate(raw))
    before = {"up_to": Decimal(0), "hours": Decimal(0)}
    for index, tier in enumerate(found):
        here, is_final = f"{place}[{index}]", index == len(found) - 1
        if is_final and (tier.up_to is not None or tier.hours is not None):
            note(here, _("the final tier has no up_to: it takes all that is left"))
        elif not is_final and tier.up_to is None and tier.hours is None:
            note(here, _("up_to is missing"))
        for key, limit in (("up_to", tier.up_to), ("hours", tier.hours)):
            if limit is not None and not is_final and limit <= before[key]:
                note(f"{here}.{key}", _("%(limit)s is not above %(before)s"), limit=limit, before=before[key])
            before[key] = before[key] if limit is None else limit
        if bool(tier.prices) != bool(found[0].prices):
            note(here, _("either all tiers have a price, or all have prices by period"))
    return found


def _tier(here: str, raw: Mapping[str, Any], periods: Sequence[str], note: Note) -> Tier:
    if "price" not in raw and "prices" not in raw:
        note(here, _("“%(key)s” is missing"), key="price")
    if "price" in raw and "prices" in raw:
        note(here, _("give either price or prices"))
    if "up_to" in raw and "hours" in raw:
        note(here, _("give either up_to or hours"))
    if "package" in raw and "prices" in raw:
        note(f"{here}.package", _("packages have one price"))
    return Tier(
        up_to=_number(raw.get("up_to")),
        price=Decimal(raw.get("price", "0")),
        hours=_number(raw.get("hours")),
        prices=prices(f"{here}.prices", raw.get("prices", {}), periods, note),
        fixed=Decimal(raw.get("fixed", "0")),
        package=_number(raw.get("package")),
    )


def ladder(place: str, raw: Mapping[str, Any], before: Mapping[str, Charge], note: Note) -> Ladder:
    """This will read the options of a ladder.

    :param before: the components before this one
    """
    listed = [*raw.get("tiers", []), *(tier for each in raw.get("period_tiers", {}).values() for tier in each)]
    hours_of = raw.get("hours_of", "")
    has_hours = any("hours" in tier for tier in listed)
    if has_hours and not hours_of:
        note(place, _("tiers by hours of use need hours_of: the DEMAND component whose kW they are multiplied by"))
    if hours_of and before.get(hours_of) is not Charge.DEMAND:
        note(f"{place}.hours_of", _("there is no DEMAND component “%(code)s” before this one"), code=hours_of)
    found = Ladder(
        is_slab=raw.get("tier_mode") == "SLAB",
        is_upper=raw.get("tier_boundary") == "UPPER",
        by_time=raw.get("tier_sharing") == "TIME_ORDER",
        factor_decimals=raw.get("tier_factor_decimals"),
        scale=scale(raw.get("tier_scale")),
        year=_month_day(raw.get("tier_year")),
        hours_of=hours_of,
    )
    _check_ladder(place, raw, found, note)
    return found


def _check_ladder(place: str, raw: Mapping[str, Any], found: Ladder, note: Note) -> None:
    if "tier_sharing" in raw and not any("prices" in tier for tier in raw.get("tiers", [])):
        note(f"{place}.tier_sharing", _("only tiers with prices by period are shared by periods"))
    if found.by_time and found.is_slab:
        note(f"{place}.tier_sharing", _("a slab has one price for all units: their order in time is nothing"))
    if found.year is not None and (found.is_slab or found.by_time or "period_tiers" in raw or found.hours_of):
        note(
            f"{place}.tier_year", _("a ladder over the year is climbed block by block, without hours or order in time")
        )
    if found.year == (2, 29):
        note(f"{place}.tier_year", _("%(day)s is not a day of every year"), day="02-29")


def _month_day(raw: str | None) -> tuple[int, int] | None:
    if raw is None:
        return None
    month, day = map(int, raw.split("-"))
    return month, day


def _number(raw: str | None) -> Decimal | None:
    return None if raw is None else Decimal(raw)
