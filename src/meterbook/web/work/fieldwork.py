"""Jobs for the reader, proposals to take over, and swap tests that let another meter fall."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meterbook.fieldwork import permissions, values
from meterbook.fieldwork import queries as fieldwork_queries
from meterbook.fieldwork.values import JobState
from meterbook.identity.values import Module
from meterbook.kernel import civil
from meterbook.web import access
from meterbook.web.sites import choice
from meterbook.web.work.needs import Area, Need


def jobs(request: access.Request) -> list[Need]:
    """This will return the reader's own jobs, and those that anybody at the reader's sites may take."""
    if not _may(request, permissions.DO_JOBS):
        return []
    found = fieldwork_queries.list_jobs(
        states=values.WAITING,
        managed_at=frozenset(),
        done_at=choice.site_ids(request, permissions.DO_JOBS),
        user_id=request.actor.id,
    )
    if not found:
        return []
    href = reverse("jobs", args=[request.organization.public_id]) + "?show=mine"
    own = [each for each in found if each.assignee_id == request.actor.id]
    if own:
        count = len(own)
        title = ngettext("%(count)s job for you", "%(count)s jobs for you", count) % {"count": count}
    else:
        count = len(found)
        title = ngettext("%(count)s job that anybody may take", "%(count)s jobs that anybody may take", count)
        title = title % {"count": count}
    is_late = any(each.is_late(civil.local_date(request.at, each.zone)) for each in own)
    first = (own or found)[0]
    detail = " · ".join(each for each in (first.kind_caption, first.point_name or first.node_name) if each)
    since = min(each.made_at for each in own or found)
    tone = "warn" if is_late else "about"
    return [Need(Area.FIELD, "check", tone, title, detail, _("Open"), href, count, since, is_counted=bool(own))]


def proposals(request: access.Request) -> list[Need]:
    """This will return the jobs that are proposed, for those who may take them over."""
    if not _may(request, permissions.MANAGE_JOBS):
        return []
    found = fieldwork_queries.list_jobs(
        states=(JobState.PROPOSED,), managed_at=choice.site_ids(request, permissions.MANAGE_JOBS)
    )
    if not found:
        return []
    count = len(found)
    title = ngettext("%(count)s proposed job", "%(count)s proposed jobs", count) % {"count": count}
    href = reverse("jobs", args=[request.organization.public_id]) + "?show=proposed"
    since = min(each.made_at for each in found)
    # What is silent has an alarm, which counts.
    return [
        Need(Area.FIELD, "inbox", "about", title, found[0].words, _("Decide"), href, count, since, is_counted=False)
    ]


def suspicions(request: access.Request) -> list[Need]:
    """This will return the swap tests in which another meter fell, until a manager looked at them."""
    if not _may(request, permissions.MANAGE_JOBS):
        return []
    sites = choice.site_ids(request, permissions.MANAGE_JOBS)
    found = fieldwork_queries.list_swap_tests(site_ids=sites, is_suspicious=True)
    if not found:
        return []
    count, newest = len(found), found[0]
    title = ngettext("%(count)s suspected swap of meters", "%(count)s suspected swaps of meters", count) % {
        "count": count
    }
    href = reverse("swap_test", args=[request.organization.public_id, newest.public_id])
    since = min(each.ended_at or each.began_at for each in found)
    return [Need(Area.FIELD, "lightning", "alarm", title, newest.node_name, _("Look at it"), href, count, since)]


def _may(request: access.Request, permission: str) -> bool:
    return request.organization.has_module(Module.METERING) and request.access.allows_somewhere(permission)
