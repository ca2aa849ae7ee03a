"""Other names and facts of sites and places."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation
from meterbook.kernel.actor import Actor
from meterbook.sites import models, values
from meterbook.sites.operations import creating, finding
from meterbook.sites.operations import facts as fact_rows
from meterbook.sites.operations.facts import FactsInvalid

__all__ = ["FactsInvalid", "change_node", "change_site"]


@operation.operation
def change_site(*, actor: Actor, at: datetime, site: uuid.UUID, facts: values.SiteFacts) -> models.Site:
    """This will give a site another code, name, zone, currency or other facts; the same again changes nothing.

    Whether its currency may change is checked by `journeys.change_site`, which knows whether it was billed.

    :raises queries.SiteNotFound: when the organization has no such site
    :raises TimeZoneUnknown: when the zone database has no such name
    :raises SiteCodeTaken: when another site has that code
    """
    found = finding.found_site(site)
    finding.hold_sites(found.organization_id, [found.pk])
    found.refresh_from_db()
    creating.require_zone(facts.time_zone)
    wanted = asdict(facts)
    before = {key: getattr(found, key) for key, value in wanted.items() if getattr(found, key) != value}
    if not before:
        return found
    for key in before:
        setattr(found, key, wanted[key])
    try:
        with transaction.atomic():
            found.save(update_fields=list(before))
    except IntegrityError as error:
        raise creating.SiteCodeTaken(
            _("There is a site “%(code)s” already; take another code.") % {"code": facts.code}
        ) from error
    audit_operations.record(
        actor=actor,
        at=at,
        action="sites:change_site",
        subject=found,
        before=before,
        after={key: wanted[key] for key in before},
    )
    return found


@operation.operation
def change_node(
    *,
    actor: Actor,
    at: datetime,
    node: uuid.UUID,
    kind: values.NodeKind,
    code: str,
    name: str,
    facts: values.NodeFacts,
) -> models.SiteNode:
    """This will give a place another code, name, kind and facts; the same again changes nothing.

    :raises NodeNotFound: when the organization has no such place
    :raises NodeArchived: when it is archived
    :raises NodeMisplaced: when what it lies in, or what lies in it, does not allow the kind, now or in the past
    :raises NodeCodeTaken: when another place has that code
    :raises FactsInvalid: when a fact cannot be
    """
    found = finding.held_node(node)
    if kind != found.kind:
        _require_kind(found, kind)
    wanted = {"kind": kind.value, "code": code, "name": name, **fact_rows.columns(facts)}
    # Values of fields that are not declared any more stay.
    wanted["custom"] = _kept(found, facts) | dict(wanted["custom"])  # type: ignore[call-overload]
    before = {key: getattr(found, key) for key, value in wanted.items() if getattr(found, key) != value}
    if not before:
        return found
    for key in before:
        setattr(found, key, wanted[key])
    try:
        with transaction.atomic():
            found.save(update_fields=list(before))
    except IntegrityError as error:
        raise creating.taken(error, code) from error
    audit_operations.record(
        actor=actor,
        at=at,
        action="sites:change_node",
        subject=found,
        before=before,
        after={key: wanted[key] for key in before},
    )
    return found


def _kept(found: models.SiteNode, facts: values.NodeFacts) -> dict[str, str]:
    return {key: value for key, value in found.custom.items() if key not in facts.custom}


def _require_kind(found: models.SiteNode, kind: values.NodeKind) -> None:
    """Past placements count too: history must stay a tree of larger and smaller places."""
    order = [each.value for each in values.NodeKind]
    smaller = order[order.index(kind) + 1 :]
    own = models.NodePlacement.objects.filter(organization_id=found.organization_id)
    around = {found.parent.kind} if found.parent is not None else set()
    around |= set(own.filter(node=found, parent__isnull=False).values_list("parent__kind", flat=True))
    inside = set(
        models.SiteNode.objects.filter(organization_id=found.organization_id, parent=found).values_list(
            "kind", flat=True
        )
    ) | set(own.filter(parent=found).values_list("node__kind", flat=True))
    if any(order.index(each) >= order.index(kind) for each in around) or any(each not in smaller for each in inside):
        raise finding.NodeMisplaced(
            _("“%(name)s” must be smaller than what it lies in and larger than what lies in it, also before it moved.")
            % {"name": found.name}
        )
