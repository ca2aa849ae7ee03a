"""Deriving does not depend on the order of arrival, on interruptions, or on others who derive too."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import psycopg
import pytest
from django.db import connections

from meterbook.foundation import scoping
from meterbook.kernel.quality import Quality
from meterbook.metering import operations
from meterbook.metering.deriving import marks
from meterbook.metering.operations import marking
from meterbook.metering.validation.inputs import FindingKind
from tests.db.metering import derived
from tests.factories import metering as factory


class TestOrderOfArrival:
    @pytest.mark.parametrize("seed", range(12))
    def test_does_not_matter(self, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311
        ours = derived.organization()
        rated = Decimal(69) if seed % 2 else None
        at_once = factory.installed_meter(organization=ours, rated_per_hour=rated)
        bit_by_bit = factory.installed_meter(organization=ours, rated_per_hour=rated)
        readings = derived.rough(seed)
        factory.record(at_once.energy, readings)
        derived.derive(ours.pk)
        shuffled = readings.copy()
        if seed % 3:
            chance.shuffle(shuffled)
        while shuffled:
            size = chance.choice([1, 20, 100])
            factory.record(bit_by_bit.energy, shuffled[:size])
            shuffled = shuffled[size:]
            derived.derive(ours.pk)

        assert derived.days_of(bit_by_bit.energy) == derived.days_of(at_once.energy)
        assert derived.found_kinds(bit_by_bit.energy) == derived.found_kinds(at_once.energy)

    def test_does_not_matter_where_days_pass_before_the_counter_can_be_believed_again(self) -> None:
        ours = derived.organization()
        at_once, bit_by_bit = (factory.installed_meter(organization=ours) for _ in range(2))
        pause = 6 * derived.HOUR
        shown = [10_000, 10_010, 10_020, *[0] * 14, 10_170, 10_180]
        readings = [(derived.MIDNIGHT + number * pause, value) for number, value in enumerate(shown)]
        factory.record(at_once.energy, readings)
        for reading in readings:
            factory.record(bit_by_bit.energy, [reading])
            derived.derive(ours.pk)

        assert derived.days_of(bit_by_bit.energy) == derived.days_of(at_once.energy)
        assert derived.total(bit_by_bit.energy) == 1_800

    def test_does_not_matter_where_a_reading_replaces_estimates_of_days_before(self) -> None:
        ours = derived.organization()
        at_once, bit_by_bit = (factory.installed_meter(organization=ours) for _ in range(2))
        facts = derived.counted(derived.MIDNIGHT, derived.MIDNIGHT + timedelta(days=2))
        noon = derived.MIDNIGHT + timedelta(days=2, hours=12)
        estimates = [(noon + timedelta(days=number), 15_000 + number) for number in range(3)]
        final = [(noon + timedelta(days=3), 14_900)]
        for meter, pause in ((at_once, lambda: None), (bit_by_bit, lambda: derived.derive(ours.pk))):
            factory.record(meter.energy, facts)
            pause()
            for estimate in estimates:
                factory.record(meter.energy, [estimate], quality=Quality.ESTIMATED)
                pause()
            factory.record(meter.energy, final)
        derived.derive(ours.pk)

        assert derived.days_of(bit_by_bit.energy) == derived.days_of(at_once.energy)
        assert derived.total(bit_by_bit.energy) == 49_000

    @pytest.mark.parametrize("seed", range(3))
    def test_and_a_rebuild_gives_the_same_bytes(self, seed: int) -> None:
        ours = derived.organization()
        meters = [factory.installed_meter(organization=ours, rated_per_hour=Decimal(69)) for _ in range(3)]
        for number, meter in enumerate(meters):
            readings = derived.rough(seed * 3 + number)
            for start in range(0, len(readings), 150):
                factory.record(meter.energy, readings[start : start + 150])
                derived.derive(ours.pk)
        before = derived.everything(ours.pk)

        derived.start_again(ours.pk, [each.energy.pk for each in meters], derived.DAY, derived.DAY + timedelta(days=10))
        derived.derive(ours.pk)

        assert derived.everything(ours.pk) == before

    @pytest.mark.parametrize("seed", range(3))
    def test_and_the_sum_is_the_difference_of_the_register(self, seed: int) -> None:
        meter = factory.installed_meter(organization=derived.organization(), multiplier=Fraction(7, 30))
        readings = [(at, index * 3) for index, (at, _) in enumerate(derived.rough(seed))]
        factory.record(meter.energy, readings)

        derived.derive(meter.organization_id)

        exact = Fraction(readings[-1][1]) * 10 * Fraction(7, 30)
        assert abs(derived.total(meter.energy) - exact) <= Fraction(1, 2)


@contextlib.contextmanager
def refused_findings() -> Iterator[None]:
    """The server refuses findings, which are written after the blocks and before the commit."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("REVOKE INSERT ON metering_seriesfinding FROM meterbook_bulk")
        try:
            yield
        finally:
            cursor.execute("GRANT INSERT ON metering_seriesfinding TO meterbook_bulk")


