"""Another tariff than the default: it names a reason and waits for a second person (M-057)."""

from __future__ import annotations

import re
import uuid
from datetime import date, datetime

import pytest

from meterbook.customers import models, overrides, tariff_defaults
from meterbook.customers.values import OverrideState
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.journeys.values import JourneyKind, Step
from meterbook.kernel import clock
from meterbook.metering.values import Service
from tests.factories import api, billing, identity
from tests.support import pages, trails
from tests.support.desks import Desk

WHY = "the shop has its own transformer"
NO = "its transformer was removed in spring"


class Usual(Desk):
    """A desk whose site has a default, and another tariff."""

    def __init__(self, *, has_approver: bool = True, is_default: bool = True) -> None:
        super().__init__(RoleCode.MANAGER)
        self.approver = pages.signed_in(self.organization, RoleCode.APPROVER) if has_approver else None
        raw = {**billing.document(), "code": "OTHER", "name": {"en": "Other prices", "es": "Otros precios"}}
        self.other = str(billing.tariff(organization=self.organization, raw=raw).public_id)
        self.usual = self.unit.place.tariff
        if is_default:
            self.set_default()

    def set_default(self) -> None:
        """This will let the tariff of the place be the default of its site."""
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            tariff_defaults.set_default(
                actor=identity.ACTOR,
                at=clock.now(),
                group=tariff_defaults.Group(Service.ELECTRICITY, self.unit.place.site.public_id),
                tariff=self.usual.public_id,
                first_day=date(2026, 1, 1),
            )

    def move_in(self, tariff: str, **given: str) -> int:
        """This will let somebody move in by a tariff; it returns what the step of tariffs answered."""
        journey = self.begin(JourneyKind.MOVE_IN, place=self.unit.key)
        self.send(journey, Step.CUSTOMER, name="Ana Ruiz", number="A-000007", language="en", kind="PERSON")
        self.send(journey, Step.START, day="2026-02-01")
        self.send(journey, Step.READINGS)
        status = self.send(journey, Step.TARIFF, **{f"tariff_{self.point}": tariff, **given})
        if status == 302:
            self.send(journey, Step.DEPOSIT, amount="")
            self.summary = self.page("move", journey.public_id)
            self.send(journey, Step.SUMMARY)
        return status

    @property
    def contracts(self) -> list[models.Contract]:
        """Of the meter point, in their order."""
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            rows = models.Contract.objects.filter(organization_id=self.organization.pk).select_related("tariff")
            return list(rows.order_by("during"))

    @property
    def codes(self) -> list[str]:
        """Of the tariffs of the contracts."""
        return [each.tariff.code for each in self.contracts]

    def asked(self) -> list[overrides.OverrideRow]:
        """This will return the overrides, those that wait first."""
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            return overrides.list_overrides()


@pytest.mark.spec("M-057/3")
def test_a_move_in_begins_by_the_default_until_another_person_approves() -> None:
    desk = Usual()

    assert desk.move_in(desk.other) == 422
    assert desk.move_in(desk.other, reason=WHY) == 302
    assert "until then" in desk.summary
    assert desk.codes == [desk.usual.code]
    (row,) = desk.asked()
    approve = desk.path("tariff_override_approve", row.public_id)
    assert (row.state, desk.client.post(approve).status_code) == (OverrideState.WAITING, 403)
    queue = pages.page(desk.approver, "work", desk.organization)
    assert "1 other tariff than the default to approve" in queue
    assert WHY in pages.page(desk.approver, "tariff_overrides", desk.organization)
    assert "Waits for a second person" in desk.page("contract", desk.contracts[0].public_id)

    assert desk.approver.post(approve).status_code == 302
    again = desk.approver.post(approve, follow=True).content.decode()

    assert desk.codes == ["OTHER"]
    assert "nothing to decide any more" in again
    assert "than the default to approve" not in pages.page(desk.approver, "work", desk.organization)
    listed = desk.page("tariff_defaults")
    assert WHY in listed
    assert "approved by" in listed
    assert "Approved another tariff than the default" in pages.page(
        pages.signed_in(desk.organization), "audit", desk.organization
    )


