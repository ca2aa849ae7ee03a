"""Yesterday of every meter: what can hardly be right is kept once, prolonged, and settled with a reason (B-18)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.quantity import Unit
from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries
from meterbook.metering import values
from meterbook.metering.checking.days import CheckKind
from meterbook.metering.checking.thresholds import ThresholdInvalid
from meterbook.metering.validation.inputs import CorrectionKind
from meterbook.monitoring import models, operations, queries
from meterbook.web import check_words
from tests.factories import billing, customers, identity, metering

FIRST = date(2026, 2, 1)
DAY = date(2026, 3, 5)  # a Thursday
NOW = datetime(2026, 3, 6, 9, tzinfo=UTC)
RISE = 25
VOLTS = tuple(metering_operations.RegisterPlan(f"voltage_l{n}", f"voltage_l{n}", Unit.V, 1) for n in (1, 2, 3))
HAND = tuple(
    metering_operations.RegisterPlan(code, code, Unit.KWH, 3)
    for code in ("energy_import", "energy_import_t1", "energy_import_t2")
)
EXPORT = metering_operations.RegisterPlan("energy_export", "energy_export", Unit.KWH, 2)


class Site:
    """Meters since February at 24 kWh a day; what happens on 5 March is each test's."""

    def __init__(self) -> None:
        self.place = billing.place()

    def meter(
        self,
        name: str,
        on_the_day: Callable[[int], int] = lambda _slot: RISE,
        *,
        rise: int = RISE,
        registers: tuple[metering_operations.RegisterPlan, ...] = (metering.ENERGY,),
        **more: Any,  # noqa: ANN401
    ) -> metering.Installed:
        made = metering.installed_meter(
            organization=self.place.organization, site=self.place.site, name=name, registers=registers, **more
        )
        begin, end = civil.start_of_day(FIRST, billing.MADRID), civil.start_of_day(DAY, billing.MADRID)
        steps = (end - begin) // billing.STEP
        readings = [(begin + step * billing.STEP, 100_000 + step * rise) for step in range(steps + 1)]
        value = readings[-1][1]
        for slot in range(96):
            value += on_the_day(slot)
            readings.append((end + (slot + 1) * billing.STEP, value))
        metering.record(made.energy, readings)
        return made

    def let(self, made: metering.Installed, until: datetime | None = None) -> None:
        account = customers.account(organization=self.place.organization, site=self.place.site)
        begin = civil.start_of_day(FIRST, billing.MADRID)
        customers.contract(account=account, point=made.point, tariff=self.place.tariff, starts_at=begin, ends_at=until)

    def check(self, at: datetime = NOW) -> list[tuple[str, CheckKind]]:
        billing.derive(self.place.organization.pk)
        with scoping.scope([self.place.organization.pk], actor=identity.ACTOR):
            operations.check_days(actor=identity.ACTOR, at=at)
            return [(each.point_name, each.kind) for each in queries.list_day_findings(site_ids=None)]

    def rows(self) -> list[models.DayFinding]:
        with scoping.scope([self.place.organization.pk], actor=identity.ACTOR):
            return list(models.DayFinding.objects.filter(organization_id=self.place.organization.pk).order_by("id"))


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.mark.spec("B-18")
class TestDayChecks:
    @pytest.mark.spec("B-33")
    def test_tell_of_each_meter_what_can_hardly_be_right(self, site: Site) -> None:
        site.meter("right")
        site.meter("spike", lambda slot: 4 * RISE if slot == 40 else RISE)
        empty = site.meter("nothing used", lambda _slot: 0)
        site.let(empty)
        vacant = site.meter("vacant")
        site.let(vacant, until=civil.start_of_day(date(2026, 3, 1), billing.MADRID))
        let = site.meter("let")
        site.let(let)
        dead = site.meter("dead phase", registers=(metering.ENERGY, *VOLTS))
        noon = civil.start_of_day(DAY, billing.MADRID)
        for number in (1, 2, 3):
            shown = [(noon + slot * timedelta(minutes=5), 2300 if number != 2 else 4) for slot in range(288)]
            metering.record(dead.series[f"voltage_l{number}"], shown)
        turned = site.meter("turned", lambda _slot: 0, registers=(metering.ENERGY, EXPORT))
        begin = civil.start_of_day(FIRST, billing.MADRID)
        still = [(begin + step * billing.STEP, 500) for step in range((noon - begin) // billing.STEP + 1)]
        metering.record(turned.series["energy_export"], still)
        back = [(noon + slot * billing.STEP, 500 + slot * RISE) for slot in range(1, 97)]
        metering.record(turned.series["energy_export"], back)
        stuck = site.meter("stuck", lambda _slot: 0, registers=(metering.ENERGY, metering.POWER))
        power = [(noon + slot * timedelta(minutes=5), 900) for slot in range(288)]
        metering.record(stuck.series["power"], power)

        found = site.check()

        assert sorted(found) == [
            ("dead phase", CheckKind.PHASE_MISSING),
            ("nothing used", CheckKind.ZERO_OCCUPIED),
            ("spike", CheckKind.SPIKE),
            ("stuck", CheckKind.STUCK),
            ("turned", CheckKind.CT_REVERSED),
            ("vacant", CheckKind.USE_VACANT),
        ]
        assert sorted(site.check()) == sorted(found)  # a second time the same
        assert {(each.first_day, each.last_day) for each in site.rows()} == {(DAY, DAY)}

    def test_tell_of_parts_that_sum_to_more_than_their_main_meter(self, site: Site) -> None:
        site.meter("Main", role=values.PointRole.MAIN, rise=2 * RISE)
        site.meter("A")
        site.meter("B")

        assert site.check() == [("Main", CheckKind.PARENT_SUM)]
        (row,) = site.rows()
        assert row.facts == {"above": 24_000, "below": 48_000, "count": 2, "unit": "KWH", "decimals": 3}

    def test_leave_days_with_gaps_and_organizations_without_meters_alone(self, site: Site) -> None:
        assert site.check() == []
        empty = site.meter("gap")
        site.let(empty)

        assert site.check(NOW + timedelta(days=1)) == []

    def test_are_settled_with_a_reason_and_open_again_on_another_day(self, site: Site) -> None:
        made = site.meter("nothing used", lambda _slot: 0)
        site.let(made)
        site.check()
        (row,) = site.rows()
        with scoping.scope([site.place.organization.pk], actor=identity.ACTOR):
            given: dict[str, Any] = {"actor": identity.ACTOR, "at": NOW}
            with pytest.raises(operations.ReasonMissing):
                operations.settle_day_finding(**given, finding=row.public_id, reason=" ")
            operations.settle_day_finding(**given, finding=row.public_id, reason="on holiday")
            for gone in (row.public_id, uuid.uuid4()):
                with pytest.raises(operations.FindingSettled):
                    operations.settle_day_finding(**given, finding=gone, reason="again")
            entries = audit_models.AuditEntry.objects.filter(
                organization_id=site.place.organization.pk, action="monitoring:settle_day_finding"
            )
            assert [each.reason for each in entries] == ["on holiday"]
        assert site.check() == []
        end = civil.start_of_day(DAY + timedelta(days=1), billing.MADRID)
        value = 100_000 + 32 * 96 * RISE
        metering.record(made.energy, [(end + slot * billing.STEP, value) for slot in range(1, 97)])

        assert site.check(NOW + timedelta(days=1)) == [("nothing used", CheckKind.ZERO_OCCUPIED)]
        assert [each.last_day for each in site.rows()] == [DAY, DAY + timedelta(days=1)]

    @pytest.mark.spec("B-18/2")
    def test_tell_of_tariff_registers_that_count_something_else_than_the_total(self, site: Site) -> None:
        def read(name: str, night: int, *, model: str = "imported") -> metering.Installed:
            made = metering.installed_meter(
                organization=site.place.organization, site=site.place.site, name=name, model_code=model, registers=HAND
            )
            begin, end = (civil.start_of_day(each, billing.MADRID) for each in (date(2026, 3, 1), date(2026, 3, 6)))
            for code, first, final in (
                ("energy_import", 1_000_000, 1_500_000),
                ("energy_import_t1", 700_000, 1_050_000),
                ("energy_import_t2", 300_000, night),
            ):
                metering.record(made.series[code], [(begin, first), (end, final)], source=values.Source.FIELD)
            return made

        read("right", 450_000)
        read("whole units", 448_000)
        wrong = read("digit", 405_000)

        assert site.check() == [("digit", CheckKind.TARIFF_SUM)]
        (row,) = site.rows()
        assert (row.facts["tariffs"], row.facts["registers"], row.facts["count"]) == (455_000, 500_000, 2)
        words = check_words.found(CheckKind.TARIFF_SUM, row.facts)
        assert words == (
            "From 1 Mar 2026 to 6 Mar 2026 its 2 tariff registers counted 455.00\N{NO-BREAK SPACE}kWh together, the"
            " total register 500.00\N{NO-BREAK SPACE}kWh."
        )
        # Corrected, it is told no more; no value was changed by the check itself.
        with scoping.scope([site.place.organization.pk], actor=identity.ACTOR):
            metering_operations.correct_readings(
                actor=identity.ACTOR,
                at=NOW,
                series=wrong.series["energy_import_t2"],
                kind=CorrectionKind.SET,
                corrected_at=civil.start_of_day(date(2026, 3, 6), billing.MADRID),
                value=450_000,
                reason="Two digits were exchanged",
            )
        assert site.check() == []


@pytest.mark.spec("B-18")
class TestChecksAgain:
    def thresholds(self, site: Site, *, service: str = "", at_site: bool = False, **given: str) -> int:
        with scoping.scope([site.place.organization.pk], actor=identity.ACTOR):
            return metering_operations.set_thresholds(
                actor=identity.ACTOR,
                at=NOW,
                site_id=site.place.site.pk if at_site else None,
                service=service,
                given=given,
            )

    def again(self, site: Site, at: datetime = NOW) -> list[tuple[str, CheckKind]]:
        metering_operations.derive_dirty_days(organization_id=site.place.organization.pk, actor=identity.ACTOR, at=at)
        with scoping.scope([site.place.organization.pk], actor=identity.ACTOR):
            while operations.recheck_days(actor=identity.ACTOR, at=at):
                pass
            return [(each.point_name, each.kind) for each in queries.list_day_findings(site_ids=None)]

    def test_when_a_threshold_changes_and_take_back_what_is_right_then(self, site: Site) -> None:
        site.meter("spike", lambda slot: 4 * RISE if slot == 40 else RISE)
        assert site.check() == [("spike", CheckKind.SPIKE)]

        assert self.thresholds(site, spike_times="4") == 1
        assert self.again(site) == []
        assert self.thresholds(site, service="ELECTRICITY", at_site=True, spike_times="3.5") == 1
        assert self.again(site) == [("spike", CheckKind.SPIKE)]
        assert self.thresholds(site, service="COLD_WATER", spike_times="90") == 1
        assert self.again(site) == [("spike", CheckKind.SPIKE)]
        assert self.thresholds(site, spike_times="4") == 1  # the same again is no new version
        assert self.thresholds(site, spike_times="2") == 2

        (row,) = site.rows()
        assert row.facts["times"] == "3.5"
        assert sorted(row.by_day) == [DAY.isoformat()]
        with scoping.scope([site.place.organization.pk], actor=identity.ACTOR):
            actions = audit_models.AuditEntry.objects.filter(organization_id=site.place.organization.pk)
            taken = actions.filter(action="monitoring:take_back_day_finding").count()
            policies = metering_queries.checking_policies()
        assert taken == 1
        held = policies.holding(site_id=site.place.site.pk, service="ELECTRICITY")
        around = policies.around(site_id=site.place.site.pk, service="ELECTRICITY")
        assert (held.spike_times, around.spike_times) == (Fraction(7, 2), Fraction(2))

    def test_when_readings_come_late(self, site: Site) -> None:
        end = civil.start_of_day(DAY + timedelta(days=1), billing.MADRID)
        later = site.meter("late")
        assert site.check(NOW + timedelta(days=1)) == []  # of the day after nothing is there yet
        value = 100_000 + 33 * 96 * RISE
        metering.record(
            later.energy,
            [(end + slot * billing.STEP, value + slot * RISE * (9 if slot > 80 else 1)) for slot in range(1, 97)],
        )

        assert self.again(site, NOW + timedelta(days=2)) == [("late", CheckKind.SPIKE)]
        assert site.rows()[0].first_day == DAY + timedelta(days=1)

    def test_of_a_main_meter_when_a_part_of_it_changes(self, site: Site) -> None:
        site.meter("Main", role=values.PointRole.MAIN, rise=2 * RISE)
        site.meter("A")
        site.meter("B")
        assert site.check() == [("Main", CheckKind.PARENT_SUM)]

        self.thresholds(site, sum_percent="50")
        assert self.again(site) == [("Main", CheckKind.PARENT_SUM)]  # twice as much is more than half above
        with pytest.raises(ThresholdInvalid):
            self.thresholds(site, sum_percent="51")

    def test_tell_of_second_numbers_and_of_clocks_that_go_wrong(self, site: Site) -> None:
        twice = site.meter("twice")
        metering.record(twice.energy, [(civil.start_of_day(DAY, billing.MADRID) + billing.STEP, 5)])
        begin = civil.start_of_day(FIRST, billing.MADRID)
        end = civil.start_of_day(DAY + timedelta(days=1), billing.MADRID)
        off = metering.installed_meter(organization=site.place.organization, site=site.place.site, name="off")
        shift = timedelta(minutes=6)
        steps = (end - begin) // billing.STEP + 1
        metering.record(
            off.energy, [(begin + step * billing.STEP + shift, 100_000 + step * RISE) for step in range(steps)]
        )

        found = site.check()

        assert sorted(found) == [("off", CheckKind.OFF_TIME), ("twice", CheckKind.DUPLICATE)]
        facts = {each.kind: each.facts for each in site.rows()}
        assert facts["DUPLICATE"]["count"] == 1
        assert (facts["OFF_TIME"]["count"], facts["OFF_TIME"]["of"]) == (96, 96)
