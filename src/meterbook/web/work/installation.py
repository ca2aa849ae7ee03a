"""What waits for whoever looks after the installation: a backup that is too old."""

from __future__ import annotations

import os

from django.urls import reverse
from django.utils.translation import gettext as _

from meterbook.installation import permissions
from meterbook.installation import queries as installation_queries
from meterbook.kernel import clock
from meterbook.web import access
from meterbook.web.settings import operator
from meterbook.web.work.needs import Area, Need


def backups(request: access.Request) -> list[Need]:
    """This will tell when the newest backup is older than two days, or there is none; to those who can change that."""
    if permissions.CONFIGURE_INSTALLATION not in request.permissions or not operator.is_operator(request):
        return []
    now = clock.real_now()
    state = installation_queries.backup_state(os.environ, real_at=now)
    if not installation_queries.is_backup_late(state, real_at=now):
        return []
    title = _("There is no backup yet") if state.newest is None else _("The newest backup is more than two days old")
    detail = state.failure.words.splitlines()[0] if state.failure else _("A broken disk would take what came since.")
    href = reverse("backups", args=[request.organization.public_id])
    return [Need(Area.INSTALLATION, "archive", "alarm", title, detail, _("Show"), href)]