@pytest.mark.spec("M-057/3")
def test_a_change_waits_beside_what_was_there_and_a_refusal_leaves_it() -> None:
    desk = Usual()
    desk.move_in(str(desk.usual.public_id))
    contract = desk.contracts[0].public_id
    assert desk.asked() == []
    change = {"tariff": desk.other, "first_day": "2026-03-01"}
    url = desk.path("contract_tariff", contract)

    bare = desk.client.post(url, change)
    sent = desk.client.post(url, {**change, "reason": WHY}, follow=True).content.decode()

    assert (bare.status_code, "choose it, or say why" in bare.content.decode()) == (422, True)
    assert "waits for a second person" in sent
    (row,) = desk.asked()
    refuse, field = desk.path("tariff_override_refuse", row.public_id), f"o{row.public_id.hex}-reason"
    silent = desk.approver.post(refuse, {field: " "})
    assert (silent.status_code, "Who asked for it reads this" in silent.content.decode()) == (422, True)
    assert desk.asked()[0].state is OverrideState.WAITING
    assert desk.approver.post(refuse, {field: NO}).status_code == 302
    assert (desk.codes, desk.asked()[0].state) == ([desk.usual.code], OverrideState.REFUSED)
    assert NO in desk.page("tariff_overrides")
    assert NO in desk.page("contract", contract)
    assert trails.latest(desk.organization).after["answer"] == NO

    desk.client.post(url, {**change, "reason": WHY})
    taken_back = desk.asked()[0].public_id
    assert desk.client.post(desk.path("tariff_override_take_back", taken_back)).status_code == 302
    assert {each.state for each in desk.asked()} == {OverrideState.REFUSED}

    desk.client.post(url, {**change, "reason": WHY})
    desk.approver.post(desk.path("tariff_override_approve", desk.asked()[0].public_id))
    first, second = desk.contracts
    assert desk.codes == [desk.usual.code, "OTHER"]
    assert first.during.upper == second.during.lower == datetime.fromisoformat("2026-03-01T00:00:00+01:00")


@pytest.mark.spec("M-057/3")
def test_many_at_once_need_one_reason_and_each_waits() -> None:
    desk = Usual()
    desk.move_in(str(desk.usual.public_id))
    url = desk.path("tariff_assign")
    given = {"tariff": desk.other, "first_day": "2026-04-01", "site": str(desk.unit.place.site.public_id)}

    looked = desk.client.post(url, {**given, "do": "look"}).content.decode()
    (digest,) = re.findall(r'name="digest" value="([0-9a-f]{64})"', looked)
    bare = desk.client.post(url, {**given, "do": "assign", "digest": digest})
    done = desk.client.post(url, {**given, "do": "assign", "digest": digest, "reason": WHY}, follow=True)

    assert "For 1 contract another tariff is the default" in looked
    assert (bare.status_code, desk.codes) == (422, [desk.usual.code])
    assert "For 1 contract it waits" in done.content.decode()
    assert [each.state for each in desk.asked()] == [OverrideState.WAITING]


@pytest.mark.spec("M-057/3")
def test_nobody_is_asked_without_a_default_and_one_person_approves_alone() -> None:
    free = Usual(is_default=False)
    alone = Usual(has_approver=False)

    assert free.move_in(free.other) == 302
    assert alone.move_in(alone.other, reason=WHY) == 302

    assert (free.codes, free.asked()) == (["OTHER"], [])
    (row,) = alone.asked()
    assert (alone.codes, row.state, row.is_alone) == (["OTHER"], OverrideState.APPROVED, True)
    assert "approved alone" in alone.page("tariff_overrides")


@pytest.mark.spec("M-057/3")
def test_programs_ask_and_decide_the_same() -> None:
    desk = Usual()
    desk.move_in(str(desk.usual.public_id))
    asking = api.program(organization=desk.organization)
    deciding = api.program(organization=desk.organization)
    url, body = f"/contracts/{desk.contracts[0].public_id}/tariff", {"tariff": desk.other, "first_day": "2026-03-01"}

    bare = asking.post(url, body)
    sent = asking.post(url, {**body, "reason": WHY})
    (row,) = asking.get("/tariff-overrides").json()["items"]
    own = asking.post(f"/tariff-overrides/{row['id']}/approve", {})
    gone = deciding.post(f"/tariff-overrides/{uuid.uuid4()}/approve", {})
    silent = deciding.post(f"/tariff-overrides/{row['id']}/refuse", {"reason": " "})
    refused = deciding.post(f"/tariff-overrides/{row['id']}/refuse", {"reason": NO})
    asking.post(url, {**body, "reason": WHY})
    again = asking.get("/tariff-overrides").json()["items"][0]["id"]
    done = deciding.post(f"/tariff-overrides/{again}/approve", {})

    assert (silent.status_code, refused.json()["state"], refused.json()["answer"]) == (422, "REFUSED", NO)
    assert (bare.status_code, sent.status_code, own.status_code) == (422, 201, 403)
    assert sent.json()["tariff_code"] == desk.usual.code
    assert (row["state"], row["reason"], row["default_tariff_code"]) == ("WAITING", WHY, desk.usual.code)
    assert (gone.status_code, done.status_code, done.json()["state"]) == (404, 200, "APPROVED")
    (listed,) = [each for each in asking.get("/tariff-defaults").json()["others"] if each["override"]] or [None]
    assert desk.codes == [desk.usual.code, "OTHER"]
    assert listed is not None
    assert listed["override"]["reason"] == WHY
