"""What hung at a meter point when, and how many times its registers counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _

from meterbook.acquisition import catalogue
from meterbook.acquisition.library import documents
from meterbook.kernel.quantity import Unit
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.web.templatetags import meterbook as tags


@dataclass(frozen=True)
class Event:
    """One entry of the installation's history."""

    title: str
    at: datetime
    detail: str
    icon: str
    is_present: bool


def model_name(code: str) -> str:
    """This will return maker and name of a meter model; a code that the library lost is its own name.

    A meter that no model was told of has none: "".
    """
    if code == metering_values.IMPORTED:
        return ""
    if code == metering_values.VIRTUAL:
        return _("Virtual meter")
    try:
        # An own type has another code: the many meters of shipped ones cost no question for a name.
        model = (catalogue.SHIPPED if code in documents.codes() else catalogue.current()).load(code)
    except documents.ModelUnknown:
        return code
    return f"{model.manufacturer} {model.name}"


def history(detail: metering_queries.MeterDetail) -> tuple[Event, ...]:
    """This will tell what hung at the point when, newest first: installed, multiplied, removed."""
    found: list[tuple[datetime, int, Event]] = []
    main = detail.main_series
    for each in detail.installations:
        shown = next((row for row in each.registers if main and row.series_id == main.id), None)
        factor = _factor(each.multipliers[0].factor if each.multipliers else Fraction(1))
        found.append(
            (
                each.starts_at,
                1,
                Event(
                    _("%(serial)s installed, × %(factor)s") % {"serial": each.serial_number, "factor": factor},
                    each.starts_at,
                    " · ".join(
                        part
                        for part in (
                            _register_text(_("First reading %(value)s"), shown, "opening"),
                            model_name(each.model_code),
                        )
                        if part
                    ),
                    "cable",
                    each.ends_at is None,
                ),
            )
        )
        for before, segment in zip(each.multipliers, each.multipliers[1:], strict=False):
            title = _("Multiplier × %(old)s to × %(new)s") % {
                "old": _factor(before.factor),
                "new": _factor(segment.factor),
            }
            found.append((segment.starts_at, 0, Event(title, segment.starts_at, segment.reason, "sliders", False)))
        if each.ends_at is not None:
            text = _register_text(_("Final reading %(value)s"), shown, "closing")
            if shown and shown.is_closing_estimated:
                text = _("%(reading)s, estimated") % {"reading": text}
            title = _("%(serial)s removed") % {"serial": each.serial_number}
            found.append((each.ends_at, 0, Event(title, each.ends_at, text, "unplug", False)))
    return tuple(event for _at, _order, event in sorted(found, key=lambda item: item[:2], reverse=True))


def _factor(factor: Fraction) -> str:
    if factor.denominator == 1:
        return tags.number(factor.numerator)
    return f"{tags.number(factor.numerator)}/{tags.number(factor.denominator)}"


def _register_text(pattern: str, register: metering_queries.RegisterRow | None, which: str) -> str:
    raw = getattr(register, which) if register else None
    if register is None or raw is None:
        return ""
    value = Decimal(raw).scaleb(-register.decimals)
    unit = Unit(register.unit).symbol
    return pattern % {"value": f"{tags.number(value, register.decimals)}\u00a0{unit}"}
