"""Read how a component keeps what was fed in and not used up."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from meterbook.tariffs.rating.bank_terms import Bank, BankEnd, Holds, YearEnd
from meterbook.tariffs.rating.document import Component
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
    usual = YearEnd.LAPSE if end is YearEnd.CARRY else end
    out = YearEnd(given.get("at_move_out", usual))
    _check(here, given, {end, out}, note, is_money=is_money)
    if ("year" in given) != (end is not YearEnd.CARRY):
        note(here, _("year and at_year_end belong together: on which day, and what becomes of the bank then"))
    return Bank(
        year=_year(f"{here}.year", given.get("year"), note),
        at_end=end,
        price=Decimal(given.get("cash_out", "0")),
        is_reversed=given.get("reversal", "AVERAGE") == "AVERAGE",
        at_move_out=out,
        continues=given.get("continues", ""),
    )


def bank_end(place: str, raw: Mapping[str, Any], note: Note) -> BankEnd | None:
    """This will read how a component settles a bank of an earlier version; None: it does not."""
    given = raw.get("bank_end")
    if given is None:
        return None
    here, holds, end = f"{place}.bank_end", Holds(given["holds"]), YearEnd(given["at_end"])
    if ("cash_out" in given) != (end is YearEnd.CASH_OUT):
        note(here, _("CASH_OUT needs cash_out, the price of each unit that is left; nothing else has it"))
    if end is YearEnd.PAY_BALANCE and holds is Holds.UNITS:
        note(f"{here}.at_end", _("units have no balance in money; take CASH_OUT with a price"))
    if end is YearEnd.CASH_OUT and holds is Holds.MONEY:
        note(f"{here}.at_end", _("money has no price for a unit; take PAY_BALANCE"))
    return BankEnd(holds, end, Decimal(given.get("cash_out", "0")), given.get("continues", ""))


def check_continued(components: Sequence[Component], note: Note) -> None:
    """This will tell of banks that take over what another component of the document has, or takes over too."""
    taken = {each.code for each in components if each.bank is not None or each.bank_end is not None}
    for index, each in enumerate(components):
        key, terms = ("bank", each.bank) if each.bank is not None else ("bank_end", each.bank_end)
        if terms is None or not terms.continues:
            continue
        if terms.continues in taken:
            words = _("“%(code)s” goes on in this document already: name a bank that only an earlier version has")
            note(f"components[{index}].{key}.continues", words, code=terms.continues)
        taken.add(terms.continues)


def _check(here: str, given: Mapping[str, Any], ends: set[YearEnd], note: Note, *, is_money: bool) -> None:
    if ("cash_out" in given) != (YearEnd.CASH_OUT in ends):
        note(here, _("CASH_OUT needs cash_out, the price of each unit that is left; nothing else has it"))
    for key in ("at_year_end", "at_move_out"):
        if given.get(key) == YearEnd.PAY_BALANCE and not is_money:
            note(f"{here}.{key}", _("units have no balance in money; take CASH_OUT with a price"))
    if "reversal" in given and not (is_money and YearEnd.CASH_OUT in ends):
        note(f"{here}.reversal", _("only a CREDIT_BANK with CASH_OUT takes credits back"))


def _year(place: str, raw: str | None, note: Note) -> tuple[int, int] | None:
    if raw is None:
        return None
    month, day = map(int, raw.split("-"))
    if day > calendar.monthrange(_COMMON_YEAR, month)[1]:
        note(place, _("%(day)s is not a day of every year"), day=raw)
        return None
    return month, day
