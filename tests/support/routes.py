"""Walks a URL configuration and finds each route that lets somebody in who must stay outside.

`walk` lists the routes. `misdeclared` looks at how a route is marked, `leaks` asks it through HTTP as nobody, as a
person of another organization, without the permission, with a module off, for a foreign object, and with everything
right. Both return what is wrong in words; an empty list is a pass.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.resolvers import RoutePattern

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity import operations as identity_operations
from meterbook.identity import registry
from meterbook.identity.values import Module
from meterbook.web import navigation
from tests.factories import identity

READING, ALL = ("GET", "POST"), ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
PARAMETER = re.compile(r"<(?:(?P<converter>\w+):)?(?P<name>\w+)>")
ORGANIZATION = "organization"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Argument:
    """How to fill a parameter of a route: a value that is right in the organization.

    `is_owned` ones belong to the organization: the route must not find one of another organization.
    """

    make: Callable[[identity_models.Organization], object]
    is_owned: bool


@dataclass(frozen=True)
class Route:
    """One route: its whole path as written, and its view."""

    path: str
    name: str
    view: Callable[..., Any]
    is_plain: bool
    parameters: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """This will tell who may open the route: guarded, signed_in, public, allauth, api, or nothing for unmarked."""
        if hasattr(self.view, "is_api"):
            return "api"  # tests/journeys/test_api_walk.py asks these
        if hasattr(self.view, "permission"):
            return "guarded"
        if hasattr(self.view, "signed_in_reason"):
            return "signed_in"
        if hasattr(self.view, "public_reason"):
            return "public"
        return "allauth" if self.view.__module__.partition(".")[0] == "allauth" else ""

    def fill(self, arguments: Mapping[str, object]) -> str:
        """This will return the path with its parameters replaced."""
        return "/" + PARAMETER.sub(lambda found: str(arguments[found["name"]]), self.path)


def walk(urlconf: str) -> list[Route]:
    """This will list all routes of the configuration, included ones too, in their order."""
    return list(_walk(get_resolver(urlconf).url_patterns, "", is_plain=True))


def _walk(patterns: list[URLPattern | URLResolver], before: str, *, is_plain: bool) -> Iterator[Route]:
    for each in patterns:
        path = before + str(each.pattern)
        plain = is_plain and isinstance(each.pattern, RoutePattern)
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns, path, is_plain=plain)
        else:
            names = tuple(found["name"] for found in PARAMETER.finditer(path)) if plain else ()
            yield Route(path=path, name=each.name or "", view=each.callback, is_plain=plain, parameters=names)


def misdeclared(route: Route, arguments: Mapping[str, Argument]) -> list[str]:
    """This will tell what is wrong with the marks of the route, without asking it anything."""
    if route.kind == "allauth":
        return []
    if not route.kind:
        return ["is neither public, signed_in nor guarded: decorate its view (meterbook.web.access)"]
    found = []
    if not route.is_plain:
        found.append("is a regular expression: write it with path()")
    found += [
        f"has the parameter {name!r}, which has no entry in ARGUMENTS"
        for name in route.parameters
        if name != ORGANIZATION and name not in arguments
    ]
    if route.kind == "guarded":
        return found + _misguarded(route)
    if not str(getattr(route.view, f"{route.kind}_reason")).strip():
        found.append(f"is {route.kind} without a reason")
    return found


def _misguarded(route: Route) -> list[str]:
    permission, module = getattr(route.view, "permission", ""), getattr(route.view, "module", None)
    found = []
    if permission not in registry.known():
        found.append(f"names the permission {permission!r}, which no domain declares")
    if not isinstance(module, Module):
        found.append("names no module")
    if f"<uuid:{ORGANIZATION}>" not in route.path:
        found.append(f"is guarded but has no <uuid:{ORGANIZATION}> in its path")
    return found


@dataclass
class People:
    """Two organizations and who is needed to ask routes of the first; people are made once for each permission."""

    arguments: Mapping[str, Argument]
    own: identity_models.Organization = field(default_factory=lambda: identity.organization(modules=tuple(Module)))
    foreign: identity_models.Organization = field(default_factory=lambda: identity.organization(modules=tuple(Module)))
    # What somebody needs beside a right, by that right: a tenant's pages are of the accounts linked to the sign-in.
    welcomes: Mapping[str, Callable[[identity_models.Organization, identity_models.User], None]] = field(
        default_factory=dict
    )
    _clients: dict[str, Client] = field(default_factory=dict)

    def nobody(self) -> Client:
        """This will return a browser without a session."""
        return Client()

    def holder(self, permission: str) -> Client:
        """This will return somebody who holds that permission in the own organization and may look at everything.

        Who may do something must see it: "read now" is a button of a page that shows the meter.
        """
        looking = {each for each in registry.known() if each.partition(":")[2].startswith("view")}
        return self._once(f"+{permission}", lambda: self._user({permission} | looking, self.own))

    def others(self, permission: str) -> Client:
        """This will return somebody who holds every permission in the own organization but that one."""
        return self._once(f"-{permission}", lambda: self._user(registry.known() - {permission}, self.own))

    def stranger(self) -> Client:
        """This will return the administrator of the foreign organization."""
        return self._once("stranger", lambda: identity.user(organization=self.foreign))

    def path(self, route: Route, *, foreign: str = "") -> str:
        """This will fill the route in for the own organization, but the parameter `foreign` for the foreign one."""
        values = {
            name: self.arguments[name].make(self.foreign if name == foreign else self.own)
            for name in route.parameters
            if name != ORGANIZATION
        }
        return route.fill({ORGANIZATION: self.own.public_id, **values})

    def _once(self, key: str, make: Callable[[], identity_models.User]) -> Client:
        if key not in self._clients:
            self._clients[key] = Client()
            self._clients[key].force_login(make())
        return self._clients[key]

    def _user(self, permissions: Iterable[str], organization: identity_models.Organization) -> identity_models.User:
        held = sorted(permissions)
        made = identity.user(organization=organization, role=None)
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            name = f"role of {made.email}"[:100]
            role = identity_operations.create_role(
                actor=identity.ACTOR, at=identity.LONG_AGO, name=name, permissions=held
            )
            identity_operations.grant_role(actor=identity.ACTOR, at=identity.LONG_AGO, user_id=made.pk, role=role)
        for permission, welcome in self.welcomes.items():
            if permission in held and len(held) < len(registry.known()) - 1:
                welcome(organization, made)
        return made


def leaks(route: Route, people: People) -> list[str]:
    """This will ask the route through HTTP and tell what it should not have answered. It must be declared well."""
    checks = {"guarded": _leaks_of_guarded, "signed_in": _leaks_of_signed_in, "public": _leaks_of_public}
    return checks[route.kind](route, people) if route.kind in checks else []


def _leaks_of_guarded(route: Route, people: People) -> list[str]:
    permission = str(getattr(route.view, "permission", ""))
    path = people.path(route)
    unknown = path.replace(str(people.own.public_id), UNKNOWN)
    taken = tuple(method for method, _answer in _answers(people.nobody(), path, ALL))
    refusals = functools.partial(_refusals, methods=taken)
    found = [
        *refusals("as nobody", people.nobody(), path, is_refused=_sends_to_sign_in),
        *refusals("as a person of another organization", people.stranger(), path, is_refused=_is(404)),
        *refusals("for an unknown organization", people.holder(permission), unknown, is_refused=_is(404)),
        *refusals("without the permission", people.others(permission), path, is_refused=_is(403)),
        *_admissions("with the permission", people.holder(permission), path, home=f"/o/{people.own.public_id}/"),
    ]
    for name in route.parameters:
        if name != ORGANIZATION and people.arguments[name].is_owned:
            theirs = people.path(route, foreign=name)
            found += refusals(f"for a foreign {name}", people.holder(permission), theirs, is_refused=_is(404))
    module = getattr(route.view, "module", Module.CORE)
    if module != Module.CORE:
        with _module_off(people.own, module):
            found += refusals(f"with {module} off", people.holder(permission), path, is_refused=_is(404))
    return found


def _leaks_of_signed_in(route: Route, people: People) -> list[str]:
    path = people.path(route)
    return [
        *_refusals("as nobody", people.nobody(), path, is_refused=_sends_to_sign_in),
        *_admissions("as somebody", people.stranger(), path),
    ]


def _leaks_of_public(route: Route, people: People) -> list[str]:
    return _admissions("as nobody", people.nobody(), people.path(route))


def _refusals(
    who: str,
    client: Client,
    path: str,
    *,
    is_refused: Callable[[HttpResponseBase], bool],
    methods: tuple[str, ...] = ALL,
) -> list[str]:
    return [
        f"{method} {who}: answers {answer.status_code}"
        for method, answer in _answers(client, path, methods)
        if not is_refused(answer)
    ]


def misplaced(answer: HttpResponseBase, path: str, home: str) -> list[str]:
    """This will tell what is wrong with the side navigation of a page: it marks the entry that the page stands under.

    That entry may not be there for everybody; then none is marked. What is no whole page has no navigation.
    """
    page = answer.content.decode(errors="replace") if isinstance(answer, HttpResponse) else ""
    _before, has_side, after = page.partition('<aside class="sidebar"')
    side = after.partition("</nav>")[0]
    if not has_side:
        return []
    place = navigation.place_of(path, home)
    if not place:
        return ["its page stands under no entry of the navigation"]
    own = reverse(place, args=[home.strip("/").split("/")[-1]])
    marked = re.findall(r'<a href="([^"]+)" aria-current="page"', side)
    wanted = [own] if f'href="{own}"' in side else []
    return [] if marked == wanted else [f"its navigation marks {marked} instead of {wanted}"]


def _admissions(who: str, client: Client, path: str, *, home: str = "") -> list[str]:
    answers = _answers(client, path, READING)
    found = [
        f"{method} {who}: answers {answer.status_code}"
        for method, answer in answers
        if answer.status_code in {401, 403, 404} or answer.status_code >= 500 or _sends_to_sign_in(answer)
    ]
    if home:
        found += [f"{method}: {each}" for method, answer in answers for each in misplaced(answer, path, home)]
    return found if answers else [f"{who}: takes neither GET nor POST"]


def _answers(client: Client, path: str, methods: tuple[str, ...]) -> list[tuple[str, HttpResponseBase]]:
    """What the route takes: a method that it does not know (405) tells nothing and changes nothing."""
    found: list[tuple[str, HttpResponseBase]] = []
    for method in methods:
        answer = client.generic(method, path, headers={"Accept": "*/*"})
        answer.close()
        if answer.status_code != 405:
            found.append((method, answer))
    return found


def _is(status: int) -> Callable[[HttpResponseBase], bool]:
    return lambda answer: answer.status_code == status


def _sends_to_sign_in(answer: HttpResponseBase) -> bool:
    target = answer.headers.get("Location", "")
    return answer.status_code == 401 or (answer.status_code == 302 and target.startswith(reverse("account_login")))


@contextlib.contextmanager
def _module_off(organization: identity_models.Organization, module: Module) -> Iterator[None]:
    _switch(organization, module, is_on=False)
    try:
        yield
    finally:
        _switch(organization, module, is_on=True)


def _switch(organization: identity_models.Organization, module: Module, *, is_on: bool) -> None:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        identity_operations.change_module(actor=identity.ACTOR, at=identity.LONG_AGO, module=module, is_on=is_on)
