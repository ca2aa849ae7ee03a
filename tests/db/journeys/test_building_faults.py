"""A building from a workbook with faults: each is named by its sheet, row and column."""

from __future__ import annotations

from meterbook.foundation import scoping
from meterbook.journeys.building.sheets import Sheet
from meterbook.sites import models as site_models
from meterbook.sites import operations as site_operations
from meterbook.sites import queries as site_queries
from meterbook.sites.values import NodeKind
from tests.db.journeys.building_desk import ACTOR, NOW, PLACES, POINTS, Desk
from tests.factories import buildings, customers, sites


class TestFaults:
    def test_are_told_by_sheet_row_and_column(self) -> None:
        desk = Desk()
        content = buildings.building(
            places=[
                ("B1", "Mall", "Building", "HM", "F1", None),
                ("F1", "Floor", "Floor", "HM", "B1", None),
                ("U1", "Shop", "Unit", "XX", None, None),
                ("U1", "Shop again", "Unit", "HM", None, None),
                ("U2", "Shop 2", "Unit", "HM", "f1 ", None),
                ("F2", "Floor 2", "Floor", "HM", "U2", None),
                ("U3", "Shop 3", "Unit", "HM", "f 1", None),
            ],
            points=[
                ("E1", "No place", "Electricity", None, "HM", "U9"),
                ("E2", "Two", "Electricity", None, "HM", "U2", "SN1", "unknown_model"),
                ("E3", "Three", "Electricity", None, "HM", "U2", "SN2", "eastron_sdm630", "127.0.0.1", 502, 1),
                ("E4", "Four", "Electricity", None, "HM", "U2", "SN3", "eastron_sdm630", "127.0.0.1", 502, 1),
                ("E5", "Five", "Electricity", None, "HM", "U2", "SN2", "eastron_sdm630"),
                ("E6", "Six", "Electricity", None, "HM", "U2", None, "eastron_sdm630"),
                ("E7", "Seven", "Electricity", None, "HM", "U2", "SN7", "eastron_sdm630", "10.0.0.1", 502, 2),
                ("E8", "Eight", "Electricity", None, "HM", "U2", "SN8", None, "127.0.0.1", 502, None),
                ("E9", "Nine", "Electricity", None, "HM", "U2", "SN9", "eastron_sdm630", None, 502, None),
            ],
        )

        faults = desk.faults(content)

        assert [(sheet, line, column) for sheet, line, column, _words in faults] == [
            (Sheet.PLACES, 2, "Inside"),
            (Sheet.PLACES, 3, "Inside"),
            (Sheet.PLACES, 4, "Site"),
            (Sheet.PLACES, 5, "Code"),
            (Sheet.PLACES, 6, "Inside"),
            (Sheet.PLACES, 7, "Inside"),
            (Sheet.PLACES, 8, "Inside"),
            (Sheet.POINTS, 2, "Place"),
            (Sheet.POINTS, 3, "Model"),
            (Sheet.POINTS, 5, "Unit address"),
            (Sheet.POINTS, 6, "Meter serial number"),
            (Sheet.POINTS, 7, "Meter serial number"),
            (Sheet.POINTS, 8, "Gateway address"),
            (Sheet.POINTS, 9, "Model"),
            (Sheet.POINTS, 9, "Unit address"),
            (Sheet.POINTS, 10, "Gateway address"),
        ]
        words = {(sheet, line, column): text for sheet, line, column, text in faults}
        assert "inside itself" in words[Sheet.PLACES, 2, "Inside"]
        assert "no site “XX”" in words[Sheet.PLACES, 4, "Site"]
        assert "Row 4 has the code “U1” already" in words[Sheet.PLACES, 5, "Code"]
        assert "Is “F1” meant?" in words[Sheet.PLACES, 6, "Inside"]
        assert "not larger" in words[Sheet.PLACES, 7, "Inside"]
        assert "Is “F1” meant?" in words[Sheet.PLACES, 8, "Inside"]

    def test_of_what_is_there_already(self) -> None:
        desk = Desk()
        desk.bring(buildings.building(places=PLACES, points=POINTS))
        with scoping.scope([desk.organization.pk], actor=ACTOR):
            site = site_queries.list_sites()[0]
            made = site_operations.create_node(
                actor=ACTOR, at=NOW, site=site.public_id, kind=NodeKind.UNIT, code="OLD", name="Old"
            )
            site_operations.archive_node(actor=ACTOR, at=NOW, node=made.public_id)
            row = site_models.Site.objects.get(organization_id=desk.organization.pk)
        customers.account(organization=desk.organization, site=row)
        other = sites.site(organization=desk.organization, code="OT")
        content = buildings.building(
            sites=[("HM", "Harbor", "Europe/Madrid", "USD", "en")],
            places=[("OLD", "Old", "Unit", None, None, None), ("U12", "Shop", "Unit", other.code, None, None)],
            points=[
                ("E12", "Shop", "Gas", None, None, "U12", "SN2", None, "127.0.0.1", 5021, 7),
                ("E13", "Shop", "Electricity", None, "HM", "OLD", "SN1", "eastron_sdm630", "127.0.0.1", 5020, 7),
            ],
        )

        faults = desk.faults(content)

        assert [(sheet, line, column) for sheet, line, column, _words in faults] == [
            (Sheet.SITES, 2, "Currency"),
            (Sheet.PLACES, 2, "Code"),
            (Sheet.PLACES, 3, "Site"),
            (Sheet.POINTS, 2, "Service"),
            (Sheet.POINTS, 2, "Meter serial number"),
            (Sheet.POINTS, 2, "Gateway port"),
            (Sheet.POINTS, 3, "Place"),
            (Sheet.POINTS, 3, "Meter serial number"),
            (Sheet.POINTS, 3, "Unit address"),
        ]

    def test_model_by_hand_is_none_and_far_names_are_not_proposed(self) -> None:
        desk = Desk()
        hand = "Read by hand or from files"
        content = buildings.building(
            places=PLACES,
            points=[
                ("H1", "Hand", "Cold water", None, None, "U12", "SN8", hand),
                ("H2", "Phone", "Electricity", None, None, "U12", "SN9", "Nokia 3310"),
            ],
        )

        (fault,) = desk.faults(content)
        desk.bring(buildings.building(places=PLACES, points=[("H1", "Hand", "Gas", None, None, "U12", "SN8", hand)]))
        again = desk.check(buildings.building(points=[("H1", "Hand", "Gas", None, None, "U12", "SN8", hand)]))
        desk.bring(buildings.building(points=POINTS[:1]))
        other = desk.faults(buildings.building(points=[(*POINTS[0][:7], hand)]))

        assert fault[:3] == (Sheet.POINTS, 3, "Model")
        assert "sheet of notes in the template lists the models" in fault[3]
        assert (again.problems, again.changes) == ((), [])
        assert "It is “eastron_sdm630” already" in other[0][3]

    def test_new_row_needs_its_columns(self) -> None:
        faults = Desk().faults(buildings.workbook({"Places": [["Code"], ["U1"]]}))

        assert {column for _sheet, _line, column, _words in faults} == {"Name", "Kind", "Site"}

    def test_code_of_another_organization_is_free(self) -> None:
        content = buildings.building(places=PLACES, points=POINTS)
        Desk().bring(content)

        assert Desk().bring(content)["PLACES_NEW"] == 3
