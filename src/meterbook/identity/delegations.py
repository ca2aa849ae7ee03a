"""A landlord entrusts sites to a management company: what, where, from when until when; and takes it back.

The company's people then work in the landlord's organization, each with no more than the role at home gives. Nothing
is passed on: what a company was entrusted with, its own managers do not get.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from meterbook.foundation import bus, operation, scoping
from meterbook.identity import holdings, models, operations, trail, values
from meterbook.kernel.actor import Actor


@dataclass(frozen=True)
class DelegationRow:
    """What a landlord entrusted to a company."""

    id: int
    public_id: uuid.UUID
    manager_name: str
    scopes: tuple[values.DelegationScope, ...]
    site_ids: tuple[int, ...] | None  # None: the whole organization
    starts_at: datetime
    ends_at: datetime | None
    given_by: str
    revoked_at: datetime | None
    revoked_by: str

    def is_in_force(self, at: datetime) -> bool:
        """This will tell whether it counts at that instant; its end no longer belongs to it."""
        return self.starts_at <= at and not self.has_ended(at)

    def has_ended(self, at: datetime) -> bool:
        """This will tell whether it is over."""
        return self.ends_at is not None and self.ends_at <= at


@dataclass(frozen=True)
class EntrustedRow:
    """What a company was entrusted with, as the company sees it; `sites` is how many, None: all."""

    public_id: uuid.UUID
    landlord_id: uuid.UUID
    landlord_name: str
    scopes: tuple[values.DelegationScope, ...]
    sites: int | None
    starts_at: datetime
    ends_at: datetime | None
    revoked_at: datetime | None

    def is_in_force(self, at: datetime) -> bool:
        """This will tell whether it counts at that instant; its end no longer belongs to it."""
        return self.starts_at <= at and not self.has_ended(at)

    def has_ended(self, at: datetime) -> bool:
        """This will tell whether it is over."""
        return self.ends_at is not None and self.ends_at <= at


class CompanyNotFound(LookupError):
    """No organization has that code; ask the company for the code that its page of delegations shows."""


class DelegationToOneself(ValueError):
    """An organization cannot entrust something to itself; give its people roles."""


class DelegationEndsBeforeStart(ValueError):
    """A delegation must end after it starts."""


class DelegationNotFound(LookupError):
    """There is no such delegation in this organization."""


@operation.operation
def entrust(
    *,
    actor: Actor,
    at: datetime,
    manager: uuid.UUID,
    scopes: Iterable[values.DelegationScope],
    site_ids: Collection[int] | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> uuid.UUID:
    """This will let the people of a company work in the scope's organization and return the delegation's public id.

    :param manager: the code of the company, which is its public id
    :param scopes: what it may do; to look belongs to everything
    :param site_ids: only at these sites; None is the whole organization
    :param starts_at: None starts now
    :param ends_at: the first instant without it; None is open
    :raises CompanyNotFound: when no organization has the code
    :raises DelegationToOneself: when it is the scope's own organization
    :raises DelegationEndsBeforeStart: when it would end before it starts
    :raises operations.GrantExceedsOwn: when the actor may not do all of that in the whole organization
    """
    manager_id, name = _company(manager)
    start = starts_at or at
    if ends_at is not None and ends_at <= start:
        raise DelegationEndsBeforeStart(_("The end must lie after the start."))
    wanted = sorted({values.DelegationScope.VIEW, *scopes})
    operations.require_own(actor=actor, at=at, permissions=holdings.of_delegation(wanted), site_id=None)
    made = models.Delegation.objects.create(
        organization_id=scoping.current().organization_id,
        manager_id=manager_id,
        manager_name=name,
        scopes=wanted,
        site_ids=None if site_ids is None else sorted(site_ids),
        starts_at=start,
        ends_at=ends_at,
        given_by=actor.label[:200],
    )
    after = {"to": name, "scopes": wanted, "sites": made.site_ids, "starts_at": start, "ends_at": ends_at}
    trail.record(actor=actor, at=at, action="identity:entrust", subject=made, before=None, after=after)
    return made.public_id


@operation.operation
def revoke(*, actor: Actor, at: datetime, public_id: uuid.UUID, reason: str = "") -> None:
    """This will end a delegation at `at`: the company's people are without it from their next request on.

    One that has ended stays as it is; one that has not begun never will.

    :raises DelegationNotFound: when it is not there or belongs to another organization
    """
    organization_id = scoping.current().organization_id
    kept = models.Delegation.objects.select_for_update().filter(organization_id=organization_id)
    found = kept.filter(public_id=public_id).first()
    if found is None:
        raise DelegationNotFound(_("There is no such delegation."))
    if found.ends_at is not None and found.ends_at <= at:
        return
    before = {"ends_at": found.ends_at}
    found.ends_at, found.revoked_at, found.revoked_by = max(at, found.starts_at), at, actor.label[:200]
    found.save(update_fields=["ends_at", "revoked_at", "revoked_by"])
    trail.record(
        actor=actor,
        at=at,
        action="identity:revoke_delegation",
        subject=found,
        before=before,
        after={"ends_at": found.ends_at, "reason": reason},
    )
    bus.notify(values.RIGHTS, organization_id, [found.pk])


def list_given(*, at: datetime, is_ended_too: bool = True) -> tuple[DelegationRow, ...]:
    """This will return what the scope's organization entrusted to others, the newest first."""
    found = models.Delegation.objects.filter(organization_id=scoping.current().organization_id)
    if not is_ended_too:
        found = found.filter(Q(ends_at=None) | Q(ends_at__gt=at))
    return tuple(_row(each) for each in found.order_by("-starts_at", "-id")[:500])


