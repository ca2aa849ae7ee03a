"""A building from a workbook: dry run, one transaction, and back."""

from __future__ import annotations

import io
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connections
from django.utils import translation
from openpyxl import load_workbook

from meterbook.acquisition import models as acquisition_models
from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.journeys.building import exporting, files
from meterbook.journeys.building.sheets import Sheet
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models
from meterbook.sites import operations as site_operations
from meterbook.sites import queries as site_queries
from meterbook.sites.operations import finding as site_finding
from meterbook.sites.values import FieldType
from tests.db.journeys.building_desk import ACTOR, ALLOWED, NOW, PLACES, POINTS, WRITTEN, Desk, killed_at
from tests.factories import buildings, sites


class TestImport:
    def test_makes_a_building_with_meters_and_gateway(self) -> None:
        desk = Desk()

        counts = desk.bring(buildings.building(places=PLACES, points=POINTS))

        assert counts == {"SITES_NEW": 1, "PLACES_NEW": 3, "POINTS_NEW": 2}
        with scoping.scope([desk.organization.pk], actor=ACTOR):
            shop = site_models.SiteNode.objects.get(organization_id=desk.organization.pk, code="U12")
            device = acquisition_models.Device.objects.get(organization_id=desk.organization.pk)
            installation = metering_models.Installation.objects.get(organization_id=desk.organization.pk)
            entry = audit_models.AuditEntry.objects.filter(organization_id=desk.organization.pk).order_by("-id")[0]
            assert shop.area == Decimal("84.25")
            assert shop.parent is not None
            assert shop.parent.code == "F1"
            assert (device.bus.host, device.bus.port, device.unit_id) == ("127.0.0.1", 5020, 7)
            assert installation.meter_point.code == "E12"
            assert installation.during.lower == datetime(2026, 6, 1, 22, tzinfo=UTC)
        assert entry.action == "sites:import_building"
        assert entry.row_count == 6
        assert len(entry.after["sha256"]) == 64
        assert desk.rows(metering_models.InstallationRegister) > 5
        assert desk.rows(acquisition_models.DeviceState) == 1

    def test_changes_by_code_and_moves_with_history(self) -> None:
        desk = Desk()
        desk.bring(buildings.building(places=[*PLACES, ("F2", "Floor 2", "Floor", None, "B1", None)], points=POINTS))

        counts = desk.bring(
            buildings.workbook(
                {
                    "Places": [["Code", "Name", "Inside"], ["U12", "Shop 12a", "F2"]],
                    "Meter points": [["Code", "Place"], ["E12", "F1"]],
                }
            ),
            at=NOW + timedelta(days=1),
        )

        assert counts == {"PLACES_CHANGED": 1, "POINTS_CHANGED": 1}
        with scoping.scope([desk.organization.pk], actor=ACTOR):
            own = {"organization_id": desk.organization.pk}
            shop = site_models.SiteNode.objects.get(**own, code="U12")
            placement = site_models.NodePlacement.objects.get(**own)
            point = metering_models.PointPlacement.objects.get(**own)
            assert (shop.name, shop.parent.code if shop.parent else "") == ("Shop 12a", "F2")
            assert shop.area == Decimal("84.25")
            assert placement.parent is not None
            assert placement.parent.code == "F1"
            assert placement.during.upper == datetime(2026, 6, 2, 22, tzinfo=UTC)
            assert point.node_id == shop.pk

    def test_export_imports_again_with_nothing_to_change(self) -> None:
        desk = Desk()
        with scoping.scope([desk.organization.pk], actor=ACTOR):
            site_operations.declare_field(actor=ACTOR, at=NOW, name="Keys", kind=FieldType.NUMBER)
            site_operations.declare_field(actor=ACTOR, at=NOW, name="Code", kind=FieldType.DATE)
        self.prepare(desk)

        plan = desk.check(desk.export())

        assert plan.problems == ()
        assert plan.changes == []
        assert plan.unchanged == {Sheet.SITES: 1, Sheet.PLACES: 1, Sheet.POINTS: 2}

    def prepare(self, desk: Desk) -> None:
        """Names that begin like formulas, every kind of cell; a meter with transformers."""
        book = load_workbook(
            io.BytesIO(
                buildings.workbook(
                    {
                        "Sites": [[*buildings.SITES, "Address"], [*buildings.SITE, "x"]],
                        "Places": [
                            [*buildings.PLACES, "Area unit", "Keys", "Code [code]", "Rated capacity", "Used as"],
                            ["-1", "x", "Unit", "HM", None, 12.5, "ft²", 3, "2026-05-01", 63, "Shop"],
                        ],
                        "Meter points": [
                            [*buildings.POINTS, "Multiplier"],
                            [*POINTS[0][:5], "-1", *POINTS[0][6:], "200/5"],
                            ["W1", "@Water", "Cold water", None, "HM"],
                        ],
                    }
                )
            )
        )
        for sheet, cell, text in (("Sites", "F2", "=1+1 Street"), ("Places", "B2", '=HYPERLINK("x")')):
            book[sheet][cell].value = text
            book[sheet][cell].data_type = "s"
        stream = io.BytesIO()
        book.save(stream)
        desk.bring(stream.getvalue())

    @pytest.mark.spec("X-13/1")
    def test_export_holds_no_formula(self) -> None:
        desk = Desk()
        sites.site(organization=desk.organization, name='=HYPERLINK("http://evil.example")')

        book = load_workbook(io.BytesIO(desk.export()))

        cells = [cell for page in book for row in page.iter_rows() for cell in row if cell.value is not None]
        assert any(str(cell.value).startswith("=") for cell in cells)
        assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
        assert all(cell.quotePrefix for cell in cells if str(cell.value)[0] in "=+-@")

    def test_template_in_spanish_is_read_in_english(self) -> None:
        desk = Desk()
        with scoping.scope([desk.organization.pk], actor=ACTOR), translation.override("es"):
            content = exporting.template()

        book = load_workbook(io.BytesIO(content))

        assert desk.check(content).total_problems == 0
        assert len(book.sheetnames) == 4
        places = book.worksheets[1]
        assert places["A1"].comment is not None
        assert len(places.data_validations.dataValidation) == 5
        models = [cell.value for cell in book.worksheets[3]["D"]]
        assert "Eastron SDM630" in models
        assert book.worksheets[2].data_validations.dataValidation[-1].formula1.endswith(f"$D$2:$D${len(models)}")


