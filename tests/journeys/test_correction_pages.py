"""Bills calculated again, corrected and disputed through the pages: by the operator's people and by the tenant."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import formats
from PIL import Image

from meterbook.billing import models
from meterbook.customers import sign_ins
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from tests.factories import api, billing, corrections, identity, sites
from tests.support import pages

NOW = corrections.LATER + timedelta(days=1)


@pytest.fixture(autouse=True)
def later() -> Iterator[clock.SettableClock]:
    standing = clock.SettableClock(NOW)
    with clock.use(standing):
        yield standing


@pytest.fixture
def made(database: str) -> corrections.Billed:
    return corrections.billed(billing.place(code="HR"))


def path(made: corrections.Billed, route: str, *arguments: object) -> str:
    return reverse(route, args=[made.place.organization.public_id, *arguments])


def tenant(made: corrections.Billed, bill: models.Bill) -> Client:
    user = identity.user(organization=made.place.organization, role=None, name="Nora Stone")
    with scoping.scope([made.owner], actor=identity.ACTOR):
        sign_ins.link_user(actor=identity.ACTOR, at=identity.LONG_AGO, account=bill.account.public_id, user_id=user.pk)
    client = Client()
    client.force_login(user)
    return client


def followed(client: Client, href: str, **given: object) -> str:
    """The page that a form leads to."""
    response = client.post(href, given)
    assert response.status_code == 302, response.content.decode()
    return client.get(response.headers["Location"]).content.decode()


class TestCorrecting:
    def test_a_bill_is_compared_corrected_by_two_people_and_its_versions_are_shown(
        self, made: corrections.Billed
    ) -> None:
        bill, organization = corrections.bill_of(made), made.place.organization
        corrections.misread(made, counts=1_000)
        maker, checker = pages.signed_in(organization), pages.signed_in(organization)
        correct = path(made, "bill_correct", bill.public_id)
        assert correct in maker.get(path(made, "bill", bill.public_id)).content.decode()

        compared = maker.get(correct).content.decode()
        assert "Bakery" in compared
        assert "Reading" in compared
        assert "1.21" in compared
        refused = maker.post(correct, {"propose": "1", "reason": ""})
        assert (refused.status_code, "This field is required" in refused.content.decode()) == (422, True)
        proposed = followed(maker, correct, propose="1", reason="The digit was misread.")
        assert "another person with the right to approve" in proposed
        (href,) = re.findall(
            r'href="([^"]+/corrections/[0-9a-f-]{36}/)"', maker.get(path(made, "corrections")).content.decode()
        )
        assert "1 correction to approve" in checker.get(path(made, "work")).content.decode()
        assert "You proposed this correction" in followed(maker, f"{href}approve")
        done = followed(checker, f"{href}approve")

        assert "CN-HR-2026-000001" in done
        assert "HR-2026-000003" in done
        assert "bill that holds" in maker.get(href).content.decode()  # the decision leads to the new bill
        shown = maker.get(path(made, "bill", bill.public_id)).content.decode()
        assert "This bill was credited." in shown
        assert f'href="{href}">What differs, and why' in shown
        with scoping.scope([made.owner], actor=corrections.ACTOR):
            note = models.CreditNote.objects.select_related("replacement").get(organization_id=made.owner)
        credited = maker.get(path(made, "credit_note", note.public_id)).content.decode()
        assert "The digit was misread." in credited
        assert bill.number in credited
        data = maker.get(path(made, "credit_note_data", note.public_id))
        assert data.content == bytes(note.content)
        pdf = maker.get(path(made, "credit_note_pdf", note.public_id))
        assert pdf.content.startswith(b"%PDF-")
        own = tenant(made, bill)
        assert note.number in own.get(path(made, "own_disputes")).content.decode()
        assert own.get(path(made, "own_credit_note", note.public_id)).content == pdf.content
        old = own.get(path(made, "tenant_bill_page", bill.public_id)).content.decode()
        assert "You need not pay it" in old
        assert note.replacement is not None
        for each in (
            path(made, "own_credit_note", note.public_id),
            path(made, "tenant_bill_page", note.replacement.public_id),
        ):
            assert each in old
        anew = own.get(path(made, "tenant_bill_page", note.replacement.public_id)).content.decode()
        assert "You need not pay it" not in anew
        assert ["What differs from the bill before" in each for each in (old, anew)] == [False, True]
        stranger = tenant(made, corrections.bill_of(made, "Florist"))
        assert stranger.get(path(made, "own_credit_note", note.public_id)).status_code == 404
        assert maker.get(correct).status_code == 302  # to the bill: it was credited

    def test_bills_of_a_year_are_calculated_again_and_one_is_kept(self, made: corrections.Billed) -> None:
        corrections.misread(made)
        client, bill = pages.signed_in(made.place.organization), corrections.bill_of(made)
        form = path(made, "recalculation_new")
        assert "From what" in client.get(form).content.decode()
        days = {"first_day": "2026-01-01", "final_day": "2026-12-31"}

        proof = followed(client, form, mode="REPRODUCE", **days)
        found = followed(client, form, mode="CORRECT", **days)
        lacking = client.post(form, {"mode": "WHAT_IF", **days}).content.decode()
        (version,) = re.findall(r'<option value="([0-9a-f-]{36})">', lacking)
        supposed = followed(client, form, mode="WHAT_IF", version=version, **days)
        listed = client.get(path(made, "corrections")).content.decode()
        with scoping.scope([made.place.organization.pk], actor=billing.ACTOR):
            asked = models.Recalculation.objects.get(mode="WHAT_IF")
        told = api.program(organization=made.place.organization).get(f"/recalculations/{asked.public_id}").json()
        backwards = client.post(form, {"mode": "CORRECT", "first_day": "2026-12-31", "final_day": "2026-01-01"})
        nothing = client.post(form, {"mode": "CORRECT", "first_day": "2020-01-01", "final_day": "2020-12-31"})

        assert "byte for byte what was issued" in proof
        assert path(made, "bill_correct", bill.public_id) in found
        assert "Choose the tariff version" in lacking
        for page in (supposed, listed):  # by its name in words, not by its code
            assert "Test, version 1" in page
            assert f"{made.place.tariff.code}, 1" not in page
        assert told["version"] == version
        assert "must not lie before" in backwards.content.decode()
        assert (nothing.status_code, "No issued bill was found" in nothing.content.decode()) == (422, True)
        kept = followed(client, path(made, "bill_correct", bill.public_id), keep="1", reason="One cent.")
        assert "Kept as it is" in kept

    def test_who_has_several_sites_chooses_whose_bills_are_calculated_again(self, made: corrections.Billed) -> None:
        other = sites.site(organization=made.place.organization, code="PK", name="Parking")
        client, form = pages.signed_in(made.place.organization), path(made, "recalculation_new")
        given = {"mode": "REPRODUCE", "first_day": "2026-01-01", "final_day": "2026-12-31"}

        asked = client.get(form).content.decode()
        silent = client.post(form, given)
        elsewhere = client.post(form, {**given, "site": str(other.public_id)})
        proof = followed(client, form, site=str(made.place.site.public_id), **given)
        same = followed(client, form, site=str(made.place.site.public_id), **{**given, "mode": "CORRECT"})

        assert "Parking" in asked
        assert "No site yet" not in asked
        assert (silent.status_code, "This field is required" in silent.content.decode()) == (422, True)
        assert "No issued bill was found" in elsewhere.content.decode()
        assert "byte for byte what was issued" in proof
        assert "Nothing to correct" not in proof
        assert "Nothing to correct" in same

    def test_limits_are_set_by_who_may_and_nothing_is_decided_by_who_only_looks(self, made: corrections.Billed) -> None:
        client = pages.signed_in(made.place.organization)
        rules, given = path(made, "correction_rules"), {"acknowledge_days": 2, "decide_days": 20, "most_open": 5}

        shown = followed(client, rules, back_billing_months=12, **given)

        assert 'value="12"' in shown
        assert client.post(rules, {**given, "decide_days": 0}).status_code == 422
        assert "until 12 months after" in client.get(path(made, "corrections")).content.decode()
        looker = pages.signed_in(made.place.organization, RoleCode.AUDITOR)
        bill = corrections.bill_of(made)
        assert looker.get(rules).status_code == 403
        assert looker.get(path(made, "bill_correct", bill.public_id)).status_code == 403
        assert looker.get(path(made, "corrections")).status_code == 200


class TestDisputing:
    def test_a_tenant_opens_one_with_a_picture_follows_it_and_accepts_the_answer(
        self, made: corrections.Billed, later: clock.SettableClock
    ) -> None:
        bill = corrections.bill_of(made)
        own, client = tenant(made, bill), pages.signed_in(made.place.organization)
        listed = own.get(path(made, "own_disputes")).content.decode()
        new = path(made, "own_dispute_new", bill.public_id)
        assert path(made, "own_disputes") in own.get(path(made, "tenant_home")).content.decode()
        assert new in listed
        assert new in own.get(path(made, "tenant_bill_page", bill.public_id)).content.decode()
        lacking = own.post(new, {"reason": "READING", "words": ""})
        assert (lacking.status_code, 'name="line"' in lacking.content.decode()) == (422, True)

        opened = followed(own, new, reason="READING", words="It shows less.", line="0/0/0", files=picture())

        assert "You need not pay this amount" in opened
        assert "display.jpg" in opened
        assert "This bill is disputed" in client.get(path(made, "bill", bill.public_id)).content.decode()
        assert "1 dispute to answer" in client.get(path(made, "work")).content.decode()
        (page,) = set(
            re.findall(r'href="([^"]+/disputes/[0-9a-f-]{36}/)"', client.get(path(made, "disputes")).content.decode())
        )
        shown = client.get(page).content.decode()
        assert "Readings and days" in shown
        assert path(made, "bill_correct", bill.public_id) in shown
        (enclosure,) = re.findall(r'href="([^"]+/files/[0-9a-f-]{36})"', shown)
        assert client.get(enclosure).headers["Content-Disposition"].startswith("attachment")
        for state in ("ACKNOWLEDGED", "INVESTIGATING"):
            followed(client, f"{page}step", state=state)
        assert client.post(f"{page}step", {"state": "PROPOSED", "words": ""}).status_code == 422
        followed(client, f"{page}write", words="She calls often.", is_internal="on")
        followed(client, f"{page}write", words="We look at the meter on Monday.")
        followed(client, f"{page}step", state="PROPOSED", words="The meter is right: tested today.", is_upheld="no")
        mine = page.replace("/disputes/", "/my/disputes/")
        assert mine in own.get(path(made, "tenant_bill_page", bill.public_id)).content.decode()
        seen = own.get(mine).content.decode()
        assert "We look at the meter on Monday." in seen
        assert "She calls often." not in seen
        assert "tested today" in seen
        assert own.post(f"{mine}answer", {"answer": "reject", "words": ""}).status_code == 422
        assert "Answer accepted" in followed(own, f"{mine}answer", answer="accept", words="")
        work = client.get(path(made, "work")).content.decode()
        assert "1 accepted answer to a dispute to carry out" in work
        assert "nothing is left but to close it" in work
        assert "dispute to answer" not in work
        closed = followed(client, f"{page}step", state="CLOSED", words="Settled.")
        assert "Closed" in closed
        assert "No: the bill stays" in closed
        assert "The bill stays as it is" in own.get(mine).content.decode()
        assert own.post(f"{mine}write", {"words": "And now?"}).status_code == 422
        day = f"overdue since {formats.date_format(bill.due_date, 'SHORT_DATE_FORMAT')}"
        places = [path(made, "tenant_home"), path(made, "tenant_bill_page", bill.public_id)]
        assert [each for each in places if day in own.get(each).content.decode()] == places

    def test_nobody_sees_the_dispute_of_another_and_a_late_one_is_marked(
        self, made: corrections.Billed, later: clock.SettableClock
    ) -> None:
        bill, other = corrections.bill_of(made), corrections.bill_of(made, "Florist")
        own, stranger = tenant(made, bill), tenant(made, other)
        followed(own, path(made, "own_dispute_new", bill.public_id), reason="OTHER", words="Too much.")
        (mine,) = set(
            re.findall(
                r'href="([^"]+/my/disputes/[0-9a-f-]{36}/)"', own.get(path(made, "own_disputes")).content.decode()
            )
        )
        assert stranger.get(mine).status_code == 404
        assert stranger.get(path(made, "own_dispute_new", bill.public_id)).status_code == 404
        assert stranger.post(f"{mine}write", {"words": "I"}).status_code == 404
        assert own.get(path(made, "disputes")).status_code == 404
        later.advance(timedelta(days=5))
        client = pages.signed_in(made.place.organization)
        assert "the deadline has passed" in client.get(path(made, "work")).content.decode()


def picture() -> SimpleUploadedFile:
    written = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(written, "PNG")
    return SimpleUploadedFile("display.png", written.getvalue(), content_type="image/png")
