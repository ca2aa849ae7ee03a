"""Each exchange, change of the multiplier, reset and roll-over begins a segment on the bill; none spans one (B-01)."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.quantity import Unit
from meterbook.metering import operations as metering_operations
from meterbook.metering.operations import correcting
from meterbook.metering.validation.inputs import CorrectionKind
from tests.db.billing import test_contents as contents
from tests.factories import billing, metering

ACTOR = billing.ACTOR
STEP = billing.STEP
FIRST, UNTIL = date(2026, 10, 1), date(2026, 11, 1)
START, END = contents.START, contents.END
DIGITS = 1_000_000  # 9,999.99 kWh at two decimals, then 0
RATED = Decimal(69)
WRAPPING = metering_operations.RegisterPlan("energy_import", "energy_import", Unit.KWH, 2, wrap=DIGITS)

pytestmark = pytest.mark.spec("B-01")


def wrapping(place: billing.Place, **more: Any) -> metering.Installed:  # noqa: ANN401
    return metering.installed_meter(
        organization=place.organization, site=place.site, registers=(WRAPPING,), rated_per_hour=RATED, **more
    )


def shown(meter: metering.Installed, values: list[tuple[datetime, int]]) -> None:
    metering.record(meter.energy, values)
    billing.derive(meter.organization_id)


def confirm(meter: metering.Installed, at: datetime, unseen: int = 0) -> None:
    with scoping.scope([meter.organization_id], actor=ACTOR):
        correcting.correct_readings(
            actor=ACTOR,
            at=at,
            series=meter.energy,
            kind=CorrectionKind.CONFIRM_RESET,
            corrected_at=at,
            value=unseen,
            reason="its power failed",
        )
    billing.derive(meter.organization_id)


def counted(start: datetime, end: datetime, begin: int, rise: int = 25) -> list[tuple[datetime, int]]:
    """Readings of each quarter in [start, end]."""
    return [(start + place * STEP, begin + rise * place) for place in range((end - start) // STEP + 1)]


def billed(place: billing.Place, meter: metering.Installed) -> dict[str, Any]:
    contents.tenant(place, meter)
    (point,) = contents.only(contents.drafts(place))["meter_points"]
    found: dict[str, Any] = point
    return found


def told(point: dict[str, Any]) -> list[tuple[int, int, str | None, str | None]]:
    return [
        (each["previous"]["value"], each["present"]["value"], each["previous"]["source"], each["present"]["source"])
        for each in point["segments"]
    ]


def assert_adds_up(point: dict[str, Any], scale: int = 10) -> None:
    """Differences times multiplier times the unit's factor are the quantity, exactly, and nothing is left over."""
    exact = sum(
        Fraction(each["present"]["value"] - each["previous"]["value"]) * Fraction(each["multiplier"]) * scale
        for each in point["segments"]
    )
    assert exact == point["quantity"]
    assert sum(each["quantity"] for each in point["segments"]) == point["quantity"]
    assert point["adjustment"] == 0


