"""The monthly report on numbers: as a page, a file and by the API; and the codes on the page of a credit note."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.urls import reverse

from meterbook.billing import models
from meterbook.billing.operations import correcting
from meterbook.documents import codes, register_queries
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor
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


def credited(made: corrections.Billed) -> models.CreditNote:
    corrections.misread(made, counts=1_000)
    bill = corrections.bill_of(made)
    with scoping.scope([made.owner], actor=identity.ACTOR):
        proposed = correcting.propose_correction(
            actor=identity.ACTOR, at=NOW, bill=bill.public_id, reason="The digit was misread."
        )
        return correcting.approve_correction(
            actor=Actor.user(0, "checker", source=""), at=NOW, correction=proposed.public_id
        )


@pytest.mark.spec("B-71")
def test_the_page_the_file_and_the_api_tell_the_same(made: corrections.Billed) -> None:
    note, organization = credited(made), made.place.organization
    admin = pages.signed_in(organization)

    shown = admin.get(reverse("document_numbers", args=[organization.public_id])).content.decode()
    given_out = admin.get(reverse("document_numbers_file", args=[organization.public_id]), {"month": "2026-03"})
    asked = api.program(organization=organization).get("/document-numbers", month="2026-03").json()

    for text in (shown, given_out.content.decode()):
        assert "no gap" in text
        assert "HR-2026-000003" in text
        assert note.number in text
    assert 'filename="numbers-2026-03.csv"' in given_out.headers["Content-Disposition"]
    assert asked["is_sound"]
    assert [(each["prefix"], each["count"], each["voids"]) for each in asked["series"]] == [
        ("HR-2026", 3, 1),
        ("CN-HR-2026", 1, 0),
    ]
    assert asked["voids"][0]["credit_note_number"] == note.number


def test_a_month_without_numbers_says_so_and_nonsense_is_refused_or_passed_over(made: corrections.Billed) -> None:
    organization = made.place.organization
    admin, program = pages.signed_in(organization), api.program(organization=organization)
    href = reverse("document_numbers", args=[organization.public_id])

    assert "No number was given in this month" in admin.get(href, {"month": "2020-01"}).content.decode()
    assert "HR-2026-000001" in admin.get(href, {"month": "2020-13"}).content.decode()
    assert program.get("/document-numbers", month="2020-13").status_code == 422
    assert pages.signed_in(organization, RoleCode.OPERATOR).get(href).status_code in {403, 404}


def test_the_page_of_a_credit_note_tells_verification_code_and_fingerprint_apart(made: corrections.Billed) -> None:
    note, organization = credited(made), made.place.organization

    shown = (
        pages.signed_in(organization)
        .get(reverse("credit_note", args=[organization.public_id, note.public_id]))
        .content.decode()
    )

    with scoping.scope([made.owner], actor=identity.ACTOR):
        document = register_queries.find_document(source_id=note.public_id)
    assert document is not None
    code = codes.written(document.code)
    assert "Fingerprint" in shown
    assert shown.index("Verification code") < shown.index(code) < shown.index("Fingerprint")
