"""A workbook of a building with the meters that a search of a line found: to name them, and bring them in at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from fractions import Fraction

from django.utils.translation import gettext as _

from meterbook.acquisition.commissionings import SurveyedMeter
from meterbook.acquisition.library import orders
from meterbook.journeys.building import exporting, present
from meterbook.metering import values as metering_values

CODE_LENGTH = 40
NUMBER = 8  # digits by which people know an M-Bus meter


def is_ready(meter: SurveyedMeter) -> bool:
    """This will tell whether a row can say all that is known of a meter: it is of a type, read as that type says."""
    model = meter.model
    if model is None or meter.is_set_up or not meter.is_surveyed or meter.scale != 1:
        return False
    return meter.is_mbus or meter.order is orders.order_of(orders.main_counter(model))


def workbook(*, site: str, found: Iterable[SurveyedMeter]) -> bytes:
    """This will return a workbook (XLSX) in the active language with a row for each meter that is ready.

    Type, line and address are filled in, and the serial number where the meter says it; codes are proposed that no
    meter point has.

    :param site: code of the site of the line
    """
    known = present.load()
    return exporting.of_points(list(_rows(site, [each for each in found if is_ready(each)], set(known.points))))


def _rows(site: str, found: Collection[SurveyedMeter], taken: set[str]) -> Iterator[present.Values]:
    for meter in found:
        model, bus, address = meter.model, meter.bus, meter.address
        if model is None:
            continue
        short = address[:NUMBER]
        code = _free(f"{re.sub(r'[^A-Z0-9]+', '-', bus.name.upper()).strip('-')[: CODE_LENGTH - 12]}-{short}", taken)
        taken.add(code)
        yield {
            "code": code,
            "name": _("%(model)s, address %(address)s") % {"model": model.name, "address": short},
            "service": model.service,
            "role": metering_values.PointRole.TENANT.value,
            "site": site,
            "serial": (meter.kin[1] if meter.kin else (meter.device or {}).get("serial_number")) or None,
            "model": model.code,
            "multiplier": _ratio(meter.notes.get("multiplier", "")),
            "host": bus.host,
            "port": bus.port or None,
            "spoken": bus.protocol.value,
            "unit": None if meter.secondary else meter.unit_id,
            "secondary": meter.secondary or None,
        }


def _free(code: str, taken: Collection[str]) -> str:
    if code not in taken:
        return code
    return next(each for number in range(2, len(taken) + 3) if (each := f"{code}-{number}") not in taken)


def _ratio(text: str) -> Fraction:
    try:
        found = Fraction(text.replace(" ", "")) if text else Fraction(1)
    except (ValueError, ZeroDivisionError):
        return Fraction(1)
    return found if found > 0 else Fraction(1)
