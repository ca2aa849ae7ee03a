"""How quantities came about that no register shows, as the page of a bill says it: gas as energy, sewer from water."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from meterbook.kernel.quantity import Unit
from meterbook.web.billing import words

Plain = Mapping[str, Any]
SPACE = "\u00a0"


def of_point(point: Plain) -> tuple[str, ...]:
    """This will say how the volume of gas became energy, once for each time in which the factors stayed."""
    return tuple(_converted(part, point) for charge in point["charges"] for part in charge.get("conversion", ()))


def linked(line: Plain) -> str:
    """This will say what the quantity of a line follows from: (31.25 - 2) m3 x 0.9."""
    told = line["trace"]["linked"]
    unit, used = Unit(told["unit"]).symbol, words.tidy(told["measured"])
    if "deducted" in told:
        used = f"({used} − {words.tidy(told['deducted'])})"
    found = _("It follows from what was measured: %(formula)s.") % {
        "formula": f"{used}{SPACE}{unit} × {words.tidy(told['factor'])}"
    }
    if told.get("meters"):
        found += " " + _("The meters taken off: %(meters)s.") % {"meters": ", ".join(told["meters"])}
    if "winter" in told:
        winter = told["winter"]
        facts = {"a_day": words.tidy(winter["a_day"]), "most": words.tidy(winter["most"]), "unit": unit}
        found += " " + _("At most the use of the winter, %(a_day)s %(unit)s a day: %(most)s %(unit)s.") % facts
    if "most" in told:
        most = f"{words.tidy(told['most'])}{SPACE}{Unit(line['unit']).symbol}"
        found += " " + _("At most %(most)s are billed.") % {"most": most}
    return found


def _converted(part: Plain, point: Plain) -> str:
    measured = words.tidy(str(words.scaled(part["measured"], point["decimals"])))
    per = "" if part["unit"] == Unit.KWH else " / 3.6"
    formula = (
        f"{measured}{SPACE}{Unit(point['unit']).symbol} × {words.tidy(part['factor'])}"
        f" × {words.tidy(part['calorific'])}{SPACE}{Unit(part['unit']).symbol}/m³{per}"
        f" = {words.tidy(part['energy'])}{SPACE}kWh"
    )
    found = _("%(start)s to %(end)s: %(formula)s") % {
        "start": words.moment(part["from"]),
        "end": words.moment(part["until"]),
        "formula": formula,
    }
    return f"{found} ({_('an earlier value, estimated')})" if part.get("is_estimated") else found
