"""What is disputed, what stays due, and files of disputes: on the account's page, the tenant's, and by the API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from meterbook.billing import models
from meterbook.billing.dispute_values import DisputeReason
from meterbook.billing.operations import disputing
from meterbook.customers import sign_ins
from meterbook.foundation import scoping
from meterbook.kernel import clock
from tests.factories import api, billing, corrections, identity
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


def disputed(made: corrections.Billed, *lines: str) -> tuple[models.Bill, models.Dispute]:
    bill = corrections.bill_of(made)
    with scoping.scope([made.owner], actor=identity.ACTOR):
        dispute = disputing.open_dispute(
            actor=identity.ACTOR,
            at=NOW,
            bill=bill.public_id,
            reason=DisputeReason.READING,
            words="Too much.",
            lines=lines,
            is_by_tenant=True,
        )
    return bill, dispute


def tenant(made: corrections.Billed, bill: models.Bill) -> Client:
    user = identity.user(organization=made.place.organization, role=None, name="Nora Stone")
    with scoping.scope([made.owner], actor=identity.ACTOR):
        sign_ins.link_user(actor=identity.ACTOR, at=identity.LONG_AGO, account=bill.account.public_id, user_id=user.pk)
    client = Client()
    client.force_login(user)
    return client


def path(made: corrections.Billed, route: str, *arguments: object) -> str:
    return reverse(route, args=[made.place.organization.public_id, *arguments])


def written(amount: Any) -> str:  # noqa: ANN401 - an amount
    return f"{amount:.2f}"


@pytest.mark.spec("B-79")
def test_the_accounts_page_and_the_tenants_say_what_is_disputed_and_what_stays_due(made: corrections.Billed) -> None:
    bill, dispute = disputed(made, "0/0/0")
    rest = written(bill.draft.total - dispute.amount)

    seen = pages.signed_in(made.place.organization).get(path(made, "account", bill.account.public_id)).content.decode()
    own = tenant(made, bill).get(path(made, "tenant_home")).content.decode()

    assert "Disputed, not asked for" in seen
    for page in (seen, own):
        assert written(dispute.amount) in page
        assert rest in page
    assert "stay due." in own


@pytest.mark.spec("B-79")
def test_programs_are_told_what_may_be_asked_for(made: corrections.Billed) -> None:
    bill, dispute = disputed(made, "0/0/0")
    asked = api.program(organization=made.place.organization).get(f"/accounts/{bill.account.public_id}/asked").json()

    assert asked["owed"]["amount"] == written(bill.draft.total)
    assert asked["withheld"]["amount"] == written(dispute.amount)
    assert asked["asked"]["amount"] == written(bill.draft.total - dispute.amount)
    (account,) = tenant(made, bill).get("/api/v1/own/accounts").json()["items"]
    assert (account["disputed"], account["asked"]) == (asked["withheld"], asked["asked"])


@pytest.mark.spec("B-79")
def test_files_are_handed_in_listed_and_given_out_and_the_tenant_sees_nothing_internal(
    made: corrections.Billed,
) -> None:
    bill, dispute = disputed(made)
    house, own = api.program(organization=made.place.organization), tenant(made, bill)
    files, mine = f"/disputes/{dispute.public_id}/files", f"/api/v1/own/disputes/{dispute.public_id}/files"

    for name, internal in (("meter.png", "false"), ("notes.png", "true")):
        body = api.MultipartBody(
            file=SimpleUploadedFile(name, corrections.picture()), words="Seen.", name=name, internal=internal
        )
        assert house.post(files, body).status_code == 201
    refused = house.post(files, api.MultipartBody(file=SimpleUploadedFile("a.exe", b"MZ\x90")))
    answer = own.post(
        mine,
        {"file": SimpleUploadedFile("display.png", corrections.picture()), "name": "display.png"},
        headers={"Idempotency-Key": "own-file"},
    )

    assert refused.status_code == 422
    assert answer.status_code == 201
    listed = house.get(files).json()["items"]
    assert [(each["name"], each["is_internal"], each["is_by_tenant"]) for each in listed] == [
        ("meter.jpg", False, False),
        ("notes.jpg", True, False),
        ("display.jpg", False, True),
    ]
    assert [each["name"] for each in own.get(mine).json()["items"]] == ["meter.jpg", "display.jpg"]
    given_out = own.get(f"{mine}/{listed[0]['id']}")
    assert (given_out.headers["Content-Type"], given_out.content[:2]) == ("image/jpeg", b"\xff\xd8")
    assert "attachment" in given_out.headers["Content-Disposition"]
    assert own.get(f"{mine}/{listed[1]['id']}").status_code == 404


def test_nobody_gets_at_the_files_of_another(made: corrections.Billed) -> None:
    _bill, dispute = disputed(made)
    stranger = tenant(made, corrections.bill_of(made, "Florist"))

    assert stranger.get(f"/api/v1/own/disputes/{dispute.public_id}/files").status_code == 404
