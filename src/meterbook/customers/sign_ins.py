"""Letting a tenant sign in for an account, and ending that."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.audit import values as audit_values
from meterbook.customers import models, queries
from meterbook.foundation import operation, scoping
from meterbook.identity import invitations as identity_invitations
from meterbook.identity import models as identity_models
from meterbook.identity import operations as identity_operations
from meterbook.identity.values import RoleCode
from meterbook.kernel.actor import Actor


class SignInNotFound(LookupError):
    """There is no such sign-in for this account."""


class LandlordsAccount(ValueError):
    """The landlord's own account takes vacancies; there is no tenant to invite."""


@operation.operation
def invite_tenant(
    *, actor: Actor, at: datetime, account: uuid.UUID, email: str, name: str = "", language: str = ""
) -> tuple[identity_invitations.InvitationRow, str]:
    """This will invite somebody to see an account as its tenant, and return the invitation with its token.

    An earlier one of the same address to the account, which nobody accepted, becomes useless.

    :raises queries.AccountNotFound: when the organization has no such account
    :raises LandlordsAccount: when it is the landlord's own
    :raises identity_operations.GrantExceedsOwn: when the actor may not give the role of a tenant
    """
    found = _account(account)
    row, token = identity_invitations.invite(
        actor=actor,
        at=at,
        email=email,
        role=RoleCode.TENANT,
        name=name,
        language=language or found.language,
        site_id=found.site_id,
    )
    invitation = identity_models.Invitation.objects.get(
        organization_id=scoping.current().organization_id, public_id=row.public_id
    )
    earlier = models.SignIn.objects.filter(
        organization_id=invitation.organization_id,
        account_id=found.id,
        ends_at=None,
        invitation__email=row.email,
        invitation__accepted_at=None,
    )
    for public_id in earlier.order_by("id").values_list("public_id", flat=True):
        end_sign_in(actor=actor, at=at, account=account, sign_in=public_id)
    _link(actor, at, found, invitation=invitation, after={"account": found.number, "email": row.email})
    return row, token


@operation.operation
def link_user(*, actor: Actor, at: datetime, account: uuid.UUID, user_id: int) -> uuid.UUID:
    """This will let a user see an account as its tenant, and return the public id of the link.

    :raises queries.AccountNotFound: when the organization has no such account
    :raises LandlordsAccount: when it is the landlord's own
    :raises identity_operations.GrantExceedsOwn: when the actor may not give the role of a tenant
    """
    found = _account(account)
    identity_operations.grant_role(
        actor=actor, at=at, user_id=user_id, role=RoleCode.TENANT, site_id=found.site_id, starts_at=at
    )
    return _link(actor, at, found, user_id=user_id, after={"account": found.number, "user": user_id}).public_id


@operation.operation
def end_sign_in(*, actor: Actor, at: datetime, account: uuid.UUID, sign_in: uuid.UUID) -> None:
    """This will end that somebody sees an account: from the next request on, or make their invitation useless.

    With the last one of a person in the organization the role of a tenant ends too. Ending it again changes nothing.

    :raises SignInNotFound: when the account has none of that id
    """
    links = models.SignIn.objects.filter(
        organization_id=scoping.current().organization_id, account__public_id=account, public_id=sign_in
    )
    known = links.select_related("invitation").first()
    if known is None:
        raise SignInNotFound(_("There is no such sign-in for this account."))
    # All of the person in one order: of two that are ended at once, the later one sees that it is the last.
    person = known.user_id or (known.invitation.accepted_by_id if known.invitation is not None else None)
    locked = _links_of(known, person).select_for_update(of=("self",)).select_related("invitation").order_by("id")
    # Also those at sites that the actor does not see: only with the last one the role ends.
    with scoping.unlimited():
        of_person = list(locked)
    found = next(each for each in of_person if each.pk == known.pk)
    if found.ends_at is not None and found.ends_at <= at:
        return
    found.ends_at = max(at, found.starts_at)
    found.save(update_fields=["ends_at"])
    if found.invitation is not None and found.invitation.accepted_at is None:
        identity_invitations.revoke_invitation(actor=actor, at=at, public_id=found.invitation.public_id)
    if person is not None and all(each.ends_at is not None and each.ends_at <= at for each in of_person):
        _end_role(actor, at, person)
    audit_operations.record(
        actor=actor,
        at=at,
        action="customers:end_sign_in",
        subject=_said(found),
        before={"ends_at": None},
        after={"ends_at": found.ends_at},
    )


def _links_of(known: models.SignIn, person: int | None) -> QuerySet[models.SignIn]:
    """The sign-ins of whoever has this one; of an invitation that waits, only itself."""
    found = models.SignIn.objects.filter(organization_id=scoping.current().organization_id)
    return found.filter(Q(pk=known.pk) | Q(user_id=person or 0) | Q(invitation__accepted_by_id=person or 0))


def _end_role(actor: Actor, at: datetime, user_id: int) -> None:
    grants = identity_models.Grant.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=at),
        organization_id=scoping.current().organization_id,
        user_id=user_id,
        role_code=RoleCode.TENANT,
    )
    for each in grants.order_by("id").values_list("public_id", flat=True):
        identity_operations.revoke_grant(actor=actor, at=at, public_id=each)


def _account(account: uuid.UUID) -> queries.AccountRow:
    found = queries.get_account(public_id=account)
    if found.is_internal:
        raise LandlordsAccount(_("A cost center belongs to the organization; its people sign in as users of it."))
    if found.is_landlord:
        raise LandlordsAccount(_("The landlord's own account takes vacancies; there is no tenant to invite."))
    return found


def _link(
    actor: Actor,
    at: datetime,
    account: queries.AccountRow,
    *,
    user_id: int | None = None,
    invitation: identity_models.Invitation | None = None,
    after: dict[str, object],
) -> models.SignIn:
    made = models.SignIn.objects.create(
        organization_id=scoping.current().organization_id,
        account_id=account.id,
        user_id=user_id,
        invitation=invitation,
        starts_at=at,
    )
    audit_operations.record(
        actor=actor, at=at, action="customers:let_sign_in", subject=_said(made), before=None, after=after
    )
    return made


def _said(sign_in: models.SignIn) -> audit_values.Subject:
    """As people read it in the trail: which account, and who."""
    who = sign_in.user if sign_in.invitation is None else sign_in.invitation.accepted_by or sign_in.invitation
    return audit_values.Subject("customers.signin", sign_in.public_id, f"{sign_in.account.number}: {who}")
