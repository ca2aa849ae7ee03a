"""Billing a run without a shared cost that waits: decided on its page or by a program, taken back, and refused."""

from __future__ import annotations

import uuid
from datetime import date

import pytest
from django.test import Client

from meterbook.identity.models import Organization
from meterbook.identity.values import RoleCode
from meterbook.sites.values import NodeKind
from tests.factories import api, billing, identity, pools

DAYS = billing.Days(date(2026, 5, 1), date(2026, 5, 2))


def signed(organization: Organization, role: RoleCode) -> Client:
    client = Client()
    client.force_login(identity.user(organization=organization, role=role))
    return client


@pytest.mark.spec("B-65")
def test_a_cost_without_an_amount_is_put_off_with_a_reason_and_taken_up_again() -> None:
    place = billing.place(organization=identity.organization())
    meter = billing.metered(place, node=pools.unit(place, area="50", kind=NodeKind.UNIT, code="U-1", name="Loft 1"))
    billing.count(meter.energy, DAYS.starts_at, DAYS.ends_at)
    pool = pools.pool(place, name="Cellar pump")
    run = billing.advance(billing.plan(place, first_day=DAYS.first_day, until_day=DAYS.until_day))
    root = f"/o/{place.organization.public_id}"
    address = f"{root}/runs/{run.public_id}/"
    later, now = (f"{address}pools/{pool.public_id}/{each}" for each in ("later", "now"))
    manager, auditor = (signed(place.organization, role) for role in (RoleCode.MANAGER, RoleCode.AUDITOR))
    given = {"reason": "The invoice is late."}

    # Who may not decide sees that it waits, and is refused; a run of others is not there, nor a cost that is none.
    assert later in manager.get(address).content.decode()
    assert later not in auditor.get(address).content.decode()
    assert auditor.post(later, given).status_code == auditor.post(now).status_code == 403
    foreign = identity.organization()
    stranger = signed(foreign, RoleCode.MANAGER)
    assert stranger.post(later.replace(root, f"/o/{foreign.public_id}"), given).status_code == 404
    assert stranger.post(now.replace(root, f"/o/{foreign.public_id}")).status_code == 404
    assert manager.post(f"{address}pools/{uuid.uuid4()}/later", given).status_code == 404

    assert "Write why the shared cost comes with a later bill" in manager.post(later, follow=True).content.decode()
    assert "was not told to leave this shared cost" in manager.post(now, follow=True).content.decode()
    assert "the next one divides it" in manager.post(later, given, follow=True).content.decode()
    assert "while the run is for review" in manager.post(later, given, follow=True).content.decode()  # it calculates
    billing.advance(run)
    told = manager.get(address).content.decode()
    assert ("The invoice is late." in told, now in told, later in told) == (True, True, False)
    for path in ("pools/", f"pools/{pool.public_id}/"):
        listed = manager.get(f"{root}/{path}").content.decode()
        assert ("Comes later" in listed, "Waits" in listed) == (True, False), path
    assert "does not wait for this shared cost" in manager.post(later, given, follow=True).content.decode()

    assert "divides this shared cost" in manager.post(now, follow=True).content.decode()
    billing.advance(run)
    assert later in manager.get(address).content.decode()
    trail = auditor.get(f"{root}/audit/").content.decode()
    assert "Left a shared cost to a later bill run" in trail
    assert "Had a bill run divide a shared cost after all" in trail

    program = api.program(organization=place.organization)
    path = f"/runs/{run.public_id}/pools/{pool.public_id}"
    assert program.ask("POST", f"{path}/now").status_code == 409
    assert program.ask("POST", f"{path}/later", body={"reason": ""}).status_code == 422
    assert program.ask("POST", f"{path}/later", body=given).status_code == 202
    billing.advance(run)
    (sheet,) = program.ask("GET", f"/pools/{pool.public_id}/sheets").json()["items"]
    assert (sheet["is_put_off"], sheet["total"], "The invoice is late." in sheet["reasons"][0]) == (True, None, True)
    page = manager.get(f"{root}/sheets/{sheet['id']}/").content.decode()
    assert ("Comes later" in page, "Decided by" in page) == (True, True)
    assert program.ask("POST", f"{path}/now").status_code == 202
