"""Tariffs from files and as files: a rate of the Utility Rate Database is looked over in the form, then kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel import clock
from meterbook.tariffs import queries
from tests.factories import identity, tariffs
from tests.support import pages

RATES = Path(__file__).parents[1] / "golden" / "urdb"


def upload(text: str) -> dict[str, object]:
    return {"file": SimpleUploadedFile("rate.json", text.encode()), "take": "1"}


def kept(organization: identity_models.Organization) -> list[queries.TariffRow]:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return queries.list_tariffs(on=clock.now().date())


def test_a_rate_is_shown_in_the_form_and_kept_when_it_is_saved() -> None:
    organization = identity.organization()
    browser = pages.signed_in(organization)
    take = reverse("tariff_take", args=[organization.public_id])
    urdb = json.loads((RATES / "1_steel15_smud_ci_tod3.json").read_text(encoding="utf-8"))["urdb"]
    assert "Utility Rate Database" in browser.get(take).content.decode()

    shown = browser.post(take, upload(json.dumps({"items": [urdb | {"demandreactivepowercharge": 0.25}]})))

    page = shown.content.decode()
    assert shown.status_code == 200
    assert "demandreactivepowercharge: the price of a kvar (0.25) is not taken" in page
    assert kept(organization) == []
    document = shown.context["base"]
    assert browser.post(take, {"document": document, "do": "save"}).status_code == 302
    (row,) = kept(organization)
    assert row.draft is not None
    assert "Sacramento" in row.name


def test_what_is_given_out_is_taken_again() -> None:
    organization, other = identity.organization(), identity.organization()
    raw = tariffs.peak_document()
    browser = pages.signed_in(organization)
    assert (
        browser.post(
            reverse("tariff_new", args=[organization.public_id]), {"document": json.dumps(raw), "do": "save"}
        ).status_code
        == 302
    )
    (row,) = kept(organization)

    answer = browser.get(reverse("tariff_file", args=[organization.public_id, row.public_id]), {"version": "1"})

    assert json.loads(answer.content) == raw
    assert answer["Content-Disposition"] == 'attachment; filename="T1-1.json"'
    missing = browser.get(reverse("tariff_file", args=[organization.public_id, row.public_id]), {"version": "9"})
    assert missing.status_code == 404
    there = pages.signed_in(other)
    shown = there.post(reverse("tariff_take", args=[other.public_id]), upload(answer.content.decode()))
    assert shown.status_code == 200
    assert "Off-peak" in shown.content.decode()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no JSON file"),
        ("[]", "there are 0 rates"),
        ('{"energyratestructure": [[{"rate": "dear"}]]}', "energyratestructure[0][0].rate"),
        ('{"energyratestructure": [[{"rate": 0.1}], [{"rate": 0.2}]]}', "energyweekdayschedule"),
        (
            '{"energyratestructure": [[{"rate": 0.1, "unit": "kWh/hp", "max": 5}, {"rate": 1, "unit": "kWh/hp"}]]}',
            "kwh/hp",
        ),
        (
            '{"energyratestructure": [[{"rate": 0.1}]], "fixedchargefirstmeter": 1, "fixedchargeunits": "$/fortnight"}',
            "fortnight",
        ),
    ],
    ids=["broken", "empty", "price", "schedule", "unit", "length"],
)
def test_what_cannot_be_taken_says_which_key(text: str, words: str) -> None:
    organization = identity.organization()

    answer = pages.signed_in(organization).post(reverse("tariff_take", args=[organization.public_id]), upload(text))

    assert answer.status_code == 422
    assert words in answer.content.decode()
