"""What is known of meters as things, for tests."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta
from decimal import Decimal

from PIL import Image

from meterbook.foundation import scoping
from meterbook.metering import assets, models, operations
from tests.factories import metering

PDF = b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\n%%EOF\n"


def picture() -> bytes:
    """This will return a small picture as a camera makes it."""
    stream = io.BytesIO()
    Image.new("RGB", (24, 16), "#204060").save(stream, "PNG")
    return stream.getvalue()


def calibrated(
    made: metering.Installed,
    *,
    on: date = date(2020, 6, 1),
    last_day: date | None = date(2026, 5, 31),
    is_passed: bool = True,
    with_certificate: bool = False,
    certificate_number: str = "K-4711",
    error: Decimal | None = None,
) -> models.MeterTest:
    """This will note a test of a meter; outside a scope."""
    at = datetime.combine(on, datetime.min.time(), tzinfo=metering.LONG_AGO.tzinfo)
    with scoping.scope([made.organization_id], actor=metering.ACTOR):
        file = None
        if with_certificate:
            file = operations.keep_asset_file(
                actor=metering.ACTOR,
                at=at,
                meter=made.meter,
                kind=assets.FileKind.CERTIFICATE,
                instant=at,
                content=PDF,
                media_type="application/pdf",
                extension="pdf",
            )
        return operations.record_test(
            actor=metering.ACTOR,
            at=at,
            meter=made.meter,
            test=assets.Test(
                tested_on=on,
                until_day=None if last_day is None else last_day + timedelta(days=1),
                is_passed=is_passed,
                laboratory="Laboratory Sur",
                certificate_number=certificate_number,
                largest_error=error,
            ),
            today=on,
            file=file,
        )


def described(made: metering.Installed, *, seals: tuple[str, ...] = ("S-1", "S-2")) -> None:
    """This will note the plate and the transformers of a meter since long ago; outside a scope."""
    with scoping.scope([made.organization_id], actor=metering.ACTOR):
        operations.describe_meter(
            actor=metering.ACTOR,
            at=metering.LONG_AGO,
            meter=made.meter,
            starts_at=metering.LONG_AGO,
            plate=assets.Plate("B", assets.Approval.MID, "0102", seals, date(2030, 1, 1)),
        )
        operations.describe_point(
            actor=metering.ACTOR,
            at=metering.LONG_AGO,
            meter_point=made.point,
            starts_at=metering.LONG_AGO,
            equipment=assets.Equipment("Basement, panel 3", assets.Transformers("200/5", "T1, T2, T3", "0.5")),
        )
