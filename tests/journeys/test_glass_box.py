"""From a line of a bill of any age down to the raw reading: for a manager, and for the tenant whose bill it is."""

from __future__ import annotations

import csv
import io
import json

import openpyxl
import pytest

from tests.journeys import glass


@pytest.fixture(scope="module")
def old(database: str) -> glass.OldBill:
    """A bill of fourteen months ago, whose readings were corrected a year later."""
    made = glass.OldBill()
    made.correct()
    return made


def line(old: glass.OldBill, route: str = "bill_line", query: str = "") -> str:
    return old.path(route, old.bill, 0, 0, 0) + query


ROUTES = {"manager": ("bill", "bill_line", "bill_part", "bill_reading")}
ROUTES["renter"] = tuple(f"tenant_{each}" for each in ("bill_page", "bill_line", "bill_part", "bill_reading"))


@pytest.mark.spec("M-088/1")
@pytest.mark.spec("I-01")
@pytest.mark.parametrize("who", list(ROUTES))
class TestWayDown:
    def test_page_leads_to_each_line_and_reading(self, old: glass.OldBill, who: str) -> None:
        page, _line, part, reading = ROUTES[who]

        shown = old.client_of(getattr(old, who)).get(old.path(page, old.bill)).content.decode()

        assert shown.count('class="bill-line"') == 4  # peak, off-peak, base, tax
        assert old.path(part, old.bill, "tax-0") in shown
        for stamp in glass.STAMPS:
            assert f"{old.path(reading, old.bill, 0, stamp)}?end=" in shown

    def test_each_line_says_what_the_tariff_says(self, old: glass.OldBill, who: str) -> None:
        client, route = old.client_of(getattr(old, who)), ROUTES[who][1]

        energy, fixed = (client.get(old.path(route, old.bill, 0, 0, each)).content.decode() for each in (0, 2))

        assert "Each unit costs what its hour costs." in energy
        assert "For every calendar day, whatever its hours." in fixed
        assert "Each day" not in fixed

    def test_intervals_are_those_of_then(self, old: glass.OldBill, who: str) -> None:
        client, route = old.client_of(getattr(old, who)), ROUTES[who][1]

        inside = client.get(line(old, route)).content.decode()
        day = client.get(line(old, route, "?day=2025-02-10")).content.decode()

        assert "Readings were changed after that; these were kept." in inside
        assert day.count("0.250") == day.count("<li>") > 0  # the corrected ones would be 0.340 and 0.160
        assert "register 1," in day

    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_intervals_can_be_taken_away(self, old: glass.OldBill, who: str, kind: str) -> None:
        answer = old.client_of(getattr(old, who)).get(line(old, ROUTES[who][1], f"?kind={kind}"))

        if kind == "csv":
            rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        else:
            sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
            rows = [[str(cell.value) for cell in row] for row in sheet.iter_rows()]
        quantities = [float(row[2]) for row in rows[1:]]
        bill = json.loads(old.client_of(old.manager).get(old.path("bill_data", old.bill)).content)
        billed = bill["meter_points"][0]["charges"][0]["lines"][0]["quantity"]
        assert round(sum(quantities), 3) == float(billed)
        assert set(quantities) == {0.25}

    def test_tax_says_what_it_is_on(self, old: glass.OldBill, who: str) -> None:
        shown = old.client_of(getattr(old, who)).get(old.path(ROUTES[who][2], old.bill, "tax-0")).content.decode()

        assert shown.count("#in-line-0-0-") == 3
        assert "21 % =" in shown
        assert "Earlier taxes" not in shown
        assert glass.STAMPS[0] in shown

    def test_reading_is_shown_as_it_came(self, old: glass.OldBill, who: str) -> None:
        path = old.path(ROUTES[who][3], old.bill, 0, glass.STAMPS[0])

        shown = old.client_of(getattr(old, who)).get(f"{path}?end=previous").content.decode()

        assert "The bill says 1,000.00 kWh." in shown
        assert '<dd class="mono">100000</dd>' in shown
        assert "00 01 86 A0" in shown  # the register's words in the frame that was kept
        assert old.meter.meter.serial_number in shown

    def test_later_correction_stands_beside_it(self, old: glass.OldBill, who: str) -> None:
        stamp = glass.CORRECTED_AT.strftime("%Y%m%dT%H%M%SZ")

        shown = old.client_of(getattr(old, who)).get(old.path(ROUTES[who][3], old.bill, 0, stamp)).content.decode()

        assert "The display was read wrongly" in shown
        assert "after the bill" in shown

    @pytest.mark.parametrize("stamp", ["20250131T224500Z", "20250301T000000Z", "yesterday", "99999999T999999Z"])
    def test_ends_at_the_time_of_the_bill(self, old: glass.OldBill, who: str, stamp: str) -> None:
        answer = old.client_of(getattr(old, who)).get(old.path(ROUTES[who][3], old.bill, 0, stamp))

        assert answer.status_code == 404

    @pytest.mark.parametrize("part", ["tax-1", "shared-0", "settlement-0", "tax-x", "all", "tax-٣"])
    def test_says_when_there_is_no_such_part(self, old: glass.OldBill, who: str, part: str) -> None:
        assert old.client_of(getattr(old, who)).get(old.path(ROUTES[who][2], old.bill, part)).status_code == 404


