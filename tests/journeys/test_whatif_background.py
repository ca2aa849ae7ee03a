"""A what-if that is too large to wait for: started on its page or by a program, priced by jobs, kept, canceled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from meterbook.audit import models as audit_models
from meterbook.billing import models
from meterbook.billing import permissions as billing_permissions
from meterbook.billing.whatif import asked as asking
from meterbook.billing.whatif import background, comparing, kept
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from tests.factories import api, billing, identity, whatif
from tests.support import pages

DAYS = {"first_day": "2026-01-01", "final_day": "2026-03-31"}


@pytest.fixture(autouse=True)
def later() -> Iterator[None]:
    with clock.use(clock.SettableClock(whatif.NOW)):
        yield


@pytest.fixture
def made(database: str, monkeypatch: pytest.MonkeyPatch) -> whatif.History:
    monkeypatch.setattr(asking, "MOST_BILLS", 8)
    monkeypatch.setattr(background, "PART", 1)
    made = whatif.history()
    whatif.bill(made)
    return made


def price(made: whatif.History, public_id: Any, *, parts: int = 99) -> int:  # noqa: ANN401
    """Each part in a transaction, as the job does it; how many."""
    done = 0
    for _part in range(parts):
        with scoping.scope([made.owner], actor=identity.ACTOR):
            if not background.price_next(what_if=public_id):
                break
        done += 1
    return done


def found(made: whatif.History, public_id: Any) -> kept.WhatIfRow:  # noqa: ANN401
    with scoping.scope([made.owner], actor=identity.ACTOR):
        return kept.get_what_if(public_id=public_id)


@pytest.mark.spec("M-059/1")
def test_a_large_one_is_started_followed_and_read_like_a_small_one(
    made: whatif.History, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, owner = pages.signed_in(made.place.organization), made.place.organization.public_id
    asked = {**DAYS, "prices": "current"}

    refused = client.get(reverse("tariff_what_if", args=[owner]), asked)
    started = client.post(reverse("tariff_what_if_start", args=[owner]), asked)
    waiting = client.get(started["Location"]).content.decode()
    with scoping.scope([made.owner], actor=identity.ACTOR):
        (row,) = kept.list_what_ifs()
    assert price(made, row.public_id, parts=1) == 1
    running = client.get(started["Location"]).content.decode()
    assert price(made, row.public_id) == 2
    shown = client.get(started["Location"]).content.decode()
    file = client.get(started["Location"], {"format": "csv"})
    listed = pages.page(client, "tariff_what_if", made.place.organization)

    assert refused.status_code == 422
    assert "Compare in the background" in refused.content.decode()
    assert "It waits for a worker." in waiting
    assert "Running, 1 of 3 accounts." in running
    assert "No difference." in shown
    assert "Bakery" in shown
    assert file["Content-Type"].startswith("text/csv")
    assert "3 of 3 accounts" in listed
    with scoping.scope([made.owner], actor=identity.ACTOR):
        days = asking.Asked(asking.Scope(), whatif.FIRST, whatif.UNTIL)
        monkeypatch.setattr(asking, "MOST_BILLS", 99)
        assert kept.result_of(what_if=kept.get_what_if(public_id=row.public_id)) == comparing.compare(
            days, now=whatif.NOW
        )
        actions = audit_models.AuditEntry.objects.filter(organization_id=made.owner, action="billing:start_what_if")
        assert actions.count() == 1


def test_a_killed_worker_loses_its_part_only_and_another_goes_on(
    made: whatif.History, monkeypatch: pytest.MonkeyPatch
) -> None:
    public_id = whatif.started(made.place.organization)
    assert price(made, public_id, parts=1) == 1
    with monkeypatch.context() as broken:
        broken.setattr(models.WhatIfPart, "save", _die)
        with pytest.raises(OperationalError):
            price(made, public_id)

    assert (found(made, public_id).done, price(made, public_id)) == (1, 2)
    assert found(made, public_id).state is kept.WhatIfState.DONE


def _die(*_given: object, **_named: object) -> None:
    raise OperationalError("the connection is gone")


def test_programs_start_poll_cancel_and_remove(made: whatif.History) -> None:
    program = api.program(
        organization=made.place.organization,
        permissions={billing_permissions.VIEW_BILL, billing_permissions.MANAGE_RUN},
    )
    body = {"first_day": "2026-01-01", "until_day": "2026-04-01", "document": whatif.dearer()}

    first, second = (program.ask("POST", "/kept-what-ifs", body).json() for _each in range(2))
    early = program.ask("GET", f"/kept-what-ifs/{first['what_if']}/result")
    price(made, first["what_if"])
    state = program.ask("GET", f"/kept-what-ifs/{first['what_if']}").json()
    result = program.ask("GET", f"/kept-what-ifs/{first['what_if']}/result").json()
    canceled = program.ask("POST", f"/kept-what-ifs/{second['what_if']}/cancel", {}).json()
    after = price(made, second["what_if"])
    removed = program.ask("POST", f"/kept-what-ifs/{second['what_if']}/remove", {})
    left = program.ask("GET", "/kept-what-ifs").json()["items"]

    assert early.status_code == 409
    assert (state["state"], state["done"], canceled["state"], after) == ("DONE", 3, "CANCELED", 0)
    assert {each["verdict"] for each in result["accounts"]} == {"LOSES"}
    assert removed.status_code == 200
    assert [each["what_if"] for each in left] == [first["what_if"]]


def test_it_is_seen_by_those_who_see_all_of_it_and_forgotten_in_time(made: whatif.History) -> None:
    other = billing.place(organization=made.place.organization, raw={**billing.document(), "code": "S2"}, landlord="L2")
    whatif.history(other, names=("Elsewhere",))
    public_id = whatif.started(made.place.organization)
    address = reverse("tariff_what_if_kept", args=[made.place.organization.public_id, public_id])
    limited = Client()
    limited.force_login(
        identity.user(organization=made.place.organization, role=RoleCode.AUDITOR, site_id=made.place.site.pk)
    )

    assert limited.get(address).status_code == 404
    auditor = pages.signed_in(made.place.organization, RoleCode.AUDITOR)
    assert auditor.get(address).status_code == 200
    assert auditor.post(address + "cancel").status_code == 403
    with scoping.scope([made.owner], actor=identity.ACTOR):
        early = background.forget_what_ifs(actor=identity.ACTOR, at=whatif.NOW + timedelta(days=29))
        late = background.forget_what_ifs(actor=identity.ACTOR, at=whatif.NOW + timedelta(days=30))
        assert (early, late, models.WhatIfPart.objects.filter(organization_id=made.owner).count()) == (0, 1, 0)
