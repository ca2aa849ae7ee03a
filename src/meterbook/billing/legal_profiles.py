"""What the legal profile of an organization, or of one of its sites, says about bills. Each needs a running scope.

Of a site that says nothing the organization's holds, and where that says nothing, the day of delivery.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.audit import values as audit_values
from meterbook.billing import models
from meterbook.foundation import operation, scoping
from meterbook.identity import queries as identity_queries
from meterbook.kernel.actor import Actor
from meterbook.sites import models as site_models
from meterbook.tariffs.rating.tax_points import TaxPoint

USUAL = TaxPoint.DELIVERY


@dataclass(frozen=True)
class ProfileRow:
    """What was set for a site; `tax_point` None: it follows the organization."""

    site_public_id: uuid.UUID
    site_name: str
    tax_point: TaxPoint | None


@dataclass(frozen=True)
class Profiles:
    """What holds for an organization, and what its sites, by name, say for themselves."""

    tax_point: TaxPoint
    sites: tuple[ProfileRow, ...]


class ProfileSiteNotThere(LookupError):
    """There is no such site in this organization."""


def tax_point_of(*, site_id: int) -> TaxPoint:
    """This will return which rate of a tax is due at a site where its tariffs do not say (B-34), in one query."""
    said = models.LegalProfile.objects.exclude(tax_point="").filter(
        Q(site_id=site_id) | Q(site=None), organization_id=scoping.current().organization_id
    )
    # That of the site stands before that of the organization: nulls come last.
    found = said.order_by("site_id", "id").values_list("tax_point", flat=True).first()
    return USUAL if found is None else TaxPoint(found)


def list_profiles() -> Profiles:
    """This will return what the organization and each of its sites say."""
    owner = scoping.current().organization_id
    said: dict[int | None, TaxPoint] = {
        site_id: TaxPoint(point)
        for site_id, point in models.LegalProfile.objects.filter(organization_id=owner)
        .exclude(tax_point="")
        .order_by("id")
        .values_list("site_id", "tax_point")
    }
    sites = site_models.Site.objects.filter(organization_id=owner).order_by("name", "id")
    return Profiles(
        said.get(None, USUAL),
        tuple(ProfileRow(each.public_id, each.name, said.get(each.pk)) for each in sites),
    )


@operation.operation
def change_tax_point(
    *, actor: Actor, at: datetime, tax_point: TaxPoint | None, site: uuid.UUID | None = None
) -> Profiles:
    """This will set which rate of a tax is due where a tariff does not say; issued bills stay as they are.

    What is so already stays unrecorded.

    :param site: its public id; None: for all sites that say nothing for themselves
    :param tax_point: None lets the site follow the organization, and the organization what is usual
    :raises ProfileSiteNotThere: when the organization has no such site
    """
    owner = scoping.current().organization_id
    found = None if site is None else _site(owner, site)
    kept, _is_new = models.LegalProfile.objects.select_for_update().get_or_create(organization_id=owner, site=found)
    before = kept.tax_point
    kept.tax_point = "" if tax_point is None else tax_point.value
    if kept.tax_point != before:
        kept.save(update_fields=["tax_point"])
        label = identity_queries.get_organization().name if found is None else found.name
        audit_operations.record(
            actor=actor,
            at=at,
            action="billing:change_legal_profile",
            subject=audit_values.Subject("billing.legalprofile", kept.public_id, label),
            before={"tax_point": before or None},
            after={"tax_point": kept.tax_point or None},
        )
    return list_profiles()


def _site(owner: int, public_id: uuid.UUID) -> site_models.Site:
    found = site_models.Site.objects.filter(organization_id=owner, public_id=public_id).first()
    if found is None:
        raise ProfileSiteNotThere(_("There is no such site."))
    return found
