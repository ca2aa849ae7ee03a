"""What the template gets: final text."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pypdf
import pytest

from meterbook.documents.rendering import page
from tests.factories import documents

Plain = dict[str, Any]


ISSUE = page.Issue("HR-1", date(2026, 11, 3), date(2026, 11, 17), "ab" * 32, "AAAA-BBBB-CCCC")


def flat(pdf: bytes) -> str:
    return " ".join(" ".join(each.extract_text() for each in pypdf.PdfReader(io.BytesIO(pdf)).pages).split())


def made(language: str = "en", **changes: object) -> Plain:
    return page.of_bill(documents.bill_content(**changes), ISSUE, language)


def facts(bill: Plain) -> dict[str, list[str]]:
    return {each["label"]: each["lines"] for each in bill["facts"]}


@pytest.mark.spec("B-70/1")
class TestHead:
    def test_names_operator_and_customer_with_tax_numbers(self) -> None:
        bill = made()

        assert bill["operator"]["name"] == "Harbor Row Utilities LLC"
        assert bill["operator"]["lines"][-1] == "Tax ID 00-0000000"
        assert bill["customer"]["lines"][-1] == "Tax ID 00-0000001"

    def test_tells_the_period_with_hours_and_zone(self) -> None:
        assert facts(made())["Period"] == [
            "1\N{NO-BREAK SPACE}Oct\N{NO-BREAK SPACE}2026, 00:00",
            "to 1\N{NO-BREAK SPACE}Nov\N{NO-BREAK SPACE}2026, 00:00",
            "31\N{NO-BREAK SPACE}days, 744 h",
            "America/New_York (UTC\N{MINUS SIGN}4)",
        ]

    def test_tells_both_offsets_where_clocks_change(self) -> None:
        period = {
            "from": "2026-10-01T00:00:00+02:00",
            "until": "2026-11-01T00:00:00+01:00",
            "days": 31,
            "minutes": 44_700,
            "offsets": ["+02:00", "+01:00"],
        }

        bill = made(period=period)

        assert facts(bill)["Period"][2:] == ["31\N{NO-BREAK SPACE}days, 745 h", "America/New_York (UTC+2, then UTC+1)"]
        assert "The clocks changed in this period: it has 745 h, not 744 h." in bill["notes"]

    def test_names_three_units_and_counts_the_others(self) -> None:
        points = [documents.electricity(unit_name=f"U{each}", public_id=str(each)) for each in range(5)]

        assert facts(made(meter_points=points))["Units"] == ["U0, U1, U2 and 2 more"]

    @pytest.mark.parametrize(
        ("total", "label", "amount"),
        [
            ("0.01", "Amount due", "$0.01"),
            ("0.00", "Nothing to pay", "$0.00"),
            ("-5.00", "Credit in your favor", "$5.00"),
        ],
    )
    def test_says_what_is_to_pay(self, total: str, label: str, amount: str) -> None:
        due = made(total=total)["due"]

        assert (due["label"], due["amount"]) == (label, amount)

    def test_of_a_landlord_without_customer_names_the_site(self) -> None:
        bill = made(customer=None, account={"number": "L", "is_landlord": True})

        assert (bill["customer"]["head"], bill["customer"]["name"]) == ("Landlord", "Harbor Row")
        assert bill["kind"] == "For vacant units"


@pytest.mark.spec("B-70/1")
class TestLines:
    def test_show_quantity_price_and_amount(self) -> None:
        row = made()["groups"][0]["rows"][1]

        assert row == {
            "name": "Energy, Peak hours",
            "is_estimated": True,
            "is_apportioned": False,
            "quantity": "951.200",
            "unit": "kWh",
            "price": "0.284",
            "amount": "270.14",
        }

    def test_are_marked_when_one_reading_was_estimated(self) -> None:
        present = documents.reading(documents.UNTIL, 4440, quality="ESTIMATED", source=None)
        point = documents.water(segments=[documents.segment(present=present)])

        rows = made(meter_points=[documents.water(), point])["groups"]

        assert [group["rows"][0]["is_estimated"] for group in rows] == [False, True]

    def test_show_a_part_of_a_month(self) -> None:
        service = documents.line("fee.2026-10", documents.text("Fee"), "14/31", "MONTH", "12.00", "5.42")
        charge = documents.charge("T", "T", 1, [service], net="5.42", quantity=0)

        row = made(meter_points=[documents.water(charges=[charge])])["groups"][0]["rows"][0]

        assert (row["quantity"], row["unit"], row["price"]) == ("14/31", "months", "12.00")

    def test_name_the_tariff_version_and_its_time(self) -> None:
        part = {**documents.electricity()["charges"][0], "from": "2026-10-15T00:00:00-04:00"}

        words = made(meter_points=[documents.electricity(charges=[part], is_vacancy=True)])["groups"][0]["sub"]

        assert words.replace("\N{NO-BREAK SPACE}", " ") == (
            "Tariff Retail, version 4, from 15 Oct 2026, 00:00 to 1 Nov 2026, 00:00, "
            "no contract, charged to the landlord"
        )

    def test_steps_add_up_by_service(self) -> None:
        assert [each["amount"] for each in made()["steps"]] == ["$655.67", "$76.52", "$43.93"]

    def test_steps_join_what_has_no_room(self) -> None:
        services = ["ELECTRICITY", "COLD_WATER", "GAS", "HEATING", "COOLING"]
        points = [documents.water(service=each, public_id=each) for each in services]

        steps = made(meter_points=points)["steps"]

        assert [(each["label"], each["amount"]) for each in steps] == [
            ("Electricity", "$76.52"),
            ("Cold water", "$76.52"),
            ("Other services", "$229.56"),
            ("Taxes", "$43.93"),
        ]

    def test_taxes_show_their_rates(self) -> None:
        assert made("es")["taxes"] == [["Impuesto sobre ventas", "732,19", "6\N{NO-BREAK SPACE}%", "43,93"]]


@pytest.mark.spec("B-70/1")
class TestMeter:
    def test_shows_both_readings_and_the_multiplication(self) -> None:
        segment = made()["meters"][0]["segments"][0]

        assert (segment["previous"]["value"], segment["present"]["value"]) == ("1,195.88", "1,278.35")
        assert (segment["difference"], segment["multiplier"], segment["quantity"]) == (
            "82.47",
            "×\N{NO-BREAK SPACE}40",
            "3,298.800",
        )

    @pytest.mark.parametrize(
        ("model", "register", "language", "words"),
        [
            ("eastron_sdm630", "energy_import", "en", "Eastron SDM630 · energy taken"),
            ("abb_b23", "energy_import", "es", "ABB B23 · energía consumida"),
            ("ECX-320", "1.8.0", "en", "ECX-320 · 1.8.0"),
            ("", "volume", "es", "volumen"),
        ],
    )
    def test_names_meter_and_register_in_words(self, model: str, register: str, language: str, words: str) -> None:
        segments = [documents.segment(model=model, register=register)]

        (meter,) = made(language, meter_points=[documents.electricity(segments=segments)])["meters"]

        assert meter["segments"][0]["model"] == words

    def test_exchanged_shows_both_meters_and_their_sum(self) -> None:
        out = documents.reading("2026-10-15T09:12:00-04:00", 123000, source="EXCHANGE")
        segments = [documents.segment(serial="OLD", present=out), documents.segment(serial="NEW", multiplier="200/3")]

        meter = made("es", meter_points=[documents.electricity(segments=segments, adjustment=-500)])["meters"][0]

        assert [each["serial"] for each in meter["segments"]] == ["OLD", "NEW"]
        assert meter["segments"][0]["present"]["quality"] == "medida, en el cambio"
        assert meter["has_sum"]
        assert meter["adjustment"] == "\N{MINUS SIGN}0,500"

    def test_counts_intervals_by_how_they_came(self) -> None:
        quality = documents.counts(2976, estimated=4, interpolated=12, edited=1)

        note = made(meter_points=[documents.electricity(quality=quality)])["meters"][0]["note"]

        assert note == (
            "2,976 intervals: 2,959 measured, 4 estimated, 12 spread between two readings, 1 entered by hand"
        )

    @pytest.mark.spec("B-70/2")
    def test_shows_further_registers_with_the_lines_they_price(self) -> None:
        day = documents.line("day", documents.text("Day", "Día"), "82.470", "KWH", "0.30", "24.74")
        priced = documents.charge("Retail", "Comercios", 4, [day], net="24.74", quantity=3_298_800)
        register = {
            "code": "energy_import_t1",
            "components": ["day"],
            "unit": "KWH",
            "decimals": 3,
            "segments": [documents.segment(register="energy_import_t1")],
            "adjustment": 7,
            "quantity": 3_298_807,
            "quality": documents.counts(2_976, estimated=3),
        }
        content = documents.bill_content(
            meter_points=[
                documents.electricity(registers=[register], charges=[priced], quality=documents.counts(2_976))
            ]
        )

        bill = page.of_bill(content, ISSUE, "es")
        text = flat(documents.bill_pdf(content))

        (own,) = bill["meters"][0]["registers"]
        assert (own["name"], own["lines"]) == ("energía, registro de tarifa T1", "se factura por él: Día")
        assert (own["segments"][0]["present"]["value"], own["quantity"], own["has_sum"]) == (
            "1.278,35",
            "3.298,807",
            True,
        )
        assert "energy, tariff register T1 · priced from it: Day" in text
        assert "Sum, energy, tariff register T1 3,298.807" in text
        assert "Electricity, G-04, energy, tariff register T1 3 of 2,976" in text

    def test_tells_the_daily_average(self) -> None:
        assert made("es")["meters"][0]["average"] == "Media diaria: 106,413 kWh"


@pytest.mark.spec("B-70/1")
class TestTimeOfUse:
    def test_shares_sum_to_a_hundred_and_the_dearest_is_darkest(self) -> None:
        use = made()["use"][0]

        assert [each["share"] for each in use["rows"]] == ["28.8", "33.5", "37.7"]
        assert [each["shade"] for each in use["rows"]] == [0, 500, 1000]

    def test_is_left_out_with_one_price(self) -> None:
        assert made(meter_points=[documents.water()])["use"] == []

    def test_has_no_shares_when_nothing_was_used(self) -> None:
        periods = [(code, documents.text(code), "0.000", 1) for code in ("a", "b")]
        charge = documents.charge("T", "T", 1, [], net="0.00", quantity=0, periods=periods)

        use = made(meter_points=[documents.electricity(charges=[charge])])["use"][0]

        assert [each["share"] for each in use["rows"]] == ["", ""]


@pytest.mark.spec("B-70/1")
class TestHistory:
    def test_chart_marks_gaps_and_estimates(self) -> None:
        chart = made()["chart"]

        assert [each["kind"] for each in chart["bars"]] == ["none", *["measured"] * 4, "estimated", *["measured"] * 6]
        assert chart["bars"][2] == {"kind": "measured", "height": 1000, "label": "Jan", "value": "123.9"}
        assert chart["note"] == "Dashed: no complete month of yours on record. Hatched: partly estimated."

    def test_chart_is_of_what_costs_most(self) -> None:
        assert made(meter_points=[documents.water(), documents.electricity()])["chart"]["service"] == "ELECTRICITY"

    def test_table_fills_months_that_a_meter_does_not_have(self) -> None:
        young = documents.water(history=documents.history([1500, 2500]))

        rows = made(meter_points=[documents.electricity(), young])["history"]["rows"]

        assert [each["kind"] for each in rows[1]["cells"]] == ["none"] * 10 + ["measured"] * 2
        assert [each["value"] for each in rows[1]["cells"]][-2:] == ["1.50", "2.50"]

    def test_shows_a_meter_point_once(self) -> None:
        rows = made(meter_points=[documents.electricity(), documents.electricity()])["history"]["rows"]

        assert len(rows) == 1


@pytest.mark.spec("B-70/1")
class TestNotes:
    def test_say_who_issues_and_how_to_dispute(self) -> None:
        bill = made(organization={**documents.bill_content()["organization"], "contact": "+1 410 555 0142, 9–17"})

        assert "not by the public utility" in bill["legal"][0]
        assert any("Something looks wrong?" in each for each in bill["notes"])
        assert "You reach us so: +1 410 555 0142, 9–17." in bill["notes"]

    @pytest.mark.spec("M-023/2")
    def test_tell_vacancy_and_estimates(self) -> None:
        notes = made(meter_points=[documents.electricity(is_vacancy=True)])["notes"]

        assert notes[0].startswith("Estimated intervals: Electricity, G-04 12 of 2,976.")
        assert notes[1].startswith("No contract covered Electricity, G-04 from")

    def test_tell_of_points_that_were_vacant_together_in_one_note(self) -> None:
        points = [documents.electricity(is_vacancy=True, name=name, public_id=name) for name in ("G-04", "G-05")]

        (said,) = [each for each in made(meter_points=points)["notes"] if "No contract" in each]

        assert said.startswith("No contract covered Electricity, G-04, Electricity, G-05 from")

    def test_say_nothing_about_squares_when_there_are_none(self) -> None:
        assert not any("□" in each for each in made()["notes"])
