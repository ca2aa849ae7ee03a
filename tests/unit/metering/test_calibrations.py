"""How long a calibration holds: the newest test decides, through its last day."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from meterbook.metering import assets, calibrations
from meterbook.metering.calibrations import CalibrationState, Lapse
from meterbook.metering.queries import calibrated

FIRST = calibrations.Tested(date(2020, 6, 1), date(2026, 6, 1), is_passed=True)
AGAIN = calibrations.Tested(date(2026, 9, 10), None, is_passed=True)
FAILED = calibrations.Tested(date(2024, 2, 29), None, is_passed=False)


class TestStateOn:
    def test_says_nothing_before_the_first_test_or_without_one(self) -> None:
        assert calibrations.state_on([], date(2026, 1, 1)) is CalibrationState.UNKNOWN
        assert calibrations.state_on([FIRST], date(2020, 5, 31)) is CalibrationState.UNKNOWN

    def test_holds_through_the_last_day(self) -> None:
        assert calibrations.state_on([FIRST], date(2020, 6, 1)) is CalibrationState.VALID
        assert calibrations.state_on([FIRST], date(2026, 5, 31)) is CalibrationState.VALID
        assert calibrations.state_on([FIRST], date(2026, 6, 1)) is CalibrationState.EXPIRED

    def test_follows_the_newest_test_in_whatever_order_they_come(self) -> None:
        tests = [AGAIN, FIRST, FAILED]

        assert calibrations.state_on(tests, date(2024, 2, 28)) is CalibrationState.VALID
        assert calibrations.state_on(tests, date(2024, 2, 29)) is CalibrationState.FAILED
        assert calibrations.state_on(tests, date(2099, 1, 1)) is CalibrationState.VALID

    def test_takes_the_later_word_of_two_on_one_day(self) -> None:
        corrected = calibrations.Tested(FIRST.tested_on, date(2030, 1, 1), is_passed=True)

        assert calibrations.state_on([FIRST, corrected], date(2029, 12, 31)) is CalibrationState.VALID


class TestLapses:
    def test_tells_the_whole_stretch_that_touches_the_days(self) -> None:
        found = calibrations.lapses([FIRST, AGAIN], date(2026, 8, 1), date(2026, 9, 1))

        assert found == (Lapse(date(2026, 6, 1), date(2026, 9, 10), is_failed=False),)

    def test_begins_with_the_day_after_the_last_one(self) -> None:
        assert calibrations.lapses([FIRST], date(2026, 5, 1), date(2026, 6, 1)) == ()
        assert calibrations.lapses([FIRST], date(2026, 5, 1), date(2026, 6, 2)) == (
            Lapse(date(2026, 6, 1), None, is_failed=False),
        )

    def test_ends_with_the_next_test(self) -> None:
        assert calibrations.lapses([FIRST, AGAIN], date(2026, 9, 10), date(2026, 10, 1)) == ()

    def test_counts_what_follows_a_failed_test(self) -> None:
        found = calibrations.lapses([FIRST, FAILED], date(2025, 1, 1), date(2025, 2, 1))

        assert found == (Lapse(date(2024, 2, 29), None, is_failed=True),)

    def test_is_nothing_where_a_test_came_before_the_end(self) -> None:
        early = calibrations.Tested(date(2026, 4, 1), date(2032, 4, 1), is_passed=True)

        assert calibrations.lapses([FIRST, early], date(2026, 6, 1), date(2026, 7, 1)) == ()


class TestMonthsOn:
    def test_keeps_the_day_or_takes_the_last_of_the_month(self) -> None:
        assert calibrated.months_on(date(2026, 11, 30), 3) == date(2027, 2, 28)
        assert calibrated.months_on(date(2026, 11, 26), 12) == date(2027, 11, 26)
        assert calibrated.months_on(date(2026, 12, 31), 6) == date(2027, 6, 30)


class TestReading:
    def test_reads_seals_once_each(self) -> None:
        assert assets.read_seals(" A 12, A 13;A 12,, ") == ("A 12", "A 13")
        with pytest.raises(assets.SealsUnreadable):
            assets.read_seals("x" * 41)
        with pytest.raises(assets.SealsUnreadable):
            assets.read_seals(",".join(str(each) for each in range(21)))

    def test_reads_ratios_of_transformers(self) -> None:
        assert assets.read_ratio("200/5") == 40
        assert assets.read_ratio("20000 / 100") == 200
        for wrong in ("40", "5/0", "a/b", "", "/"):
            with pytest.raises((ValueError, ZeroDivisionError)):
                assets.read_ratio(wrong)

    def test_multiplies_current_and_voltage(self) -> None:
        both = assets.Equipment("", assets.Transformers("200/5"), assets.Transformers("20000/100"))

        assert both.factor == Fraction(8000)
        assert assets.Equipment().factor is None
