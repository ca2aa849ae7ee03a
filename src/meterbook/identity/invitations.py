"""Inviting somebody to a role by a link that works once, for seven days, and accepting it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth import hashers
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from meterbook.foundation import operation, scoping
from meterbook.identity import models, operations, permissions, queries, tokens, trail, values
from meterbook.kernel.actor import Actor

LIFETIME = timedelta(days=7)
ACCEPTING = Actor.system("invitation")


@dataclass(frozen=True)
class InvitationRow:
    """An invitation as screens show it; `title` is the role's name. `is_tenant`: to one's own account, not to work."""

    public_id: uuid.UUID
    email: str
    name: str
    language: str
    title: str
    scope_id: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    invited_by: str
    invited_at: datetime
    expires_at: datetime
    is_tenant: bool


class InvitationUnusable(LookupError):
    """The invitation was used, revoked, is too old, or its sender may no longer give the role; ask for another."""


class InvitationNotFound(LookupError):
    """There is no such invitation in this organization."""


class AccountExists(ValueError):
    """The invited address has an account already; sign in with it and open the invitation again."""


class OnlyPeopleInvite(PermissionError):
    """An invitation carries the name of the person who sent it; sign in to send one."""


@operation.operation
def invite(
    *,
    actor: Actor,
    at: datetime,
    email: str,
    role: values.RoleCode | uuid.UUID,
    name: str = "",
    language: str = "",
    site_id: int | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> tuple[InvitationRow, str]:
    """This will make an invitation to a role and return it with its token, which is not stored and never seen again.

    :param site_id: only at this site; None reaches the whole organization
    :param starts_at: when the role begins; None: with accepting
    :raises OnlyPeopleInvite: when the actor is the system: a key invites in the name of the person who answers for it
    :raises operations.GrantExceedsOwn: when the actor lacks a permission of the role
    :raises operations.RoleNotFound: when the organization has no such role
    :raises operations.GrantEndsBeforeStart: when the role would end before it begins
    """
    if actor.kind == "SYSTEM" or actor.id is None:
        raise OnlyPeopleInvite(OnlyPeopleInvite.__doc__)
    what, allowed, title = operations.find_role(role)
    operations.require_own(actor=actor, at=at, permissions=allowed, site_id=site_id)
    if ends_at is not None and ends_at <= max(starts_at or at, at):
        raise operations.GrantEndsBeforeStart(_("The end must lie after the start."))
    token = tokens.make()
    created = models.Invitation.objects.create(
        organization_id=scoping.current().organization_id,
        token_hash=tokens.digest(token),
        email=email.strip().lower(),
        name=name,
        language=language,
        scope_id=site_id,
        starts_at=starts_at,
        ends_at=ends_at,
        invited_by_id=actor.id,
        invited_at=at,
        expires_at=at + LIFETIME,
        **what,
    )
    after = {"email": created.email, "gives": title, "site": site_id, "starts_at": starts_at, "ends_at": ends_at}
    trail.record(actor=actor, at=at, action="identity:invite", subject=created, before=None, after=after)
    return _row(created), token


@operation.operation
def revoke_invitation(*, actor: Actor, at: datetime, public_id: uuid.UUID) -> None:
    """This will make a waiting invitation useless; one that was accepted or revoked stays as it is.

    :raises InvitationNotFound: when it is not there or belongs to another organization
    """
    found = _invitations().select_for_update(of=("self",)).filter(public_id=public_id).first()
    if found is None:
        raise InvitationNotFound(_("There is no such invitation; it may belong to another organization."))
    if found.accepted_at is not None or found.revoked_at is not None:
        return
    found.revoked_at = at
    found.save(update_fields=["revoked_at"])
    trail.record(
        actor=actor, at=at, action="identity:revoke_invitation", subject=found, before=None, after={"revoked_at": at}
    )


def list_waiting(*, at: datetime) -> tuple[InvitationRow, ...]:
    """This will return the invitations of the running scope that can still be accepted, the newest first."""
    found = _invitations().filter(accepted_at=None, revoked_at=None, expires_at__gt=at)
    return tuple(_row(each) for each in found.order_by("-invited_at", "-id"))


def find(*, token: str, at: datetime) -> tuple[InvitationRow, queries.OrganizationRow]:
    """This will return what a token invites to. Runs outside a scope.

    :raises InvitationUnusable: when it can no longer be accepted, or never could
    """
    with scoping.scope([_organization_of(token, at)], actor=ACCEPTING):
        return _row(_usable(token, at, is_locked=False)), queries.get_organization()


def accept_as_new(
    *, token: str, at: datetime, name: str, password: str | None, language: str, source: str
) -> queries.UserRow:
    """This will make the invited person's account with a password that the person chose, and give the role.

    Runs outside a scope. The password was checked before.

    :param password: None: the person signs in through a provider
    :param source: the address that it came from, for the trail
    :raises InvitationUnusable: when it can no longer be accepted
    :raises AccountExists: when the address has an account already
    """
    with scoping.scope([_organization_of(token, at)], actor=ACCEPTING):
        found = _usable(token, at, is_locked=True)
        try:
            with transaction.atomic():
                user = models.User.objects.create(
                    email=found.email, name=name, language=language, password=hashers.make_password(password)
                )
        except IntegrityError as error:
            raise AccountExists(_("This address has an account already. Sign in with it to accept.")) from error
        actor = Actor.user(user.pk, str(user), source=source)
        after = {"email": user.email, "name": name, "language": language}
        trail.record(actor=actor, at=at, action="identity:create_user", subject=user, before=None, after=after)
        _accept(found, user, actor=actor, at=at)
        return queries.row_of_user(user)


def accept(*, actor: Actor, at: datetime, token: str) -> queries.OrganizationRow:
    """This will give the invitation's role to the signed-in person, whom it must be for. Runs outside a scope.

    :raises InvitationUnusable: when it can no longer be accepted, or is for another address
    """
    with scoping.scope([_organization_of(token, at)], actor=actor):
        found = _usable(token, at, is_locked=True)
        user = models.User.objects.filter(pk=actor.id or 0, is_active=True, email=found.email).first()
        if user is None:
            raise InvitationUnusable(InvitationUnusable.__doc__)
        _accept(found, user, actor=actor, at=at)
        return queries.get_organization()


def _accept(found: models.Invitation, user: models.User, *, actor: Actor, at: datetime) -> None:
    """The role is given by whoever invited, with what that person may give at this moment."""
    giver = Actor.user(found.invited_by_id, str(found.invited_by), source=actor.source)
    operations.grant_role(
        actor=giver,
        at=at,
        user_id=user.pk,
        role=_role(found),
        site_id=found.scope_id,
        starts_at=max(found.starts_at or at, at),
        ends_at=found.ends_at,
    )
    found.accepted_at, found.accepted_by = at, user
    found.save(update_fields=["accepted_at", "accepted_by"])
    trail.record(
        actor=actor, at=at, action="identity:accept_invitation", subject=found, before=None, after={"user": user.pk}
    )
    _close_others(found, actor=actor, at=at)


def _close_others(accepted: models.Invitation, *, actor: Actor, at: datetime) -> None:
    """Who works here now waits no longer: other links to the same address end.

    Tenants are invited to one account each, so theirs stay.
    """
    if accepted.role_code == values.RoleCode.TENANT:
        return
    waiting = _invitations().filter(email=accepted.email, accepted_at=None, revoked_at=None, expires_at__gt=at)
    others = waiting.exclude(pk=accepted.pk).exclude(role_code=values.RoleCode.TENANT).order_by("id")
    # One that is being accepted at this moment is left alone: each would wait for the other.
    for each in others.select_for_update(of=("self",), skip_locked=True):
        each.revoked_at = at
        each.save(update_fields=["revoked_at"])
        after = {"revoked_at": at, "accepted": str(accepted.public_id)}
        trail.record(actor=actor, at=at, action="identity:revoke_invitation", subject=each, before=None, after=after)


def _organization_of(token: str, at: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM identity_organization_of_invitation(%s, %s) AS id", [tokens.digest(token), at])
        row = cursor.fetchone()
    if row is None:
        raise InvitationUnusable(InvitationUnusable.__doc__)
    return int(row[0])


def _usable(token: str, at: datetime, *, is_locked: bool) -> models.Invitation:
    """Between finding the organization and locking the row somebody else may have been quicker."""
    waiting = _invitations().filter(
        token_hash=tokens.digest(token), accepted_at=None, revoked_at=None, expires_at__gt=at
    )
    found = (waiting.select_for_update(of=("self",)) if is_locked else waiting).first()
    if found is None or not _may_still_give(found, at):
        raise InvitationUnusable(InvitationUnusable.__doc__)
    return found


def _may_still_give(found: models.Invitation, at: datetime) -> bool:
    if found.ends_at is not None and found.ends_at <= at:
        return False
    held = queries.access_of(user_id=found.invited_by_id, at=at)
    _what, allowed, _title = operations.find_role(_role(found))
    # Tenants are invited by whoever may keep accounts, not only by those who manage people.
    may_invite = found.role_code == values.RoleCode.TENANT or held.allows_somewhere(permissions.EDIT_USERS)
    return found.invited_by.is_active and may_invite and allowed <= held.permissions(found.scope_id)


def _invitations() -> QuerySet[models.Invitation]:
    own = models.Invitation.objects.filter(organization_id=scoping.current().organization_id)
    return own.select_related("invited_by", "role")


def _role(found: models.Invitation) -> values.RoleCode | uuid.UUID:
    return found.role.public_id if found.role is not None else values.RoleCode(found.role_code)


def _row(found: models.Invitation) -> InvitationRow:
    own = found.role.name if found.role is not None else ""
    return InvitationRow(
        public_id=found.public_id,
        email=found.email,
        name=found.name,
        language=found.language,
        title=own or str(values.ROLE_CAPTIONS[values.RoleCode(found.role_code)]),
        scope_id=found.scope_id,
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        invited_by=str(found.invited_by),
        invited_at=found.invited_at,
        expires_at=found.expires_at,
        is_tenant=found.role_code == values.RoleCode.TENANT,
    )
