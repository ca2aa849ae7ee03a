"""To the provider and back. Whatever goes wrong, people read one sentence; the log says why."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from allauth.account import adapter as account_adapters
from allauth.account.internal.flows import login as login_flow
from allauth.account.models import Login
from allauth.core import ratelimit
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from meterbook.foundation import vault
from meterbook.identity import invitations as identity_invitations
from meterbook.installation import queries as installation_queries
from meterbook.installation.single_sign_on import fetching, keeping, people, protocol
from meterbook.kernel import clock
from meterbook.web import access, second_step

ATTEMPT = "provider_attempt"  # of the session: what the browser must bring back
LASTS_SECONDS = 600
REFUSED = 400
INVITATION = "open_invitation"
METHOD = "socialaccount"  # what the library calls a provider among the ways of signing in

log = logging.getLogger(__name__)


@never_cache
@require_GET
@access.public(reason="Who signs in through the provider is nobody yet.")
def begin(request: HttpRequest) -> HttpResponse:
    """This will send the browser to the provider; `next` is where the person wanted to go."""
    kept = keeping.get()
    if not kept.is_on or kept.provider is None:
        return _refused(request, "no provider is on")
    if not ratelimit.consume(request, action="provider"):
        return _refused(request, "too many attempts")
    attempt = protocol.Attempt.begin()
    try:
        target = protocol.address(kept.provider, attempt, returns_to=returns_to())
    except fetching.ProviderUnreachable as error:
        return _refused(request, str(error))
    asked = request.GET.get("next", "")
    is_ours = account_adapters.get_adapter(request).is_safe_url(asked)
    request.session[ATTEMPT] = {
        **asdict(attempt), "next": asked if is_ours else "", "at": clock.real_now().timestamp()
    }  # fmt: skip
    return redirect(target)


@never_cache
@require_GET
@access.public(reason="Who comes back from the provider is nobody yet; the checked token says who it is.")
def finish(request: HttpRequest) -> HttpResponse:
    """This will sign in whom the provider vouches for; our own second step follows, as after a password."""
    begun: dict[str, Any] | None = request.session.pop(ATTEMPT, None)
    kept = keeping.get()
    if begun is None or not kept.is_on or kept.provider is None:
        return _refused(request, "nothing was begun in this browser")
    if clock.real_now().timestamp() - begun["at"] > LASTS_SECONDS:
        return _refused(request, "it took too long")
    attempt = protocol.Attempt(begun["state"], begun["nonce"], begun["verifier"])
    answer = {name: str(value) for name, value in request.GET.items()}
    try:
        person = protocol.finish(kept.provider, keeping.secret(), attempt, answer, returns_to=returns_to())
        user = people.admit(
            person,
            at=clock.now(),
            source=access.client_address(request),
            token=_token(begun["next"]),
            admits_unknown=kept.provider.admits_unknown,
        )
    except (protocol.SignInRefused, fetching.ProviderUnreachable, vault.VaultClosed) as error:
        return _refused(request, str(error))
    second_step.note_provider(
        request, user_id=user.pk, had_two=kept.provider.trusts_second_step and person.had_two_steps
    )
    login_flow.record_authentication(request, user, METHOD, provider=person.issuer, uid=person.subject)
    # An invitation that was accepted on the way needs no page any more.
    token = _token(begun["next"])
    target = "" if token and not _is_waiting(token) else begun["next"]
    return login_flow.perform_login(request, Login(user=user, redirect_url=target or None))  # type: ignore[no-any-return]


def returns_to() -> str:
    """This will return the address that the provider must know: below the public one, never the request's host."""
    return installation_queries.public_address() + reverse("provider_done")


def label() -> str:
    """This will return what the button says; empty: nobody signs in through a provider."""
    kept = keeping.get()
    return kept.provider.label if kept.is_on and kept.provider is not None else ""


def _refused(request: HttpRequest, reason: str) -> HttpResponse:
    log.warning("Signing in through the provider was refused: %s", reason)
    return render(request, "account/provider_refused.html", status=REFUSED)


def _is_waiting(token: str) -> bool:
    try:
        identity_invitations.find(token=token, at=clock.now())
    except identity_invitations.InvitationUnusable:
        return False
    return True


def _token(path: str) -> str:
    try:
        found = resolve(urlsplit(path).path) if path else None
    except Resolver404:
        return ""
    return str(found.kwargs["token"]) if found is not None and found.url_name == INVITATION else ""
