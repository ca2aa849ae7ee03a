"""Whatever happened, in whatever order it became known: what is stored is what the pure function makes of all facts.

A random life of a meter point (zero glitches, spikes, resets, roll-overs, exchanges, changes of transformers,
corrections, estimates, two sources) is told to the database in random portions, late, twice and out of order, derived
now and then; and the whole of it to `validation.derivation.derive` at once.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from django.db import connections

from meterbook.foundation import scoping
from meterbook.kernel.quality import Quality
from meterbook.kernel.quantity import Unit
from meterbook.metering import models, operations, values
from meterbook.metering.deriving import setups
from meterbook.metering.validation import derivation
from meterbook.metering.validation.inputs import CorrectionKind, Readings, Window
from tests.db.metering import derived
from tests.factories import metering as factory

DAYS = 8
WRAP = 1_000_000
MINUTE = timedelta(minutes=1)
MICROSECONDS_A_DAY = 86_400_000_000
KINDS = (
    CorrectionKind.EXCLUDE,
    CorrectionKind.SET,
    CorrectionKind.RESTORE,
    CorrectionKind.RELEASE,
    CorrectionKind.CONFIRM_RESET,
)

Told = tuple[datetime, int, values.Source, Quality]


@dataclass
class Life:
    """A meter point whose counter goes on while things happen to it."""

    chance: random.Random
    meter: factory.Installed
    calm: int  # how many times rarer than in a rough life things go wrong
    readings: list[Told] = field(default_factory=list)

    def make(self) -> None:
        """All readings of the time, in order; exchanges and changes of transformers are told at once."""
        chance = self.chance
        at = derived.MIDNIGHT + MINUTE * chance.randrange(600)
        value = chance.choice([50_000, WRAP - 500])
        installation = self.meter.installation
        while at < derived.MIDNIGHT + timedelta(days=DAYS):
            what = chance.random() * self.calm
            if what < 0.004:
                installation, value = self._exchange(installation, at, value)
            elif what < 0.008:
                self._change_transformers(installation, at, value)
            elif what < 0.012:
                value = chance.randrange(0, 50)  # a reset
            self._show(at, value)
            pauses = [14, 16, 60, 60 * 7, 60 * 30 if chance.random() < 0.1 else 15]
            pause = chance.choice(pauses) if chance.random() * self.calm < 0.5 else 15
            at += MINUTE * pause
            value = (value + chance.choice([0, 1, 2, 25, 25]) * max(pause // 15, 1)) % WRAP

    def _show(self, at: datetime, value: int) -> None:
        chance = self.chance
        what = chance.random() * self.calm
        shown, source, quality = value, values.Source.METER, Quality.VALID
        if what < 0.01:
            shown = chance.choice([0, 0, 2**61, 2**63 - 1, -(2**63)])
        elif what < 0.02:
            shown = value + 5_000_000
        elif what < 0.05:
            shown = max(value - chance.randrange(1, 4), 0)
        elif what < 0.07:
            quality = chance.choice([Quality.ESTIMATED, Quality.EDITED, Quality.QUESTIONABLE])
            shown = value + chance.choice([0, 40])
        elif what < 0.09:
            self.readings.append((at, value + chance.choice([0, 3]), values.Source.IMPORT, Quality.VALID))
        self.readings.append((at, shown, source, quality))

    def _exchange(self, installation: models.Installation, at: datetime, value: int) -> tuple[models.Installation, int]:
        chance = self.chance
        begin = chance.choice([0, 12_345])
        opening = chance.choice([None, begin])
        closing = operations.Closing(value, is_estimated=chance.random() < 0.3)
        plan = operations.RegisterPlan(
            "energy_import", "energy_import", Unit.KWH, 2, wrap=chance.choice([None, WRAP]), opening=opening
        )
        with scoping.scope([self.meter.organization_id], actor=derived.ACTOR):
            other = operations.exchange_meter(
                actor=derived.ACTOR,
                at=at,
                installation=models.Installation.objects.get(
                    organization_id=self.meter.organization_id, pk=installation.pk
                ),
                exchanged_at=at,
                closings={"energy_import": closing},
                meter=operations.create_meter(
                    actor=derived.ACTOR,
                    at=at,
                    organization_id=self.meter.organization_id,
                    serial_number=f"X{chance.random()}",
                    model_code="eastron_sdm630",
                ),
                registers=(plan,),
                multiplier=chance.choice([Fraction(1), Fraction(40), Fraction(7, 30)]),
                rated_per_hour=chance.choice([None, Decimal(69), Decimal(2000)]),
                reason="exchange",
            )
        return other, begin

    def _change_transformers(self, installation: models.Installation, at: datetime, value: int) -> None:
        chance = self.chance
        with scoping.scope([self.meter.organization_id], actor=derived.ACTOR):
            row = models.Installation.objects.get(organization_id=self.meter.organization_id, pk=installation.pk)
            if row.during.lower >= at:
                return
            operations.change_multiplier(
                actor=derived.ACTOR,
                at=at,
                installation=row,
                starts_at=at,
                multiplier=chance.choice([Fraction(30), Fraction(50), Fraction(1, 3)]),
                registers={"energy_import": value},
                reason="new transformers",
            )

    def tell(self) -> None:
        """Readings in portions, some late, some twice, with corrections and derivations in between."""
        chance = self.chance
        waiting = self.readings.copy()
        if chance.random() * self.calm < 0.6:
            chance.shuffle(waiting)
        while waiting:
            size = chance.choice([1, 20, 100, 300] if self.calm == 1 else [30, 60])
            portion, waiting = waiting[:size], waiting[size:]
            self._record([*portion, *chance.sample(portion, min(3, len(portion)))])
            if chance.random() < 0.1:
                self._record(portion)
            if chance.random() < (0.3 if self.calm == 1 else 0.05):
                self._correct()
            if chance.random() < 0.6:
                derived.derive(self.meter.organization_id)

    def _record(self, portion: list[Told]) -> None:
        for source in values.Source:
            for quality in Quality:
                rows = [(at, value) for at, value, *more in portion if more == [source, quality]]
                if rows:
                    factory.record(self.meter.energy, rows, source=source, quality=quality)

    def _correct(self) -> None:
        at, value, *_ = self.chance.choice(self.readings)
        kind = self.chance.choice(KINDS)
        with scoping.scope([self.meter.organization_id], actor=derived.ACTOR):
            operations.correct_readings(
                actor=derived.ACTOR,
                at=at,
                series=self.meter.energy,
                kind=kind,
                corrected_at=at,
                reason="a person looked",
                value=value + 5 if kind is CorrectionKind.SET else 70,
                until=at + timedelta(hours=self.chance.choice([1, 40])) if kind is CorrectionKind.RELEASE else None,
            )


def expected(series: models.Series, first: date, days: int) -> tuple[np.ndarray, np.ndarray, list[tuple[object, ...]]]:
    """What the pure function makes of everything that is stored about a series."""
    with scoping.scope([series.organization_id], actor=derived.ACTOR):
        setup = setups.load(organization_id=series.organization_id, series_ids=[series.pk])[series.pk]
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT (extract(epoch FROM at) * 1000000)::bigint, value, quality, source FROM metering_reading"
            " WHERE series_id = %s ORDER BY random()",
            [series.pk],
        )
        rows = np.array(cursor.fetchall(), np.int64).reshape(-1, 4)
    readings = Readings(rows[:, 0], rows[:, 1], rows[:, 2].astype(np.uint8), rows[:, 3].astype(np.uint8))
    start = (first - date(1970, 1, 1)).days * MICROSECONDS_A_DAY
    step = setup.step * 60_000_000
    window = Window(start, days * MICROSECONDS_A_DAY // step, step, Window.of_day(start, step).tolerance)
    whole = derivation.derive(readings, setup.installations, setup.corrections, window)
    findings = sorted((each.at, each.kind.value, each.value, each.baseline, each.until or 0) for each in whole.findings)
    return whole.values, whole.quality, [tuple(each) for each in findings]


def stored_findings(series: models.Series) -> list[tuple[object, ...]]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT (extract(epoch FROM at) * 1000000)::bigint, kind, value, baseline,"
            " coalesce((extract(epoch FROM until) * 1000000)::bigint, 0) FROM metering_seriesfinding"
            " WHERE series_id = %s ORDER BY 1, 2, 3, 4, 5",
            [series.pk],
        )
        return [tuple(row) for row in cursor.fetchall()]


def blocks(series: models.Series, first: date, days: int) -> tuple[list[int], list[int]]:
    """The stored days one behind the other; a day without a block is 96 intervals of which nothing is known."""
    known = derived.days_of(series)
    numbers, codes = [], []
    for number in range(days):
        day_values, day_quality = known.pop(first + timedelta(days=number), ([0] * 96, [int(Quality.MISSING)] * 96))
        numbers += day_values
        codes += day_quality
    assert known == {}, "days far away were stored"
    return numbers, codes


@pytest.mark.spec("B-01/1", "B-03/1", "B-04/1", "B-05/1", "B-06/1", "B-07/1")
@pytest.mark.parametrize("calm", [1, 60], ids=["rough", "calm"])
@pytest.mark.parametrize("seed", range(10))
def test_what_is_stored_is_what_all_facts_say(seed: int, calm: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    meter = factory.installed_meter(
        organization=derived.organization(),
        registers=(operations.RegisterPlan("energy_import", "energy_import", Unit.KWH, 2, wrap=WRAP),),
        rated_per_hour=chance.choice([None, Decimal(69), Decimal(2000)]),
        multiplier=chance.choice([Fraction(1), Fraction(40)]),
    )
    life = Life(chance, meter, calm)
    life.make()
    life.tell()
    derived.derive(meter.organization_id)

    first, days = derived.DAY - timedelta(days=2), DAYS + 5
    numbers, codes, findings = expected(meter.energy, first, days)
    stored_numbers, stored_codes = blocks(meter.energy, first, days)
    different = [
        place
        for place in range(days * 96)
        if (stored_numbers[place], stored_codes[place]) != (int(numbers[place]), int(codes[place]))
    ]
    assert different == []
    assert stored_findings(meter.energy) == findings
