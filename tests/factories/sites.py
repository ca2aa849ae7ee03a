"""Sites for tests."""

from __future__ import annotations

import itertools

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor
from meterbook.sites import models, operations, values

_numbers = itertools.count(1)


def site(
    *,
    organization: identity_models.Organization,
    code: str | None = None,
    name: str = "Harbor Mall",
    time_zone: str = "Europe/Madrid",
    currency: str = "EUR",
    language: str = "en",
) -> models.Site:
    """This will make a site through the operation that users have."""
    actor = Actor.system("factory")
    with scoping.scope([organization.id], actor=actor):
        return operations.create_site(
            actor=actor,
            at=clock.now(),
            code=code or f"S{next(_numbers)}",
            name=name,
            time_zone=time_zone,
            currency=currency,
            language=language,
        )


def node(
    *,
    site: models.Site,
    kind: values.NodeKind = values.NodeKind.BUILDING,
    code: str | None = None,
    name: str = "Main building",
    parent: models.SiteNode | None = None,
) -> models.SiteNode:
    """This will make a place of a site; outside a scope."""
    actor = Actor.system("factory")
    with scoping.scope([site.organization_id], actor=actor):
        return operations.create_node(
            actor=actor,
            at=clock.now(),
            site=site,
            kind=kind,
            code=code or f"N{next(_numbers)}",
            name=name,
            parent=parent,
        )
