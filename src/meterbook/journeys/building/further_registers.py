"""The column of further registers: what a person may write for each, and what is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from django.utils.translation import gettext as _

from meterbook.journeys.building import sheets
from meterbook.journeys.building.cells import Value
from meterbook.metering import by_hand
from meterbook.metering.values import COUNTED_SERIES, MAXIMUM_SERIES, TARIFF_SERIES, Service, series_types

Values = Mapping[str, Value]
COLUMN = "registers"
_BETWEEN = re.compile(r"\s*[,;+\n]\s*")


def written(codes: Collection[str], service: str) -> str | None:
    """This will write the further registers of a meter as the column holds them, in the order of the catalogue."""
    further = [code for code in by_hand.offered(Service(service))[1:] if code in codes]
    return ", ".join(further) or None


def codes_of(values: Values) -> tuple[str, ...]:
    """This will return the series of the further registers of a row that was checked."""
    held = values.get(COLUMN)
    return tuple(str(held).split(", ")) if held is not None else ()


def completed(values: Values, blame: Callable[[str, str, str], None]) -> Values:
    """This will return a row with its registers by their codes, whatever was written for them.

    :param blame: notes a fault of the row: column, problem, remedy
    """
    given, service = values.get(COLUMN), values.get("service")
    if given is None or service is None:
        return values
    names, codes = _spellings(), list[str]()
    offered = by_hand.offered(Service(str(service)))
    for word in filter(None, _BETWEEN.split(str(given).strip())):
        code = names.get(" ".join(word.split()).casefold())
        if code is None or code not in offered:
            known = series_types()
            remedy = ", ".join(str(known[each].caption) for each in offered[1:])
            blame(
                COLUMN,
                _("A meter of this service has no register “%(name)s”.") % {"name": word},
                _("It may have: %(names)s.") % {"names": remedy} if remedy else _("Empty the cell."),
            )
            return {**values, COLUMN: None}
        codes.append(code)
    return {**values, COLUMN: written(codes, str(service))}


def _spellings() -> dict[str, str]:
    """Codes by what stands for them: the code, its caption in any language, T1 of a tariff register, and MDI.

    The one that is billed first is there in any case, and may be named.
    """
    known = series_types()
    named = {code: known[code].caption for code in (*by_hand.FURTHER, *COUNTED_SERIES.values())}
    short = {f"t{number}": code for number, code in enumerate(TARIFF_SERIES, 1)} | {"mdi": MAXIMUM_SERIES[0]}
    return sheets.spellings(named) | short
