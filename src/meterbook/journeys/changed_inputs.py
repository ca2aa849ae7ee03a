"""What to say where readings or tariffs change that bills were made from already. Needs a running scope."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import formats
from django.utils.translation import ngettext

from meterbook.billing import queries as billing_queries
from meterbook.journeys import filling
from meterbook.kernel.period import Period

NAMED = 5  # bills; the others are counted


def of_reading(*, meter_point_id: int, at: datetime, may_view: bool) -> str:
    """This will say which issued bills used a reading that was corrected; empty where none did.

    :param may_view: whether the reader may know the numbers of bills
    """
    found = billing_queries.bills_with_reading(meter_point_ids=[meter_point_id], at=at).get(meter_point_id, [])
    return _told(found, may_view=may_view)


def of_time(*, meter_point_id: int, period: Period, may_view: bool) -> str:
    """This will say which issued bills charged a part of a time in which intervals are corrected; empty where none did.

    :param may_view: whether the reader may know the numbers of bills
    """
    found = filling.bills_of(meter_point_id=meter_point_id, period=period)
    return _told([each.number for each in found], may_view=may_view)


def _told(numbers: list[str], *, may_view: bool) -> str:
    if not numbers:
        return ""
    words = ngettext(
        "%(count)s issued bill was made with it and is not changed",
        "%(count)s issued bills were made with it and are not changed",
        len(numbers),
    ) % {"count": len(numbers)}
    if not may_view:
        return f"{words}."
    return f"{words}: {', '.join([*numbers[:NAMED], *(['…'] if len(numbers) > NAMED else [])])}."


def of_version(*, tariff_id: int, first_day: date) -> str:
    """This will say how many bills and drafts have days from the first day of a new tariff version on."""
    found = billing_queries.billed_by_tariff(tariff_id=tariff_id, first_day=first_day)
    parts = []
    if found.issued:
        parts.append(
            ngettext(
                "%(count)s issued bill has days from %(day)s on; it is not changed.",
                "%(count)s issued bills have days from %(day)s on; they are not changed.",
                found.issued,
            )
            % {"count": found.issued, "day": formats.date_format(first_day, "SHORT_DATE_FORMAT")}
        )
    if found.drafts:
        parts.append(
            ngettext(
                "%(count)s draft of an open run must be calculated anew before it is approved.",
                "%(count)s drafts of open runs must be calculated anew before they are approved.",
                found.drafts,
            )
            % {"count": found.drafts}
        )
    return " ".join(parts)
