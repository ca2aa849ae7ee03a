"""The memory of a meter on the page of a gap: asked and set by who may, told in words, offered where there is one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from meterbook.acquisition import models, operations, queries, values
from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from tests.factories import acquisition, api, identity, sites
from tests.journeys import house

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_march() -> object:
    with clock.use(clock.SettableClock(NOW)) as installed:
        yield installed


class Remembering(house.House):
    """A meter with a daily freeze on a bus."""

    def __init__(self, model_code: str = "pilot_spm93") -> None:
        super().__init__()
        site = sites.site(organization=self.organization)
        self.meter = acquisition.installed_meter(organization=self.organization, site=site, model_code=model_code)
        self.device = acquisition.device(
            organization=self.organization,
            on=acquisition.bus(site=site),
            meter=self.meter.meter,
            model_code=model_code,
        )

    def at(self, route: str) -> str:
        return self.path(route, self.meter.point.public_id)

    def show(self, client: Client | None = None) -> str:
        return (client or self.client).get(self.at("meter_gap")).content.decode()

    def questions(self) -> list[models.DeviceRequest]:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            found = models.DeviceRequest.objects.filter(organization_id=self.organization.pk)
            return list(found.order_by("id"))

    def answer(self, answer: operations.Answer) -> None:
        request = self.questions()[-1]
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            operations.answer_request(
                actor=identity.ACTOR, at=NOW, real_at=clock.real_now(), request_id=request.pk, answer=answer
            )

    def actions(self) -> list[str]:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            found = audit_models.AuditEntry.objects.filter(
                organization_id=self.organization.pk, action__contains="memory"
            )
            return list(found.order_by("id").values_list("action", flat=True))

    def colleague(self, role: RoleCode) -> Client:
        client = Client()
        client.force_login(identity.user(organization=self.organization, role=role))
        return client


class TestTheMemoryOfAMeter:
    def test_is_asked_once_and_its_answer_told(self) -> None:
        held = Remembering()

        before = held.show()
        asked = held.client.post(held.at("meter_memory"), follow=True).content.decode()
        held.client.post(held.at("meter_memory"))
        told = queries.MemoryAnswer(asked=5, taken=4, known=0, conflicts=1, ahead_seconds=300)
        held.answer(operations.Answer(took_ms=900, memory=told))
        after = held.show()

        assert "last 31 midnights" in before
        assert "Ask the meter" in before
        assert "what fits is there within minutes" in asked
        assert [each.kind for each in held.questions()] == [values.RequestKind.READ_MEMORY]
        assert "4 readings were taken." in after
        assert "1 contradicts what was read" in after
        assert "300 s ahead" in after
        assert held.actions() == ["acquisition:request_memory"]

    def test_tells_why_it_could_not_be_read(self) -> None:
        held = Remembering()
        held.client.post(held.at("meter_memory"))
        problem = values.Problem("CLOCK", "its clock shows x", "Set it.", {"clock": "2024-01-01T00:00:00"})
        held.answer(operations.Answer(took_ms=9, problem=problem))

        page = held.show()

        assert "more than an hour from ours" in page
        assert "Set the meter&#x27;s clock" in page

    def test_is_asked_by_itself_until_somebody_says_no(self) -> None:
        held = Remembering()

        assert "After an outage it is asked by itself." in held.show()
        held.client.post(held.at("meter_memory_set"), {"is_asked": "no"})
        assert "It is asked only when somebody says so." in held.show()
        held.client.post(held.at("meter_memory_set"), {"is_asked": "no"})
        held.client.post(held.at("meter_memory_set"), {"is_asked": "yes"})

        assert held.actions() == ["acquisition:set_memory_asked"] * 2

    def test_is_left_alone_by_who_may_not(self) -> None:
        held = Remembering()
        viewer = held.colleague(RoleCode.FINANCE_VIEWER)

        assert viewer.post(held.at("meter_memory")).status_code in (403, 404)
        assert viewer.post(held.at("meter_memory_set"), {"is_asked": "no"}).status_code in (403, 404)
        assert held.questions() == []
        assert held.actions() == []

    def test_is_not_offered_where_the_model_tells_of_none(self) -> None:
        held = Remembering("eastron_sdm630")

        answer: Any = held.client.post(held.at("meter_memory"), follow=True)

        assert "Ask the meter" not in held.show()
        assert "does not say what it remembers" in answer.content.decode()
        assert held.questions() == []

    def test_is_told_to_programs(self) -> None:
        held = Remembering()
        caller = api.program(organization=held.organization)
        path = f"/meter-points/{held.meter.point.public_id}/memory"

        before = caller.get(path).json()
        asked = caller.post(f"{path}-requests")
        after = caller.ask("PUT", path, {"is_automatic": False}).json()

        assert (before["records"], before["is_automatic"], before["latest"]) == (31, True, None)
        assert (asked.status_code, asked.json()["is_final"]) == (202, False)
        assert after["is_automatic"] is False
        assert after["latest"]["id"] == asked.json()["id"]