class TestInterrupted:
    def test_the_second_try_ends_with_the_same(self) -> None:
        """The server refuses the findings after it took the blocks: neither is there."""
        meter = factory.installed_meter(organization=derived.organization())
        readings = derived.counted(derived.MIDNIGHT, derived.MIDNIGHT + timedelta(days=1))
        factory.record(meter.energy, [(at, 0 if at == readings[40][0] else value) for at, value in readings])
        with pytest.raises(psycopg.errors.InsufficientPrivilege), refused_findings():
            derived.derive(meter.organization_id)
        assert derived.stored(meter.organization_id) == {}
        assert derived.found_kinds(meter.energy) == []

        derived.derive(meter.organization_id)

        assert derived.days_of(meter.energy)[derived.DAY][0] == [250] * 95 + [0]
        assert derived.found_kinds(meter.energy) == [FindingKind.GLITCH]
        assert derived.derive(meter.organization_id) == operations.DeriveOutcome()

    def test_after_some_series_the_others_stay_marked(self) -> None:
        """Two series of more days than one transaction takes; the server refuses a finding of the second one."""
        ours = derived.organization()
        first, second = (factory.installed_meter(organization=ours) for _ in range(2))
        begin = derived.DAY - timedelta(days=marks.SERIES_DAYS)
        with scoping.scope([ours.pk], actor=derived.ACTOR):
            marking.mark_dirty(
                organization_id=ours.pk,
                series_ids=[first.energy.pk, second.energy.pk],
                first_day=begin,
                until_day=derived.DAY,
            )
        readings = derived.counted(derived.MIDNIGHT, derived.MIDNIGHT + derived.HOUR)
        factory.record(first.energy, readings)
        factory.record(second.energy, [readings[0], (readings[1][0], 0), *readings[2:]])
        with pytest.raises(psycopg.errors.InsufficientPrivilege), refused_findings():
            derived.derive(ours.pk)
        assert derived.days_of(first.energy) != {}
        assert derived.days_of(second.energy) == {}

        derived.derive(ours.pk)

        assert derived.total(second.energy) == 750


class TestTwoAtOnce:
    """Another deriver holds the organization's lock while ours has read the marks and waits."""

    def test_what_arrives_meanwhile_stays_marked(self) -> None:
        meter = factory.installed_meter(organization=derived.organization())
        factory.record(meter.energy, derived.counted(derived.MIDNIGHT, derived.MIDNIGHT + derived.HOUR))

        with Other(meter.organization_id) as other:
            factory.record(meter.energy, derived.counted(derived.MIDNIGHT, derived.MIDNIGHT + 2 * derived.HOUR))
        outcome = other.outcome()

        # Once with all readings, and once more for the second mark, which then changes nothing.
        assert outcome == operations.DeriveOutcome(derived=2, changed=1)
        assert derived.total(meter.energy) == 7 * 250

    def test_what_the_other_has_derived_is_left(self) -> None:
        meter = factory.installed_meter(organization=derived.organization())
        factory.record(meter.energy, derived.counted(derived.MIDNIGHT, derived.MIDNIGHT + derived.HOUR))

        with Other(meter.organization_id) as other, connections["owner"].cursor() as cursor:
            cursor.execute("DELETE FROM metering_dirtydays WHERE organization_id = %s", [meter.organization_id])
        outcome = other.outcome()

        assert outcome == operations.DeriveOutcome()
        assert derived.stored(meter.organization_id) == {}


class Other:
    """Holds the lock of an organization until a deriver, started in a thread, waits for it and the body has run."""

    def __init__(self, organization_id: int) -> None:
        self.organization_id = organization_id
        self.found: list[operations.DeriveOutcome] = []
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self.found.append(derived.derive(self.organization_id))
        finally:
            connections.close_all()

    def __enter__(self) -> Other:
        self.cursor = connections["maintenance"].cursor()
        self.cursor.execute("SELECT pg_advisory_lock(%s, %s)", [marks.LOCK, self.organization_id])
        self.thread.start()
        waiting = None
        while waiting is None and self.thread.is_alive():
            self.cursor.execute(
                "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid = %s AND objid = %s",
                [marks.LOCK, self.organization_id],
            )
            waiting = self.cursor.fetchone()
        assert waiting is not None
        return self

    def __exit__(self, *_: object) -> None:
        self.cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [marks.LOCK, self.organization_id])
        self.thread.join()

    def outcome(self) -> operations.DeriveOutcome:
        """What the waiting deriver said."""
        return self.found[0]
