"""Another tariff for many contracts: what it would have meant, and all of it or nothing."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from meterbook.audit import models as audit_models
from meterbook.billing import models as billing_models
from meterbook.customers import assigning, models
from meterbook.documents import uploads
from meterbook.foundation import scoping
from meterbook.journeys import assigning_tariffs, listed_names
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.metering.values import Service
from meterbook.tariffs import models as tariff_models
from tests.factories import billing, customers, tariffs, whatif

ACTOR = Actor.system("test")
FIRST_DAY = date(2026, 4, 1)


def other(place: billing.Place, **more: Any) -> tariff_models.Tariff:  # noqa: ANN401
    raw = {**whatif.dearer(), "code": "NEW", **more}
    return billing.tariff(organization=place.organization, raw=raw)


def looked(
    made: whatif.History,
    tariff: tariff_models.Tariff,
    first_day: date = FIRST_DAY,
    **choice: Any,  # noqa: ANN401
) -> assigning_tariffs.Preview:
    with scoping.scope([made.owner], actor=ACTOR):
        scoping.forbid_writing()
        return assigning_tariffs.preview(
            choice=assigning_tariffs.Choice(**choice), tariff=tariff.public_id, first_day=first_day, now=whatif.NOW
        )


def assigned(
    made: whatif.History,
    tariff: tariff_models.Tariff,
    digest: str,
    first_day: date = FIRST_DAY,
    **choice: Any,  # noqa: ANN401
) -> assigning.Assigned:
    with scoping.scope([made.owner], actor=ACTOR):
        return assigning_tariffs.assign(
            actor=ACTOR,
            at=whatif.NOW,
            choice=assigning_tariffs.Choice(**choice),
            tariff=tariff.public_id,
            first_day=first_day,
            digest=digest,
        )


def contracts(made: whatif.History) -> list[tuple[str, str, datetime, datetime | None]]:
    with scoping.scope([made.owner], actor=ACTOR):
        rows = models.Contract.objects.filter(organization_id=made.owner).order_by("account__number", "during")
        return [
            (number, code, during.lower, during.upper)
            for number, code, during in rows.values_list("account__number", "tariff__code", "during")
        ]


def midnight(day: date) -> datetime:
    return civil.start_of_day(day, billing.MADRID)


class TestThePreview:
    def test_tells_each_latest_bill_by_both_tariffs(self) -> None:
        made = whatif.history()
        runs = whatif.bill(made)

        found = looked(made, other(made.place))

        with scoping.scope([made.owner], actor=ACTOR):
            march = dict(
                billing_models.Bill.objects.filter(organization_id=made.owner, run=runs[-1]).values_list(
                    "account__number", "draft__total"
                )
            )
        bills = {each.number: each.bill for each in found.accounts}
        assert {number: bill.before.amount for number, bill in bills.items() if bill} == march
        changes = [bill.change.amount for bill in bills.values() if bill and bill.change]
        # 0.45 a day more over 31 days and 21 % on it: 16.8795
        assert len(changes) == 3
        assert all(abs(each - Decimal("16.88")) <= Decimal("0.01") for each in changes)
        assert (found.after - found.before).amount == sum(changes)
        assert len(found.starts) == 3
        assert not found.troubled

    def test_of_accounts_without_a_bill_shows_none(self) -> None:
        made = whatif.history()

        found = looked(made, other(made.place))

        assert [each.bill for each in found.accounts] == [None, None, None]
        assert found.before.amount == 0

    def test_names_what_cannot_get_it_and_why(self) -> None:
        made = whatif.history(names=("Bakery", "Florist"))
        whatif.bill(made)
        late = customers.account(organization=made.place.organization, site=made.place.site, name="Newcomer")
        meter = billing.metered(made.place, name="Newcomer")
        customers.contract(
            account=late, point=meter.point, tariff=made.place.tariff, starts_at=midnight(date(2026, 6, 1))
        )
        tariff = other(made.place)

        in_time = looked(made, tariff, first_day=date(2026, 5, 1))
        billed = looked(made, tariff, first_day=date(2026, 3, 15))
        raw = tariffs.document(currency="EUR", unit="M3", components=[whatif.water()])
        water = looked(made, billing.tariff(organization=made.place.organization, raw={**raw, "code": "WATER"}))

        faults = {each.customer_name: each.faults[0].fault for each in in_time.troubled}
        assert list(faults) == ["Newcomer"]
        assert "begins on" in faults["Newcomer"]
        assert all(
            "on a bill until" in each.faults[0].fault for each in billed.troubled if each.customer_name != "Newcomer"
        )
        assert {each.customer_name for each in billed.troubled} == {"Bakery", "Florist", "Newcomer"}
        assert not billed.starts
        assert all("does not count" in each.faults[0].fault for each in water.troubled)

    def test_leaves_those_that_have_it(self) -> None:
        made = whatif.history()

        found = looked(made, made.place.tariff)

        assert not found.starts
        assert all(line.has_it for each in found.accounts for line in each.contracts)

    def test_prices_only_the_meters_that_get_it(self) -> None:
        made = whatif.history(names=("Bakery",))
        oven = billing.metered(made.place, name="Oven")
        billing.count(oven.energy, midnight(whatif.FIRST), midnight(whatif.UNTIL))
        customers.contract(
            account=made.accounts[0], point=oven.point, tariff=made.place.tariff, starts_at=midnight(whatif.FIRST)
        )
        whatif.bill(made)
        tariff = other(made.place)

        both = looked(made, tariff, names=(made.accounts[0].number,))
        one = looked(made, tariff, names=(oven.point.code,))

        changes = [
            each.bill.change.amount
            for found in (both, one)
            for each in found.accounts
            if each.bill and each.bill.change
        ]
        assert abs(changes[0] - 2 * changes[1]) <= Decimal("0.02")
        assert (len(both.starts), len(one.starts)) == (2, 1)

    @pytest.mark.parametrize(
        ("field", "choice", "day"),
        [
            ("names", {"names": ("A-999999",)}, FIRST_DAY),
            ("first_day", {}, date(2010, 1, 1)),
            ("names", {"sites": frozenset({0})}, FIRST_DAY),
        ],
        ids=["unknown name", "no version", "nobody"],
    )
    def test_refuses_what_cannot_be(self, field: str, choice: dict[str, Any], day: date) -> None:
        made = whatif.history(names=("Bakery",))
        with pytest.raises(assigning_tariffs.AssignmentInvalid) as refused:
            looked(made, other(made.place), first_day=day, **choice)
        assert refused.value.field == field

    def test_does_not_give_a_tariff_to_two_services_at_once(self) -> None:
        made = whatif.history(names=("Bakery",))
        heat = billing.metered(made.place, name="Radiators")
        with scoping.scope([made.owner], actor=ACTOR):
            points = type(heat.point).objects.filter(organization_id=made.owner, pk=heat.point.pk)
            points.update(service=Service.COOLING)
        customers.contract(
            account=made.accounts[0], point=heat.point, tariff=made.place.tariff, starts_at=midnight(whatif.FIRST)
        )
        tariff = other(made.place)

        with pytest.raises(assigning_tariffs.AssignmentInvalid) as refused:
            looked(made, tariff)
        one = looked(made, tariff, service=Service.ELECTRICITY)

        assert refused.value.field == "service"
        assert len(one.starts) == 1

    def test_finds_nothing_of_others(self) -> None:
        made, foreign = whatif.history(names=("Bakery",)), whatif.history(names=("Florist",))
        with pytest.raises(assigning_tariffs.AssignmentInvalid):
            looked(made, foreign.place.tariff)
        with pytest.raises(assigning_tariffs.AssignmentInvalid):
            looked(made, other(made.place), names=(foreign.meters[0].point.code + "X",))


class TestAssigning:
    def test_cuts_each_contract_at_its_own_midnight_and_writes_one_entry(self) -> None:
        made = whatif.history()
        tariff = other(made.place)
        before = contracts(made)

        count = assigned(made, tariff, looked(made, tariff).digest).changed

        cut = midnight(FIRST_DAY)
        assert count == 3
        assert contracts(made) == [
            line
            for number, code, start, _end in before
            for line in ((number, code, start, cut), (number, "NEW", cut, None))
        ]
        with scoping.scope([made.owner], actor=ACTOR):
            entries = audit_models.AuditEntry.objects.filter(
                organization_id=made.owner, action="customers:assign_tariff"
            )
            (entry,) = entries
            assert (entry.row_count, len(entry.rows_digest)) == (3, 64)
            assert entry.after["contracts"] == 3

    def test_bills_go_on_by_the_new_tariff(self) -> None:
        made = whatif.history(until=date(2026, 5, 1))
        whatif.bill(made, until=FIRST_DAY)
        tariff = other(made.place)
        assigned(made, tariff, looked(made, tariff).digest)

        run = billing.issued(made.place, first_day=FIRST_DAY, until_day=date(2026, 5, 1))

        with scoping.scope([made.owner], actor=ACTOR):
            nets = billing_models.BillDraft.objects.filter(organization_id=made.owner, run=run).values_list(
                "nets", flat=True
            )
            assert [set(each) for each in nets] == [{"NEW"}] * 3

    def test_refuses_what_nobody_looked_at(self) -> None:
        made = whatif.history()
        tariff = other(made.place)
        seen = looked(made, tariff, names=(made.accounts[0].number,))

        with pytest.raises(assigning_tariffs.AssignmentChanged):
            assigned(made, tariff, seen.digest)

        assert {code for _number, code, _start, _end in contracts(made)} == {"T1"}

    def test_does_all_or_nothing(self) -> None:
        made = whatif.history()
        tariff = other(made.place)
        seen = looked(made, tariff)
        with scoping.scope([made.owner], actor=ACTOR):
            contract = models.Contract.objects.filter(organization_id=made.owner).order_by("-id")[0]
            customers.models.Contract.objects.filter(organization_id=made.owner, pk=contract.pk).update(
                during=type(contract.during)(contract.during.lower, midnight(date(2026, 3, 1)), "[)")
            )

        with pytest.raises(assigning_tariffs.AssignmentChanged):
            assigned(made, tariff, seen.digest)

        assert {code for _number, code, _start, _end in contracts(made)} == {"T1"}

    def test_a_second_time_changes_nothing(self) -> None:
        made = whatif.history()
        tariff = other(made.place)
        digest = looked(made, tariff).digest
        assigned(made, tariff, digest)

        with pytest.raises(assigning_tariffs.AssignmentInvalid):
            assigned(made, tariff, digest)

        assert len(contracts(made)) == 6


@pytest.mark.spec("M-057/1")
def test_three_hundred_accounts_each_show_the_latest_bill_by_both_tariffs() -> None:
    place = whatif.street(accounts=300)
    tariff = other(place)
    made = whatif.History(place, (), ())

    found = looked(made, tariff, first_day=date(2026, 2, 1), sites=frozenset({place.site.pk}))

    assert len(found.accounts) == 300
    assert len(found.compared) == 300
    assert all(each.bill is not None and each.bill.change is not None for each in found.accounts)
    assert assigned(made, tariff, found.digest, date(2026, 2, 1), sites=frozenset({place.site.pk})).changed == 300


class TestAList:
    @pytest.mark.parametrize(
        ("content", "names"),
        [
            (b"Account;Name\nA-1;Bakery\nA-2;Florist\n", ("A-1", "A-2")),
            (b"A-1\r\nA-2\r\n\r\nA-1\r\n", ("A-1", "A-2")),
            ("\ufeff A-7 ,x\n".encode(), ("A-7",)),
        ],
        ids=["heading", "lines", "mark"],
    )
    def test_is_the_first_column(self, content: bytes, names: Sequence[str]) -> None:
        assert listed_names.read(content) == names

    def test_of_a_workbook_is_read_alike(self) -> None:
        book, file = openpyxl.Workbook(), io.BytesIO()
        sheet = book.active
        assert sheet is not None
        for row in (("Number", "Name"), ("A-1", "Bakery"), (17, "Florist")):
            sheet.append(row)
        book.save(file)
        assert listed_names.read(file.getvalue()) == ("A-1", "17")

    @pytest.mark.parametrize("content", [b"", b"Account\n", b"PK\x03\x04 no workbook"], ids=["empty", "head", "broken"])
    def test_that_is_none_is_refused(self, content: bytes) -> None:
        with pytest.raises(uploads.UploadRefused):
            listed_names.read(content)
