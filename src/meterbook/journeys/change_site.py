"""Change what is known of a site. Its currency stays as soon as accounts, and so bills, are in it."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from meterbook.customers import models as customer_models
from meterbook.foundation import operation, scoping
from meterbook.journeys import changing_zones
from meterbook.kernel.actor import Actor
from meterbook.sites import models as site_models
from meterbook.sites import operations as site_operations
from meterbook.sites import queries as site_queries
from meterbook.sites import values as site_values
from meterbook.sites.operations import finding as site_finding


class CurrencyLocked(ValueError):
    """Accounts of the site are in its currency already; another currency needs another site."""


@operation.operation
def change_site(*, actor: Actor, at: datetime, site: uuid.UUID, facts: site_values.SiteFacts) -> site_models.Site:
    """This will give a site another code, name, zone, currency or other facts.

    A new zone counts for the days of its meter points that were not billed (`changing_zones`).

    :raises CurrencyLocked: when the currency differs and the site has accounts
    :raises sites.queries.SiteNotFound: when the organization has no such site
    :raises sites.operations.TimeZoneUnknown: when the zone database has no such name
    :raises sites.operations.SiteCodeTaken: when another site has that code
    """
    row = site_queries.get_site(public_id=site)
    if facts.currency != row.currency and row.id in sites_with_accounts():
        raise CurrencyLocked(
            _("Accounts and bills of this site are in %(currency)s; it cannot change any more.")
            % {"currency": row.currency}
        )
    if facts.time_zone != row.zone.key:
        site_operations.require_zone(facts.time_zone)
        site_finding.hold_sites(scoping.current().organization_id, [row.id])
        changing_zones.follow_sites({row.id: facts.time_zone})
    return site_operations.change_site(actor=actor, at=at, site=site, facts=facts)


def sites_with_accounts() -> frozenset[int]:
    """This will return the internal ids of the sites whose currency stays. Needs a running scope."""
    accounts = customer_models.Account.objects.filter(organization_id__in=scoping.current().organizations)
    return frozenset(accounts.values_list("site_id", flat=True).distinct())
