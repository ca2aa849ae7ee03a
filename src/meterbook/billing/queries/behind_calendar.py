"""Issued bills whose days a calendar of holidays was changed on afterwards: they stay, and may be billed again."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from meterbook.billing.queries.members import read
from meterbook.foundation import scoping
from meterbook.tariffs import models as tariff_models

RUNS = """
SELECT r.public_id, s.name, lower(r.days), upper(r.days), count(DISTINCT b.id)
FROM unnest(%(days)s::date[], %(changed)s::timestamptz[]) AS c (day, at)
JOIN billing_billrun r ON r.organization_id = %(organization)s AND r.days @> c.day
JOIN sites_site s ON s.organization_id = r.organization_id AND s.id = r.site_id
JOIN billing_bill b ON b.organization_id = r.organization_id AND b.run_id = r.id AND b.issued_at < c.at
WHERE (%(sites)s::bigint[] IS NULL OR r.site_id = ANY(%(sites)s)) AND EXISTS (
    SELECT FROM billing_runshare h
    WHERE h.organization_id = b.organization_id AND h.run_id = b.run_id AND h.account_id = b.account_id
        AND h.tariff_id = ANY(%(tariffs)s) AND h.during && tstzrange(
            c.day::timestamp AT TIME ZONE s.time_zone, (c.day + 1)::timestamp AT TIME ZONE s.time_zone))
GROUP BY r.id, r.public_id, s.name, r.days ORDER BY lower(r.days) DESC, s.name, r.id
LIMIT %(most)s
"""
MOST = 50


@dataclass(frozen=True)
class BehindCalendar:
    """A run with bills that were issued before one of their days was changed; its days are [first_day, until_day)."""

    run: uuid.UUID
    site_name: str
    first_day: date
    until_day: date
    bills: int

    @property
    def final_day(self) -> date:
        """The day before `until_day`."""
        return self.until_day - timedelta(days=1)


def bills_behind_calendar(
    *, code: str, changes: Sequence[tuple[date, datetime]], site_ids: Collection[int] | None
) -> list[BehindCalendar]:
    """This will return the runs with such bills, those of the newest days first, `MOST` at most.

    Credited bills are not among them: their time is billed again by what holds now.

    :param code: of the calendar
    :param changes: local days that were put in, taken out or changed, each with when
    :param site_ids: None: all sites
    """
    owner = scoping.current().organization_id
    naming = tariff_models.TariffVersion.objects.filter(organization_id=owner, document__holiday_calendar=code)
    tariffs = sorted(set(naming.values_list("tariff_id", flat=True)))
    if not tariffs or not changes:
        return []
    found = read(
        RUNS,
        {
            "organization": owner,
            "days": [day for day, _at in changes],
            "changed": [at for _day, at in changes],
            "sites": None if site_ids is None else sorted(site_ids),
            "tariffs": tariffs,
            "most": MOST,
        },
    )
    return [BehindCalendar(*row) for row in found]