class TestTenant:
    def test_is_led_from_the_code_to_the_own_page(self, old: glass.OldBill) -> None:
        answer = old.client_of(old.renter).get(old.path("bill", old.bill))

        assert answer.status_code == 302
        assert answer.url == old.path("tenant_bill_page", old.bill)  # type: ignore[attr-defined]

    @pytest.mark.parametrize("route", ROUTES["renter"])
    def test_sees_nothing_of_a_neighbor(self, old: glass.OldBill, route: str) -> None:
        more = {"tenant_bill_line": (0, 0, 0), "tenant_bill_part": ("tax-0",)}.get(route, ())
        if route == "tenant_bill_reading":
            more = (0, glass.STAMPS[0])

        client = old.client_of(old.neighbor)

        assert client.get(old.path(route, old.bill, *more)).status_code == 404

    def test_sees_no_page_of_the_organization(self, old: glass.OldBill) -> None:
        client = old.client_of(old.renter)

        for route, more in (("bill_line", (0, 0, 0)), ("bill_part", ("tax-0",)), ("bill_data", ())):
            assert client.get(old.path(route, old.bill, *more)).status_code == 404
        shown = client.get(old.path("tenant_bill_reading", old.bill, 0, glass.STAMPS[0])).content.decode()
        assert "127.0.0.1" not in shown  # where the bus is reached

    def test_finds_the_bill_on_the_first_page(self, old: glass.OldBill) -> None:
        shown = old.client_of(old.renter).get(old.path("tenant_home")).content.decode()

        assert old.path("tenant_bill_page", old.bill) in shown


@pytest.mark.spec("M-088/1")
@pytest.mark.parametrize("who", ["manager", "renter"])
class TestInterface:
    def base(self, old: glass.OldBill, who: str) -> str:
        return f"/api/v1/{'own/' if who == 'renter' else ''}bills/{old.bill}"

    def get(self, old: glass.OldBill, who: str, rest: str) -> dict[str, object]:
        headers = {"Meterbook-Organization": str(old.place.organization.public_id)}
        answer = old.client_of(getattr(old, who)).get(f"{self.base(old, who)}/{rest}", headers=headers)
        assert answer.status_code == 200, answer.content
        found: dict[str, object] = answer.json()
        return found

    def test_explains_each_line(self, old: glass.OldBill, who: str) -> None:
        found = self.get(old, who, "explanation")

        lines = found["lines"]
        assert isinstance(lines, list)
        assert [each["code"] for each in lines][-1] == "base"
        assert all(each["tariff"]["sentences"] for each in lines)
        assert lines[0]["readings"] == ["2025-01-31T23:00:00Z", "2025-02-28T23:00:00Z"]

    def test_gives_the_intervals_of_then(self, old: glass.OldBill, who: str) -> None:
        found = self.get(old, who, "points/0/intervals")

        items = found["items"]
        assert isinstance(items, list)
        assert (found["is_kept"], found["is_changed"], len(items)) == (True, True, 28 * 96)
        assert {each["value"] for each in items} == {"0.250"}

    def test_gives_the_reading_with_its_frame(self, old: glass.OldBill, who: str) -> None:
        found = self.get(old, who, f"points/0/readings/{glass.STAMPS[0]}")

        reading, origin = found["reading"], found["origin"]
        assert isinstance(reading, dict)
        assert isinstance(origin, dict)
        assert (reading["raw"], origin["response_hex"]) == (100_000, glass.RESPONSE)


def test_a_neighbor_gets_nothing_through_the_interface(old: glass.OldBill) -> None:
    headers = {"Meterbook-Organization": str(old.place.organization.public_id)}
    client = old.client_of(old.neighbor)

    for rest in ("explanation", "points/0/intervals", f"points/0/readings/{glass.STAMPS[0]}"):
        assert client.get(f"/api/v1/own/bills/{old.bill}/{rest}", headers=headers).status_code == 404
        assert client.get(f"/api/v1/bills/{old.bill}/{rest}", headers=headers).status_code in {403, 404}
