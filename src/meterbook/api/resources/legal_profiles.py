"""What the law says about bills, as an organization and its sites set it."""

from __future__ import annotations

import uuid

from ninja import Router

from meterbook.api import entry, values
from meterbook.api.endpoints import endpoint
from meterbook.billing import legal_profiles
from meterbook.identity import permissions
from meterbook.identity.values import Module
from meterbook.tariffs.rating.tax_points import TaxPoint

router = Router(tags=["Billing"])


class LegalProfileChange(values.Given):
    """DELIVERY: the rate of each day of the period; INVOICE: that of the date of the bill."""

    tax_point: TaxPoint


class SiteProfileChange(values.Given):
    """As for the organization; null: as the organization says."""

    tax_point: TaxPoint | None


class SiteProfile(values.Told):
    """What a site says for itself; null: it follows the organization."""

    site: uuid.UUID
    site_name: str
    tax_point: TaxPoint | None


class LegalProfile(values.Told):
    """Which rate of a tax that changes is due where a tariff does not say."""

    tax_point: TaxPoint
    sites: list[SiteProfile]


@endpoint(
    router,
    "GET",
    "/legal-profile",
    permission=permissions.EDIT_ORGANIZATION,
    module=Module.BILLING,
    answers=LegalProfile,
)
def get_legal_profile(request: entry.Request) -> LegalProfile:
    """This will return what the organization and its sites say."""
    return _told(legal_profiles.list_profiles())


@endpoint(
    router,
    "PUT",
    "/legal-profile",
    permission=permissions.EDIT_ORGANIZATION,
    module=Module.BILLING,
    answers=LegalProfile,
)
def change_legal_profile(request: entry.Request, given: LegalProfileChange) -> LegalProfile:
    """This will set what holds in the organization, for what is calculated from then on."""
    caller = request.caller
    return _told(legal_profiles.change_tax_point(actor=caller.actor, at=caller.at, tax_point=given.tax_point))


@endpoint(
    router,
    "PUT",
    "/sites/{uuid:site}/legal-profile",
    permission=permissions.EDIT_ORGANIZATION,
    module=Module.BILLING,
    answers=LegalProfile,
)
def change_legal_profile_of_site(request: entry.Request, site: uuid.UUID, given: SiteProfileChange) -> LegalProfile:
    """This will set what holds at a site, or let it follow the organization again."""
    caller = request.caller
    return _told(
        legal_profiles.change_tax_point(actor=caller.actor, at=caller.at, tax_point=given.tax_point, site=site)
    )


def _told(found: legal_profiles.Profiles) -> LegalProfile:
    return LegalProfile(
        tax_point=found.tax_point,
        sites=[
            SiteProfile(site=each.site_public_id, site_name=each.site_name, tax_point=each.tax_point)
            for each in found.sites
        ],
    )