class TestReset:
    def test_ends_a_segment_with_what_was_lost_and_begins_one_at_what_it_shows(self) -> None:
        place = billing.place()
        meter = billing.metered(place, multiplier=Fraction(40))
        again = START + timedelta(days=10)
        before = counted(START, again - STEP, 100_000)
        shown(meter, [*before, *counted(again, END, 3)])
        confirm(meter, again, unseen=20)

        point = billed(place, meter)

        last = before[-1][1]
        end = 3 + 25 * ((END - again) // STEP)
        assert told(point) == [(100_000, last + 20, "METER", "RESET"), (3, end, "RESET", "METER")]
        assert [each["previous"]["at"] for each in point["segments"]][1] == point["segments"][0]["present"]["at"]
        assert_adds_up(point)

    def test_twice_in_a_month_makes_three(self) -> None:
        place = billing.place()
        meter = billing.metered(place)
        first, second = START + timedelta(days=5), START + timedelta(days=20)
        shown(meter, counted(START, first - STEP, 100_000))
        shown(meter, [*counted(first, second - STEP, 0), *counted(second, END, 7)])
        confirm(meter, first, unseen=25)
        confirm(meter, second)

        point = billed(place, meter)

        assert len(point["segments"]) == 3
        assert_adds_up(point)

    def test_on_the_day_of_an_exchange_makes_three(self) -> None:
        place = billing.place()
        meter = billing.metered(place)
        again, exchanged = START + timedelta(days=5, hours=9), START + timedelta(days=5, hours=15)
        shown(meter, [*counted(START, again - STEP, 100_000), *counted(again, exchanged - STEP, 0)])
        confirm(meter, again, unseen=5)
        fresh = metering.meter(organization_id=meter.organization_id)
        with scoping.scope([meter.organization_id], actor=ACTOR):
            metering_operations.exchange_meter(
                actor=ACTOR,
                at=exchanged,
                installation=meter.installation,
                exchanged_at=exchanged,
                closings={"energy_import": metering_operations.Closing(25 * 24)},
                meter=fresh,
                registers=[metering_operations.RegisterPlan("energy_import", "energy_import", Unit.KWH, 2, opening=12)],
                reason="worn",
            )
        shown(meter, counted(exchanged, END, 12)[1:])

        point = billed(place, meter)

        assert [each[2:] for each in told(point)] == [
            ("METER", "RESET"),
            ("RESET", "EXCHANGE"),
            ("EXCHANGE", "METER"),
        ]
        assert_adds_up(point)

    @pytest.mark.parametrize("days", [0, 31], ids=["at the beginning", "at the end"])
    def test_at_a_boundary_of_the_bill_leaves_one_segment(self, days: int) -> None:
        place = billing.place()
        meter = billing.metered(place)
        again = civil.start_of_day(FIRST + timedelta(days=days), contents.MADRID)
        shown(
            meter,
            [*counted(START - timedelta(days=2), again - STEP, 50_000), *counted(again, END + timedelta(days=1), 4)],
        )
        confirm(meter, again, unseen=9)

        point = billed(place, meter)

        assert len(point["segments"]) == 1
        assert_adds_up(point)

    def test_that_was_withdrawn_is_none(self) -> None:
        place = billing.place()
        meter = billing.metered(place)
        again = START + timedelta(days=10)
        shown(meter, [*counted(START, again - STEP, 100_000), (again, 3), *counted(again + STEP, END, 150_000)])
        confirm(meter, again)
        with scoping.scope([meter.organization_id], actor=ACTOR):
            correcting.correct_readings(
                actor=ACTOR,
                at=again + STEP,
                series=meter.energy,
                kind=CorrectionKind.RESTORE,
                corrected_at=again,
                reason="it was a glitch",
            )
        billing.derive(meter.organization_id)

        point = billed(place, meter)

        assert len(point["segments"]) == 1
        assert_adds_up(point)


class TestRollOver:
    def test_ends_a_segment_at_the_registers_end_and_begins_one_at_zero(self) -> None:
        place = billing.place()
        meter = wrapping(place)
        readings = [(at, value % DIGITS) for at, value in counted(START, END, DIGITS - 1_010)]
        shown(meter, readings)

        point = billed(place, meter)

        assert told(point) == [
            (DIGITS - 1_010, DIGITS, "METER", "ROLLOVER"),
            (0, readings[-1][1], "ROLLOVER", "METER"),
        ]
        assert_adds_up(point)

    def test_between_the_final_reading_and_midnight_is_two_as_well(self) -> None:
        """Nobody read it at midnight: the register passed its end an hour before, as the straight line tells."""
        place = billing.place()
        meter = wrapping(place)
        kept = [(at, value % DIGITS) for at, value in counted(START, END - 4 * STEP, DIGITS - 50 - 25 * 2_976)]
        shown(meter, [*kept, (END + 4 * STEP, (kept[-1][1] + 200) % DIGITS)])

        point = billed(place, meter)

        assert kept[-1][1] == DIGITS - 50
        assert [each[:2] for each in told(point)] == [(kept[0][1], DIGITS), (0, 50)]
        assert_adds_up(point)

    @pytest.mark.parametrize(
        ("missing", "segments"),
        [(100, []), (40, []), (150, [(DIGITS - 50, DIGITS)])],
        ids=["at midnight", "before it", "after it"],
    )
    def test_before_the_first_reading_of_the_month_is_told_from_the_line_between(
        self, missing: int, segments: list[tuple[int, int]]
    ) -> None:
        place = billing.place()
        meter = wrapping(place)
        shown(meter, [(START - 2 * STEP, DIGITS - missing), *counted(START + 2 * STEP, END, 200 - missing)])

        point = billed(place, meter)

        end = 200 - missing + 25 * ((END - START) // STEP - 2)
        assert [each[:2] for each in told(point)] == [*segments, (max(100 - missing, 0), end)]
        assert_adds_up(point)

    def test_that_a_person_told_is_one_too(self) -> None:
        place = billing.place()
        meter = metering.installed_meter(organization=place.organization, site=place.site, registers=(WRAPPING,))
        over = START + timedelta(days=3)
        start = DIGITS - 25 * ((over - START) // STEP)
        shown(meter, [*counted(START, over - STEP, start), *counted(over, END, 0)])
        confirm(meter, over, unseen=25)

        point = billed(place, meter)

        assert told(point)[0][:3] == (start, DIGITS, "METER")
        assert {each["previous"]["source"] for each in point["segments"][1:]} == {"ROLLOVER"}
        assert_adds_up(point)


class TestGlitch:
    @pytest.mark.spec("B-04")
    def test_over_midnight_does_not_stand_on_the_bill(self) -> None:
        place = billing.place()
        meter = wrapping(place)
        readings = dict(counted(START - timedelta(days=1), END + timedelta(days=1), 100_000))
        for midnight in (START, END):
            for place_of in (-1, 0, 1):
                readings[midnight + place_of * STEP] = 0
        shown(meter, sorted(readings.items()))

        point = billed(place, meter)

        (segment,) = point["segments"]
        assert segment["previous"]["value"] == 100_000 + 25 * 96
        assert segment["difference"] == 25 * ((END - START) // STEP)
        assert_adds_up(point)


class TestMultiplier:
    @pytest.mark.spec("B-02")
    def test_that_changes_at_midnight_of_the_day_of_a_clock_change_begins_a_segment(self) -> None:
        place = billing.place()
        meter = billing.metered(place, multiplier=Fraction(40))
        changed = civil.start_of_day(date(2026, 10, 25), contents.MADRID)
        readings = counted(START, END, 100_000)
        shown(meter, readings)
        with scoping.scope([meter.organization_id], actor=ACTOR):
            metering_operations.change_multiplier(
                actor=ACTOR,
                at=changed,
                installation=meter.installation,
                starts_at=changed,
                multiplier=Fraction(60),
                registers={"energy_import": dict(readings)[changed]},
                reason="larger transformers",
            )
        billing.derive(meter.organization_id)

        point = billed(place, meter)

        assert [(each["multiplier"], each["present"]["at"]) for each in point["segments"]] == [
            ("40", "2026-10-25T00:00:00+02:00"),
            ("60", "2026-11-01T00:00:00+01:00"),
        ]
        assert point["segments"][1]["difference"] == 25 * (7 * 96 + 4)
        assert_adds_up(point)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happened_segments_add_up_to_what_is_billed(seed: int) -> None:
    """Resets, roll-overs, transformers and exchanges at random quarters, with fractional multipliers."""
    dice = random.Random(seed)  # noqa: S311 - the same dice each time
    place = billing.place(time_zone=dice.choice(["Europe/Madrid", "Australia/Lord_Howe", "Asia/Kolkata"]))
    zone = ZoneInfo(place.site.time_zone)
    start, end = (civil.start_of_day(each, zone).astimezone(UTC) for each in (FIRST, UNTIL))
    meter = wrapping(place, multiplier=dice.choice([Fraction(1), Fraction(200, 3), Fraction(7, 30)]))
    quarters = (end - start) // STEP
    events = dict(zip(sorted(dice.sample(range(100, quarters - 100, 5), 4)), "RTXR", strict=True))
    value, readings, resets = dice.choice([5_000, DIGITS - 9_000]), [], []
    installation = meter.installation
    for quarter in range(quarters + 1):
        at, event = start + quarter * STEP, events.get(quarter)
        if event == "R":
            value = dice.randrange(4)
            resets.append((at, dice.randrange(50)))
        elif event == "T":
            _transformers(installation, at, value, dice.choice([Fraction(40), Fraction(1, 3)]))
        elif event == "X":
            installation = _exchange(installation, at, value)
            value = 12
            readings.append((at, value))
        if event != "X":
            readings.append((at, value))
        value = (value + dice.randrange(40)) % DIGITS
    shown(meter, readings)
    for at, unseen in resets:
        confirm(meter, at, unseen)
    contents.tenant(place, meter, starts_at=start)

    (point,) = contents.only(contents.drafts(place))["meter_points"]

    assert len(point["segments"]) >= 5
    assert sum(each["quantity"] for each in point["segments"]) + point["adjustment"] == point["quantity"]
    exact = sum(Fraction(each["difference"]) * Fraction(each["multiplier"]) * 10 for each in point["segments"])
    assert abs(exact - point["quantity"]) < len(point["segments"])
    assert (
        abs(point["adjustment"]) <= 1
    )  # what a fraction of the last digit leaves over where a register passed its end
    for before, after in zip(point["segments"], point["segments"][1:], strict=False):
        assert before["present"]["at"] == after["previous"]["at"]


def _transformers(installation: Any, at: datetime, value: int, multiplier: Fraction) -> None:  # noqa: ANN401
    with scoping.scope([installation.organization_id], actor=ACTOR):
        metering_operations.change_multiplier(
            actor=ACTOR,
            at=at,
            installation=installation,
            starts_at=at,
            multiplier=multiplier,
            registers={"energy_import": value},
            reason="transformers",
        )


def _exchange(installation: Any, at: datetime, value: int) -> Any:  # noqa: ANN401
    fresh = metering.meter(organization_id=installation.organization_id)
    plan = metering_operations.RegisterPlan("energy_import", "energy_import", Unit.KWH, 2, wrap=DIGITS, opening=12)
    with scoping.scope([installation.organization_id], actor=ACTOR):
        return metering_operations.exchange_meter(
            actor=ACTOR,
            at=at,
            installation=installation,
            exchanged_at=at,
            closings={"energy_import": metering_operations.Closing(value)},
            meter=fresh,
            registers=[plan],
            multiplier=Fraction(3, 7),
            rated_per_hour=RATED,
            reason="worn",
        )
