"""Shared costs in the browser's requests and for programs: made, filled, divided, read, checked."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from meterbook.billing import models
from meterbook.billing.pools import recompute
from meterbook.customers import sign_ins
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.sites.values import NodeKind
from tests.factories import api, billing, customers, identity, pools
from tests.journeys import pool_bodies

ROLE = RoleCode.MANAGER
DAYS = billing.Days(date(2026, 5, 1), date(2026, 5, 2))


@pytest.fixture(scope="module")
def made() -> pools.Divided:
    return pools.divided(identity.organization())


@pytest.fixture
def client(made: pools.Divided) -> Client:
    user = identity.user(organization=made.place.organization, role=ROLE)
    signed = Client()
    signed.force_login(user)
    return signed


def href(made: pools.Divided, path: str) -> str:
    return f"/o/{made.place.organization.public_id}/{path}"


def definition(made: pools.Divided, **given: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "site": str(made.place.site.public_id),
        "rows": "0",
        "name": "Pumps",
        "kind": "PUMPS",
        "stage": "2",
        "source": "AMOUNT",
        "service": "ELECTRICITY",
        "key": "AREA",
        "percent": "100",
        "vacancy": "LANDLORD",
        "rounding": "LARGEST_REMAINDER",
        "starts_day": "2027-01-01",
        **given,
    }


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer
    return answer.content.decode()


def test_is_listed_with_what_it_did(made: pools.Divided, client: Client) -> None:
    told = page(client, href(made, "pools/"))

    assert "Lift of the house" in told
    assert "40.00" in told
    assert "Draft" in page(client, href(made, f"pools/{made.pool.public_id}/"))


def test_is_made_and_changed_in_a_form_that_keeps_what_was_typed(made: pools.Divided, client: Client) -> None:
    address = href(made, "pools/new")
    two = {"rows": "2", "row-0-code": "", "row-1-code": "", "key": "PERCENT", "code": "PUMPS"}

    begun = page(client, address)
    assert "As in the tariff" in begun
    assert re.search(r'name="tax_rate"[^>]* value="21"|value="21"[^>]* name="tax_rate"', begun)
    added = client.post(address, {**definition(made, **two), "do": "fill"}).content.decode()
    wrong = client.post(address, definition(made, **{**two, "row-0-code": "nowhere"}))
    unit = re.search(r'value="(U-\w+)"', added)
    assert unit is not None
    half = {**two, "rows": "1", "row-0-code": unit[1], "row-0-value": "50"}
    unequal = client.post(address, definition(made, **half))
    right = client.post(address, definition(made, **{**half, "row-0-value": "100"}))

    assert (wrong.status_code, "no unit or meter of this code" in wrong.content.decode()) == (422, True)
    assert (unequal.status_code, "they are 50" in unequal.content.decode()) == (422, True)
    assert right.status_code == 302
    again = client.post(address, definition(made, **{**half, "row-0-value": "100"}))
    assert "Another shared cost has the code PUMPS" in again.content.decode()
    change = right["Location"] + "change"
    assert f'value="{unit[1]}"' in page(client, change)
    saved = client.post(change, definition(made, key="AREA", percent="30", key2="EQUAL", cap="12.5"))
    assert saved.status_code == 302
    assert "Who left gets a correction note" in page(client, right["Location"])
    assert client.post(change, definition(made, leaving="SOMEBODY")).status_code == 422
    assert client.post(change, definition(made, leaving="LANDLORD")).status_code == 302
    assert "the bill of who left stays" in page(client, right["Location"])
    assert '<option value="LANDLORD" selected>The landlord bears it' in page(client, change)
    tax = {"tax_code": "vat", "tax_name": "VAT", "tax_name_es": "IVA", "tax_rate": "5.5", "name_es": "Bombas"}
    client.post(change, definition(made, key="AREA", percent="30", key2="EQUAL", cap="12.5", **tax))
    shown = page(client, right["Location"])
    assert "VAT 5.5 %" in shown.replace("\u00a0", " ")
    assert "Bombas" in shown
    assert all(f'value="{each}"' in page(client, change) for each in ("Bombas", "IVA"))
    assert "30&nbsp;% by area" in page(client, right["Location"]) or "30 % by area" in page(client, right["Location"])


def test_an_amount_is_entered_withdrawn_and_told_what_is_wrong(made: pools.Divided, client: Client) -> None:
    address = href(made, f"pools/{made.pool.public_id}/amount")
    days = {"first_day": "2027-03-01", "last_day": "2027-03-31"}
    given = {"amount": "1,234.50", "text": "Maintenance 27", "text_es": "Mantenimiento", **days}

    wrong = client.post(address, {**given, "last_day": "2027-02-01"})
    right = client.post(address, given)

    assert (wrong.status_code, 'value="1,234.50"' in wrong.content.decode()) == (422, True)
    assert right.status_code == 302
    told = page(client, right["Location"])
    assert "Maintenance 27" in told
    entry = re.findall(r"pools/amounts/([0-9a-f-]{36})/withdraw", told)
    with scoping.scope([made.place.organization.pk], actor=billing.ACTOR):
        own = models.PoolEntry.objects.get(organization_id=made.place.organization.pk, text="Maintenance 27")
    assert str(own.public_id) in entry
    assert own.texts == {"es": "Mantenimiento"}
    program = api.program(organization=made.place.organization)
    (listed,) = [
        each for each in program.get(f"/pools/{made.pool.public_id}").json()["amounts"] if each["id"] in entry[:1]
    ]
    assert listed["texts"] == {"es": "Mantenimiento"}
    body = pool_bodies.BODIES["enter_pool_amount"](made.place.organization)
    refused = program.post(f"/pools/{made.pool.public_id}/amounts", {**body, "texts": {"fr": "Entretien"}})
    assert "one of: en, es" in api.problem(refused)["detail"]
    client.post(href(made, f"pools/amounts/{own.public_id}/withdraw"))
    assert "Maintenance 27" not in page(client, right["Location"])


@pytest.mark.spec("M-064/1")
def test_a_sheet_is_read_and_taken_away_to_be_checked(made: pools.Divided, client: Client) -> None:
    address = href(made, f"sheets/{made.sheet.public_id}/")

    told = page(client, address)
    plain = json.loads(client.get(address + "data.json").content)
    rows = client.get(address + "file?kind=csv").content.decode()
    script = client.get(href(made, "pools/script.py")).content.decode()

    assert "every share is right" in told
    assert recompute.differences(plain) == []
    assert ",40.00,EUR" in rows
    assert client.get(address + "file?kind=xlsx").content[:2] == b"PK"
    assert "def differences(" in script
    assert "meterbook" not in re.findall(r"^(?:from|import) (\w+)", script, re.MULTILINE)


@pytest.mark.spec("M-062/1")
def test_a_bill_says_all_that_is_needed_to_work_its_share_out(made: pools.Divided, client: Client) -> None:
    with scoping.scope([made.place.organization.pk], actor=billing.ACTOR):
        draft = models.BillDraft.objects.get(organization_id=made.place.organization.pk, run=made.run)
    (told,) = json.loads(bytes(draft.content))["shared_costs"]

    share = Decimal(told["own"]) / Decimal(told["whole"]) * Decimal(told["part"])
    shown = page(client, href(made, f"bills/{draft.public_id}/"))

    assert share == Decimal(told["amount"]) == 40
    assert "Allocation sheet" in shown
    assert "50\u00a0m² of 50\u00a0m², 100 %" in shown.replace("&nbsp;", "\u00a0")


def test_who_may_only_look_changes_nothing(made: pools.Divided) -> None:
    looking = Client()
    looking.force_login(identity.user(organization=made.place.organization, role=RoleCode.AUDITOR))

    assert f"{made.pool.public_id}/change" not in page(looking, href(made, f"pools/{made.pool.public_id}/"))
    for path in ("pools/new", f"pools/{made.pool.public_id}/change"):
        assert looking.get(href(made, path)).status_code == 403


def test_a_tenant_sees_the_own_share_of_the_latest_period_and_no_other() -> None:
    organization = identity.organization()
    place = billing.place(organization=organization)
    own = {}
    for code, name in (("U-1", "Zoe Berg"), ("U-2", "Max Frei")):
        node = pools.unit(place, area="30", kind=NodeKind.UNIT, code=code, name=f"Loft {code}")
        meter = billing.metered(place, node=node)
        billing.count(meter.energy, DAYS.starts_at, DAYS.ends_at)
        account = customers.account(organization=organization, site=place.site, name=name)
        customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=DAYS.starts_at)
        own[name] = account
    pool = pools.pool(place, name="Cellar pump")
    pools.amount(pool, "80.00", first_day=DAYS.first_day, until_day=DAYS.until_day)
    billing.issued(place, first_day=DAYS.first_day, until_day=DAYS.until_day)
    tenant = identity.user(organization=organization, role=None, name="Zoe Berg")
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        sign_ins.link_user(
            actor=identity.ACTOR, at=identity.LONG_AGO, account=own["Zoe Berg"].public_id, user_id=tenant.pk
        )
    signed = Client()
    signed.force_login(tenant)
    staff = Client()
    staff.force_login(identity.user(organization=organization, role=ROLE))

    home = page(signed, f"/o/{organization.public_id}/my/")
    account = page(staff, f"/o/{organization.public_id}/accounts/{own['Zoe Berg'].public_id}/")

    for told in (home, account):
        assert told.count("Cellar pump") == 1
        assert "40.00" in told
        assert "Loft U-1" in told
    assert "Loft U-2" not in home
    assert signed.get(f"/o/{organization.public_id}/pools/{pool.public_id}/").status_code in {403, 404}
