"""A counter that went back: the meter's page says why nothing is counted, and settles it; the review says the same."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from meterbook.audit import models as audit_models
from meterbook.billing import queries as billing_queries
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.metering import models, values
from meterbook.metering import queries as metering_queries
from meterbook.metering.validation.inputs import CorrectionKind
from tests.factories import api, billing, customers, identity, metering
from tests.journeys import house

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
RESET = billing.FEBRUARY.starts_at + timedelta(days=10)
QUARTER = timedelta(minutes=15)


@pytest.fixture(autouse=True)
def _in_march() -> object:
    with clock.use(clock.SettableClock(NOW)) as installed:
        yield installed


class Mall(house.House):
    """A shop whose counter shows 1,960.00 kWh on 11 February and 0.05 a quarter later, and goes on from there."""

    def __init__(self) -> None:
        super().__init__()
        self.place = billing.place(organization=self.organization)
        self.meter = billing.metered(self.place, name="Shop 4", code="MP-4")
        before = billing.count(self.meter.energy, billing.FEBRUARY.starts_at, RESET, rise=100)
        assert before == 196_000
        billing.count(self.meter.energy, RESET + QUARTER, billing.FEBRUARY.ends_at, rise=100, begin=5)
        account = customers.account(organization=self.organization, site=self.place.site)
        customers.contract(
            account=account,
            point=self.meter.point,
            tariff=self.place.tariff,
            starts_at=billing.FEBRUARY.starts_at,
        )

    def open(self) -> list[metering_queries.OpenFinding]:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            return metering_queries.open_findings(meter_point=self.meter.point.public_id)

    def settle(self, client: object = None, **given: str) -> Any:  # noqa: ANN401
        (found,) = self.open()
        body = {"kind": found.kind.value, "found_at": found.at.isoformat(), "verdict": "RIGHT", "reason": "", **given}
        return (client or self.client).post(  # type: ignore[attr-defined]
            self.path("meter_settle", self.meter.point.public_id), body, follow=True
        )

    def page(self, **query: str) -> str:
        return self.client.get(self.path("meter", self.meter.point.public_id), query).content.decode()

    def corrections(self) -> list[tuple[str, datetime, int | None]]:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            found = models.Correction.objects.filter(organization_id=self.organization.pk).order_by("id")
            return list(found.values_list("kind", "at", "value"))


@pytest.fixture
def mall() -> Mall:
    return Mall()


@pytest.mark.spec("B-04")
class TestReset:
    def test_is_told_where_the_usage_lacks_and_can_be_settled_there(self, mall: Mall) -> None:
        page = mall.page(view="day", day="2026-02-20")

        assert "The register went back" in page
        assert "From 1,960.00 to 0.05 kWh." in page
        assert page.count("until a person says what happened") == 2  # where it is settled, and where the chart lacks
        assert mall.path("meter_settle", mall.meter.point.public_id) in page

    def test_confirmed_counts_again_with_what_was_used_unseen(self, mall: Mall) -> None:
        mall.settle(reason="The supplier exchanged the counter", used="1.25")
        billing.derive(mall.organization.pk)

        assert mall.corrections() == [(CorrectionKind.CONFIRM_RESET.value, RESET + QUARTER, 125)]
        assert mall.open() == []
        assert "Register reset" in mall.page(view="day", day="2026-02-11")
        bills = run(mall)
        (row,) = [each for each in bills if each.bill_public_id is not None]
        with scoping.scope([mall.organization.pk], actor=identity.ACTOR):
            (point,) = billing_of(row)["meter_points"]
        # 1,960.00 - 1,000.00 and 1.25 before; from 0.05 on 1.00 a quarter to the end of the month.
        assert point["quantity"] == (196_000 - 100_000 + 125 + 100 * (18 * 96 - 1)) * 10

    def test_refused_leaves_the_low_readings_out(self, mall: Mall) -> None:
        answer = mall.settle(verdict="WRONG", reason="Wrong register address")
        billing.derive(mall.organization.pk)

        assert "It is settled" in answer.content.decode()
        kinds = {kind for kind, _at, _value in mall.corrections()}
        assert kinds == {CorrectionKind.EXCLUDE.value}
        assert len(mall.corrections()) == 18 * 96
        assert mall.open() == []

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"reason": " "}, "Say why; it stays on record."),
            ({"reason": "x", "used": "abc"}, "Write a number"),
            ({"reason": "x", "used": "1.234"}, "at most 2 decimals"),
            ({"reason": "x", "found_at": "yesterday"}, "Look at the meter again"),
            ({"reason": "x", "found_at": "2026-02-01T00:00:00+00:00"}, "nothing to settle there any more"),
            ({"reason": "x", "verdict": "MAYBE"}, "MAYBE"),
        ],
        ids=["reason", "number", "decimals", "time", "gone", "verdict"],
    )
    def test_without_what_is_needed_nothing_changes(self, mall: Mall, given: dict[str, str], words: str) -> None:
        assert words in mall.settle(**given).content.decode()
        assert mall.corrections() == []

    def test_is_settled_only_by_who_may_correct(self, mall: Mall) -> None:
        monitor = house.signed_in(mall.person(role=RoleCode.MONITOR))

        answer = mall.settle(monitor, reason="x")
        page = monitor.get(mall.path("meter", mall.meter.point.public_id)).content.decode()

        assert answer.status_code == 403
        assert mall.corrections() == []
        assert "Somebody who may correct readings settles this here." in page

    def test_twice_is_told_as_gone_and_audited_once(self, mall: Mall) -> None:
        (found,) = mall.open()
        body = {"kind": found.kind.value, "found_at": found.at.isoformat(), "verdict": "RIGHT", "reason": "seen"}
        for _each in range(2):
            mall.client.post(mall.path("meter_settle", mall.meter.point.public_id), body)

        with scoping.scope([mall.organization.pk], actor=identity.ACTOR):
            entries = audit_models.AuditEntry.objects.filter(
                organization_id=mall.organization.pk, action="metering:correct_reading"
            )
            assert [each.reason for each in entries] == ["seen"]

    def test_is_settled_by_a_program(self, mall: Mall) -> None:
        program = api.program(organization=mall.organization)
        path = f"/meter-points/{mall.meter.point.public_id}/findings"
        (found,) = program.get(path).json()["items"]
        sent = {"kind": found["kind"], "at": found["at"], "verdict": "RIGHT", "used": "1.25", "reason": "exchanged"}

        left = program.post(f"{path}/settle", sent)
        again = program.post(f"{path}/settle", sent)

        assert (found["kind"], found["before"], found["value"]) == ("RESET_CANDIDATE", "1960.00", "0.05")
        assert left.json()["items"] == []
        assert api.problem(again)["errors"][0]["pointer"] == "/body/at"
        assert mall.corrections() == [(CorrectionKind.CONFIRM_RESET.value, RESET + QUARTER, 125)]

    def test_stands_in_the_review_of_the_run(self, mall: Mall) -> None:
        run = billing.advance(billing.plan(mall.place, first_day=date(2026, 2, 1), until_day=date(2026, 3, 1)))

        page = mall.client.get(mall.path("run", run.public_id)).content.decode()

        assert "The register went back" in page
        assert "Settle it at the meter" in page


def run(mall: Mall) -> list[billing_queries.MemberRow]:
    made = billing.advance(billing.plan(mall.place, first_day=date(2026, 2, 1), until_day=date(2026, 3, 1)))
    with scoping.scope([mall.organization.pk], actor=identity.ACTOR):
        return list(billing_queries.run_bills(run_public_id=made.public_id).rows)


def billing_of(row: billing_queries.MemberRow) -> dict[str, Any]:
    found: dict[str, Any] = dict(billing.bill_of(row).content)
    return found


@pytest.mark.spec("B-04")
class TestByHand:
    """A person read less than before: whoever stood there is asked at once, not after three readings."""

    @pytest.fixture
    def lower(self, database: str) -> Mall:
        made = Mall.__new__(Mall)
        house.House.__init__(made)
        made.place = billing.place(organization=made.organization)
        made.meter = billing.metered(made.place, name="Shop 5", code="MP-5")
        days = billing.FEBRUARY
        metering.record(made.meter.energy, [(days.starts_at, 99_900), (days.ends_at, 300)], source=values.Source.FIELD)
        with scoping.scope([made.organization.pk], actor=identity.ACTOR):
            registers = models.InstallationRegister.objects.filter(
                organization_id=made.organization.pk, series_id=made.meter.energy.pk
            )
            registers.update(wrap=100_000)
        billing.derive(made.organization.pk)
        return made

    def test_is_asked_on_the_meters_page(self, lower: Mall) -> None:
        page = lower.page()

        assert "until you say what happened" in page
        assert "After three such readings" not in page
        for verdict in ("RIGHT", "ROLLED", "WRONG"):
            assert f'value="{verdict}"' in page

    @pytest.mark.parametrize(
        ("verdict", "used", "facts"),
        [
            ("RIGHT", "12", (CorrectionKind.CONFIRM_RESET, 1_200)),
            ("ROLLED", "", (CorrectionKind.CONFIRM_RESET, 100 + 300)),
            ("WRONG", "", (CorrectionKind.EXCLUDE, None)),
        ],
        ids=["reset", "rolled", "wrong"],
    )
    def test_is_settled_at_once(self, lower: Mall, verdict: str, used: str, facts: tuple[str, int | None]) -> None:
        answer = lower.settle(verdict=verdict, used=used, reason="seen at the meter")
        billing.derive(lower.organization.pk)

        assert "It is settled" in answer.content.decode()
        assert [(kind, value) for kind, _at, value in lower.corrections()] == [facts]
        assert lower.open() == []
