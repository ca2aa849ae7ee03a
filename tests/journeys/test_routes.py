"""Every route of the product, asked by everyone who must stay outside, and by one who may come in.

A new route is walked without being named here. A parameter that is new needs an entry in `ARGUMENTS`.
"""

from __future__ import annotations

import functools
import uuid
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from pytest_django import Settings

from meterbook.acquisition import models as acquisition_models
from meterbook.audit import queries as audit_queries
from meterbook.billing import operations as billing_operations
from meterbook.billing import queries as billing_queries
from meterbook.customers import models as customer_models
from meterbook.customers import operations as customer_operations
from meterbook.customers import permissions as customer_permissions
from meterbook.customers import records as customer_records
from meterbook.customers import sign_ins
from meterbook.customers.values import ConsentKind
from meterbook.foundation import scoping
from meterbook.identity import invitations as identity_invitations
from meterbook.identity import models as identity_models
from meterbook.identity import queries as identity_queries
from meterbook.identity.values import RoleCode
from meterbook.journeys import operations as journey_operations
from meterbook.journeys.building import files as building_files
from meterbook.journeys.values import JourneyKind
from meterbook.kernel import civil, clock
from meterbook.kernel.actor import Actor
from meterbook.ledger import queries as ledger_queries
from meterbook.metering import operations as metering_operations
from meterbook.sites import models as site_models
from meterbook.sites import operations as site_operations
from meterbook.tariffs import operations as tariff_operations
from tests.factories import (
    account_books,
    acquisition,
    api,
    billing,
    buildings,
    calendars,
    commissioning,
    customers,
    gateways,
    hourly_series,
    identity,
    imports,
    meter_types,
    metering,
    mqtt,
    overrides,
    rules,
    senders,
    sites,
    tariffs,
)
from tests.factories.corrections import story
from tests.journeys import (
    asset_arguments,
    correction_arguments,
    event_arguments,
    field_bodies,
    gap_bodies,
    gas_bodies,
    pool_bodies,
)
from tests.support import routes


def entry(organization: identity_models.Organization) -> uuid.UUID:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return audit_queries.list_entries(limit=1)[0].public_id


@functools.cache
def installed(organization: identity_models.Organization) -> tuple[metering.Installed, acquisition_models.Device]:
    """One meter an organization, so that a request and the meter that it is for belong together."""
    site = sites.site(organization=organization)
    hanging = acquisition.installed_meter(organization=organization, site=site)
    device = acquisition.device(organization=organization, on=acquisition.bus(site=site), meter=hanging.meter)
    return hanging, device


def tariff(organization: identity_models.Organization) -> uuid.UUID:
    raw = {**tariffs.peak_document(), "code": f"T{uuid.uuid4().hex[:8]}"}
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        made = tariff_operations.create_tariff(actor=identity.ACTOR, at=clock.now(), document=raw)
    return made.public_id


@functools.cache
def contract(organization: identity_models.Organization) -> customer_models.Contract:
    """One an organization, so that the account in a path and its contract belong together."""
    hanging, _device = installed(organization)
    raw = {**tariffs.peak_document(), "code": f"T{uuid.uuid4().hex[:8]}", "currency": "EUR"}
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        given = {"actor": identity.ACTOR, "at": clock.now()}
        agreed = tariff_operations.create_tariff(document=raw, **given)
        customer = customer_operations.create_customer(code="C1", name="Calder Bakery", **given)
        account = customer_operations.open_account(
            customer=customer, site=hanging.point.site, number=f"A{uuid.uuid4().hex[:8]}", **given
        )
        return customer_operations.start_contract(
            account=account, meter_point=hanging.point, tariff=agreed, starts_at=clock.now(), **given
        )


@functools.cache
def override(organization: identity_models.Organization) -> uuid.UUID:
    raw = {**tariffs.peak_document(), "code": f"T{uuid.uuid4().hex[:8]}", "currency": "EUR"}
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        other = tariff_operations.create_tariff(actor=identity.ACTOR, at=clock.now(), document=raw)
    identity.user(organization=organization, role=RoleCode.APPROVER)
    return overrides.ask(contract(organization), other)


