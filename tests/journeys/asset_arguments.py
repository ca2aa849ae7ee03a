"""What stands in the paths of tests, files and photos of meters when all routes are walked."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from meterbook.identity import models as identity_models
from tests.factories import meter_assets, metering
from tests.support import routes

Organization = identity_models.Organization


def arguments(installed: Callable[[Organization], metering.Installed]) -> dict[str, routes.Argument]:
    """A new test each time, with its certificate: the walk withdraws it.

    :param installed: a meter of an organization
    """

    def test(organization: Organization) -> uuid.UUID:
        return meter_assets.calibrated(installed(organization), with_certificate=True).public_id

    def file(organization: Organization) -> uuid.UUID:
        made = meter_assets.calibrated(installed(organization), with_certificate=True).file
        assert made is not None
        return made.public_id

    return {
        "test": routes.Argument(make=test, is_owned=True),
        "reading_photo": routes.Argument(
            make=lambda organization: metering.photo(installed(organization)).public_id, is_owned=True
        ),
        "asset_file": routes.Argument(make=file, is_owned=True),
    }
