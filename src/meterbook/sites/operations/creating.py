"""New sites and places."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, scoping
from meterbook.kernel import zone_names
from meterbook.kernel.actor import Actor
from meterbook.sites import models, values
from meterbook.sites.operations import facts as fact_rows
from meterbook.sites.operations import finding


class TimeZoneUnknown(ValueError):
    """The time zone is not in the zone database; take a name such as Europe/Madrid."""


class SiteCodeTaken(ValueError):
    """The organization has a site of that code already; take another one."""


class NodeCodeTaken(ValueError):
    """The organization has a place of that code already; take another one."""


@operation.operation
def create_site(
    *,
    actor: Actor,
    at: datetime,
    code: str,
    name: str,
    time_zone: str,
    currency: str,
    language: str = "en",
    portfolio: str = "",
    address: str = "",
    contacts: str = "",
) -> models.Site:
    """This will add a site to the scope's organization.

    :param time_zone: a name of the zone database
    :raises TimeZoneUnknown: when the zone database has no such name
    :raises SiteCodeTaken: when the organization has a site of that code
    """
    require_zone(time_zone)
    after = {"code": code, "name": name, "time_zone": time_zone, "currency": currency, "language": language}
    more = {"portfolio": portfolio, "address": address, "contacts": contacts}
    after |= {key: value for key, value in more.items() if value}
    try:
        with transaction.atomic():
            site = models.Site.objects.create(organization_id=scoping.current().organization_id, **after)
    except IntegrityError as error:
        raise SiteCodeTaken(_("There is a site “%(code)s” already; take another code.") % {"code": code}) from error
    audit_operations.record(actor=actor, at=at, action="sites:create_site", subject=site, before=None, after=after)
    return site


def require_zone(name: str) -> None:
    """This will pass for a name of the zone database.

    :raises TimeZoneUnknown: for any other
    """
    if name not in zone_names.known():
        raise TimeZoneUnknown(_("“%(zone)s” is not a time zone; take a name such as Europe/Madrid.") % {"zone": name})


@operation.operation
def create_node(
    *,
    actor: Actor,
    at: datetime,
    site: models.Site | uuid.UUID,
    kind: values.NodeKind,
    code: str,
    name: str,
    parent: models.SiteNode | uuid.UUID | None = None,
    facts: values.NodeFacts = values.NO_FACTS,
) -> models.SiteNode:
    """This will add a building, floor, zone or unit below the site or another place of it.

    :param site: the site, or its public id
    :param parent: the larger place that it lies in, or its public id; None is at the top
    :raises queries.SiteNotFound: when the organization has no such site
    :raises NodeNotFound: when the site has no such parent
    :raises NodeMisplaced: when the parent belongs to another site or is not larger than the new place
    :raises NodeArchived: when the parent is archived
    :raises NodeCodeTaken: when the organization has a place of that code
    :raises FactsInvalid: when a fact cannot be
    """
    site = finding.found_site(site)
    finding.hold_sites(site.organization_id, [site.pk])
    parent = finding.found_node(site, parent)
    finding.require_inside(kind=kind, name=name, site_id=site.pk, parent=parent)
    columns = fact_rows.columns(facts)
    try:
        with transaction.atomic():
            node = models.SiteNode.objects.create(
                organization_id=site.organization_id,
                site=site,
                parent=parent,
                kind=kind,
                code=code,
                name=name,
                **columns,
            )
    except IntegrityError as error:
        raise taken(error, code) from error
    after: dict[str, object] = {
        "site": site.code,
        "kind": kind,
        "code": code,
        "name": name,
        "parent": parent.code if parent else None,
    }
    after |= fact_rows.shown(columns, only_known=True)
    audit_operations.record(actor=actor, at=at, action="sites:create_node", subject=node, before=None, after=after)
    return node


def taken(error: IntegrityError, code: str) -> Exception:
    """This will return what the code's constraint means, or the error when it was another one."""
    if "site_node_code_once" not in str(error):
        return error
    return NodeCodeTaken(_("There is a place “%(code)s” already; take another code.") % {"code": code})
