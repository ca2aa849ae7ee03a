"""What a bill says besides its meter points."""

from __future__ import annotations

from dataclasses import asdict
from zoneinfo import ZoneInfo

from meterbook.billing import content
from meterbook.billing.calculating import facts
from meterbook.customers.queries import AccountRow
from meterbook.kernel import civil
from meterbook.kernel.period import Period


def heading(run: facts.Run, account: AccountRow, zone: ZoneInfo) -> content.Heading:
    """This will return the heading of the bill of an account.

    :param zone: the one that its meter points share, else that of the site
    """
    return content.Heading(
        organization={
            "public_id": str(run.organization_public_id),
            "name": run.organization_name,
            "language": run.organization_language,
            # A field that was not filled in is left out, as in bills from before there was a letterhead.
            **{key: value for key, value in asdict(run.letterhead).items() if value},
        },
        site={
            "public_id": str(run.site_public_id),
            "code": run.site_code,
            "name": run.site_name,
            "zone": run.zone.key,
        },
        account={
            "public_id": str(account.public_id),
            "number": account.number,
            "is_landlord": account.is_landlord,
        },
        customer={
            "code": account.customer_code,
            "name": account.customer_name,
            "tax_number": account.tax_number,
            "address": account.address,
            "language": account.language,
        },
        currency=account.currency,
        period=run.exact or Period(civil.start_of_day(run.first_day, zone), civil.start_of_day(run.until_day, zone)),
        days=(run.until_day - run.first_day).days if run.exact is None else _days_begun(run.exact, zone),
        zone=zone,
        language=account.language or run.site_language or run.organization_language,
    )


def _days_begun(period: Period, zone: ZoneInfo) -> int:
    """A day belongs to whom its beginning belongs."""
    return sum(part.start == civil.start_of_day(day, zone) for day, part in civil.local_days(period, zone))
