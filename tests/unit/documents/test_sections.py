"""A bill of several services: a section each, with its sum, on paper as on screen."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from meterbook.documents.rendering import page, sections
from meterbook.web.billing import paper
from tests.factories import documents

ISSUE = page.Issue("HR-1", date(2026, 11, 3), date(2026, 11, 17), "a" * 64, "DMWD-DIBA-NRBP")
GAS = {"service": "GAS", "public_id": "00000000-0000-4000-8000-00000000000a", "code": "GA-G04"}
SECOND = {"public_id": "00000000-0000-4000-8000-00000000000b", "name": "Kitchen"}
FOUR = [documents.water(), documents.electricity(), documents.water(**SECOND), documents.water(**GAS)]

ON_SCREEN = [documents.electricity(service=each) for each in ("ELECTRICITY", "HEATING", "ELECTRICITY", "COOLING")]


@pytest.mark.spec("M-065/1")
class TestFourMetersOfThreeServices:
    def test_come_in_three_sections_whose_sums_are_the_sum_of_the_bill(self) -> None:
        found = sections.by_service(documents.bill_content(meter_points=FOUR))

        assert [(each.service, each.places) for each in found] == [
            ("COLD_WATER", (0, 2)),
            ("ELECTRICITY", (1,)),
            ("GAS", (3,)),
        ]
        assert [each.net for each in found] == [Decimal("153.04"), Decimal("655.67"), Decimal("76.52")]

    def test_stand_together_on_paper(self) -> None:
        groups = page.of_bill(documents.bill_content(meter_points=FOUR), ISSUE, "en")["groups"]

        assert [(each["name"], each["sum"]) for each in groups] == [
            ("Cold water, G-04", []),
            ("Cold water, Kitchen", ["Sum, Cold water", "153.04"]),
            ("Electricity, G-04", ["Sum, Electricity", "655.67"]),
            ("Gas, G-04", ["Sum, Gas", "76.52"]),
        ]

    def test_stand_together_on_screen_and_lead_to_their_own_lines(self) -> None:
        points = paper.read(documents.bill_content(meter_points=ON_SCREEN)).points

        assert [(each.index, each.service_net) for each in points] == [
            (0, ""),
            (2, "1,311.34"),
            (1, "655.67"),
            (3, "655.67"),
        ]


def test_one_service_needs_no_sum_of_its_own() -> None:
    content = documents.bill_content(meter_points=[documents.water(), documents.water(**SECOND)])

    assert [each["sum"] for each in page.of_bill(content, ISSUE, "en")["groups"]] == [[], []]
    alike = documents.bill_content(meter_points=[documents.electricity(), documents.electricity(**SECOND)])
    assert [each.service_net for each in paper.read(alike).points] == ["", ""]
