"""Quiet hours, waiting, masking."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.notifications import values
from meterbook.notifications.values import Severity

ZONES = ("Europe/Madrid", "America/Mexico_City", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns", "UTC")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
instants = st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: BEGIN + timedelta(minutes=minutes))
hours = st.times().map(lambda each: each.replace(second=0, microsecond=0))


class TestQuietUntil:
    @pytest.mark.parametrize(
        ("at", "zone", "ends"),
        [
            (datetime(2026, 1, 10, 22, 30, tzinfo=UTC), "Europe/Madrid", datetime(2026, 1, 11, 6, tzinfo=UTC)),
            (datetime(2026, 1, 10, 5, 59, tzinfo=UTC), "Europe/Madrid", datetime(2026, 1, 10, 6, tzinfo=UTC)),
            (datetime(2026, 1, 10, 6, tzinfo=UTC), "Europe/Madrid", None),
            (datetime(2026, 1, 10, 20, 59, tzinfo=UTC), "Europe/Madrid", None),
            (datetime(2026, 3, 28, 23, tzinfo=UTC), "Europe/Madrid", datetime(2026, 3, 29, 5, tzinfo=UTC)),
            (datetime(2026, 10, 24, 23, tzinfo=UTC), "Europe/Madrid", datetime(2026, 10, 25, 6, tzinfo=UTC)),
            (datetime(2028, 2, 28, 23, tzinfo=UTC), "Asia/Kathmandu", datetime(2028, 2, 29, 1, 15, tzinfo=UTC)),
        ],
    )
    def test_ends_in_the_recipients_morning(self, at: datetime, zone: str, ends: datetime | None) -> None:
        assert values.quiet_until(at, zone=zone, start=time(22), end=time(7)) == ends

    @given(at=instants, zone=st.sampled_from(ZONES), start=hours, end=hours)
    def test_lies_ahead_by_a_day_at_most_and_outside_the_quiet_hours(
        self, at: datetime, zone: str, start: time, end: time
    ) -> None:
        ends = values.quiet_until(at, zone=zone, start=start, end=end)

        if ends is not None:
            assert at < ends <= at + timedelta(hours=26)
            local = ends.astimezone(zoneinfo.ZoneInfo(zone)).time()
            # Where a clock change leaves the end out, it is the first instant after the gap.
            assert local >= end

    @given(at=instants, zone=st.sampled_from(ZONES), start=hours, end=hours)
    def test_is_none_exactly_when_the_clock_on_the_wall_is_outside(
        self, at: datetime, zone: str, start: time, end: time
    ) -> None:
        wall = at.astimezone(zoneinfo.ZoneInfo(zone)).time()
        is_quiet = (start <= wall < end) if start < end else start != end and (wall >= start or wall < end)

        found = values.quiet_until(at, zone=zone, start=start, end=end)

        assert found is None or is_quiet

    @given(at=instants, same=hours)
    def test_is_none_without_hours(self, at: datetime, same: time) -> None:
        assert values.quiet_until(at, zone="UTC", start=None, end=same) is None
        assert values.quiet_until(at, zone="UTC", start=same, end=same) is None


class TestBackOff:
    @given(st.integers(min_value=0, max_value=10_000))
    def test_never_shrinks_and_never_exceeds_half_an_hour(self, tries: int) -> None:
        assert timedelta(minutes=1) <= values.back_off(tries) <= values.back_off(tries + 1) <= timedelta(minutes=30)


class TestMasked:
    @pytest.mark.parametrize(
        ("address", "shown"),
        [("ann.smith@example.com", "an…@example.com"), ("123454711", "…4711"), ("", "")],
    )
    def test_shows_enough_to_know_it_and_no_more(self, address: str, shown: str) -> None:
        assert values.masked(address) == shown


class TestWantsAlarm:
    @pytest.mark.parametrize(
        ("threshold", "severities"),
        [
            (Severity.NONE, set()),
            (Severity.CRITICAL, {"CRITICAL"}),
            (Severity.WARNING, {"CRITICAL", "WARNING"}),
            (Severity.INFO, {"CRITICAL", "WARNING", "INFO"}),
        ],
    )
    def test_counts_from_the_threshold_on(self, threshold: Severity, severities: set[str]) -> None:
        assert {each for each in ("CRITICAL", "WARNING", "INFO") if values.wants_alarm(threshold, each)} == severities


def test_every_kind_has_a_rule_and_a_caption() -> None:
    assert set(values.RULES) == set(values.Kind) == set(values.KIND_CAPTIONS)
