"""Who may open which page: every route names a permission and a module, or says why it is open to all.

`page` guards a view below `/o/<uuid:organization>/`. The view is called inside `scoping.scope([organization])`, without
the `organization` argument of its path, and finds on its request:

    organization    identity.queries.OrganizationRow
    organizations   all organizations the user may enter, by name (for the switch)
    actor, at       what operations want
    access          identity.values.Access: `allows(permission, site_id)`, `sites(permission)`
    permissions     frozenset of what the user may do here: in the whole organization, or at the sites of the page
    seen_as         identity.queries.UserRow while the user looks with somebody else's rights, else None
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlencode

from allauth.account import adapter as account_adapters
from asgiref.sync import sync_to_async
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import SimpleTemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from meterbook.customers import reaching as customer_reaching
from meterbook.foundation import scoping
from meterbook.identity import delegations as identity_delegations
from meterbook.identity import queries as identity_queries
from meterbook.identity import tenants as identity_tenants
from meterbook.identity import values as identity_values
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor
from meterbook.web import reaching, second_step, seeing

P = ParamSpec("P")
Made = TypeVar("Made")

SIGN_IN = "account_login"


class Request(HttpRequest):
    """A request as a guarded view sees it; only for annotations."""

    organization: identity_queries.OrganizationRow
    organizations: tuple[identity_queries.OrganizationRow, ...]
    actor: Actor
    at: datetime
    access: identity_values.Access
    permissions: frozenset[str]
    seen_as: identity_queries.UserRow | None


View = Callable[..., HttpResponseBase]
PageView = Callable[Concatenate[Request, P], HttpResponseBase]
Narrow = Callable[[Request, identity_values.Module, Iterable[object]], None]
StreamView = Callable[Concatenate[Request, P], AsyncIterator[bytes | str] | HttpResponseBase]
_narrowing: list[Narrow] = []


class TenantOutside(Http404):
    """Somebody who is no more than a tenant asked for a page of operators: to them it does not exist."""


class SinglesOutside(PermissionDenied):
    """Somebody to whom single meters or accounts are assigned asked for a page that is not about those."""


class StreamNeedsItsOwnScopes(TypeError):
    """A `page` returned a stream, which would hold its transaction open; declare the view with `stream_page`."""


def page(
    *,
    permission: str,
    module: identity_values.Module,
    by_site: bool = False,
    by_single: bool = False,
    tenants_to: str = "",
    singles_to: str = "",
) -> Callable[[PageView[P]], Callable[..., HttpResponseBase]]:
    """This will let a view run for signed-in people of the organization in its path who hold the permission.

    Nobody is sent to the sign-in page (a fetch gets 401); a foreign or unknown organization and a module that is off
    are "not found"; a missing permission is 403.

    :param by_site: let in who holds the permission for single sites too; the view then asks `request.access.sites(...)`
        for what belongs to meters, and sees no other accounts anyway (`customers.reaching`)
    :param by_single: let in who holds the permission for single meters or accounts too; the view then asks
        `request.access.meters(...)` and `accounts(...)`
    :param singles_to: the route where somebody is led who holds nothing but single meters and accounts
    :param tenants_to: the route where a tenant is led instead, with what the path holds; every other page is "not
        found" to tenants
    """

    def guard(view: PageView[P]) -> Callable[..., HttpResponseBase]:
        @functools.wraps(view)
        def run(request: HttpRequest, organization: uuid.UUID, **parameters: Any) -> HttpResponseBase:  # noqa: ANN401
            refusal = _refuse_nobody(request)
            if refusal is not None:
                return refusal
            found = _find_organization(request, organization, module)
            with (
                scoping.scope([found.id], actor=request.actor),  # type: ignore[attr-defined]
                seeing.refused_in_words(),
                reaching.not_found_outside(),
            ):
                try:
                    admitted = _admit(
                        request, permission, module, by_site=by_site, by_single=by_single, parameters=parameters
                    )
                except (TenantOutside, SinglesOutside) as outside:
                    elsewhere = tenants_to if isinstance(outside, TenantOutside) else singles_to
                    if not elsewhere:
                        raise
                    return HttpResponseRedirect(reverse(elsewhere, args=[found.public_id, *parameters.values()]))
                response = second_step.refusal(admitted) or view(admitted, **parameters)  # type: ignore[call-arg]
                if response.streaming:
                    raise StreamNeedsItsOwnScopes(StreamNeedsItsOwnScopes.__doc__)
                if isinstance(response, SimpleTemplateResponse):
                    response.render()
                return response

        return _mark(run, permission=permission, module=module, by_site=by_site)

    return guard


def stream_page(
    *, permission: str, module: identity_values.Module, by_site: bool = False, by_single: bool = False
) -> Callable[[Callable[..., Awaitable[HttpResponseBase]]], Callable[..., Any]]:
    """This will guard an async view that answers with a stream: same checks, but no scope stays open around it.

    The view opens a scope for each piece it sends, and asks `may_continue` from time to time, so that a revoked grant
    ends the stream.
    """

    def guard(view: Callable[..., Awaitable[HttpResponseBase]]) -> Callable[..., Any]:
        def enter(
            request: HttpRequest, organization: uuid.UUID, parameters: Mapping[str, object]
        ) -> HttpResponse | None:
            refusal = _refuse_nobody(request)
            if refusal is None:
                found = _find_organization(request, organization, module)
                with scoping.scope([found.id], actor=request.actor):  # type: ignore[attr-defined]
                    admitted = _admit(
                        request, permission, module, by_site=by_site, by_single=by_single, parameters=parameters
                    )
                    if second_step.refusal(admitted) is not None:
                        # An event source follows a redirect and would read a page; it understands only a status.
                        refusal = HttpResponse(_("Set up a second step first."), status=401)
            return refusal

        @functools.wraps(view)
        async def run(request: HttpRequest, organization: uuid.UUID, **parameters: Any) -> HttpResponseBase:  # noqa: ANN401
            refusal = await sync_to_async(enter)(request, organization, parameters)
            response: HttpResponseBase = refusal if refusal is not None else await view(request, **parameters)
            return response

        return _mark(run, permission=permission, module=module, by_site=by_site, is_stream=True)

    return guard


def public(*, reason: str) -> Callable[[Callable[..., Made]], Callable[..., Made]]:
    """This will mark a view that needs no organization and no permission, and say why."""

    def mark(view: Callable[..., Made]) -> Callable[..., Made]:
        view.public_reason = reason  # type: ignore[attr-defined]
        return view

    return mark


def signed_in(*, reason: str) -> Callable[[View], View]:
    """This will guard a view outside any organization that needs a signed-in person but no permission, and say why.

    The view finds `actor`, `at` and `organizations` on its request, and runs outside any scope.
    """

    def guard(view: View) -> View:
        @functools.wraps(view)
        def run(request: HttpRequest, **parameters: Any) -> HttpResponseBase:  # noqa: ANN401
            refusal = _refuse_nobody(request)
            if refusal is not None:
                return refusal
            _introduce(request)
            return view(request, **parameters)

        run.signed_in_reason = reason  # type: ignore[attr-defined]
        return run

    return guard


def connect(narrow: Narrow) -> None:
    """This will make `narrow` what takes modules away that are off at single sites (`web.site_modules`).

    It is handed in when the application starts, because it asks which site is chosen, and that asks here.
    """
    _narrowing[:] = [narrow]


def switched_off(module: identity_values.Module) -> Http404:
    """This will return the answer of a page whose module is off."""
    caption = identity_values.MODULE_CAPTIONS[module]
    return Http404(_("The module “%(module)s” is switched off here.") % {"module": caption})


def may_continue(request: Request, permission: str) -> bool:
    """This will tell whether the user of a running stream still holds the permission, now: somewhere, or for the same
    single meters as when it began. Opens its own scope.
    """
    user_id = request.actor.id
    if user_id is None or not identity_queries.is_active(user_id=user_id):
        return False
    with scoping.scope([request.organization.id], actor=request.actor):
        access = identity_queries.access_of(user_id=user_id, at=clock.now())
    if access.allows_somewhere(permission):
        return True
    meters = access.meters(permission)
    return bool(meters) and meters == request.access.meters(permission)


def client_address(request: HttpRequest) -> str:
    """This will return the address that the audit trail notes: behind a trusted proxy, the one it names."""
    if not request.META.get("REMOTE_ADDR"):
        return ""
    return str(account_adapters.get_adapter(request).get_client_ip(request))


def _refuse_nobody(request: HttpRequest) -> HttpResponse | None:
    if request.user.is_authenticated:
        return None
    target = f"{reverse(SIGN_IN)}?{urlencode({'next': request.get_full_path()})}"
    if not wants_page(request):
        # htmx follows HX-Redirect whatever the status; an event source and a fetch see the 401.
        return HttpResponse(_("Sign in first."), status=401, headers={"HX-Redirect": target})
    return HttpResponseRedirect(target)


def wants_page(request: HttpRequest) -> bool:
    """This will tell whether a person's browser asks for a page, rather than a program for a part of one."""
    accept = request.headers.get("Accept", "")
    is_part = request.headers.get("HX-Request") == "true" or "X-Requested-With" in request.headers
    return not is_part and "text/event-stream" not in accept and not accept.startswith("application/json")


