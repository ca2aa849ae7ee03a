"""Meters as things: plates and seals, transformers, tests with certificates; and what is past its calibration."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from django.http import HttpResponse
from ninja import File, Form, Router
from ninja.files import UploadedFile

from meterbook.api import entry
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import asset_shapes as shapes
from meterbook.api.resources import reach
from meterbook.documents import attachments
from meterbook.identity.values import Module
from meterbook.journeys import keeping_assets
from meterbook.kernel import civil
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering.queries import Expiry

router = Router(tags=["Meters"])


@endpoint(
    router,
    "GET",
    "/meter-points/{uuid:point}/assets",
    permission=permissions.VIEW_METER,
    module=Module.METERING,
    answers=shapes.PointAssets,
    by_site=True,
    by_single=True,
)
def get_assets_of_point(request: entry.Request, point: uuid.UUID) -> shapes.PointAssets:
    """This will return what is known of the meters of a point as things, and of what stands around them."""
    return _told(request, reach.point(request, point, permissions.VIEW_METER, is_assigned_enough=True))


@endpoint(
    router,
    "POST",
    "/meter-points/{uuid:point}/assets",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=shapes.PointAssets,
    by_site=True,
    by_single=True,
)
def note_assets_of_point(request: entry.Request, point: uuid.UUID, given: shapes.NewAssetFacts) -> shapes.PointAssets:
    """This will note what stands on the meter of a point and around it from an instant on; the past stays on record."""
    caller = request.caller
    detail = reach.point(request, point, permissions.MANAGE_METER, is_assigned_enough=True)
    keeping_assets.describe(
        actor=caller.actor,
        at=caller.at,
        point_id=detail.public_id,
        meter_id=given.meter,
        starts_at=given.starts_at,
        plate=None if given.plate is None else shapes.plate(given.plate),
        equipment=None if given.equipment is None else shapes.equipment(given.equipment),
        reason=given.reason,
    )
    return _told(request, detail)


@endpoint(
    router,
    "POST",
    "/meter-points/{uuid:point}/tests",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=shapes.MeterTest,
    status=201,
    by_site=True,
    by_single=True,
)
def record_meter_test(request: entry.Request, point: uuid.UUID, given: shapes.NewTest) -> shapes.MeterTest:
    """This will keep a test of a meter of a point, without a certificate; its calibration holds as the test says."""
    return _record(request, point, given, None)


@endpoint(
    router,
    "POST",
    "/meter-points/{uuid:point}/tests/with-certificate",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=shapes.MeterTest,
    status=201,
    by_site=True,
    by_single=True,
    most_bytes=entry.MOST_UPLOAD_BYTES,
)
def record_meter_test_with_certificate(
    request: entry.Request,
    point: uuid.UUID,
    file: Annotated[UploadedFile, File()],
    given: Annotated[shapes.NewTest, Form()],
) -> shapes.MeterTest:
    """This will keep a test of a meter of a point with its certificate: a PDF, or a picture that is written anew."""
    return _record(request, point, given, attachments.require_attachment(file.read(attachments.MOST_BYTES + 1)))


def _record(
    request: entry.Request, point: uuid.UUID, given: shapes.NewTest, certificate: attachments.Attachment | None
) -> shapes.MeterTest:
    caller = request.caller
    detail = reach.point(request, point, permissions.MANAGE_METER, is_assigned_enough=True)
    made = keeping_assets.recalibrate(
        actor=caller.actor,
        at=caller.at,
        point_id=detail.public_id,
        meter_id=given.meter,
        test=shapes.test(given),
        certificate=certificate,
    )
    return shapes.told_test(metering_queries.get_test(public_id=made.public_id))


@endpoint(
    router,
    "POST",
    "/meter-points/{uuid:point}/tests/{uuid:test}/withdraw",
    permission=permissions.MANAGE_METER,
    module=Module.METERING,
    answers=shapes.MeterTest,
    by_site=True,
    by_single=True,
)
def withdraw_meter_test(
    request: entry.Request, point: uuid.UUID, test: uuid.UUID, given: shapes.TestWithdrawal
) -> shapes.MeterTest:
    """This will take back a test that was noted wrongly; it stays on record."""
    caller = request.caller
    detail = reach.point(request, point, permissions.MANAGE_METER, is_assigned_enough=True)
    keeping_assets.withdraw(
        actor=caller.actor, at=caller.at, point_id=detail.public_id, test_id=test, reason=given.reason
    )
    return shapes.told_test(metering_queries.get_test(public_id=test))


@endpoint(
    router,
    "GET",
    "/meter-points/{uuid:point}/files/{uuid:asset_file}",
    permission=permissions.VIEW_METER,
    module=Module.METERING,
    answers=None,
    by_site=True,
    by_single=True,
)
def get_asset_file(request: entry.Request, point: uuid.UUID, asset_file: uuid.UUID) -> HttpResponse:
    """This will return a photo or a certificate of a meter of a point."""
    detail = reach.point(request, point, permissions.VIEW_METER, is_assigned_enough=True)
    meters = [each.meter_public_id for each in detail.installations]
    return given_out(*metering_queries.get_asset_file(public_id=asset_file, meter_public_ids=meters))


@endpoint(
    router,
    "GET",
    "/calibrations",
    permission=permissions.VIEW_METER,
    module=Module.METERING,
    answers=shapes.Calibrations,
    by_site=True,
)
def list_calibrations(
    request: entry.Request,
    show: Literal["all", "expired", "3", "6", "12", "unknown"] = "12",
    site: uuid.UUID | None = None,
) -> shapes.Calibrations:
    """This will return the meters that hang by the end of their calibration: `show` is expired, or within so many
    months, unknown (no test on record), or all.
    """
    allowed = request.caller.access.sites(permissions.VIEW_METER)
    chosen = reach.site_id(request, site, permissions.VIEW_METER)
    ids = allowed if chosen is None else frozenset({chosen})
    found = metering_queries.list_calibrations(at=request.caller.at, show=Expiry(show), site_ids=ids)
    return shapes.Calibrations(items=[shapes.told_calibration(each) for each in found])


def _told(request: entry.Request, detail: metering_queries.MeterDetail) -> shapes.PointAssets:
    return shapes.told(
        metering_queries.assets_of(installations=detail.installations),
        metering_queries.equipment_of(meter_point=detail.public_id),
        civil.local_date(request.caller.at, detail.zone),
    )


def given_out(row: metering_queries.FileRow, content: bytes, name: str) -> HttpResponse:
    """This will answer a file to be saved."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type=row.media_type, headers=headers)
