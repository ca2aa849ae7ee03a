"""Disputes that wait for an answer, and corrections of bills that wait for approval."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meterbook.billing import permissions
from meterbook.billing.correction_values import CorrectionState
from meterbook.billing.dispute_values import DisputeState
from meterbook.billing.queries import corrections as correction_queries
from meterbook.billing.queries import disputes as dispute_queries
from meterbook.identity.values import Module
from meterbook.web import access
from meterbook.web.sites import choice
from meterbook.web.templatetags import meterbook as tags
from meterbook.web.work.needs import Area, Need

NAMED = 3


def waiting(request: access.Request) -> list[Need]:
    """This will return the disputes in which the operator must do something, with the deadline that comes first.

    What is to be answered is one line, and what was accepted and is to be carried out another.
    """
    if not request.organization.has_module(Module.BILLING) or not request.access.allows_somewhere(
        permissions.MANAGE_RUN
    ):
        return []
    found = dispute_queries.waiting_disputes(site_ids=choice.site_ids(request, permissions.MANAGE_RUN))
    accepted = [each for each in found if each.state is DisputeState.ACCEPTED]
    return [*_to_answer(request, [each for each in found if each not in accepted]), *_to_close(request, accepted)]


def _to_close(request: access.Request, found: Sequence[dispute_queries.DisputeRow]) -> list[Need]:
    """The tenant accepted the answer: what it says is carried out, and the dispute is closed. No deadline counts."""
    if not found:
        return []
    count = len(found)
    title = ngettext(
        "%(count)s accepted answer to a dispute to carry out",
        "%(count)s accepted answers to disputes to carry out",
        count,
    ) % {"count": tags.number(count)}
    facts = {"bill": found[0].bill_number, "name": found[0].customer_name}
    detail = _("%(bill)s, %(name)s") % facts
    if count == 1:
        is_left = found[0].is_upheld and found[0].correction_public_id is None
        detail += " · " + (_("correct the bill, then close it") if is_left else _("nothing is left but to close it"))
    since = min(each.opened_at for each in found)
    return [Need(Area.BILLS, "circle-check", "", title, detail, _("Review"), _href(request, found), count, since)]


def _href(request: access.Request, found: Sequence[dispute_queries.DisputeRow]) -> str:
    organization = request.organization.public_id
    if len(found) == 1:
        return reverse("dispute", args=[organization, found[0].public_id])
    return reverse("disputes", args=[organization])


def _to_answer(request: access.Request, found: Sequence[dispute_queries.DisputeRow]) -> list[Need]:
    if not found:
        return []
    count, first = len(found), found[0]
    title = ngettext("%(count)s dispute to answer", "%(count)s disputes to answer", count) % {
        "count": tags.number(count)
    }
    tone = "alarm" if first.is_late(request.at) else "warn"
    detail = _("%(bill)s, %(name)s") % {"bill": first.bill_number, "name": first.customer_name}
    if first.due_at is not None:
        words = _("the deadline has passed: %(at)s") if first.is_late(request.at) else _("until %(at)s")
        detail += " · " + words % {"at": tags.local(first.due_at, choice.clock_zone(request))}
    since = min(each.opened_at for each in found)
    return [Need(Area.BILLS, "alert", tone, title, detail, _("Answer"), _href(request, found), count, since)]


def corrections(request: access.Request) -> list[Need]:
    """This will return the corrections of bills that wait for approval, for those who may approve."""
    if not request.organization.has_module(Module.BILLING) or not request.access.allows_somewhere(
        permissions.APPROVE_RUN
    ):
        return []
    found = correction_queries.list_corrections(
        state=CorrectionState.PROPOSED, site_ids=choice.site_ids(request, permissions.APPROVE_RUN)
    )
    if not found:
        return []
    count = len(found)
    title = ngettext("%(count)s correction to approve", "%(count)s corrections to approve", count) % {
        "count": tags.number(count)
    }
    numbers = ", ".join([*(each.number for each in found[:NAMED]), *(["…"] if count > NAMED else [])])
    organization = request.organization.public_id
    href = (
        reverse("correction", args=[organization, found[0].public_id])
        if count == 1
        else reverse("corrections", args=[organization])
    )
    since = min(each.proposed_at for each in found)
    return [Need(Area.BILLS, "refresh", "warn", title, numbers, _("Review"), href, count, since)]
