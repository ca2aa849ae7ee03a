"""A month billed through the pages: plan, decide, approve, issue; then a bill opened down to its intervals."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from meterbook.billing import queries as billing_queries
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel.actor import Actor
from tests.factories import billing, identity
from tests.factories.billing import FEBRUARY
from tests.support import pages

FIRST, UNTIL = FEBRUARY.first_day, FEBRUARY.until_day
START, END = FEBRUARY.starts_at, FEBRUARY.ends_at
GAP = START + timedelta(days=10)


@pytest.fixture(scope="module")
def place(database: str) -> billing.Place:
    """A bakery that can be billed, and a pharmacy whose meter stopped; nobody changes them."""
    made = billing.place()
    billing.shop(made, name="Calder Bakery", days=FEBRUARY)
    billing.shop(made, name="Row Pharmacy", days=FEBRUARY, until=GAP)
    return made


class TestRuns:
    def test_says_what_to_do_when_there_is_none(self) -> None:
        organization = identity.organization()

        shown = pages.signed_in(organization).get(reverse("runs", args=[organization.public_id])).content.decode()

        assert "No run yet" in shown
        assert reverse("run_new", args=[organization.public_id]) in shown

    def test_offers_nothing_to_those_who_only_look(self) -> None:
        organization = identity.organization()
        client = pages.signed_in(organization, RoleCode.AUDITOR)

        shown = client.get(reverse("runs", args=[organization.public_id])).content.decode()

        assert "No run yet" in shown
        assert reverse("run_new", args=[organization.public_id]) not in shown


class TestPlan:
    @pytest.mark.spec("B-11")
    def test_says_the_boundaries_in_the_zone_of_the_site(self, place: billing.Place) -> None:
        shown = pages.page(pages.signed_in(place.organization), "run_new", place.organization, month="2026-03")

        assert "743 hours" in shown
        assert "The clocks change in this month." in shown
        assert "CET" in shown
        assert "CEST" in shown

    def test_answers_a_change_with_the_part_alone(self, place: billing.Place) -> None:
        href = reverse("run_new", args=[place.organization.public_id])

        response = pages.signed_in(place.organization).get(href, {"month": "2026-02"}, headers={"HX-Request": "true"})

        assert response.content.decode().startswith('<section class="panel span-7" id="run-preview"')

    @pytest.mark.parametrize(
        "given", [{}, {"site": "x", "month": "2026-02"}, {"month": "2026-02"}, {"month": "2026-13"}]
    )
    def test_starts_nothing_else_than_what_was_asked_for(self, given: dict[str, str]) -> None:
        place = billing.place()
        own = {"site": str(place.site.public_id)} if given == {"month": "2026-13"} else {}

        answer = pages.signed_in(place.organization).post(
            reverse("run_new", args=[place.organization.public_id]), {**own, **given}
        )

        assert answer.status_code == 422
        assert "Nothing was started" in answer.content.decode()

    def test_starts_a_run_and_refuses_a_second_one(self) -> None:
        place = billing.place()
        client = pages.signed_in(place.organization)
        href = reverse("run_new", args=[place.organization.public_id])
        given = {"site": str(place.site.public_id), "month": "2026-02"}

        nobody = client.post(href, given)
        billing.shop(place, name="Calder Bakery", days=FEBRUARY)
        wrong = [client.post(href, {**given, "due_days": each}) for each in ("-3", "366", "", "soon", "9" * 5000)]
        first = client.post(href, {**given, "due_days": "365"}, follow=True)
        second = client.post(href, given)

        assert (nobody.status_code, "Nobody is to be billed" in nobody.content.decode()) == (422, True)
        assert [each.status_code for each in wrong] == [422] * 5
        assert 'value="-3" aria-invalid="true" aria-describedby="due-days-problem"' in wrong[0].content.decode()
        assert "The run has started" in first.content.decode()
        assert (second.status_code, "To that run" in second.content.decode()) == (422, True)


class TestRun:
    def test_goes_from_the_decision_to_the_numbers(self) -> None:
        place = billing.place(code="HR")
        billing.shop(place, name="Calder Bakery", days=FEBRUARY)
        billing.shop(place, name="Row Pharmacy", days=FEBRUARY, until=GAP)
        organization = place.organization
        clerk = pages.signed_in(organization, RoleCode.BILLING_CLERK)
        approver = pages.signed_in(organization, RoleCode.APPROVER)
        run = billing.plan(place, first_day=FIRST, until_day=UNTIL)
        assert 'hx-trigger="every 2s"' in pages.page(clerk, "run", place.organization, run.public_id)

        billing.advance(run)
        shown = pages.page(clerk, "run", place.organization, run.public_id)
        assert "1 account needs a decision" in shown
        assert "Approve 1 of 2" in pages.page(approver, "run", place.organization, run.public_id)
        assert 'hx-trigger="every 2s"' not in shown

        chosen = re.findall(r'<tbody class="held">.*?name="account" value="(\d+)"', shown, re.DOTALL)
        assert f'name="account" value="{chosen[0]}" aria-label="Leave out… Row Pharmacy"' in shown
        assert "Leave out… Row Pharmacy" not in pages.page(approver, "run", place.organization, run.public_id)
        assert re.search(r"intervals? between \d+ (Jan|Feb|Mar) 2026 \d\d:\d\d and", shown)
        leave = reverse("run_leave_out", args=[organization.public_id, run.public_id])
        asked = clerk.post(leave, {"account": chosen}).content.decode()
        assert "Leave 1 account out of February 2026?" in asked
        assert "Row Pharmacy" in asked
        given = {"account": chosen, "reason": "the meter is being exchanged", "sure": "1"}
        left = clerk.post(leave, given, follow=True).content.decode()
        assert "1 account was left out." in left
        assert "a later run of these days takes them" in left

        approve = reverse("run_approve", args=[organization.public_id, run.public_id])
        assert clerk.post(approve).status_code == 403
        assert "Approve 1 bill of Harbor Mall, February 2026?" in approver.post(approve).content.decode()
        sure = approver.post(approve, {"sure": "1"}, follow=True)
        assert "Approved; the bills are being issued." in sure.content.decode()
        billing.advance(run)

        shown = pages.page(approver, "run", place.organization, run.public_id)
        assert "1 bill is issued and posted." in shown
        assert re.search(r"HR-\d{4}-000001", shown)

    def test_leaves_nobody_out_without_a_reason_and_asks_twice(self, place: billing.Place) -> None:
        run = billing.plan(place, first_day=FIRST, until_day=date(2026, 2, 3))
        billing.advance(run)
        client = pages.signed_in(place.organization)
        arguments = [place.organization.public_id, run.public_id]
        chosen = re.findall(
            r'name="account" value="(\d+)"', pages.page(client, "run", place.organization, run.public_id)
        )

        nobody = client.post(reverse("run_leave_out", args=arguments), {"account": "1"}, follow=True)
        no_reason = client.post(reverse("run_leave_out", args=arguments), {"account": chosen, "sure": "1"})
        anew = client.post(reverse("run_check", args=arguments), {"everything": "1"})

        assert "Choose at least one account" in nobody.content.decode()
        assert (no_reason.status_code, "Write why; the reason is kept" in no_reason.content.decode()) == (422, True)
        assert "Calculate everything of" in anew.content.decode()
        cancel = reverse("run_cancel", args=arguments)
        assert "Cancel the run 1" in client.post(cancel).content.decode()
        assert "The run was canceled" in client.post(cancel, {"sure": "1"}, follow=True).content.decode()
        assert "is canceled" not in client.post(cancel, {"sure": "1"}, follow=True).content.decode()

    def test_takes_in_again_what_was_left_out(self) -> None:
        place = billing.place(code="HR")
        for name in ("Calder Bakery", "Row Pharmacy"):
            billing.shop(place, name=name, days=FEBRUARY)
        organization = place.organization
        clerk = pages.signed_in(organization, RoleCode.BILLING_CLERK)
        run = billing.advance(billing.plan(place, first_day=FIRST, until_day=UNTIL))
        arguments = [organization.public_id, run.public_id]
        shown = pages.page(clerk, "run", organization, run.public_id)
        chosen = re.findall(r'name="account" value="(\d+)" aria-label="Choose Row Pharmacy', shown)
        given = {"account": chosen, "reason": "by mistake", "sure": "1"}
        left = clerk.post(reverse("run_leave_out", args=arguments), given, follow=True).content.decode()
        href = reverse("run_include", args=arguments)

        nobody = clerk.post(href, {"account": "1"}, follow=True).content.decode()
        forbidden = pages.signed_in(organization, RoleCode.APPROVER).post(href, {"account": chosen})
        taken = clerk.post(href, {"account": chosen}, follow=True).content.decode()
        billing.advance(run)

        assert f'formaction="{href}" name="account" value="{chosen[0]}" aria-label="Include again Row Pharmacy"' in left
        assert "Choose at least one account that was left out." in nobody
        assert forbidden.status_code == 403
        assert "1 account is in the run again and is checked now." in taken
        assert "Left out" not in pages.page(clerk, "run", organization, run.public_id)

    def test_asks_for_the_next_step_again_after_a_crash(self) -> None:
        place = billing.place()
        billing.shop(place, name="Calder Bakery", days=FEBRUARY)
        run = billing.plan(place, first_day=FIRST, until_day=UNTIL)
        client = pages.signed_in(place.organization)

        shown = client.post(
            reverse("run_continue", args=[place.organization.public_id, run.public_id]), follow=True
        ).content.decode()

        assert "goes on from its latest finished step" in shown
        assert "An interrupted step is repeated as a whole" in shown


class TestBill:
    def test_shows_every_line_with_its_formula(self, closed: tuple[billing.Place, str]) -> None:
        place, path = closed

        shown = pages.signed_in(place.organization).get(path).content.decode()

        assert re.search(r"<h1>HR-\d{4}-000001</h1>", shown)
        # 672 hours at 1 kWh; 28 days of 14 hours at peak.
        for figure in ("392", "117.60", "28.00", "0.55", "15.40", "161.00", "33.81", "194.81"):
            assert f"{figure}<" in shown, figure
        assert shown.count('class="bill-line"') == 4  # two prices, the base, and the tax
        assert "21\u00a0% of 161.00" in shown
        assert "Balanced" in shown

    def test_opens_a_line_down_to_its_intervals(self, closed: tuple[billing.Place, str]) -> None:
        place, path = closed
        client = pages.signed_in(place.organization)

        inside = client.get(f"{path}lines/0/0/0").content.decode()
        day = client.get(f"{path}lines/0/0/0", {"day": "2026-02-14"}).content.decode()

        assert "28 days, 1,568 intervals, sum 392 kWh" in inside
        assert "the very intervals that the bill was made from" in inside
        assert day.count("<li>") == 56
        assert "08:00–08:15" in day
        assert "21:45–22:00" in day
        assert "?view=day&amp;day=2026-02-14" in day

    @pytest.mark.parametrize("place_of_line", ["1/0/0", "0/1/0", "0/0/9"])
    def test_has_no_other_lines(self, closed: tuple[billing.Place, str], place_of_line: str) -> None:
        place, path = closed

        assert pages.signed_in(place.organization).get(f"{path}lines/{place_of_line}").status_code == 404

    def test_gives_the_same_pdf_ever_after(self, closed: tuple[billing.Place, str]) -> None:
        place, path = closed
        client = pages.signed_in(place.organization)

        once, again = client.get(f"{path}pdf"), client.get(f"{path}pdf")

        assert once.content.startswith(b"%PDF")
        assert once.content == again.content
        assert once.headers["Content-Disposition"].startswith('attachment; filename="HR-')

    def test_gives_its_data_byte_for_byte(self, closed: tuple[billing.Place, str]) -> None:
        place, path = closed
        client = pages.signed_in(place.organization)

        data = client.get(f"{path}data.json").content

        assert json.loads(data)["format"] == "meterbook-bill/1"
        with scoping.scope([place.organization.pk], actor=identity.ACTOR):
            bill = billing_queries.get_bill(public_id=path.rstrip("/").rpartition("/")[2])  # type: ignore[arg-type]
        assert hashlib.sha256(data).hexdigest() == bill.content_digest

    def test_says_draft_before_it_is_issued(self, place: billing.Place) -> None:
        run = billing.plan(place, first_day=date(2026, 2, 4), until_day=date(2026, 2, 6))
        billing.advance(run)
        with scoping.scope([place.organization.pk], actor=identity.ACTOR):
            rows = billing_queries.run_bills(run_public_id=run.public_id).rows
        drafted = next(each for each in rows if each.bill_public_id)
        client = pages.signed_in(place.organization)

        shown = pages.page(client, "bill", place.organization, drafted.bill_public_id)

        assert "This is a draft." in shown
        pdf = reverse("bill_pdf", args=[place.organization.public_id, drafted.bill_public_id])
        assert client.get(pdf).status_code == 404

    def test_shows_a_cashier_no_way_to_the_meter(self, closed: tuple[billing.Place, str]) -> None:
        place, path = closed

        shown = pages.signed_in(place.organization, RoleCode.CASHIER).get(path).content.decode()

        assert "/meters/" not in shown
        assert "/tariffs/" not in shown

    def test_asks_the_database_a_bounded_number_of_times(self, closed: tuple[billing.Place, str]) -> None:
        place, path = closed

        assert asked(pages.signed_in(place.organization), path) <= 36


class TestBills:
    def test_says_where_bills_come_from(self) -> None:
        organization = identity.organization()

        shown = pages.signed_in(organization).get(reverse("bills", args=[organization.public_id])).content.decode()

        assert "No bills yet" in shown
        assert reverse("runs", args=[organization.public_id]) in shown

    def test_finds_by_a_part_of_the_number_and_sums(self, closed: tuple[billing.Place, str]) -> None:
        place, path = closed
        client = pages.signed_in(place.organization)

        found = pages.page(client, "bills", place.organization, search="000001")
        assert path in found
        assert "1 bill" in found
        assert "No bill matches" in pages.page(client, "bills", place.organization, search="nobody")

    def test_filters_by_month(self, closed: tuple[billing.Place, str]) -> None:
        place, path = closed
        client = pages.signed_in(place.organization)

        assert path in pages.page(client, "bills", place.organization, month="2026-03")
        assert path not in pages.page(client, "bills", place.organization, month="2026-02")
        assert path in pages.page(client, "bills", place.organization, month="soon")


class TestAccount:
    def test_lists_its_bills(self, closed: tuple[billing.Place, str]) -> None:
        place, path = closed
        client = pages.signed_in(place.organization)
        href = re.search(r'href="(/o/[^"]+/accounts/[0-9a-f-]{36}/)"', client.get(path).content.decode())
        assert href is not None

        assert path in client.get(href[1]).content.decode()


def test_lists_ask_as_often_for_one_row_as_for_many() -> None:
    place = billing.place()
    for name in ("Calder Bakery", "Tide Coffee", "Kite Yoga"):
        billing.shop(place, name=name, days=FEBRUARY, until=START + timedelta(days=3))
    client = pages.signed_in(place.organization)
    hrefs = [reverse(name, args=[place.organization.public_id]) for name in ("bills", "runs")]
    issue(place, FIRST, FIRST + timedelta(days=1))
    few = [asked(client, href) for href in hrefs]

    issue(place, FIRST + timedelta(days=1), FIRST + timedelta(days=3))

    assert [asked(client, href) for href in hrefs] == few


def issue(place: billing.Place, first_day: date, until_day: date) -> None:
    """Somebody else approves: who started a run must not while others can."""
    run = billing.advance(billing.plan(place, first_day=first_day, until_day=until_day))
    billing.advance(billing.approve(run, actor=Actor.user(0, "approver", source="")))


def asked(client: Client, href: str) -> int:
    client.get(href)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(href).status_code == 200
    return len(queries)


def test_now_is_after_february() -> None:
    """The pages plan what is over at the site now; the runs here are of February 2026."""
    assert datetime.now(UTC) > END
