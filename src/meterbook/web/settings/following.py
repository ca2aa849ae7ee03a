"""What happens when somebody follows a link of a message. Opening it changes nothing: mail programs open links too."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from meterbook.foundation import scoping
from meterbook.identity import queries as identity_queries
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor
from meterbook.notifications import links, values
from meterbook.notifications import operations as notification_operations
from meterbook.notifications import queries as notification_queries
from meterbook.web import access

GONE = 410


@csrf_exempt  # RFC 8058: a mail program posts without ever having seen our page; the token says what may be done
@require_http_methods(["GET", "POST"])
@access.public(reason="The token in the address says who it is, and may do nothing but end one kind of message.")
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """This will ask whether to end messages of a kind, and end them."""
    try:
        link = links.read_stop(token)
        actor = _actor(request, "unsubscribe link")
        with scoping.scope([link.organization_id], actor=actor):
            organization = identity_queries.get_organization().name
            if request.method == "POST":
                notification_operations.unsubscribe(actor=actor, at=clock.now(), link=link)
    except (links.LinkBroken, notification_queries.RecipientNotFound, identity_queries.OrganizationNotFound):
        return _broken(request)
    context = {
        "organization": organization,
        "kind": values.KIND_CAPTIONS[link.kind],
        "is_done": request.method == "POST",
    }
    return render(request, "settings/stop.html", context)


@require_http_methods(["GET", "POST"])
@access.public(reason="The token in the address holds the code that was sent to the address that it confirms.")
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """This will ask whether the organization may write to the address, and note the answer."""
    try:
        link = links.read_confirm(token)
        actor = _actor(request, "confirmation link")
        result = None
        with scoping.scope([link.organization_id], actor=actor):
            organization = identity_queries.get_organization().name
            if request.method == "POST":
                result = notification_operations.confirm_by_link(actor=actor, at=clock.now(), link=link)
    except (links.LinkBroken, notification_queries.DestinationNotFound, identity_queries.OrganizationNotFound):
        return _broken(request)
    if result not in {None, values.CodeResult.CONFIRMED}:
        return _broken(request)
    return render(request, "settings/confirm.html", {"organization": organization, "is_done": result is not None})


def _broken(request: HttpRequest) -> HttpResponse:
    return render(request, "settings/broken_link.html", status=GONE)


def _actor(request: HttpRequest, label: str) -> Actor:
    return Actor.system(label, source=access.client_address(request))
