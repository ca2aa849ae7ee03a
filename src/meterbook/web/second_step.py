"""Leading people whose organization asks for a second factor to the page where they set one up."""

from __future__ import annotations

from typing import Any

from allauth.account import adapter as account_adapters
from allauth.mfa import signals
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from meterbook.identity import queries as identity_queries
from meterbook.identity import second_factor as identity_second_factor
from meterbook.identity import sign_in as identity_sign_in
from meterbook.identity import values as identity_values
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor

FACTORS = ("totp", "webauthn")
LATER = "second_step_later"  # of the session: put off until the next sign-in
# Of the session: whose account a provider vouched for, and for whom it asked two steps itself.
BY_PROVIDER, PROVIDER_STEP = "signed_in_by_provider", "second_step_by_provider"


def refusal(request: HttpRequest) -> HttpResponse | None:
    """This will lead a person who must have a second factor and has none to setting one up, unless put off.

    Needs a running scope and what `access.page` puts on the request.
    """
    own: identity_values.Access = request.access  # type: ignore[attr-defined]
    organization: identity_queries.OrganizationRow = request.organization  # type: ignore[attr-defined]
    if getattr(request, "seen_as", None) or not identity_second_factor.is_required(own, organization):
        return None
    user_id, at = request.user.pk, request.at  # type: ignore[attr-defined]
    if user_id is None or took_one_at_provider(request, user_id) or identity_second_factor.has_one(user_id=user_id):
        return None
    if at < identity_second_factor.ask(user_id=user_id, at=at) and request.session.get(LATER):
        return None
    target = reverse("second_step")
    if request.headers.get("HX-Request") == "true" or "X-Requested-With" in request.headers:
        return HttpResponse(_("Set up a second step first."), status=401, headers={"HX-Redirect": target})
    return HttpResponseRedirect(target)


def required_now(request: HttpRequest) -> HttpResponse | None:
    """This will lead who makes a key of the API to setting a second step up, without putting it off.

    It holds wherever the organization asks anybody for one: a key works without one, so its maker must have one.
    Needs a running scope and what `access.page` puts on the request.
    """
    organization: identity_queries.OrganizationRow = request.organization  # type: ignore[attr-defined]
    user_id = request.user.pk
    if not organization.second_factor_roles or user_id is None or getattr(request, "seen_as", None):
        return None
    if took_one_at_provider(request, user_id) or identity_second_factor.has_one(user_id=user_id):
        return None
    messages.warning(request, _("A key of the API opens without a second step, so who makes one needs it: set it up."))
    return HttpResponseRedirect(reverse("second_step"))


def note_provider(request: HttpRequest, *, user_id: int, had_two: bool) -> None:
    """This will remember in the session that a provider vouched for a person, and whether it asked two steps."""
    forget_provider(request)
    request.session[BY_PROVIDER] = user_id
    if had_two:
        request.session[PROVIDER_STEP] = user_id


def forget_provider(request: HttpRequest) -> None:
    """This will forget what a provider said: somebody signs in with a password instead."""
    for name in (BY_PROVIDER, PROVIDER_STEP):
        request.session.pop(name, None)


def took_one_at_provider(request: HttpRequest, user_id: int) -> bool:
    """This will tell whether the provider asked this person for two steps, and the owner lets that do."""
    return bool(request.session.get(PROVIDER_STEP) == user_id)


def came_by_provider(request: HttpRequest) -> bool:
    """This will tell whether the signed-in person used no password of ours."""
    user_id = request.user.pk
    return user_id is not None and request.session.get(BY_PROVIDER) == user_id


def connect() -> None:
    """This will have the trail know when a person sets a second factor up or removes one; the library only signals."""
    signals.authenticator_added.connect(_added, dispatch_uid="meterbook second factor added")
    signals.authenticator_removed.connect(_removed, dispatch_uid="meterbook second factor removed")


def _added(request: HttpRequest, user: Any, authenticator: Any, **_details: object) -> None:  # noqa: ANN401
    _note(request, user, authenticator, is_added=True)


def _removed(request: HttpRequest, user: Any, authenticator: Any, **_details: object) -> None:  # noqa: ANN401
    _note(request, user, authenticator, is_added=False)


def _note(request: HttpRequest, user: Any, authenticator: Any, *, is_added: bool) -> None:  # noqa: ANN401
    if authenticator.type not in FACTORS:
        return
    actor = Actor.user(user.pk, str(user), source=str(account_adapters.get_adapter(request).get_client_ip(request)))
    identity_sign_in.note_second_factor(actor=actor, at=clock.now(), user_id=user.pk, is_added=is_added)
