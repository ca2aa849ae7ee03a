"""Read how a component keeps what was fed in and not used up."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from meterbook.tariffs.rating.bank_terms import Bank, YearEnd
from meterbook.tariffs.rating.problems import Note
from meterbook.tariffs.rating.problems import gettext_noop as _

_COMMON_YEAR = 2023
_NEVER = {"tier_year", "price_series", "period_tiers"}


def bank(place: str, raw: Mapping[str, Any], fed_in: frozenset[str], note: Note) -> Bank | None:
    """This will read the bank of a component; None: it has none.

    :param fed_in: the components before that pay for energy fed in
    """
    given = raw.get("bank")
    if given is None:
        return None
    here = f"{place}.bank"
    is_money = raw["charge"] == "CREDIT_BANK"
    if is_money and not fed_in & set(raw.get("components", fed_in)):
        note(place, _("no charge before this one pays for energy fed in (ENERGY of the channel EXPORT)"))
    if not is_money and raw.get("channel") != "NET":
        note(here, _("a bank of units needs the channel NET: what is used less what is fed in"))
    for key in sorted(_NEVER & raw.keys()):
        note(here, _("a component with %(key)s has no bank of units"), key=key)
    end = YearEnd(given.get("at_year_end", YearEnd.CARRY))
    _check(here, given, end, note, is_money=is_money)
    return Bank(
        year=_year(f"{here}.year", given.get("year"), note),
        at_end=end,
        price=Decimal(given.get("cash_out", "0")),
        is_reversed=given.get("reversal", "AVERAGE") == "AVERAGE",
    )


def _check(here: str, given: Mapping[str, Any], end: YearEnd, note: Note, *, is_money: bool) -> None:
    if ("year" in given) != (end is not YearEnd.CARRY):
        note(here, _("year and at_year_end belong together: on which day, and what becomes of the bank then"))
    if ("cash_out" in given) != (end is YearEnd.CASH_OUT):
        note(here, _("CASH_OUT needs cash_out, the price of each unit that is left; nothing else has it"))
    if end is YearEnd.PAY_BALANCE and not is_money:
        note(f"{here}.at_year_end", _("units have no balance in money; take CASH_OUT with a price"))
    if "reversal" in given and not (is_money and end is YearEnd.CASH_OUT):
        note(f"{here}.reversal", _("only a CREDIT_BANK with CASH_OUT takes credits back"))


def _year(place: str, raw: str | None, note: Note) -> tuple[int, int] | None:
    if raw is None:
        return None
    month, day = map(int, raw.split("-"))
    if day > calendar.monthrange(_COMMON_YEAR, month)[1]:
        note(place, _("%(day)s is not a day of every year"), day=raw)
        return None
    return month, day
