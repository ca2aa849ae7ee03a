"""The tests of a tenant's meters, and their certificates to download."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from meterbook.customers import own, own_tests, permissions
from meterbook.identity.values import Module
from meterbook.metering import queries as metering_queries
from meterbook.web import access
from meterbook.web.tenant import ownership


@dataclass(frozen=True)
class TestLine:
    """A test as the tenant's page lists it."""

    public_id: uuid.UUID
    serial_number: str
    is_hanging: bool
    tested_on: date
    is_passed: bool
    last_day: date | None
    laboratory: str
    has_certificate: bool


def collect(request: access.Request, point: own.OwnPoint, detail: metering_queries.MeterDetail) -> tuple[TestLine, ...]:
    """This will list the tests of the meters that counted in the tenant's own time."""
    return tuple(_line(each) for each in own_tests.tests_within(point=point, detail=detail, at=request.at))


def _line(each: own_tests.OwnTest) -> TestLine:
    test = each.row.test
    return TestLine(
        each.row.public_id,
        each.serial_number,
        each.is_hanging,
        test.tested_on,
        test.is_passed,
        None if test.until_day is None else test.until_day - timedelta(days=1),
        test.laboratory,
        each.row.file is not None,
    )


@require_GET
@access.page(permission=permissions.SEE_OWN_ACCOUNT, module=Module.BILLING, by_site=True)
def certificate(request: access.Request, meter: uuid.UUID, test: uuid.UUID) -> HttpResponse:
    """This will give out the certificate of a test of a meter that counted in the time of an own contract."""
    point, detail = ownership.point(ownership.find(request), meter)
    try:
        row, content, name = own_tests.certificate_of(point=point, detail=detail, at=request.at, test_id=test)
    except own_tests.TestNotOwn as error:
        raise Http404(_("There is no such certificate.")) from error
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(content, content_type=row.media_type, headers=headers)
