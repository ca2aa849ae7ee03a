"""Who asks, and whether they may: a key of an organization, or a person who is signed in in a browser.

`Entry` guards one operation. It runs before anything of the request is read, opens a scope of its own for what it looks
up, and leaves a `Caller` on the request.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from allauth.account import adapter as account_adapters
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.utils import check_csrf

from meterbook.api import problems, reading
from meterbook.foundation import scoping
from meterbook.identity import api_access, authority, delegations, previews, second_factor, values
from meterbook.identity import modules as identity_modules
from meterbook.identity import queries as identity_queries
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor
from meterbook.monitoring import queries as monitoring_queries
from meterbook.sites import queries as site_queries

SAFE = ("GET",)
MOST_BYTES = 1024 * 1024
MOST_UPLOAD_BYTES = 21 * 1024 * 1024
SCHEME = "bearer "
PROVIDER_STEP = "second_step_by_provider"  # of the session: for whom a provider asked two steps (web.second_step)
SEEING = "see_as"  # of the session, while a person looks with somebody else's rights (web.seeing)


@dataclass(frozen=True)
class Caller:
    """Who asks, on whose behalf, in which organization, and with which rights now.

    `name` is what idempotency keys are kept under: two callers never see each other's.
    """

    organization: identity_queries.OrganizationRow
    actor: Actor
    at: datetime
    access: values.Access
    name: str
    user_id: int
    is_looking: bool = False  # with somebody else's rights: nothing can be changed


class Request(HttpRequest):
    """A request as a guarded operation sees it; only for annotations."""

    caller: Caller
    actor: Actor


@dataclass(frozen=True)
class Entry:
    """The guard of one operation: `by_site` lets in who holds the permission for single sites too, `by_single` also for
    single meters and accounts. `single_permission` is another one that lets in alone, held for single ones.
    """

    permission: str
    module: values.Module
    by_site: bool = False
    by_single: bool = False
    most_bytes: int = MOST_BYTES
    single_permission: str = ""

    def __call__(self, request: HttpRequest) -> Caller:
        """This will let the caller in.

        :raises problems.Problem: 401 without a valid key or session, 404 for a module that is off, 403 for a missing
            right, 411, 413 and 415 for a body of unknown size, too large, or of another kind, 429 for a key that asks
            too often
        """
        _require_size(request, self.most_bytes)
        caller = _at_sites(request, identify(request), self.module)
        if not _has(caller.organization, self.module):
            raise problems.not_found()
        if not self.entered_by(caller.access):
            raise problems.Problem(403, "forbidden", self._refusal(caller.access))
        reading.require_media_type(request)
        request.caller = caller  # type: ignore[attr-defined]
        request.actor = caller.actor  # type: ignore[attr-defined]
        return caller

    def entered_by(self, access: values.Access) -> str:
        """This will return the permission that lets somebody in, or nothing."""
        allows = access.allows_somewhere if self.by_site else access.allows
        if allows(self.permission) or (self.by_single and _holds_single(access, self.permission)):
            return self.permission
        return self.single_permission if _holds_single(access, self.single_permission) else ""

    def _refusal(self, access: values.Access) -> str:
        """Who holds the permission, only not here, is told where it counts."""
        if _holds_single(access, self.permission):
            return _(
                "The key or its owner holds %(permission)s for single meters or accounts only, and this is not about "
                "those. GET /api/v1/assigned tells what it reaches."
            ) % {"permission": self.permission}
        if self.single_permission:
            words = _("This needs the permission %(permission)s or %(other)s, which the key or its owner lacks.")
            return words % {"permission": self.permission, "other": self.single_permission}
        words = _("This needs the permission %(permission)s, which the key or its owner lacks.")
        return words % {"permission": self.permission}


def identify(request: HttpRequest) -> Caller:
    """This will find out who asks: by the key in `Authorization`, else by the browser's session.

    :raises problems.Problem: 401 when nobody is known, 403 for a wrong address or a form without its token
    """
    given = request.headers.get("Authorization", "")
    if given:
        return _of_key(request, given)
    if request.user.is_authenticated and request.user.pk is not None:
        return _of_session(request, int(request.user.pk))
    raise _unknown(_("Send a key: Authorization: Bearer mb_…"))


def address_of(request: HttpRequest) -> str:
    """This will return where the request comes from: behind a trusted proxy, what it names."""
    if not request.META.get("REMOTE_ADDR"):
        return ""
    return str(account_adapters.get_adapter(request).get_client_ip(request))


def _holds_single(access: values.Access, permission: str) -> bool:
    return bool(access.meters(permission) or access.accounts(permission))


def _has(organization: identity_queries.OrganizationRow, module: values.Module) -> bool:
    return organization.has_module(values.Module.API) and organization.has_module(module)


def _at_sites(request: HttpRequest, caller: Caller, module: values.Module) -> Caller:
    """What is switched off at single sites does not count there, and objects of such a site are not found."""
    organization = caller.organization
    if not organization.site_modules:
        return caller
    with scoping.scope([organization.id], actor=caller.actor):
        sites = [each.id for each in site_queries.list_sites()]
        given = request.resolver_match.kwargs.values() if request.resolver_match else ()
        named = monitoring_queries.sites_of(public_ids=[each for each in map(_public_id, given) if each is not None])
    if not all(organization.has_module_at(module, each) for each in named):
        raise problems.not_found()
    return replace(
        caller,
        organization=identity_modules.narrowed(organization, sites, None),
        access=identity_modules.within(caller.access, organization, sites),
    )


def _public_id(given: object) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(given))
    except ValueError:
        return None


def _of_key(request: HttpRequest, given: str) -> Caller:
    token = given[len(SCHEME) :].strip() if given.lower().startswith(SCHEME) else ""
    at, source = clock.now(), address_of(request)
    try:
        found = api_access.find_secret(token=token)
        with scoping.scope([found.organization_id], actor=Actor.system("api", source=source)):
            admitted = api_access.use_key(
                token=token, secret_id=found.secret_id, address=source, at=at, real_at=clock.real_now()
            )
            organization = identity_queries.get_organization()
    except api_access.KeyRefused as error:
        raise _unknown(str(error)) from error
    except api_access.AddressRefused as error:
        raise problems.Problem(403, "address", str(error)) from error
    except api_access.TooManyRequests as error:
        headers = {"Retry-After": str(error.retry_after)}
        raise problems.Problem(429, "too_many_requests", str(error), headers=headers) from error
    actor = Actor.api_key(admitted.owner_id, admitted.label, source=source)
    return Caller(organization, actor, at, admitted.access, f"key:{admitted.key_id}", admitted.owner_id)


def _of_session(request: HttpRequest, user_id: int) -> Caller:
    if request.method not in SAFE and check_csrf(request) is not None:
        raise problems.Problem(403, "csrf", _("A browser must send the token of the form: X-CSRFToken."))
    if request.method not in SAFE and SEEING in request.session:
        raise problems.Problem(403, "seeing", _("You look as somebody else; nothing can be changed meanwhile."))
    at = clock.now()
    actor = Actor.user(user_id, str(request.user), source=address_of(request))
    entered = identity_queries.organizations_of(user_id=user_id, at=at, actor=actor)
    organization = _chosen(request.GET.get("organization", ""), entered)
    with scoping.scope([organization.id], actor=actor):
        own = access = identity_queries.access_of(user_id=user_id, at=at)
        looks_as = _looked_through(request, organization)
        if looks_as is not None:
            access = _seen(looks_as, actor, at)
        by_provider = request.session.get(PROVIDER_STEP) == user_id
        is_asked = second_factor.is_required(own, organization) and not by_provider
        if is_asked and not second_factor.has_one(user_id=user_id):
            words = _("Your organization asks you for a second step at sign-in; set one up on its pages first.")
            raise problems.Problem(403, "second_factor", words)
    acting = delegations.acting(actor, own, organization.name)
    return Caller(organization, acting, at, access, f"user:{user_id}", user_id, is_looking=looks_as is not None)


def _looked_through(request: HttpRequest, organization: identity_queries.OrganizationRow) -> list[str] | None:
    """What the session keeps while the person sees this organization as somebody else."""
    kept: list[Any] | None = request.session.get(SEEING)
    return kept[1:] if kept is not None and kept[0] == organization.id else None


def _seen(kept: list[str], actor: Actor, at: datetime) -> values.Access:
    """The rights of the person that one looks as; needs a running scope."""
    ended = problems.Problem(403, "seeing", _("Looking as somebody else has ended; open a page of the product first."))
    if at - datetime.fromisoformat(kept[1]) > previews.LONGEST:
        raise ended
    try:
        _user, access = previews.access_as(actor=actor, at=at, public_id=uuid.UUID(kept[0]))
    except (authority.HoldsMore, previews.NotViewable, identity_queries.UserNotFound) as error:
        raise ended from error
    return access


def _chosen(asked: str, entered: tuple[identity_queries.OrganizationRow, ...]) -> identity_queries.OrganizationRow:
    """The one that `?organization=` names, else the only one."""
    if asked or len(entered) == 1:
        match: Callable[[uuid.UUID], bool] = lambda public_id: not asked or str(public_id) == asked  # noqa: E731
        found = next((each for each in entered if match(each.public_id)), None)
        if found is None:
            raise problems.not_found()
        return found
    raise problems.invalid("/query/organization", _("Name the organization: ?organization=<id>."))


def _unknown(words: str) -> problems.Problem:
    return problems.Problem(401, "unauthenticated", words, headers={"WWW-Authenticate": 'Bearer realm="meterbook"'})


def _require_size(request: HttpRequest, most: int) -> None:
    length = request.headers.get("Content-Length", "")
    if request.method not in SAFE and not length and "Transfer-Encoding" in request.headers:
        raise problems.Problem(411, "length_required", _("Say how long the body is: Content-Length."))
    if length.isdecimal() and int(length[:12]) > most:
        words = _("The body has more than %(most)s KB.") % {"most": most // 1024}
        raise problems.Problem(413, "too_large", words)
