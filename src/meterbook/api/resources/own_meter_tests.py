"""The tests of the meters that counted in the time of own contracts, and their certificates."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from ninja import Router

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import asset_shapes as shapes
from meterbook.api.resources import meter_assets, own
from meterbook.customers import own as customer_own
from meterbook.customers import own_tests
from meterbook.identity.values import Module
from meterbook.metering import queries as metering_queries

router = Router(tags=["Own"])


class OwnTest(values.Told):
    """A test of a meter that counted in the own time, and the meter's serial number."""

    serial_number: str
    is_hanging: bool
    test: shapes.MeterTest


class OwnTests(values.Told):
    """Of the newest meter first."""

    items: list[OwnTest]


@endpoint(
    router,
    "GET",
    "/own/meters/{uuid:own_meter}/tests",
    permission=own.SEE,
    module=Module.BILLING,
    by_site=True,
    answers=OwnTests,
)
def list_own_meter_tests(request: entry.Request, own_meter: uuid.UUID) -> OwnTests:
    """This will return the tests of the meters that hung at an own meter point during an own contract."""
    point, detail = _point(request, own_meter)
    found = own_tests.tests_within(point=point, detail=detail, at=request.caller.at)
    return OwnTests(
        items=[
            OwnTest(serial_number=each.serial_number, is_hanging=each.is_hanging, test=shapes.told_test(each.row))
            for each in found
        ]
    )


@endpoint(
    router,
    "GET",
    "/own/meters/{uuid:own_meter}/tests/{uuid:test}/certificate",
    permission=own.SEE,
    module=Module.BILLING,
    by_site=True,
    answers=None,
)
def get_own_certificate(request: entry.Request, own_meter: uuid.UUID, test: uuid.UUID) -> HttpResponse:
    """This will return the certificate of such a test."""
    point, detail = _point(request, own_meter)
    return meter_assets.given_out(
        *own_tests.certificate_of(point=point, detail=detail, at=request.caller.at, test_id=test)
    )


def _point(request: entry.Request, own_meter: uuid.UUID) -> tuple[customer_own.OwnPoint, metering_queries.MeterDetail]:
    point = next((each for each in own.points_of(request) if each.public_id == own_meter), None)
    if point is None:
        raise problems.not_found()
    return point, metering_queries.get_meter(public_id=own_meter)
