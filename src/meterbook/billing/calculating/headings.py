"""What a bill says besides its meter points."""

from __future__ import annotations

import functools
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from meterbook.billing import content
from meterbook.billing.calculating import facts
from meterbook.customers.queries import AccountRow
from meterbook.kernel import civil
from meterbook.kernel.period import Period


class Head(NamedTuple):
    """A heading, and parts of it as JSON: organization and site, the account, the customer."""

    heading: content.Heading
    place: str
    account: str
    customer: str

    @classmethod
    def of(cls, run: facts.Run, found: content.Heading) -> Head:
        """This will write the parts of a heading in a run."""
        parts = (content.canonical(each).decode() for each in (found.account, found.customer))
        return cls(found, run.written_place, *parts)


def heading(run: facts.Run, account: AccountRow, zone: ZoneInfo) -> content.Heading:
    """This will return the heading of the bill of an account.

    :param zone: the one that its meter points share, else that of the site
    """
    return content.Heading(
        organization=run.printed_organization,
        site=run.printed_site,
        account={
            "public_id": str(account.public_id),
            "number": account.number,
            "is_landlord": account.is_landlord,
            **({"is_internal": True} if account.is_internal else {}),
        },
        customer={
            "code": account.customer_code,
            "name": account.customer_name,
            "tax_number": account.tax_number,
            "address": account.address,
            "language": account.language,
        },
        currency=account.currency,
        period=run.exact or _days(run.first_day, run.until_day, zone),
        days=(run.until_day - run.first_day).days if run.exact is None else _days_begun(run.exact, zone),
        zone=zone,
        language=account.language or run.site_language or run.organization_language,
    )


@functools.lru_cache(maxsize=256)
def _days(first: date, until: date, zone: ZoneInfo) -> Period:
    return Period(civil.start_of_day(first, zone), civil.start_of_day(until, zone))


def _days_begun(period: Period, zone: ZoneInfo) -> int:
    """A day belongs to whom its beginning belongs."""
    return sum(part.start == civil.start_of_day(day, zone) for day, part in civil.local_days(period, zone))
