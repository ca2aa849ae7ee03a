"""From a line that goes by a tariff register or by reactive energy down to that register's own raw readings."""

from __future__ import annotations

import html
import json
from dataclasses import replace

import pytest

from meterbook.billing import queries as billing_queries
from meterbook.foundation import scoping
from meterbook.web.billing import glass, insides
from tests.factories import identity
from tests.journeys import several_registers


@pytest.fixture(scope="module")
def bakery(database: str) -> several_registers.Bakery:
    """A bill by T1, T2 and reactive energy."""
    return several_registers.Bakery()


ROUTES = {"manager": ("bill", "bill_line", "bill_part", "bill_reading", "bill_data")}
ROUTES["renter"] = (
    "tenant_bill_page",
    *(f"tenant_{each}" for each in ("bill_line", "bill_part", "bill_reading", "bill_data")),
)
LINES = {"day": "energy_import_t1", "night": "energy_import_t2", "kvarh": "energy_reactive_import"}
NAMES = {"energy_import_t1": "Energy T1", "energy_import_t2": "Energy T2", "energy_reactive_import": "Reactive energy"}


@pytest.mark.spec("M-088/2")
@pytest.mark.spec("B-70/2")
@pytest.mark.parametrize("who", list(ROUTES))
class TestRegistersOfABill:
    def get(self, bakery: several_registers.Bakery, who: str, route: int, *more: object, query: str = "") -> str:
        path = bakery.path(ROUTES[who][route], bakery.bill, *more) + query
        answer = bakery.client_of(getattr(bakery, who)).get(path)
        assert answer.status_code == 200, path
        return html.unescape(answer.content.decode())

    def test_all_stand_on_the_page_with_the_lines_they_price(self, bakery: several_registers.Bakery, who: str) -> None:
        shown = self.get(bakery, who, 0)
        day = shown.split('id="line-0-0-0"')[1].split("</details>")[0]
        base = shown.split('id="line-0-0-3"')[1].split("</details>")[0]

        for name, line, begin, end in (
            ("Energy T1", "Day", "700.000", "1,050.000"),
            ("Energy T2", "Night", "300.000", "450.000"),
            ("Reactive energy", "Reactive", "200.000", "500.000"),
        ):
            assert f"Priced from it: {line}" in shown
            assert all(each in shown for each in (name, begin, end))
        # The line of T1 leads to T1 alone; the fixed charge goes by none, and shows those of its meter.
        assert day.count("to-reading") == 2
        assert day.count("&register=energy_import_t1") == 2
        assert base.count("to-reading") == 2

    def test_each_line_lists_the_days_of_its_register(self, bakery: several_registers.Bakery, who: str) -> None:
        sums = {
            code: self.get(bakery, who, 1, 0, 0, place).partition("Each day, ")[2][:200]
            for place, code in enumerate(LINES)
        }

        assert "sum 350 kWh" in sums["day"]
        assert "sum 150 kWh" in sums["night"]
        assert "sum 300 kvarh" in sums["kvarh"]

    def test_readings_are_those_of_the_register(self, bakery: several_registers.Bakery, who: str) -> None:
        for code, (begin, end) in list(several_registers.SHOWN.items())[1:]:
            raw = {"previous": begin, "present": end}
            for place, key in enumerate(raw):
                query = f"?end={key}&register={code}"
                shown = self.get(bakery, who, 3, 0, several_registers.STAMPS[place], query=query)
                assert f'<dd class="mono">{raw[key]}</dd>' in shown
                assert "That is what the register showed." in shown
                assert NAMES[code] in shown
                assert f"{several_registers.STAMPS[1 - place]}?register={code}" in shown  # the one beside it

    def test_content_names_each_with_its_blocks(self, bakery: several_registers.Bakery, who: str) -> None:
        (point,) = json.loads(self.get(bakery, who, 4))["meter_points"]

        told = {each["code"]: each for each in point["registers"]}
        assert list(told) == ["energy_reactive_import", "energy_import_t1", "energy_import_t2"]
        assert {code: (each["components"], each["alone"]) for code, each in told.items()} == {
            "energy_reactive_import": (["kvarh"], []),
            "energy_import_t1": (["day"], ["day"]),
            "energy_import_t2": (["night"], ["night"]),
        }
        for code, each in told.items():
            (segment,) = each["segments"]
            assert (segment["previous"]["value"], segment["present"]["value"]) == several_registers.SHOWN[code]
            assert segment["previous"]["source"] == "FIELD"
            assert (each["adjustment"], each["quality"]["intervals"]) == (0, 28 * 96)
            assert len(each["reference"]["digest"]) == 64

    def test_programs_get_the_same(self, bakery: several_registers.Bakery, who: str) -> None:
        client, owner = bakery.client_of(getattr(bakery, who)), "own/" if who == "renter" else ""

        def asked(rest: str) -> dict[str, object]:
            headers = {"Meterbook-Organization": str(bakery.place.organization.public_id)}
            answer = client.get(f"/api/v1/{owner}bills/{bakery.bill}/{rest}", headers=headers)
            assert answer.status_code == (404 if "energy_export" in rest else 200), answer.content
            found: dict[str, object] = answer.json()
            return found

        lines = asked("explanation")["lines"]
        reading = asked(f"points/0/readings/{several_registers.STAMPS[1]}?register=energy_import_t2")
        intervals = asked("points/0/intervals?register=energy_reactive_import")
        asked("points/0/intervals?register=energy_export")

        assert isinstance(lines, list)
        assert {each["code"]: [own["code"] for own in each["registers"]] for each in lines} == {
            "day": ["energy_import_t1"],
            "night": ["energy_import_t2"],
            "kvarh": ["", "energy_reactive_import"],
            "base": [""],
        }
        assert lines[0]["readings"] == ["2025-01-31T23:00:00Z", "2025-02-28T23:00:00Z"]
        assert isinstance(reading["reading"], dict)
        assert (reading["register_code"], reading["reading"]["raw"]) == ("energy_import_t2", 450_000)
        assert (intervals["unit"], intervals["is_kept"]) == ("KVARH", True)
        assert isinstance(intervals["items"], list)
        assert sum(float(each["value"]) for each in intervals["items"]) == pytest.approx(300)

    def test_of_what_the_bill_does_not_name_there_is_nothing(self, bakery: several_registers.Bakery, who: str) -> None:
        client = bakery.client_of(getattr(bakery, who))
        path = bakery.path(ROUTES[who][3], bakery.bill, 0, several_registers.STAMPS[0])

        assert client.get(f"{path}?register=energy_export").status_code == 404


def test_a_bill_from_before_says_so_and_shows_no_intervals_of_another_register(
    bakery: several_registers.Bakery,
) -> None:
    answer = bakery.client_of(bakery.manager).get(bakery.path("bill", bakery.bill))
    organization = bakery.place.organization
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        bill = billing_queries.get_bill(public_id=bakery.bill)
        (point,) = bill.content["meter_points"]
        old = {**point, "registers": []}
        opened = glass.Opened(replace(bill, content={**bill.content, "meter_points": [old]}), "/bill/")
        day, base = (
            insides.show_line(answer.wsgi_request, opened, (0, 0, place)).content.decode()  # type: ignore[arg-type]
            for place in (0, 3)
        )

    assert "This line goes by a register of its own." in day
    assert "Each day" not in day
    assert "register of its own" not in base
