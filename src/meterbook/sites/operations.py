"""Changes of the site tree."""

from __future__ import annotations

import zoneinfo
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.sites import models, values


class TimeZoneUnknown(ValueError):
    """The time zone is not in the zone database; take a name such as Europe/Madrid."""


class SiteCodeTaken(ValueError):
    """The organization has a site of that code already; take another one."""


class NodeMisplaced(ValueError):
    """A place must lie inside a larger one of the same site."""


@operation.operation
def create_site(
    *, actor: Actor, at: datetime, code: str, name: str, time_zone: str, currency: str, language: str = "en"
) -> models.Site:
    """This will add a site to the scope's organization.

    :param time_zone: a name of the zone database
    :raises TimeZoneUnknown: when the zone database has no such name
    :raises SiteCodeTaken: when the organization has a site of that code
    """
    if time_zone not in zoneinfo.available_timezones():
        raise TimeZoneUnknown(
            _("“%(zone)s” is not a time zone; take a name such as Europe/Madrid.") % {"zone": time_zone}
        )
    after = {"code": code, "name": name, "time_zone": time_zone, "currency": currency, "language": language}
    try:
        with transaction.atomic():
            site = models.Site.objects.create(organization_id=scoping.current().organization_id, **after)
    except IntegrityError as error:
        raise SiteCodeTaken(_("There is a site “%(code)s” already; take another code.") % {"code": code}) from error
    audit_operations.record(actor=actor, at=at, action="sites:create_site", subject=site, before=None, after=after)
    return site


@operation.operation
def create_node(
    *,
    actor: Actor,
    at: datetime,
    site: models.Site,
    kind: values.NodeKind,
    code: str,
    name: str,
    parent: models.SiteNode | None = None,
) -> models.SiteNode:
    """This will add a building, floor, zone or unit below the site or another place of it.

    :raises NodeMisplaced: when the parent belongs to another site or is not larger than the new place
    """
    order = list(values.NodeKind)
    if parent is not None and (
        parent.site_id != site.pk or order.index(values.NodeKind(parent.kind)) >= order.index(kind)
    ):
        raise NodeMisplaced(_("“%(name)s” must lie inside a larger place of the same site.") % {"name": name})
    node = models.SiteNode.objects.create(
        organization_id=site.organization_id, site=site, parent=parent, kind=kind, code=code, name=name
    )
    after = {"site": site.code, "kind": kind, "code": code, "name": name, "parent": parent.code if parent else None}
    audit_operations.record(actor=actor, at=at, action="sites:create_node", subject=node, before=None, after=after)
    return node
