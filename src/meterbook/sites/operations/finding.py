"""The places that an operation is about, held against other changes of their site."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from meterbook.foundation import scoping
from meterbook.sites import models, queries, values


class NodeNotFound(LookupError):
    """There is no such place at this site."""


class NodeMisplaced(ValueError):
    """A place must lie inside a larger one of the same site."""


class NodeArchived(ValueError):
    """The place is archived; restore it first."""


def found_site(site: models.Site | uuid.UUID) -> models.Site:
    """This will return a site of the organization, by its public id.

    :raises queries.SiteNotFound: when the organization has no such site
    """
    if isinstance(site, models.Site):
        return site
    sites = models.Site.objects.filter(organization_id=scoping.current().organization_id, public_id=site)
    found = sites.first()
    if found is None:
        raise queries.SiteNotFound(queries.SiteNotFound.__doc__)
    return found


def found_node(site: models.Site, node: models.SiteNode | uuid.UUID | None) -> models.SiteNode | None:
    """This will return a place of the site, by its public id; None stays None.

    :raises NodeNotFound: when the site has no such place
    """
    if node is None:
        return None
    if isinstance(node, models.SiteNode):
        node.refresh_from_db(fields=["archived_at", "kind"])
        return node
    nodes = models.SiteNode.objects.filter(organization_id=site.organization_id, site=site, public_id=node)
    found = nodes.first()
    if found is None:
        raise NodeNotFound(_("There is no such place at this site."))
    return found


def held_node(public_id: uuid.UUID, *, is_archived: bool | None = False) -> models.SiteNode:
    """This will return a place of the organization; no other operation changes the tree of its site meanwhile.

    :param is_archived: None: it does not matter
    :raises NodeNotFound: when the organization has no such place
    :raises NodeArchived: when an open place is wanted and it is archived
    """
    organization_id = scoping.current().organization_id
    nodes = models.SiteNode.objects.filter(organization_id=organization_id, public_id=public_id)
    site_id = nodes.values_list("site_id", flat=True).first()
    if site_id is None:
        raise NodeNotFound(_("There is no such place. Somebody may have deleted it."))
    hold_sites(organization_id, [site_id])
    found = nodes.select_related("site", "parent").first()
    if found is None:
        raise NodeNotFound(_("There is no such place. Somebody may have deleted it."))
    if is_archived is False and found.archived_at is not None:
        raise NodeArchived(_("“%(name)s” is archived; restore it first.") % {"name": found.name})
    return found


def hold_sites(organization_id: int, site_ids: list[int] | None = None) -> None:
    """This will make other changes of the trees of these sites (None: all) wait for the end of the transaction.

    Meters and readings can still be added: only keys of the sites themselves stay free.
    """
    sites = models.Site.objects.filter(organization_id=organization_id)
    if site_ids is not None:
        sites = sites.filter(pk__in=site_ids)
    list(sites.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))


def require_inside(*, kind: values.NodeKind, name: str, site_id: int, parent: models.SiteNode | None) -> None:
    """This will pass when a place of a kind may lie in the parent.

    :raises NodeMisplaced: when the parent belongs to another site or is not larger
    :raises NodeArchived: when the parent is archived
    """
    if parent is None:
        return
    order = list(values.NodeKind)
    if parent.site_id != site_id or order.index(values.NodeKind(parent.kind)) >= order.index(kind):
        raise NodeMisplaced(_("“%(name)s” must lie inside a larger place of the same site.") % {"name": name})
    if parent.archived_at is not None:
        raise NodeArchived(_("“%(name)s” is archived; restore it first.") % {"name": parent.name})
