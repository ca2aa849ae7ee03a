"""Another tariff for accounts that keep energy fed in: the page and the API say that what they keep waits."""

from __future__ import annotations

import copy
import html

import pytest
from django.urls import reverse

from tests.factories import api, billing, customers
from tests.journeys.test_tariff_banks import SUNNY
from tests.support import pages


@pytest.mark.spec("B-08/3")
def test_what_accounts_keep_by_the_present_tariff_is_told() -> None:
    place = billing.place(raw=SUNNY)
    plain, sunny = copy.deepcopy(SUNNY), copy.deepcopy(SUNNY)
    del plain["components"][1:]
    others = [
        billing.tariff(organization=place.organization, raw={**raw, "code": code})
        for raw, code in ((plain, "PLAIN"), (sunny, "SUNNY"))
    ]
    meter = billing.metered(place, name="Roof")
    account = customers.account(organization=place.organization, site=place.site, name="Roof", number="A-1")
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=billing.FEBRUARY.starts_at)
    client, program = pages.signed_in(place.organization), api.program(organization=place.organization)

    told = []
    for tariff in others:
        body = {"tariff": str(tariff.public_id), "first_day": "2026-04-01", "site": str(place.site.public_id)}
        page = client.post(
            reverse("tariff_assign", args=[place.organization.public_id]), {**body, "do": "look"}
        ).content.decode()
        preview = program.post("/tariff-assignments/preview", body).json()
        told.append(("(“Kept”) stays there" in html.unescape(page), preview["waiting_banks"]))

    assert told == [(True, [{"tariff_code": place.tariff.code, "code": "bank"}]), (False, [])]
