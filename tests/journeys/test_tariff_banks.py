"""A draft that forgets what the version before keeps of energy fed in is refused with its place, and can settle it."""

from __future__ import annotations

import copy
import html
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from meterbook.foundation import scoping
from meterbook.tariffs import models
from tests.factories import api, billing, identity, tariffs

SUNNY = tariffs.document(
    currency="EUR",
    components=[
        {"code": "energy", "name": "Energy", "charge": "ENERGY", "price": "0.10"},
        {"code": "sun", "name": "Fed in", "charge": "ENERGY", "channel": "EXPORT", "price": "-0.05"},
        {"code": "bank", "name": "Kept", "charge": "CREDIT_BANK", "bank": {}},
    ],
)
TOLD = "the version before keeps money in the bank “Kept” (bank): keep it too, take it over (continues), or settle it"


@pytest.mark.spec("B-08/3")
def test_a_forgotten_bank_is_told_and_settled_in_the_form_and_by_programs() -> None:
    organization = identity.organization()
    tariff = billing.tariff(organization=organization, raw=SUNNY)
    forgets: dict[str, Any] = copy.deepcopy(SUNNY)
    del forgets["components"][2]
    client = Client()
    client.force_login(identity.user(organization=organization))
    href = reverse("tariff_draft", args=[organization.public_id, tariff.public_id])

    for wanted in ("check", "save"):
        answer = client.post(href, {"base": json.dumps(forgets), "do": wanted})
        assert answer.status_code == 422
        assert TOLD in html.unescape(answer.content.decode())
    refused = api.program(organization=organization).ask(
        "PUT", f"/tariffs/{tariff.public_id}/draft", {"document": forgets}
    )
    assert refused.status_code == 422
    (error,) = api.problem(refused)["errors"]
    assert TOLD in json.dumps(error, ensure_ascii=False)
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        versions = models.TariffVersion.objects.filter(organization_id=organization.pk, tariff=tariff)
        assert [each.state for each in versions] == ["PUBLISHED"]

    form = client.post(href, {"base": json.dumps(forgets), "do": "add:components:BANK_END"}).content.decode()
    assert 'name="components[2].bank_end.holds"' in form
    settles = copy.deepcopy(forgets)
    terms = {"continues": "bank", "holds": "MONEY", "at_end": "PAY_BALANCE"}
    settles["components"].append({"code": "rest", "name": "Rest", "charge": "BANK_END", "bank_end": terms})
    page = client.post(href, {"base": json.dumps(settles), "do": "save"}, follow=True).content.decode()
    assert "What a bank of an earlier version holds is paid on the first bill." in page
