"""From when on days are told as wrong, by site and service. Needs a running scope."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from meterbook.foundation import scoping
from meterbook.metering import models
from meterbook.metering.checking import thresholds
from meterbook.metering.checking.thresholds import Thresholds


@dataclass(frozen=True)
class CheckingRow:
    """What was set for a site and service (None and "": for all), in its latest version."""

    site_id: int | None
    service: str
    version: int
    given: Mapping[str, str]
    set_by: str
    set_at: datetime


@dataclass(frozen=True)
class CheckingPolicies:
    """All that an organization has set."""

    rows: Mapping[tuple[int | None, str], CheckingRow]

    def holding(self, *, site_id: int | None, service: str) -> Thresholds:
        """This will return what holds: of the site and service, else the site, the service, the organization."""
        return thresholds.merged(*(self.rows[key].given for key in _layers(site_id, service) if key in self.rows))

    def around(self, *, site_id: int | None, service: str) -> Thresholds:
        """This will return what would hold without what was set for just this site and service."""
        own = (site_id, service)
        layers = [key for key in _layers(site_id, service) if key != own and key in self.rows]
        return thresholds.merged(*(self.rows[key].given for key in layers))


def _layers(site_id: int | None, service: str) -> list[tuple[int | None, str]]:
    """From the widest to the narrowest, each once."""
    return list(dict.fromkeys([(None, ""), (None, service), (site_id, ""), (site_id, service)]))


def checking_policies() -> CheckingPolicies:
    """This will return what the organization has set about the checks of days, in one query."""
    rows = models.CheckingPolicy.objects.filter(organization_id=scoping.current().organization_id)
    return CheckingPolicies(
        {
            (each.site_id, each.service): CheckingRow(
                each.site_id, each.service, each.version, each.thresholds, each.set_by, each.set_at
            )
            for each in rows.order_by("version", "id")
        }
    )
