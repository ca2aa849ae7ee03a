"""Many sites and places at once, in few statements. The caller holds the trees, checks what it writes, and audits."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Max
from django.db.models.functions import Upper

from meterbook.foundation import operation, scoping
from meterbook.kernel import civil
from meterbook.sites import models, values
from meterbook.sites.operations import facts as fact_rows

BATCH = 500


@dataclass(frozen=True)
class PlacePlan:
    """A place as it shall be: found by its code, in a site and a larger place by theirs (`parent` None: at the top)."""

    code: str
    name: str
    kind: values.NodeKind
    site: str
    parent: str | None
    facts: values.NodeFacts


@operation.operation
def put_sites(*, sites: Sequence[values.SiteFacts]) -> None:
    """This will make sites, or give those that are there (by code) these facts."""
    organization_id = scoping.current().organization_id
    present = {each.code: each for each in models.Site.objects.filter(organization_id=organization_id)}
    new, changed = [], []
    for facts in sites:
        columns = asdict(facts)
        found = present.get(facts.code)
        if found is None:
            new.append(models.Site(organization_id=organization_id, **columns))
            continue
        for key, value in columns.items():
            setattr(found, key, value)
        changed.append(found)
    models.Site.objects.bulk_create(new, batch_size=BATCH)
    if changed:
        names = ["name", "time_zone", "currency", "language", "portfolio", "address", "contacts"]
        models.Site.objects.filter(organization_id=organization_id).bulk_update(changed, names, batch_size=BATCH)


@operation.operation
def put_places(*, at: datetime, places: Sequence[PlacePlan]) -> None:
    """This will make places, or give those that are there (by code) these facts, and move them from today on.

    Today begins with the local day of the site. What was moved today already has lain there since.

    :raises FactsInvalid: when a fact cannot be
    """
    organization_id = scoping.current().organization_id
    sites = {each.code: each for each in models.Site.objects.filter(organization_id=organization_id)}
    nodes = {each.code: each for each in models.SiteNode.objects.filter(organization_id=organization_id)}
    declared = fact_rows.declared_fields()
    # Larger places first: the smaller ones need their keys.
    for kind in values.NodeKind:
        new = []
        for plan in places:
            if plan.kind is kind and plan.code not in nodes:
                parent = nodes[plan.parent] if plan.parent is not None else None
                new.append(
                    models.SiteNode(
                        organization_id=organization_id,
                        site=sites[plan.site],
                        parent=parent,
                        code=plan.code,
                        **_columns(plan, declared),
                    )
                )
        models.SiteNode.objects.bulk_create(new, batch_size=BATCH)
        created = {each.code for each in new}
        nodes |= {each.code: each for each in new}
        _change(at, [each for each in places if each.kind is kind and each.code not in created], nodes, sites, declared)


def _columns(plan: PlacePlan, declared: Mapping[str, values.FieldDeclaration]) -> dict[str, object]:
    return {"kind": plan.kind.value, "name": plan.name, **fact_rows.columns(plan.facts, declared)}


def _change(
    at: datetime,
    plans: Sequence[PlacePlan],
    nodes: Mapping[str, models.SiteNode],
    sites: Mapping[str, models.Site],
    declared: Mapping[str, values.FieldDeclaration],
) -> None:
    if not plans:
        return
    changed, moved = [], []
    for plan in plans:
        found = nodes[plan.code]
        parent = nodes[plan.parent] if plan.parent is not None else None
        # Values of fields that are not declared any more stay.
        kept = {key: value for key, value in found.custom.items() if key not in plan.facts.custom}
        for key, value in _columns(plan, declared).items():
            setattr(found, key, {**kept, **value} if isinstance(value, dict) else value)
        if found.parent_id != (parent.pk if parent else None):
            moved.append((found, found.parent_id, sites[plan.site].time_zone))
            found.parent = parent
        changed.append(found)
    _keep_history(at, moved)
    names = ["kind", "name", "parent", *fact_rows.NAMES]
    models.SiteNode.objects.filter(organization_id=scoping.current().organization_id).bulk_update(
        changed, names, batch_size=BATCH
    )


def _keep_history(at: datetime, moved: Sequence[tuple[models.SiteNode, int | None, str]]) -> None:
    ids = [node.pk for node, _parent, _zone in moved]
    if not ids:
        return
    since = dict(
        models.NodePlacement.objects.filter(organization_id=moved[0][0].organization_id, node_id__in=ids)
        .values("node_id")
        .annotate(since=Max(Upper("during")))
        .values_list("node_id", "since")
    )
    models.NodePlacement.objects.bulk_create(
        [
            models.NodePlacement(
                organization_id=node.organization_id,
                node=node,
                parent_id=parent_id,
                during=DateTimeTZRange(since.get(node.pk), moved_at, "[)"),
            )
            for node, parent_id, zone in moved
            if (moved_at := moves_from(at, zone)) > since.get(node.pk, datetime.min.replace(tzinfo=at.tzinfo))
        ],
        batch_size=BATCH,
    )


def moves_from(at: datetime, zone: str) -> datetime:
    """This will return since when a move of today holds: the beginning of the local day."""
    place = ZoneInfo(zone)
    return civil.start_of_day(civil.local_date(at, place), place)


@operation.operation
def keep_building_file(*, at: datetime, name: str, content: bytes, digest: str, author: str) -> models.BuildingFile:
    """This will keep a workbook that waits for its import; the caller audits."""
    return models.BuildingFile.objects.create(
        organization_id=scoping.current().organization_id,
        name=name[-200:],
        content=content,
        digest=digest,
        size=len(content),
        author=author[:200],
        uploaded_at=at,
    )


@operation.operation
def held_building_file(*, public_id: uuid.UUID) -> models.BuildingFile | None:
    """This will return a workbook, held against another import of it; None when it is not there."""
    files = models.BuildingFile.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    return files.select_for_update().first()
