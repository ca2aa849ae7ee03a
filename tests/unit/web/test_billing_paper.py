"""What a bill's page says, from the content alone."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import translation

from meterbook.web.billing import history, lines, paper, words
from tests.factories import documents


def texts(line: lines.Line) -> list[str]:
    return [" ".join(filter(None, (each.operator, each.value, each.unit))) for each in line.terms]


def first_line(point: dict[str, object], currency: str = "USD") -> lines.Line:
    read = paper.read(documents.bill_content(meter_points=[point], currency=currency))
    return read.points[0].charges[0].lines[0]


def charged(line: dict[str, object]) -> dict[str, object]:
    charge = documents.charge("Retail", "Comercios", 4, [line], net="1.00", quantity=1)
    return documents.point(quality=documents.counts(1), charges=[charge])


class TestRead:
    def test_names_month_zone_and_length(self) -> None:
        read = paper.read(documents.bill_content(meter_points=[documents.electricity()]))

        assert (read.title, read.hours, str(read.zone)) == ("October 2026", "744", "America/New_York")
        assert read.edges == "1 Oct 2026 00:00 EDT\u202f–\u202f1 Nov 2026 00:00 EDT"

    def test_names_days_where_it_is_no_month(self) -> None:
        period = {"from": "2026-10-05T00:00:00-04:00", "until": "2026-10-20T00:00:00-04:00", "days": 15}

        assert words.title(period) == "5 Oct 2026\u202f–\u202f19 Oct 2026"

    def test_speaks_spanish(self) -> None:
        with translation.override("es"):
            read = paper.read(documents.bill_content(meter_points=[documents.electricity()]))

        assert read.points[0].charges[0].lines[1].name == "Energía, Horas punta"
        assert read.points[0].charges[0].lines[1].quantity == "951,2"
        assert read.total == "776,12"

    def test_shows_registers_with_quality_and_source(self) -> None:
        segment = documents.segment(
            previous=documents.reading(documents.FROM, 119588, quality="INTERPOLATED", source=None),
            present=documents.reading(documents.UNTIL, 127835, source="CORRECTION"),
            multiplier="200/3",
        )

        (read,) = paper.read(documents.bill_content(meter_points=[documents.point(segments=[segment])])).points

        (shown,) = read.segments
        assert [each.value for each in shown.readings] == ["1,195.88", "1,278.35"]
        assert [str(each.source) for each in shown.readings] == ["worked out from the intervals", "set by a person"]
        assert str(shown.readings[0].chip.caption) == "Apportioned by time"
        assert (shown.difference, shown.multiplier, shown.quantity) == ("82.47", "200\u20443", "3,298.8")

    @pytest.mark.parametrize(("estimated", "interpolated"), [(1, 1), (0, 0), (7, 3), (333, 333)])
    def test_shares_of_quality_sum_to_a_hundred(self, estimated: int, interpolated: int) -> None:
        counts = documents.counts(1_000, estimated=estimated, interpolated=interpolated)

        (read,) = paper.read(documents.bill_content(meter_points=[documents.point(quality=counts)])).points

        assert sum(Decimal(each.share) for each in read.quality) == 100


class TestLine:
    def test_multiplies_and_rounds_once(self) -> None:
        line = documents.line("energy.peak", documents.text("Peak"), "951.200", "KWH", "0.2840", "270.14", intervals=9)

        shown = first_line(charged(line))

        assert texts(shown) == ["951.2 kWh", "× 0.2840 USD/kWh", "= 270.1408 USD", "→ 270.14 USD"]
        assert [each.is_result for each in shown.terms] == [False, False, False, True]

    def test_says_when_there_is_nothing_to_round(self) -> None:
        line = documents.line(
            "daily",
            documents.text("Daily"),
            "31",
            "DAY",
            "0.5500",
            "17.05",
        )

        shown = first_line(charged(line))

        assert texts(shown) == ["31 days", "× 0.5500 USD a day", "= 17.05 USD"]
        assert "1 Oct 2026\u202f–\u202f31 Oct 2026" in shown.sentence
        assert not shown.is_metered

    def test_keeps_the_fraction_of_a_part_of_a_month(self) -> None:
        line = documents.line(
            "base.2026-10",
            documents.text("Base"),
            "14/31",
            "MONTH",
            "12.00",
            "5.42",
            months=["2026-10"],
            days=14,
            of=31,
        )
        line["exact"] = "5.419354838710"

        shown = first_line(charged(line))

        assert texts(shown)[0] == "14\u204431 months"
        assert "only 14 of 31 days count" in shown.sentence

    def test_tells_how_a_step_was_prorated(self) -> None:
        trace = {"tier": 1, "from": "0", "up_to": "103.333", "threshold": "100", "proration": "31/30", "days": 31}
        line = documents.line("steps.1", documents.text("Step"), "50.000", "KWH", "0.1000", "5.00", **trace)

        shown = first_line(charged(line))

        assert "up to 103.333\u00a0kWh" in shown.sentence
        assert "limit 100\u00a0kWh was multiplied by 31\u204430 for 31 days" in shown.sentence

    @pytest.mark.parametrize(("currency", "amount", "shown"), [("JPY", "270", "270"), ("KWD", "0.135", "0.135")])
    def test_keeps_the_decimals_of_the_currency(self, currency: str, amount: str, shown: str) -> None:
        line = documents.line("energy", documents.text("Energy"), "951.2", "KWH", "0.2840", amount)

        assert first_line(charged(line), currency).amount == shown


class TestHistory:
    def test_tells_measured_estimated_and_missing_apart(self) -> None:
        point = documents.point(history=documents.history([None, 31_000, 62_000], estimated=(1,)))

        chart = history.draw(point)

        assert chart is not None
        assert [each.kind for each in chart.bars] == ["none", "estimated", "measured"]
        assert [each.is_own for each in chart.bars] == [False, False, True]
        assert (chart.has_gaps, chart.has_estimates) == (True, True)
        assert chart.rows[0].quantity == "62"  # the newest first
        assert chart.bars[2].height == history.FLOOR - history.TOP

    def test_is_not_drawn_without_a_month(self) -> None:
        assert history.draw(documents.point(history=documents.history([None, None]))) is None

    def test_survives_months_without_use(self) -> None:
        chart = history.draw(documents.point(history=documents.history([0, 0])))

        assert chart is not None
        assert [each.height for each in chart.bars] == [0, 0]
        assert chart.change == ""
