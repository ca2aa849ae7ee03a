"""What a new version of a tariff does with the banks of the one before: nothing that was kept vanishes unsaid. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from meterbook.tariffs.rating.bank_terms import Holds
from meterbook.tariffs.rating.document import Component, TariffDocument
from meterbook.tariffs.rating.problems import Problem
from meterbook.tariffs.rating.problems import gettext_noop as _
from meterbook.tariffs.rating.terms import Charge


def problems(before: TariffDocument, now: TariffDocument) -> list[Problem]:
    """This will name the banks of the version before that no component goes on with or settles.

    A bank goes on in a component of the same code that keeps the same, or that `continues` it; a BANK_END settles it.
    """
    going_on = {code: (holds, place) for holds, place, codes in _going_on(now) for code in codes}
    found = []
    for each in before.components:
        holds = _kept(each)
        if holds is None:
            continue
        data = {"name": each.name["en"], "code": each.code}
        on = going_on.get(each.code)
        if on is None:
            found.append(Problem(_place(now, each.code), _lost(holds), data))
        elif on[0] is not holds:
            words = _("the bank “%(name)s” (%(code)s) of the version before keeps money, and this one keeps units")
            other = _("the bank “%(name)s” (%(code)s) of the version before keeps units, and this one keeps money")
            found.append(Problem(on[1], words if holds is Holds.MONEY else other, data))
        elif holds is Holds.UNITS and before.unit is not now.unit:
            words = _("the bank “%(name)s” (%(code)s) of the version before holds %(unit)s, which do not convert")
            found.append(Problem("unit", words, {**data, "unit": before.unit.symbol}))
    return found


def forgotten(before: TariffDocument, now: TariffDocument) -> list[Component]:
    """This will return the components of a document whose banks no component of another document goes on with."""
    going_on = {code: holds for holds, _place, codes in _going_on(now) for code in codes}
    kept = ((each, _kept(each)) for each in before.components)
    return [each for each, holds in kept if holds is not None and going_on.get(each.code) is not holds]


def unnamed(before: TariffDocument, now: TariffDocument) -> list[Component]:
    """This will return the components of a document whose banks no component of another document names at all."""
    named = {code for _holds, _place, codes in _going_on(now) for code in codes}
    return [each for each in before.components if each.bank is not None and each.code not in named]


def _lost(holds: Holds) -> str:
    if holds is Holds.MONEY:
        return _(
            "the version before keeps money in the bank “%(name)s” (%(code)s): keep it too, take it over (continues), "
            "or settle it with a BANK_END"
        )
    return _(
        "the version before keeps units in the bank “%(name)s” (%(code)s): keep it too, take it over (continues), "
        "or settle it with a BANK_END"
    )


def _kept(component: Component) -> Holds | None:
    if component.bank is None:
        return None
    return Holds.MONEY if component.charge is Charge.CREDIT_BANK else Holds.UNITS


def _going_on(document: TariffDocument) -> Iterator[tuple[Holds, str, set[str]]]:
    """What the banks of a document keep, where they stand, and the codes that they go on with."""
    for index, each in enumerate(document.components):
        holds = _kept(each)
        if each.bank is not None and holds is not None:
            yield holds, f"components[{index}]", {each.code, each.bank.continues}
        if each.bank_end is not None:
            yield each.bank_end.holds, f"components[{index}]", {each.code, each.bank_end.continues}


def _place(document: TariffDocument, code: str) -> str:
    """The component that had the bank, where it is still there."""
    places = (f"components[{index}]" for index, each in enumerate(document.components) if each.code == code)
    return next(places, "components")
