"""What the walk over the API sends to the operations on meters as things."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from meterbook.identity import models as identity_models
from tests.factories import api, meter_assets
from tests.journeys import test_routes

Organization = identity_models.Organization


def _meter(organization: Organization) -> str:
    return str(test_routes.installed(organization)[0].meter.public_id)


BODIES: dict[str, Callable[[Organization], Any]] = {
    "note_assets_of_point": lambda o: {
        "meter": _meter(o),
        "starts_at": "2026-01-01T00:00:00Z",
        "plate": {"seals": [uuid.uuid4().hex], "approval": "MID"},
    },
    "record_meter_test": lambda o: {"meter": _meter(o), "tested_on": "2020-06-01", "is_passed": True},
    "record_meter_test_with_certificate": lambda o: api.MultipartBody(
        file=SimpleUploadedFile("a.pdf", meter_assets.PDF),
        meter=_meter(o),
        tested_on="2020-06-01",
        is_passed="true",
    ),
    "keep_photo_of_meter": lambda o: api.MultipartBody(
        file=SimpleUploadedFile("a.png", meter_assets.picture()), meter=_meter(o), kind="INSTALLED"
    ),
    "withdraw_meter_test": lambda _o: {"reason": "another one"},
    "remove_meter_of_point": lambda o: {
        "meter": _meter(o),
        "removed_at": "2026-01-01T00:00:00Z",
        "finals": {},
        "reason": "closed",
    },
    "install_meter_at_point": lambda _o: {
        "installed_at": "2026-01-01T00:00:00Z",
        "serial_number": uuid.uuid4().hex,
        "openings": {"energy_import": "0"},
        "reason": "new",
    },
}