def import_file(organization: identity_models.Organization) -> uuid.UUID:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return metering_operations.upload_import_file(
            actor=identity.ACTOR, at=clock.now(), content=imports.csv_file([("2026-03-01 00:00", 1)]), name="a.csv"
        )


@functools.cache
def billed(organization: identity_models.Organization) -> tuple[uuid.UUID, uuid.UUID]:
    """A run and one of its bills, one an organization."""
    raw = {**billing.document(), "code": f"T{uuid.uuid4().hex[:8]}"}
    place = billing.place(organization=organization, raw=raw)
    meter = billing.metered(place)
    zone = ZoneInfo(place.site.time_zone)
    first_day, until_day = date(2026, 2, 1), date(2026, 2, 2)
    starts_at, ends_at = civil.start_of_day(first_day, zone), civil.start_of_day(until_day, zone)
    billing.count(meter.energy, starts_at, ends_at)
    account = customers.account(organization=organization, site=place.site)
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=starts_at)
    run = billing.advance(billing.plan(place, first_day=first_day, until_day=until_day))
    # Others may approve too, so whoever started it must not.
    run = billing.advance(billing.approve(run, actor=Actor.user(0, "approver", source="")))
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        (row,) = billing_queries.run_bills(run_public_id=run.public_id).rows
    assert row.bill_public_id is not None
    return run.public_id, row.bill_public_id


@functools.cache
def placed(organization: identity_models.Organization) -> site_models.SiteNode:
    """A building, one an organization, so that the site in a path and its place belong together."""
    return sites.node(site=sites.site(organization=organization))


def photo(organization: identity_models.Organization) -> uuid.UUID:
    """A new one each time: the walk removes it."""
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        made = site_operations.add_photo(
            actor=identity.ACTOR,
            at=clock.now(),
            node=placed(organization).public_id,
            content=uuid.uuid4().bytes,
            media_type="image/jpeg",
        )
    return made.public_id


def building(organization: identity_models.Organization) -> uuid.UUID:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return building_files.upload_workbook(
            actor=identity.ACTOR, at=clock.now(), content=buildings.building(), name="building.xlsx"
        )


def printed(organization: identity_models.Organization) -> uuid.UUID:
    run, _bill = billed(organization)
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        (wanted,) = billing_operations.print_bills(actor=identity.ACTOR, at=clock.now(), run=run)
    return wanted.public_id


def transaction(organization: identity_models.Organization) -> uuid.UUID:
    _run, bill = billed(organization)
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        (posted,) = ledger_queries.list_transactions_of(bill)
    return posted.public_id


@functools.cache
def granted(organization: identity_models.Organization) -> tuple[uuid.UUID, uuid.UUID]:
    """A person who may do little, so that everybody may manage the account, and the person's role."""
    user = identity.user(organization=organization, role=None, permissions=["sites:view"])
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        (held,) = [each for each in identity_queries.list_grants() if each.user.id == user.pk]
    return user.public_id, held.public_id


def invitation(organization: identity_models.Organization) -> uuid.UUID:
    sender = identity.actor(identity.user(organization=organization))
    with scoping.scope([organization.pk], actor=sender):
        made, _token = identity_invitations.invite(
            actor=sender, at=clock.now(), email="new@meterbook.example", role=RoleCode.MONITOR
        )
    return made.public_id


def api_key(organization: identity_models.Organization) -> uuid.UUID:
    return api.key(organization=organization).row.public_id


def customer(organization: identity_models.Organization) -> uuid.UUID:
    return contract(organization).account.customer.public_id


def other_customer(organization: identity_models.Organization) -> uuid.UUID:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        made = customer_records.create_record(
            actor=identity.ACTOR, at=clock.now(), code=uuid.uuid4().hex, facts=customer_records.Facts("Calder")
        )
    return made.public_id


