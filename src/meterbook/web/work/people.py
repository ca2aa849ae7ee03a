"""Invitations that nobody accepted yet."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meterbook.identity import invitations as identity_invitations
from meterbook.identity import permissions
from meterbook.web import access
from meterbook.web.work.needs import Area, Need


def invitations(request: access.Request) -> list[Need]:
    """This will return the invitations that still wait, for those who may invite."""
    if not {permissions.VIEW_USERS, permissions.EDIT_USERS} <= request.permissions:
        return []
    waiting = identity_invitations.list_waiting(at=request.at)
    if not waiting:
        return []
    count, oldest = len(waiting), waiting[-1]
    title = ngettext("%(count)s invitation not accepted yet", "%(count)s invitations not accepted yet", count) % {
        "count": count
    }
    href = reverse("people", args=[request.organization.public_id]) + "#waiting"
    return [Need(Area.PEOPLE, "account", "", title, oldest.email, _("Show"), href, count, oldest.invited_at)]
