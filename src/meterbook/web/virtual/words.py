"""Formulas in words."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.kernel.rounding import EXACT
from meterbook.metering import formulas
from meterbook.metering.formulas import Hours
from meterbook.web import amounts

WORKDAYS, WEEKEND = 0b001_1111, 0b110_0000
DAYS = (
    (str(formulas.WEEK), gettext_lazy("Every day")),
    (str(WORKDAYS), gettext_lazy("Monday to Friday")),
    (str(WEEKEND), gettext_lazy("Saturday and Sunday")),
    *((str(1 << day), WEEKDAYS[day]) for day in range(7)),
)


def factor(value: Fraction) -> str:
    """This will write a factor without its sign: 0.5, 1/3, 12; exact in either form."""
    size = abs(value)
    rest = size.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return f"{size.numerator}/{size.denominator}"
    return amounts.written(EXACT.divide(size.numerator, size.denominator))


def days(mask: int) -> str:
    """This will name weekdays: "Every day", "Monday to Friday", "Mon, Wed"."""
    known = dict(DAYS).get(str(mask))
    if known is not None:
        return str(known)
    return ", ".join(str(WEEKDAYS_ABBR[day]) for day in range(7) if mask >> day & 1)


def clock(minute: int) -> str:
    """This will write a minute of the day: 22:00; the end of the day is 24:00."""
    return f"{minute // 60:02}:{minute % 60:02}"


def hours(when: Hours) -> str:
    """This will tell when a row counts; nothing where it always does."""
    if when.is_always:
        return ""
    if (when.from_minute, when.until_minute) == (0, 24 * 60):
        return days(when.weekdays)
    return _("%(days)s, %(start)s to %(end)s") % {
        "days": days(when.weekdays),
        "start": clock(when.from_minute),
        "end": clock(when.until_minute),
    }


def heat(flow: str, returned: str, density: Decimal, specific_heat: Decimal) -> str:
    """This will tell what water is multiplied by: both temperatures by the codes of their meters, and its figures."""
    return _(
        "× difference of the temperatures of flow (%(flow)s) and return (%(returned)s) × %(density)s kg/m³ ×"
        " %(specific_heat)s kJ/(kg K) / 3600"
    ) % {
        "flow": flow,
        "returned": returned,
        "density": amounts.written(density),
        "specific_heat": amounts.written(specific_heat),
    }