def contact(organization: identity_models.Organization) -> uuid.UUID:
    known, facts = customer(organization), customer_records.ContactFacts("Zoe Berg")
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        made = customer_records.add_contact(actor=identity.ACTOR, at=clock.now(), customer=known, facts=facts)
    return made.public_id


@functools.cache
def consent(organization: identity_models.Organization) -> uuid.UUID:
    given = {"actor": identity.ACTOR, "at": clock.now(), "customer": customer(organization)}
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        made = customer_records.give_consent(**given, kind=ConsentKind.SHARING, text_version="1")
    return made.public_id


def paper(organization: identity_models.Organization) -> uuid.UUID:
    known = customer(organization)
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        made = customer_records.add_file(
            actor=identity.ACTOR, at=clock.now(), customer=known, name="a.pdf", content=b"%PDF-1.7"
        )
    return made.public_id


def journey(organization: identity_models.Organization) -> uuid.UUID:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        made = journey_operations.start_journey(actor=identity.ACTOR, at=clock.now(), kind=JourneyKind.MOVE_IN)
    return made.public_id


@functools.cache
def company() -> identity_models.Organization:
    """One that landlords entrust something to."""
    return identity.organization(name="Acme Management")


def delegation(organization: identity_models.Organization) -> uuid.UUID:
    return identity.delegation(landlord=organization, manager=company())


def tenant(organization: identity_models.Organization, user: identity_models.User) -> None:
    """The accounts become the user's own: that of the meter, that of the bill, and those with disputes."""
    (_run, bill), agreed, accounts = billed(organization), contract(organization), story(organization).accounts
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        row = billing_queries.bills_by_id(public_ids={bill})[bill]
        for account in (agreed.account.public_id, row.account_public_id, *accounts):
            sign_ins.link_user(actor=identity.ACTOR, at=identity.LONG_AGO, account=account, user_id=user.pk)


def sign_in(organization: identity_models.Organization) -> uuid.UUID:
    account, user = contract(organization).account.public_id, identity.user(organization=organization, role=None)
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return sign_ins.link_user(actor=identity.ACTOR, at=identity.LONG_AGO, account=account, user_id=user.pk)