def get_given(*, public_id: uuid.UUID) -> DelegationRow:
    """This will return one delegation of the scope's organization.

    :raises DelegationNotFound: when it is not there or belongs to another organization
    """
    given = models.Delegation.objects.filter(organization_id=scoping.current().organization_id)
    found = given.filter(public_id=public_id).first()
    if found is None:
        raise DelegationNotFound(_("There is no such delegation."))
    return _row(found)


def list_received() -> tuple[EntrustedRow, ...]:
    """This will return what others entrusted to the scope's organization, the newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT public_id, landlord_id, landlord_name, scopes, sites, starts_at, ends_at, revoked_at"
            " FROM identity_delegations_to_scope()"
        )
        return tuple(
            EntrustedRow(public_id, landlord_id, name, _scopes(scopes), sites, starts_at, ends_at, revoked_at)
            for public_id, landlord_id, name, scopes, sites, starts_at, ends_at, revoked_at in cursor.fetchall()
        )


def acting(actor: Actor, access: values.Access, organization_name: str) -> Actor:
    """This will return the actor as the trail names it: who comes by a delegation acts on the landlord's behalf."""
    if not access.company:
        return actor
    return replace(actor, label=f"{actor.label} ({access.company})", on_behalf_of=organization_name)


def _company(code: uuid.UUID) -> tuple[int, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name FROM identity_organization_of_code(%s)", [code])
        found = cursor.fetchone()
    if found is None:
        raise CompanyNotFound(_("No company has this code. Ask it for the one that its page of delegations shows."))
    if found[0] == scoping.current().organization_id:
        raise DelegationToOneself(_("This is your own code; give your own people roles instead."))
    return int(found[0]), str(found[1])


def _row(each: models.Delegation) -> DelegationRow:
    return DelegationRow(
        id=each.pk,
        public_id=each.public_id,
        manager_name=each.manager_name,
        scopes=_scopes(each.scopes),
        site_ids=None if each.site_ids is None else tuple(each.site_ids),
        starts_at=each.starts_at,
        ends_at=each.ends_at,
        given_by=each.given_by,
        revoked_at=each.revoked_at,
        revoked_by=each.revoked_by,
    )


def _scopes(codes: Iterable[str]) -> tuple[values.DelegationScope, ...]:
    held = set(codes)
    return tuple(each for each in values.DelegationScope if each in held)