def _introduce(request: HttpRequest) -> None:
    user_id, at = _user_id(request), clock.now()
    actor = Actor.user(user_id, str(request.user), source=client_address(request))
    request.actor = actor  # type: ignore[attr-defined]
    request.at = at  # type: ignore[attr-defined]
    found = identity_queries.organizations_of(user_id=user_id, at=at, actor=actor)
    request.organizations = found  # type: ignore[attr-defined]


def _user_id(request: HttpRequest) -> int:
    """The signed-in person's id; who is nobody was refused before."""
    if request.user.pk is None:
        raise PermissionDenied(_("Sign in first."))
    return int(request.user.pk)


def _find_organization(
    request: HttpRequest, public_id: uuid.UUID, module: identity_values.Module
) -> identity_queries.OrganizationRow:
    _introduce(request)
    organizations: tuple[identity_queries.OrganizationRow, ...] = request.organizations  # type: ignore[attr-defined]
    found = next((each for each in organizations if each.public_id == public_id), None)
    if found is None:
        raise Http404(_("There is no such page, or it belongs to an organization that you cannot enter."))
    if not found.has_module(module):
        raise switched_off(module)
    request.organization = found  # type: ignore[attr-defined]
    return found


def _admit(
    request: HttpRequest,
    permission: str,
    module: identity_values.Module,
    *,
    by_site: bool,
    by_single: bool = False,
    parameters: Mapping[str, object],
) -> Request:
    """Needs a running scope of the organization."""
    own = identity_queries.access_of(user_id=_user_id(request), at=request.at)  # type: ignore[attr-defined]
    request.actor = identity_delegations.acting(request.actor, own, request.organization.name)  # type: ignore[attr-defined]
    request.access = seeing.access_of(request, own)  # type: ignore[attr-defined]
    if request.organization.site_modules:  # type: ignore[attr-defined]
        _narrowing[0](request, module, parameters.values())  # type: ignore[arg-type]
    access: identity_values.Access = request.access  # type: ignore[attr-defined]
    allowed = access.allows_somewhere(permission) if by_site else access.allows(permission)
    if not allowed and identity_tenants.is_tenant(access):
        raise TenantOutside(_("There is no such page, or it belongs to an organization that you cannot enter."))
    if not allowed and by_single:
        allowed = bool(access.meters(permission) or access.accounts(permission))
    if not allowed:
        refuses = SinglesOutside if access.at_meter or access.at_account else PermissionDenied
        raise refuses(_("Your role does not include this. Ask an administrator of the organization for it."))
    customer_reaching.enter(access, permission, at=request.at)  # type: ignore[attr-defined]
    held = reaching.permissions(access, permission, parameters.values(), request.organization)  # type: ignore[attr-defined]
    request.permissions = held  # type: ignore[attr-defined]
    return request  # type: ignore[return-value]


def _mark(view: Callable[..., Made], **marks: object) -> Callable[..., Made]:
    for name, value in marks.items():
        setattr(view, name, value)
    return view