ARGUMENTS: dict[str, routes.Argument] = {
    **pool_bodies.ARGUMENTS,
    **gas_bodies.ARGUMENTS,
    **correction_arguments.ARGUMENTS,
    "calendar": routes.Argument(make=rules.calendar_of, is_owned=True),
    "document": routes.Argument(make=lambda organization: billed(organization)[1], is_owned=True),
    "code": routes.Argument(make=lambda owner: billing.code_of(owner, billed(owner)[1]), is_owned=False),
    "billing_calendar": routes.Argument(make=calendars.calendar_of, is_owned=True),
    "broker": routes.Argument(make=mqtt.broker_of, is_owned=True),
    "sender": routes.Argument(make=senders.sender_of, is_owned=True),
    "sign_in": routes.Argument(make=sign_in, is_owned=True),
    "delegation": routes.Argument(make=delegation, is_owned=True),
    "customer": routes.Argument(make=customer, is_owned=True),
    "other": routes.Argument(make=other_customer, is_owned=True),
    "contact": routes.Argument(make=contact, is_owned=True),
    "consent": routes.Argument(make=consent, is_owned=True),
    "paper": routes.Argument(make=paper, is_owned=True),
    "journey": routes.Argument(make=journey, is_owned=True),
    "key": routes.Argument(make=api_key, is_owned=True),
    **{n: routes.Argument(make=lambda o, p=p: granted(o)[p], is_owned=True) for p, n in enumerate(("person", "grant"))},
    "invitation": routes.Argument(make=invitation, is_owned=True),
    "message": routes.Argument(make=event_arguments.message, is_owned=True),
    "token": routes.Argument(make=lambda _organization: "wrong", is_owned=False),
    "account": routes.Argument(make=lambda organization: contract(organization).account.public_id, is_owned=True),
    "override": routes.Argument(make=override, is_owned=True),
    "contract": routes.Argument(make=lambda organization: contract(organization).public_id, is_owned=True),
    "run": routes.Argument(make=lambda organization: billed(organization)[0], is_owned=True),
    "bill": routes.Argument(make=lambda organization: billed(organization)[1], is_owned=True),
    "print_file": routes.Argument(make=printed, is_owned=True),
    "transaction": routes.Argument(make=transaction, is_owned=True),
    **dict.fromkeys(("point", "charge", "line"), routes.Argument(make=lambda _organization: 0, is_owned=False)),
    "part": routes.Argument(make=lambda _organization: "tax-0", is_owned=False),
    "instant": routes.Argument(make=lambda _organization: "20260131T230000Z", is_owned=False),
    "tariff": routes.Argument(make=tariff, is_owned=True),
    "series": routes.Argument(make=hourly_series.series_of, is_owned=True),
    "alarm": routes.Argument(make=event_arguments.alarm, is_owned=True),
    "gateway": routes.Argument(make=gateways.gateway_of, is_owned=True),
    "entry": routes.Argument(make=entry, is_owned=True),
    "bus": routes.Argument(make=lambda organization: installed(organization)[1].bus.public_id, is_owned=True),
    **asset_arguments.arguments(lambda organization: installed(organization)[0]),
    "photo": routes.Argument(make=photo, is_owned=True),
    "building": routes.Argument(make=building, is_owned=True),
    "account_book": routes.Argument(make=account_books.uploaded, is_owned=True),
    "model": routes.Argument(make=lambda _organization: "eastron_sdm630", is_owned=False),
    "own_type": routes.Argument(make=meter_types.code_of, is_owned=True),
    "found": routes.Argument(make=commissioning.found_meter, is_owned=True),
    "discovery": routes.Argument(make=commissioning.discovery, is_owned=True),
    "probe": routes.Argument(
        make=lambda organization: acquisition.probe(installed(organization)[1].bus.site), is_owned=True
    ),
    "file": routes.Argument(make=import_file, is_owned=True),
    "site": routes.Argument(make=lambda organization: placed(organization).site.public_id, is_owned=True),
    "node": routes.Argument(make=lambda organization: placed(organization).public_id, is_owned=True),
    "meter": routes.Argument(make=lambda organization: installed(organization)[0].point.public_id, is_owned=True),
    "virtual": routes.Argument(
        make=lambda organization: metering.virtual_point(installed(organization)[0]), is_owned=True
    ),
    **gap_bodies.arguments(lambda organization: installed(organization)[0]),
    **field_bodies.arguments(lambda organization: placed(organization)),
    "reading": routes.Argument(
        make=lambda organization: acquisition.request(installed(organization)[1]), is_owned=True
    ),
}
ROUTES = [each for each in routes.walk(settings.ROOT_URLCONF) if each.kind not in {"allauth", "api"}]
each_route = pytest.mark.parametrize("route", ROUTES, ids=[each.path or "/" for each in ROUTES])


@pytest.fixture(scope="module")
def people(database: str) -> routes.People:
    """Two organizations and their people, shared by all routes: they are only asked."""
    return routes.People(arguments=ARGUMENTS, welcomes={customer_permissions.SEE_OWN_ACCOUNT: tenant})


def test_there_are_routes() -> None:
    assert {each.kind for each in ROUTES} >= {"guarded", "signed_in", "public"}


@pytest.mark.spec("X-12/1")
@each_route
def test_route_says_who_may_open_it(route: routes.Route) -> None:
    assert routes.misdeclared(route, ARGUMENTS) == []


@pytest.mark.spec("M-002/1")
@pytest.mark.spec("X-05/2")
@pytest.mark.spec("X-12/1")
@each_route
def test_route_lets_in_only_who_may_enter(route: routes.Route, people: routes.People, settings: Settings) -> None:
    settings.IS_DEMO = True  # some pages are there in a demo only

    assert routes.leaks(route, people) == []
