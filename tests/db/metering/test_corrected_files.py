"""A corrected file of intervals: taken with a reason, beside what was stored, and without touching what came later."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connections

from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from meterbook.kernel.quantity import Unit
from meterbook.metering import models, operations, queries
from meterbook.metering.deriving import late
from meterbook.metering.importing.mapping import Mapping
from meterbook.metering.importing.problems import FileInvalid
from tests.factories import billing, identity, imports, metering

ACTOR, NOW = imports.ACTOR, imports.NOW
ENERGY = operations.RegisterPlan("energy_import", "energy_import", Unit.KWH, 3)
MADRID = ZoneInfo("Europe/Madrid")
FIRST, SECOND, THIRD = (date(2026, 3, day) for day in (1, 2, 3))
WISH = operations.Correcting("the landlord sent corrected values")


@pytest.fixture
def world() -> World:
    return World()


class World:
    """Three days of quarter hours of 1 kWh each, imported day by day and derived."""

    def __init__(self) -> None:
        self.organization = identity.organization()
        self.meter = metering.installed_meter(organization=self.organization, code="MP-1", registers=(ENERGY,))
        for day in (FIRST, SECOND, THIRD):
            self.load(day_of(day))
        billing.derive(self.organization.pk)

    def scope(self, organization: identity_models.Organization | None = None) -> Any:  # noqa: ANN401
        return scoping.scope([(organization or self.organization).pk], actor=ACTOR)

    def load(
        self, content: bytes, wish: operations.Correcting | None = None, *, mapping: Mapping | None = None
    ) -> operations.PointOutcome:
        with self.scope():
            outcome = operations.import_readings(
                actor=ACTOR,
                at=NOW,
                content=content,
                name="march.csv",
                mapping=mapping or Mapping(point="MP-1"),
                correcting=wish,
            )
        return outcome.points[0]

    def review(self, content: bytes) -> operations.PointOutcome:
        with self.scope():
            outcome = operations.check_import(
                content=content,
                name="march.csv",
                mapping=Mapping(point="MP-1"),
                reviewing=operations.Reviewing(ACTOR, NOW),
            )
        return outcome.points[0]

    def used(self, day: date) -> tuple[list[Decimal], set[int]]:
        start = datetime(day.year, day.month, day.day, tzinfo=MADRID).astimezone(UTC)
        with self.scope():
            (series,) = queries.list_series(meter_point_ids=[self.meter.point.pk])
            run = queries.get_intervals(series=series, period=Period(start, start + timedelta(days=1)))
        scale = Decimal(10) ** -series.decimals
        return [each * scale for each in run.values.tolist()], set(run.quality.tolist())

    def raw(self) -> list[tuple[datetime, int]]:
        with self.scope():
            rows = models.Reading.objects.filter(organization_id=self.organization.pk)
            return list(rows.order_by("at").values_list("at", "value"))

    def facts(self) -> int:
        with self.scope():
            return models.Correction.objects.filter(organization_id=self.organization.pk).count()

    def edits(self) -> list[queries.EditRow]:
        with self.scope():
            return queries.list_edits(series=queries.list_series(meter_point_ids=[self.meter.point.pk]))

    def changed_days(self) -> set[date]:
        with self.scope():
            rows = models.ChangedDays.objects.filter(organization_id=self.organization.pk, changed_at__gte=NOW)
            return {day for each in rows for _series, day in late.pairs(bytes(each.series), bytes(each.days))}


def day_of(day: date, changed: dict[int, str] | None = None, *, quarters: int = 96) -> bytes:
    start = datetime.combine(day, time())
    rows = [
        (f"{start + n * timedelta(minutes=15):%Y-%m-%d %H:%M}", (changed or {}).get(n, "1")) for n in range(quarters)
    ]
    return imports.csv_file(rows)


@pytest.mark.spec("B-19")
@pytest.mark.spec("M-022/3")
class TestCorrectedFile:
    def test_counts_beside_what_was_stored_and_leaves_what_came_later(self, world: World) -> None:
        corrected, before = day_of(SECOND, {40: "3.5", 41: "0", 95: "1.25"}), world.raw()

        review = world.review(corrected)
        assert world.facts() == 0
        with pytest.raises(FileInvalid, match="take it as a correction"):
            world.load(corrected)
        outcome = world.load(corrected, WISH)
        operations.derive_dirty_days(organization_id=world.organization.pk, actor=ACTOR, at=NOW)

        changes = review.changes
        assert changes is not None
        assert (changes.state, changes.count, changes.days, changes.unit) == ("OFFERED", 3, ("2026-03-02",), "kWh")
        assert (changes.before, changes.after, changes.difference) == ("3.000", "4.750", "1.750")
        assert [(each.starts_at, each.before, each.after) for each in changes.sample] == [
            ("2026-03-02T10:00:00+01:00", "1.000", "3.500"),
            ("2026-03-02T10:15:00+01:00", "1.000", "0.000"),
            ("2026-03-02T23:45:00+01:00", "1.000", "1.250"),
        ]
        assert outcome.changes is not None
        assert (outcome.changes.state, outcome.inserted, outcome.unchanged) == ("TAKEN", 0, 94)
        assert world.raw() == before
        values, quality = world.used(SECOND)
        assert (values[39:43], values[95], sum(values)) == (
            [1, Decimal("3.5"), 0, 1],
            Decimal("1.25"),
            Decimal("97.75"),
        )
        assert quality == {Quality.VALID, Quality.EDITED}
        for day in (FIRST, THIRD):
            assert world.used(day) == ([Decimal(1)] * 96, {Quality.VALID})
        assert world.changed_days() == {SECOND}
        (edit,) = world.edits()
        assert (edit.kind, edit.original, edit.shown, edit.author) == ("INTERVALS", Decimal(3), Decimal("4.75"), "test")
        assert edit.reason == "the landlord sent corrected values"
        with world.scope():
            live = queries.live_values(series=queries.list_series(meter_point_ids=[world.meter.point.pk]))
            entry = audit_models.AuditEntry.objects.get(
                organization_id=world.organization.pk, action="metering:correct_intervals"
            )
        assert [each.value for each in live] == [Decimal("289.750")]
        assert (entry.reason, entry.row_count) == ("the landlord sent corrected values", world.facts() - 1)

    def test_brings_nothing_the_second_time_and_later_files_go_on_from_it(self, world: World) -> None:
        corrected = day_of(THIRD, {0: "2"})
        world.load(corrected, WISH)
        facts = world.facts()

        again, plain = world.load(corrected, WISH), world.load(corrected)
        world.load(day_of(date(2026, 3, 4), quarters=2))
        third = world.load(day_of(FIRST, {0: "0.5"}), WISH)
        billing.derive(world.organization.pk)

        assert (again.inserted, again.unchanged, again.changes) == (0, 97, None)
        assert (plain.inserted, plain.changes) == (0, None)
        assert third.changes is not None
        assert third.changes.difference == "-0.500"
        assert world.facts() > facts
        assert world.used(FIRST)[0][:2] == [Decimal("0.5"), Decimal(1)]
        assert world.used(THIRD)[0][:2] == [Decimal(2), Decimal(1)]
        assert world.used(date(2026, 3, 4))[0][:2] == [Decimal(1), Decimal(1)]
        assert len(world.edits()) == 2

    def test_may_bring_new_values_as_well(self, world: World) -> None:
        two_days = day_of(THIRD, {95: "7", 97: "4"}, quarters=98)

        outcome = world.load(two_days, WISH)
        billing.derive(world.organization.pk)

        assert (outcome.inserted, outcome.unchanged) == (2, 96)
        assert world.used(THIRD)[0][94:] == [1, 7]
        assert world.used(date(2026, 3, 4))[0][:2] == [1, 4]

    def test_is_refused_where_the_meter_itself_was_read_or_the_person_may_not(self, world: World) -> None:
        with pytest.raises(operations.CorrectionNotAllowed):
            world.load(day_of(SECOND, {3: "9"}), operations.Correcting("why", frozenset()))
        with pytest.raises(operations.CorrectionIncomplete):
            operations.Correcting("  ")
        read = datetime(2026, 3, 5, 9, tzinfo=UTC)
        metering.record(world.meter.energy, [(read, 400_000)])

        with pytest.raises(FileInvalid, match="2026-03-05 10:00 the meter was read"):
            world.load(day_of(SECOND, {3: "9"}), WISH)
        same_sum = world.load(day_of(SECOND, {3: "0", 4: "2"}), WISH)

        assert same_sum.changes is not None
        assert world.facts() == 3 - 1  # of the readings only the one between both quarters moved

    def test_moves_the_closing_of_a_meter_of_which_only_files_tell(self, world: World) -> None:
        end = datetime(2026, 3, 4, tzinfo=MADRID)
        with world.scope():
            installation = models.Installation.objects.get(pk=world.meter.installation.pk)
            installation.meter.model_code = "imported"
            installation.meter.save(update_fields=["model_code"])
            operations.remove_meter(
                actor=ACTOR,
                at=NOW,
                installation=installation,
                ends_at=end,
                closings={"energy_import": operations.Closing(288_000)},
                reason="end of the contract",
            )

        first = world.load(day_of(SECOND, {3: "9"}), WISH)
        final = world.load(day_of(THIRD, {95: "2"}), WISH)
        again = world.load(day_of(THIRD, {95: "2"}), WISH)
        billing.derive(world.organization.pk)

        assert [each.changes is not None for each in (first, final, again)] == [True, True, False]
        assert again.inserted == 0
        with world.scope():
            register = models.InstallationRegister.objects.get(organization_id=world.organization.pk)
        assert register.closing == 288_000 + 8_000 + 1_000
        assert world.used(SECOND)[0][2:5] == [1, 9, 1]
        assert world.used(THIRD)[0][93:] == [1, 1, 2]

    def test_of_another_organization_finds_nothing_to_correct(self, world: World) -> None:
        foreign = identity.organization()

        with world.scope(foreign), pytest.raises(FileInvalid):
            operations.import_readings(
                actor=ACTOR,
                at=NOW,
                content=day_of(SECOND, {3: "9"}),
                name="a.csv",
                mapping=Mapping(point="MP-1"),
                correcting=WISH,
            )

        assert world.facts() == 0

    def test_leaves_nothing_when_the_server_ends_the_connection_in_the_middle(self, world: World) -> None:
        before = world.raw()

        with pytest.raises(DatabaseError):
            correct_and_die(world)
        connections["default"].close()

        assert (world.raw(), world.facts()) == (before, 0)


def correct_and_die(world: World) -> None:
    with world.scope():
        operations.import_readings(
            actor=ACTOR,
            at=NOW,
            content=day_of(THIRD, {3: "9"}, quarters=98),
            name="a.csv",
            mapping=Mapping(point="MP-1"),
            correcting=WISH,
        )
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
