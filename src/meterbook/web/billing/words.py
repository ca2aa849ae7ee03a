"""Numbers, units and texts of a bill's content as its pages write them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import formats, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from meterbook.billing import values as billing_values
from meterbook.billing.content import shared_costs
from meterbook.kernel import currency as currencies
from meterbook.kernel.quantity import Unit
from meterbook.metering.values import SERVICE_CAPTIONS, Service
from meterbook.tariffs.rating.lines import DAY, MONTH, ONCE, YEAR
from meterbook.web import parameters
from meterbook.web.meters import pages
from meterbook.web.templatetags import meterbook as tags

TONES = {
    "ELECTRICITY": "electricity",
    "COLD_WATER": "water",
    "HOT_WATER": "hot-water",
    "GAS": "gas",
    "HEATING": "heating",
    "COOLING": "cooling",
    "SEWER": "water",
}
COUNTED_ON = {  # where a register did not simply count on: what stands for its source
    "RESET": gettext_lazy("the counter started anew"),
    "ROLLOVER": gettext_lazy("the counter passed its end"),
}
FRACTION = "\u2044"  # the slash of 14/31
SPREAD = "\u202f–\u202f"
STAMP = "%Y%m%dT%H%M%SZ"  # an instant as addresses have it


def corrected(segment: Mapping[str, Any]) -> str:
    """This will say by how much a test of the meter corrects what it counted (B-24); empty where none does."""
    if "corrected_by" not in segment:
        return ""
    facts = {"ratio": segment["corrected_by"].replace("/", FRACTION), "test": segment["test"]}
    return _("corrected %(ratio)s times by test %(test)s") % facts


def service(code: str) -> str | Promise:
    """This will name a service of a bill: one that is measured, one that goes by another, or the shared costs."""
    if code == shared_costs.SERVICE:
        return _("Shared costs")
    return billing_values.BILLED_ALONE[code] if code in billing_values.BILLED_ALONE else SERVICE_CAPTIONS[Service(code)]


def icon(code: str) -> str:
    """This will return the icon of a service of a bill."""
    return "drop" if code == billing_values.SEWER else pages.SERVICE_ICONS[Service(code)]


def said(text: Mapping[str, str]) -> str:
    """This will return a text of a bill in the page's language, else in English."""
    return text.get(language(), text["en"])


def language() -> str:
    """This will return the code of the page's language, such as "en"."""
    return (translation.get_language() or "en")[:2]


def number(text: str) -> str:
    """This will write an exact number with the decimals that it has: "1244.000" as "1,244.000"."""
    value = Decimal(text)
    return tags.number(value, places(value))


def tidy(text: str) -> str:
    """This will write an exact number without zeros at its end; "14/31" stays a fraction."""
    if "/" in text:
        return text.replace("/", FRACTION)
    value = Decimal(text).normalize()
    return tags.number(value, places(value))


def places(value: Decimal) -> int:
    """This will return how many decimals a number has."""
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def scaled(value: int, decimals: int) -> Decimal:
    """This will return an integer of 10^-`decimals` as a number."""
    return Decimal(value).scaleb(-decimals)


def amount(text: str, currency: str) -> str:
    """This will write an amount in its currency's decimals, without the currency."""
    return tags.number(Decimal(text), currencies.minor_units(currency))


def unit_of(code: str, quantity: str) -> str:
    """This will write the unit of a line; days and months in the number that `quantity` asks for."""
    count = 1 if quantity in ("0", "1") else 2
    if code == DAY:
        return ngettext("day", "days", count)
    if code == MONTH:
        return ngettext("month", "months", count)
    if code == YEAR:
        return ngettext("year", "years", count)
    return Unit(code).symbol


def price_unit(code: str, currency: str) -> str:
    """This will write what a price is for: "EUR/kWh", "EUR a day"."""
    if code == DAY:
        return _("%s a day") % currency
    if code == MONTH:
        return _("%s a month") % currency
    if code == YEAR:
        return _("%s a year") % currency
    if code == ONCE:
        return currency
    return f"{currency}/{Unit(code).symbol}"


def instant(text: str) -> datetime:
    """This will read an instant of a bill: local time with the offset that was used."""
    return datetime.fromisoformat(text)


def stamp(at: datetime) -> str:
    """This will write an instant for an address: 20260131T230000Z."""
    return at.astimezone(UTC).strftime(STAMP)


def moment(text: str) -> str:
    """This will write an instant of a bill in the local time that was used."""
    at = instant(text)
    return f"{formats.date_format(at.date(), 'SHORT_DATE_FORMAT')} {at:%H:%M}"


def span(content: Mapping[str, Any]) -> str:
    """This will write the days from `from` up to the day before `until`, such as "1 – 31 October 2026"."""
    first, until = instant(content["from"]), instant(content["until"])
    final = (until - timedelta(minutes=1)).date()
    if first.date() == final:
        return formats.date_format(final, "DATE_FORMAT")
    begins, ends = (formats.date_format(each, "SHORT_DATE_FORMAT") for each in (first.date(), final))
    return f"{begins}{SPREAD}{ends}"


def days(content: Mapping[str, Any]) -> str:
    """This will write the civil days from `from` up to the one before `until`."""
    first, final = date.fromisoformat(content["from"]), date.fromisoformat(content["until"]) - timedelta(days=1)
    written = [formats.date_format(each, "SHORT_DATE_FORMAT") for each in dict.fromkeys((first, final))]
    return SPREAD.join(written)


def month_name(first: datetime) -> str:
    """This will write month and year."""
    return formats.date_format(first.date(), "YEAR_MONTH_FORMAT")


def title(period: Mapping[str, Any]) -> str:
    """This will name the period of a bill: its month, or its days where it is not a whole month."""
    first, until = instant(period["from"]), instant(period["until"])
    following = first.date().replace(day=28) + timedelta(days=4)
    is_month = first.day == 1 and until.date() == following.replace(day=1)
    return month_name(first) if is_month else span(period)


def edges(period: Mapping[str, Any], zone: ZoneInfo) -> str:
    """This will write the boundaries of a period with the names of the offsets: "1 Nov 00:00 EDT – 1 Dec 00:00 EST"."""
    ends = [instant(period[each]).astimezone(zone) for each in ("from", "until")]
    return SPREAD.join(f"{moment(each.isoformat())} {each.tzname()}" for each in ends)


def month_of(text: str) -> date | None:
    """This will read a month such as "2026-10" as its first day; None when it is none."""
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    return found if parameters.EARLIEST_YEAR <= found.year <= parameters.LATEST_YEAR else None


def hours(minutes: int) -> str:
    """This will write a length in hours: 44640 as "744", 44670 as "744.5"."""
    return tidy(str(Decimal(minutes) / 60))
