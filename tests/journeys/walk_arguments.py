"""What stands in the paths of the API when all its operations are walked, and some of what is sent."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from meterbook.customers import queries as customer_queries
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.ledger import queries as ledger_queries
from tests.factories import identity, imports, sites, tariffs
from tests.journeys import broker_bodies, field_bodies, gap_bodies, gas_bodies, pool_bodies, test_routes

Organization = identity_models.Organization


def ledger_account(organization: Organization) -> uuid.UUID:
    test_routes.billed(organization)
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return ledger_queries.list_accounts()[0].public_id


@functools.cache
def user(organization: Organization) -> uuid.UUID:
    return identity.user(organization=organization).public_id


def point(organization: Organization) -> uuid.UUID:
    return test_routes.installed(organization)[0].point.public_id


def billed_account(organization: Organization) -> uuid.UUID:
    test_routes.billed(organization)
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        page = customer_queries.list_accounts(narrowing=customer_queries.Narrowing())
    return page.rows[0][0].public_id


def of_route(name: str) -> Callable[[Organization], object]:
    return lambda organization: test_routes.ARGUMENTS[name].make(organization)


def uploaded(rows: list[tuple[str, int]]) -> SimpleUploadedFile:
    return SimpleUploadedFile("readings.csv", imports.csv_file(rows), content_type="text/csv")


def tariff_document() -> dict[str, Any]:
    return {**tariffs.peak_document(), "code": f"T{uuid.uuid4().hex[:8]}"}


def place(organization: Organization) -> uuid.UUID:
    """A new one each time: the walk archives it."""
    return sites.node(site=test_routes.placed(organization).site, code=uuid.uuid4().hex[:8]).public_id


# Each belongs to the organization that it is made for.
ARGUMENTS: dict[str, Callable[[Organization], object]] = {
    **{name: of_route(name) for name in ("site", "file", "tariff", "account", "contract", "bill", "run", "print_file")},
    **{name: of_route(name) for name in ("override", "transaction", "alarm", "reading", "probe", "delegation")},
    **{name: of_route(name) for name in ("customer", "contact", "consent", "paper", "journey", "building", "message")},
    **{name: of_route(name) for name in ("grant", "invitation", "photo", "sign_in", "gateway", "key", "broker", "bus")},
    "account_book": of_route("account_book"),
    **{name: of_route(name) for name in ("recalculation", "correction", "credit_note", "dispute", "enclosure")},
    "what_if": of_route("what_if"),
    "own_type": of_route("own_type"),
    "found_meter": of_route("found"),
    "sender": of_route("sender"),
    "document": of_route("document"),
    "calendar": of_route("calendar"),
    "billing_calendar": of_route("billing_calendar"),
    "recorded": of_route("entry"),
    "heard": broker_bodies.heard,
    "point": point,
    "virtual": of_route("virtual"),
    "test": of_route("test"),
    "asset_file": of_route("asset_file"),
    **{name: of_route(name) for name in gap_bodies.NAMES},
    **{name: of_route(name) for name in field_bodies.NAMES},
    **{name: of_route(name) for name in pool_bodies.NAMES},
    **{name: of_route(name) for name in gas_bodies.NAMES},
    "ledger_account": ledger_account,
    "user": user,
    "place": place,
    "own_meter": point,
    **{name: of_route("bill") for name in ("own_bill", "assigned_bill")},
}
