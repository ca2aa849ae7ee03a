"""Rules of the organization about its people: what needs two of them, what a monitor may, and what is a monitor's."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import Annotated

from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import people, people_changes
from meterbook.customers import queries as customer_queries
from meterbook.identity import configuring, permissions, registry, second_factor, sign_in_codes, two_people
from meterbook.identity import queries as identity_queries
from meterbook.identity.values import Module, RoleCode, ScopeKind, TwoPeople
from meterbook.metering import queries as metering_queries

router = Router(tags=["People"])
Ids = Annotated[list[uuid.UUID], Field(max_length=200)]


class Policies(values.Told):
    """For which work another person approves, and for which roles a second step is asked at sign-in.

    `tenants_use_codes`: whether people who are no more than tenants may sign in with a code that is mailed to them.
    """

    two_people: list[TwoPeople]
    second_step: list[RoleCode]
    tenants_use_codes: bool


class NewPolicies(values.Given):
    """What is left out stays as it is; an empty list asks for nothing."""

    two_people: list[TwoPeople] | None = None
    second_step: list[RoleCode] | None = None
    tenants_use_codes: bool | None = None


class Configuring(values.Given):
    """Whether a monitor may change the configuration of what was assigned."""

    may_configure: bool


class Configured(values.Told):
    """Whether a monitor may change the configuration of what was assigned."""

    user: uuid.UUID
    may_configure: bool


class Assignment(values.Given):
    """What a monitor sees from now on: ids of meter points and of accounts."""

    meter_points: Ids = Field(default_factory=list)
    accounts: Ids = Field(default_factory=list)


class Assigned(values.Told):
    """What was given, one grant each."""

    items: list[people.Grant]


@endpoint(router, "GET", "/policies", permission=permissions.VIEW_USERS, module=Module.CORE, answers=Policies)
def get_policies(request: entry.Request) -> Policies:
    """This will return the rules in force."""
    return _told()


@endpoint(router, "PUT", "/policies", permission=permissions.EDIT_ORGANIZATION, module=Module.CORE, answers=Policies)
def change_policies(request: entry.Request, given: NewPolicies) -> Policies:
    """This will change the rules; they count from the next approval and the next click on."""
    actor, at = request.caller.actor, request.caller.at
    if given.two_people is not None:
        two_people.change_policy(actor=actor, at=at, needed_for=given.two_people)
    if given.second_step is not None:
        second_factor.change_policy(actor=actor, at=at, roles=given.second_step)
    if given.tenants_use_codes is not None:
        sign_in_codes.change_policy(actor=actor, at=at, is_allowed=given.tenants_use_codes)
    return _told()


@endpoint(
    router,
    "PUT",
    "/users/{uuid:user}/configuring",
    permission=permissions.EDIT_USERS,
    module=Module.CORE,
    answers=Configured,
)
def change_configuring(request: entry.Request, user: uuid.UUID, given: Configuring) -> Configured:
    """This will let a monitor change the configuration of what was assigned, or no longer."""
    caller = request.caller
    identity_queries.get_user(public_id=user)
    if given.may_configure:
        people_changes.require_held(caller, registry.matching(registry.MONITOR_CONFIGURES))
    configuring.change_configuring(actor=caller.actor, at=caller.at, public_id=user, may_configure=given.may_configure)
    return Configured(user=user, may_configure=given.may_configure)


@endpoint(
    router,
    "POST",
    "/users/{uuid:user}/assignments",
    permission=permissions.EDIT_USERS,
    module=Module.CORE,
    answers=Assigned,
    status=201,
)
def assign_to_monitor(request: entry.Request, user: uuid.UUID, given: Assignment) -> Assigned:
    """This will let a person see single meters and accounts with their bills, as a monitor."""
    caller = request.caller
    identity_queries.get_user(public_id=user)
    points = metering_queries.points_by_public_id(public_ids=given.meter_points)
    accounts = customer_queries.accounts_by_public_id(public_ids=given.accounts)
    _require_all("meter_points", given.meter_points, {each.public_id for each in points})
    _require_all("accounts", given.accounts, accounts)
    singles = [
        *((ScopeKind.METER, each.id) for each in points),
        *((ScopeKind.ACCOUNT, each.id) for each in accounts.values()),
    ]
    if not singles:
        raise problems.invalid("/body/meter_points", _("Name at least one meter or account."))
    people_changes.require_held(caller, registry.of_role(RoleCode.MONITOR))
    made = configuring.assign(actor=caller.actor, at=caller.at, public_id=user, singles=singles)
    rows = [each for each in identity_queries.list_grants() if each.public_id in made]
    places = people.places_of(request, rows)
    return Assigned(items=[people.told_grant(each, places) for each in rows])


def _require_all(field: str, wanted: Sequence[uuid.UUID], found: Collection[uuid.UUID]) -> None:
    """Each of the ids must be known: one that is of another organization is not."""
    missing = [place for place, each in enumerate(wanted) if each not in found]
    if missing:
        words = _("The id of something that is not here; each error names one.")
        errors = [(f"/body/{field}/{place}", _("Not found here.")) for place in missing]
        raise problems.Problem(422, "invalid", words, errors=errors)


def _told() -> Policies:
    organization = identity_queries.get_organization()
    return Policies(
        two_people=[each for each in TwoPeople if each not in organization.alone_allowed],
        second_step=[each for each in RoleCode if each in organization.second_factor_roles],
        tenants_use_codes=organization.tenants_use_codes,
    )