class TestAtomic:
    @pytest.mark.parametrize("function", ["put_sites", "put_points", "install_meters", "create_devices", "record"])
    def test_nothing_is_half_written_when_it_is_killed(self, function: str) -> None:
        """Killed (SIGKILL) as the named step begins: everything before it is written, and nothing committed."""
        desk = Desk()
        public_id = desk.upload(buildings.building(places=PLACES, points=POINTS))
        with scoping.scope([desk.organization.pk], actor=ACTOR):
            digest = files.check_workbook(public_id=public_id, language="en", allowed=ALLOWED).digest

        assert killed_at(function, lambda: desk.run(public_id, digest))

        assert [desk.rows(each) for each in WRITTEN] == [0] * len(WRITTEN)
        assert desk.run(public_id, digest)["POINTS_NEW"] == 2
        assert all(desk.rows(each) for each in WRITTEN)

    def test_tree_that_changed_since_the_dry_run_stops_it(self) -> None:
        desk = Desk()
        content = buildings.building(places=PLACES)
        desk.bring(content)
        public_id = desk.upload(buildings.building(places=[("U12", "Shop 12a", "Unit", "HM", "F1", None)]))
        with scoping.scope([desk.organization.pk], actor=ACTOR):
            plan = files.check_workbook(public_id=public_id, language="en", allowed=ALLOWED)
        with scoping.scope([desk.organization.pk], actor=ACTOR):
            shop = site_models.SiteNode.objects.get(organization_id=desk.organization.pk, code="U12")
            site_operations.move_node(actor=ACTOR, at=NOW, node=shop.public_id, parent=None, moved_at=NOW)

        with scoping.scope([desk.organization.pk], actor=ACTOR), pytest.raises(files.BuildingChanged):
            files.import_workbook(
                actor=ACTOR, at=NOW, public_id=public_id, expected=plan.digest, language="en", allowed=ALLOWED
            )

        with scoping.scope([desk.organization.pk], actor=ACTOR):
            shop.refresh_from_db()
            row, content = site_queries.get_building_file(public_id=public_id)
        assert shop.name == "Shop 12"
        assert row.imported_at is None

    def test_other_change_of_the_tree_waits_for_the_import(self) -> None:
        """A second connection cannot move a place while the workbook's transaction holds the trees."""
        desk = Desk()
        desk.bring(buildings.building(places=PLACES))
        with scoping.scope([desk.organization.pk], actor=ACTOR):
            site_finding.hold_sites(desk.organization.pk)
            with connections["owner"].cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM (SELECT 1 FROM sites_site WHERE organization_id = %s"
                    " FOR NO KEY UPDATE SKIP LOCKED) AS free",
                    [desk.organization.pk],
                )
                (free,) = cursor.fetchone()

        assert free == 0

    def test_same_workbook_is_imported_once(self) -> None:
        desk = Desk()
        public_id = desk.upload(buildings.building())
        with scoping.scope([desk.organization.pk], actor=ACTOR):
            digest = files.check_workbook(public_id=public_id, language="en", allowed=ALLOWED).digest
        given = {"actor": ACTOR, "at": NOW, "public_id": public_id}
        with scoping.scope([desk.organization.pk], actor=ACTOR):
            files.import_workbook(**given, expected=digest, language="en", allowed=ALLOWED)

        with scoping.scope([desk.organization.pk], actor=ACTOR):
            with pytest.raises(files.BuildingDone):
                files.import_workbook(**given, expected=digest, language="en", allowed=ALLOWED)
            with pytest.raises(files.BuildingDone):
                files.discard_workbook(**given)
            row, kept = site_queries.get_building_file(public_id=public_id)
        assert row.outcome["SITES_NEW"] == 1
        assert kept.startswith(b"PK")

    def test_waiting_workbook_is_discarded(self) -> None:
        desk = Desk()
        public_id = desk.upload(buildings.building())

        with scoping.scope([desk.organization.pk], actor=ACTOR):
            files.discard_workbook(actor=ACTOR, at=NOW, public_id=public_id)

        with scoping.scope([desk.organization.pk], actor=ACTOR), pytest.raises(site_queries.BuildingFileNotFound):
            site_queries.get_building_file(public_id=public_id)

    def test_workbook_of_another_organization_is_not_there(self) -> None:
        public_id = Desk().upload(buildings.building())

        with scoping.scope([Desk().organization.pk], actor=ACTOR), pytest.raises(site_queries.BuildingFileNotFound):
            files.import_workbook(actor=ACTOR, at=NOW, public_id=public_id, expected="", language="en", allowed=ALLOWED)


def test_thousand_units_and_more_meters_in_few_seconds() -> None:
    desk = Desk()
    content = buildings.large()

    public_id = desk.upload(content)
    given = {"public_id": public_id, "language": "en", "allowed": ALLOWED}
    started = time.monotonic()
    with scoping.scope([desk.organization.pk], actor=ACTOR):
        plan = files.check_workbook(**given)
    checked = time.monotonic()
    with scoping.scope([desk.organization.pk], actor=ACTOR):
        done = files.import_workbook(actor=ACTOR, at=NOW, expected=plan.digest, **given)
    written = time.monotonic()

    assert {key: count for key, count in done.counts.items() if count} == {
        "SITES_NEW": 1,
        "PLACES_NEW": 1_021,
        "POINTS_NEW": 1_200,
    }
    assert desk.rows(metering_models.Installation) == 1_200
    assert (checked - started < 20, written - checked < 20) == (True, True), (checked - started, written - checked)
