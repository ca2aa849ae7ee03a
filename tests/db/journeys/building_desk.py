"""Somebody who builds from workbooks, and a process that is killed at a place of its code."""

from __future__ import annotations

import os
import signal
import sys
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from types import FrameType

from django.db import connections

from meterbook.acquisition import models as acquisition_models
from meterbook.acquisition import networks
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.journeys.building import exporting, files
from meterbook.journeys.building.planning import Plan
from meterbook.journeys.building.sheets import Sheet
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models
from tests.factories import identity

ACTOR = Actor.system("test")
NOW = datetime(2026, 6, 2, 10, tzinfo=UTC)
ALLOWED = networks.AllowedNetworks(is_demo=True)
PLACES = (
    ("B1", "Mall", "Building", None, None, 90_000),
    ("F1", "Floor 1", "Floor", None, "B1", None),
    ("U12", "Shop 12", "Unit", None, "F1", 84.25),
)
POINTS = (
    ("E12", "Shop 12", "Electricity", None, None, "U12", "SN1", "eastron_sdm630", "127.0.0.1", 5020, 7),
    ("W12", "Water 12", "Cold water", "Common area", None, "U12"),
)


WRITTEN = (
    site_models.Site,
    site_models.SiteNode,
    metering_models.MeterPoint,
    metering_models.Meter,
    metering_models.Series,
    metering_models.InstallationRegister,
    acquisition_models.Bus,
    acquisition_models.Device,
)


def killed_at(function: str, run: Callable[[], object]) -> bool:
    """Run in a process that is killed when one of our functions of that name is called; False: it never was."""
    connections.close_all()
    child = os.fork()
    if child == 0:

        def look(frame: FrameType, event: str, _argument: object) -> None:
            if event == "call" and frame.f_code.co_name == function and "/meterbook/" in frame.f_code.co_filename:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(look)
        try:
            run()
        finally:
            sys.setprofile(None)
            os._exit(0)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


class Desk:
    """An organization and somebody who brings workbooks."""

    def __init__(self, organization: identity_models.Organization | None = None) -> None:
        self.organization = organization or identity.organization()

    def upload(self, content: bytes) -> uuid.UUID:
        with scoping.scope([self.organization.pk], actor=ACTOR):
            return files.upload_workbook(actor=ACTOR, at=NOW, content=content, name="building.xlsx")

    def check(self, content: bytes) -> Plan:
        public_id = self.upload(content)
        with scoping.scope([self.organization.pk], actor=ACTOR):
            return files.check_workbook(public_id=public_id, language="en", allowed=ALLOWED)

    def faults(self, content: bytes) -> list[tuple[Sheet | None, int, str, str]]:
        plan = self.check(content)
        return [(each.sheet, each.line, each.column, f"{each.problem} {each.remedy}") for each in plan.problems]

    def bring(self, content: bytes, *, at: datetime = NOW) -> dict[str, int]:
        public_id = self.upload(content)
        with scoping.scope([self.organization.pk], actor=ACTOR):
            plan = files.check_workbook(public_id=public_id, language="en", allowed=ALLOWED)
            assert plan.problems == ()
        return self.run(public_id, plan.digest, at=at)

    def run(self, public_id: uuid.UUID, expected: str, *, at: datetime = NOW) -> dict[str, int]:
        with scoping.scope([self.organization.pk], actor=ACTOR):
            done = files.import_workbook(
                actor=ACTOR, at=at, public_id=public_id, expected=expected, language="en", allowed=ALLOWED
            )
        return {key: count for key, count in done.counts.items() if count}

    def export(self) -> bytes:
        with scoping.scope([self.organization.pk], actor=ACTOR):
            return exporting.export()

    def rows(self, model: type) -> int:  # type: ignore[type-arg]
        with scoping.scope([self.organization.pk], actor=ACTOR):
            return model.objects.filter(organization_id=self.organization.pk).count()  # type: ignore[attr-defined,no-any-return]
