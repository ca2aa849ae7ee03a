"""Invitations: by mail only, so that no link that lets somebody in is ever answered or kept."""

from __future__ import annotations

import uuid
from urllib.parse import urljoin

from django.urls import reverse
from django.utils.translation import gettext as _
from ninja import Router

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import customer_shapes, people_changes, reach
from meterbook.identity import invitations as identity_invitations
from meterbook.identity import permissions
from meterbook.identity.values import Module
from meterbook.installation import queries as installation_queries
from meterbook.notifications import operations as notification_operations
from meterbook.notifications import queries as notification_queries
from meterbook.notifications import values as notification_values
from meterbook.sites import permissions as site_permissions

router = Router(tags=["People"])


class NewInvitation(people_changes.NewGrant):
    """Whom to invite to which role; without a start the role begins when the invitation is accepted."""

    email: values.Email
    name: customer_shapes.MaybeName = ""
    language: values.Language = "en"


class Invitation(values.Told):
    """An invitation that can be accepted until `expires_at`; `invited_by` answers for it."""

    id: uuid.UUID
    email: str
    name: str
    language: str
    gives: str
    site: uuid.UUID | None
    starts_at: values.InstantTold | None
    ends_at: values.InstantTold | None
    invited_by: str
    invited_at: values.InstantTold
    expires_at: values.InstantTold


class Invitations(values.Told):
    """Those that wait, the newest first; at most 500."""

    items: list[Invitation]


@endpoint(router, "GET", "/invitations", permission=permissions.VIEW_USERS, module=Module.CORE, answers=Invitations)
def list_invitations(request: entry.Request) -> Invitations:
    """This will return the invitations that can still be accepted."""
    sites = _sites(request)
    waiting = identity_invitations.list_waiting(at=request.caller.at)[:500]
    return Invitations(items=[_told(each, sites) for each in waiting])


@endpoint(
    router,
    "POST",
    "/invitations",
    permission=permissions.EDIT_USERS,
    module=Module.CORE,
    answers=Invitation,
    status=201,
)
def invite_person(request: entry.Request, given: NewInvitation) -> Invitation:
    """This will invite somebody by mail to a role, of which the caller must hold every permission there.

    Without a mail server it is refused: the page of people shows the link once instead.
    """
    caller = request.caller
    site_id = people_changes.require_gift(request, given)
    require_mail()
    row, token = identity_invitations.invite(
        actor=caller.actor,
        at=caller.at,
        email=given.email,
        role=given.role,
        name=given.name,
        language=given.language,
        site_id=site_id,
        starts_at=given.starts_at,
        ends_at=given.ends_at,
    )
    mail(caller, row, token)
    return _told(row, _sites(request))


def require_mail() -> None:
    """This will refuse to invite where the link could not be sent: no link that lets somebody in is ever answered.

    :raises problems.Problem: when mail is not set up
    """
    if not notification_queries.can_mail():
        words = _("Mail is not set up. Set it up first, or invite on the page of people, which shows the link once.")
        raise problems.Problem(409, "state", words)


def mail(caller: entry.Caller, row: identity_invitations.InvitationRow, token: str) -> None:
    """This will send the link of an invitation to whom it is for."""
    link = urljoin(installation_queries.public_address(), reverse("open_invitation", args=[token]))
    notification_operations.send(
        actor=caller.actor,
        at=caller.at,
        kind=notification_values.Kind.INVITATION,
        to=notification_values.To.address(row.email, language=row.language, name=row.name),
        facts={
            "link": link,
            "name": row.name,
            "inviter": row.invited_by,
            "until": row.expires_at.date().isoformat(),
        },
        key=f"invitation:{row.public_id}",
    )


@endpoint(
    router,
    "POST",
    "/invitations/{uuid:invitation}/revoke",
    permission=permissions.EDIT_USERS,
    module=Module.CORE,
    answers=Invitation,
)
def revoke_invitation(request: entry.Request, invitation: uuid.UUID) -> Invitation:
    """This will make a waiting invitation useless."""
    caller = request.caller
    waiting = identity_invitations.list_waiting(at=caller.at)
    row = next((each for each in waiting if each.public_id == invitation), None)
    if row is None:
        raise problems.not_found()
    identity_invitations.revoke_invitation(actor=caller.actor, at=caller.at, public_id=invitation)
    return _told(row, _sites(request))


def _sites(request: entry.Request) -> dict[int, uuid.UUID]:
    return {each.id: each.public_id for each in reach.sites(request, site_permissions.VIEW_SITES)}


def _told(row: identity_invitations.InvitationRow, sites: dict[int, uuid.UUID]) -> Invitation:
    return Invitation(
        id=row.public_id,
        email=row.email,
        name=row.name,
        language=row.language,
        gives=row.title,
        site=sites.get(row.scope_id) if row.scope_id is not None else None,
        starts_at=values.maybe_instant(row.starts_at),
        ends_at=values.maybe_instant(row.ends_at),
        invited_by=row.invited_by,
        invited_at=values.instant(row.invited_at),
        expires_at=values.instant(row.expires_at),
    )
