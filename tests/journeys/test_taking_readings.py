"""The round on a phone: sent once, photos as the site asks, readings to look at again, labels that lead into it."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.metering import queries as metering_queries
from tests.factories import acquisition, api, identity
from tests.journeys import house
from tests.journeys.hand_read import DECEMBER, NOW, House, picture

MARK = "2b0e9c1e-5d0a-4a51-9c0b-7d41e1f0a001"


@pytest.fixture(autouse=True)
def _in_december() -> object:
    with clock.use(clock.SettableClock(NOW)) as installed:
        yield installed


@pytest.fixture
def place() -> House:
    return House()


def one(place: House, **given: object) -> dict[str, object]:
    answer = place.send(save=place.key(0), part=True, **given)
    found: dict[str, object] = json.loads(answer.content)
    return found


class TestFromAPhone:
    @pytest.mark.spec("M-026/2")
    def test_is_taken_once_however_often_it_is_sent_and_says_so(self, place: House) -> None:
        told = [one(place, value_0="1,520.50", client_id_0=MARK) for _twice in range(2)]

        assert [(each["isSaved"], each["isRepeat"], each["done"]) for each in told] == [
            (True, False, 1),
            (True, True, 1),
        ]
        assert "was sent before: nothing was changed" in str(told[1]["told"])
        assert len(place.readings(0)) == 3
        assert len(place.audited()) == 1

    def test_counts_for_the_time_at_which_it_was_taken(self, place: House) -> None:
        one(place, value_0="1,510.00", taken_at_0="2026-11-30T17:41:52.311Z")
        one(place, value_0="1,515.00", taken_at_0=(NOW + timedelta(minutes=4)).isoformat())  # a phone's clock is fast

        assert [at for at, _value in place.readings(0)[2:]] == [datetime(2026, 11, 30, 17, 41, tzinfo=UTC), NOW]

    @pytest.mark.parametrize("when", ["yesterday", "2026-11-30T17:41:52", "0001-01-01T00:00:00+14:00"], ids=str)
    def test_says_in_words_what_is_wrong_with_its_time(self, place: House, when: str) -> None:
        told = one(place, value_0="1,510.00", taken_at_0=when)

        assert not told["isSaved"]
        assert "The phone sent no time." in str(told["html"])
        assert len(place.readings(0)) == 2

    def test_of_another_person_waits_for_that_person(self, place: House) -> None:
        body = {"at": "2026-12-01T00:00", "save": place.key(0), f"{place.key(0)}-value": "1,520", "sent_by": "0"}
        answer = place.client.post(place.page, body, headers={"X-Requested-With": "fetch"})

        assert answer.status_code == 409
        assert "Another person typed this reading" in answer.json()["words"]
        assert len(place.readings(0)) == 2

    def test_finds_a_page_that_may_use_the_camera_and_a_script_that_answers_without_network(self, place: House) -> None:
        page, script = place.client.get(place.page), place.client.get(place.path("readings_worker"))

        assert "camera=(self)" in page.headers["Permissions-Policy"]
        assert page.context["island"]["person"] == str(place.admin.pk)
        assert (script.status_code, script.headers["Content-Type"]) == (200, "text/javascript")
        assert "camera=()" in place.client.get(place.path("readings_review")).headers["Permissions-Policy"]


class TestPhoto:
    def test_belongs_to_each_reading_where_the_site_asks_for_it(self, place: House) -> None:
        rules = place.path("readings_rules")
        set_on = place.client.post(rules, {"sites": [str(place.site.public_id)]})
        shown = place.client.get(rules).content.decode()
        refused = one(place, value_0="1,520.50")
        taken = one(place, value_0="1,520.50", photo_0=picture())

        assert (set_on.status_code, "checked" in shown) == (302, True)
        assert "asks for a photo of the display with each reading" in str(refused["html"])
        assert (refused["isSaved"], taken["isSaved"]) == (False, True)
        assert place.client.post(rules, {"sites": ["x"]}).status_code == 422
        assert house.signed_in(place.person(role=RoleCode.OPERATOR)).get(rules).status_code == 403


class TestReview:
    def test_lists_what_looked_wrong_until_somebody_looked_again(self, place: House) -> None:
        odd = {"value_0": "9,300.00", "is_sure_0": "on", "reason_0": "ovens", "photo_0": picture(), "kind_0": "CHECK"}
        one(place, **odd)
        (line,) = place.client.get(place.path("readings_review")).context["lines"]
        asked = place.client.get(place.page).content.decode()
        stranger = house.House()
        looked = place.path("reading_looked_at", line["row"].public_id)
        foreign = stranger.client.post(stranger.path("reading_looked_at", line["row"].public_id))
        operator = house.signed_in(place.person(role=RoleCode.OPERATOR)).post(looked)
        own = place.client.post(looked)

        assert (line["number"], line["kind"], line["row"].reason) == ("9,300", "Check reading", "ovens")
        assert line["doubts"] == "far more than usual"
        assert "1 to look at again" in asked
        assert (foreign.status_code, operator.status_code, own.status_code) == (404, 403, 302)
        assert not place.client.get(place.path("readings_review")).context["lines"]
        assert len(place.client.get(place.path("readings_review"), {"show": "done"}).context["lines"]) == 1


class TestLabel:
    def test_leads_into_the_round_where_a_person_reads_the_meter(self, place: House) -> None:
        spoken = place.meters[1]
        acquisition.device(
            organization=place.organization, on=acquisition.bus(site=place.site), meter=spoken.meter, unit_id=7
        )
        monitor = house.signed_in(place.person())

        own = place.client.get(place.path("readings_at", place.key(0)))
        by_device = place.client.get(place.path("readings_at", place.key(1)))
        of_monitor = monitor.get(place.path("readings_at", place.key(0)))

        assert own.headers["Location"].endswith(f"#row-{place.key(0)}")
        assert own.headers["Location"].startswith(place.page)
        assert by_device.headers["Location"] == place.path("meter", place.key(1))
        assert of_monitor.headers["Location"] == place.path("meter", place.key(0))


class TestProgram:
    def test_sends_under_marks_of_its_own_and_is_told_what_it_sent_before(self, place: House) -> None:
        program = api.program(organization=place.organization)
        sent = {
            "meter_point": place.key(0),
            "at": "2026-11-30T23:00:00Z",
            "value": "1520.5",
            "client_id": MARK,
            "kind": "FINAL",
        }
        odd = {**sent, "meter_point": place.key(1), "value": "9300", "reason": "ovens", "client_id": str(uuid.uuid4())}

        first = program.post("/hand-readings", {"readings": [sent, odd]}).json()["items"]
        again = program.post("/hand-readings", {"readings": [sent, {**odd, "photo": "no base64!"}]}).json()["items"]
        other = program.post("/hand-readings", {"readings": [{**sent, "value": "1530"}]}).json()["items"]

        assert [(each["outcome"], each["is_repeat"]) for each in first] == [("STORED", False), ("DOUBTFUL", False)]
        assert "Take a photo" in first[1]["words"]
        assert [(each["outcome"], each["is_repeat"]) for each in again] == [("STORED", True), ("REFUSED", False)]
        assert (other[0]["outcome"], "under this id before" in other[0]["words"]) == ("REFUSED", True)
        assert place.readings(0)[2:] == [(DECEMBER, 152_050)]
        with scoping.scope([place.organization.pk], actor=identity.ACTOR):
            assert metering_queries.list_flagged(site_ids=None) == []
