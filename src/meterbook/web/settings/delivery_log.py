"""Settings > Messages > Sent: what went where when, and what the other side said. Never what a message says."""

from __future__ import annotations

import math
import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages as notices
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from meterbook.identity.values import Module
from meterbook.notifications import operations as notification_operations
from meterbook.notifications import permissions, values
from meterbook.notifications import queries as notification_queries
from meterbook.notifications.queries import Show
from meterbook.web import access, parameters
from meterbook.web.settings import shown
from meterbook.web.sites import choice


@dataclass(frozen=True)
class Chip:
    """One filter chip."""

    caption: str
    href: str
    is_chosen: bool
    count: int


@require_GET
@access.page(permission=permissions.VIEW_LOG, module=Module.CORE)
def messages(request: access.Request) -> HttpResponse:
    """This will show the messages, newest first, by state and kind."""
    show = _show(request)
    kind = _kind(request)
    page = parameters.page_number(request)
    rows, counts = notification_queries.list_messages(show=show, kind=kind, page=page)
    pages = max(1, math.ceil(counts[show] / notification_queries.PAGE))
    captions = {
        Show.ALL: _("All"),
        Show.WAITING: _("Waiting"),
        Show.SENT: _("Sent"),
        Show.FAILED: _("Failed"),
    }
    context = {
        "lines": [shown.line(each) for each in rows],
        "chips": [Chip(captions[each], _query(each, kind), each is show, counts[each]) for each in Show],
        "kinds": [(each.value, caption) for each, caption in values.KIND_CAPTIONS.items()],
        "kind": kind,
        "show": show,
        "is_filtered": show is not Show.ALL or kind is not None,
        "zone": choice.clock_zone(request),
        "may_configure": permissions.CONFIGURE_CHANNELS in request.permissions,
        "page": page,
        "pages": pages,
        "previous_href": _query(show, kind, page - 1) if page > 1 else "",
        "next_href": _query(show, kind, page + 1) if page < pages else "",
    }
    return render(request, "settings/log.html", context)


@require_GET
@access.page(permission=permissions.VIEW_LOG, module=Module.CORE)
def message(request: access.Request, message: uuid.UUID) -> HttpResponse:
    """This will show one message with every try."""
    try:
        found = notification_queries.get_message(public_id=message)
    except notification_queries.MessageNotFound as error:
        raise Http404(_("There is no such message.")) from error
    context = {
        "line": shown.line(found),
        "tries": [(each, *shown.look(each.state)) for each in found.attempts],
        "zone": choice.clock_zone(request),
        "may_configure": permissions.CONFIGURE_CHANNELS in request.permissions,
    }
    return render(request, "settings/message.html", context)


@require_POST
@access.page(permission=permissions.CONFIGURE_CHANNELS, module=Module.CORE)
def retry(request: access.Request, message: uuid.UUID) -> HttpResponse:
    """This will try a message once more, and show it."""
    try:
        is_queued = notification_operations.retry_message(actor=request.actor, at=request.at, public_id=message)
    except notification_queries.MessageNotFound as error:
        raise Http404(_("There is no such message.")) from error
    if is_queued:
        notices.success(request, _("The message is tried once more."))
    else:
        notices.warning(request, _("What it said is no longer kept, or it was sent already."))
    return redirect("message", request.organization.public_id, message)


def _show(request: access.Request) -> Show:
    code = request.GET.get("show", "")
    return Show(code) if code in set(Show) else Show.ALL


def _kind(request: access.Request) -> values.Kind | None:
    code = request.GET.get("kind", "")
    return values.Kind(code) if code in set(values.Kind) else None


def _query(show: Show, kind: values.Kind | None, page: int = 1) -> str:
    named = {
        "show": "" if show is Show.ALL else show.value,
        "kind": kind.value if kind else "",
        "page": "" if page == 1 else page,
    }
    return "?" + urlencode({name: value for name, value in named.items() if value})
