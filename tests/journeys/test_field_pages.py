"""Jobs and swap tests through HTTP: from the manager's desk to the technician's phone and back."""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from meterbook.alarms import operations as alarm_operations
from meterbook.alarms.values import AlarmKind
from meterbook.fieldwork import operations, queries, values
from meterbook.fieldwork.deciding import SwapVerdict
from meterbook.fieldwork.values import JobKind, JobState
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.journeys import propose_jobs
from meterbook.kernel import clock
from meterbook.metering.checking.days import CheckKind
from tests.factories import fieldwork, identity, metering, monitoring, sites
from tests.journeys import house

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
JOB = re.compile(r"/jobs/([0-9a-f-]{36})/")
TEST = re.compile(r"/swap-tests/([0-9a-f-]{36})/")


@pytest.fixture(autouse=True)
def at_nine() -> Iterator[clock.SettableClock]:
    with clock.use(made := clock.SettableClock(NOW)):
        yield made


class Yard(house.House):
    """A site with a meter, its manager, and a technician's phone."""

    def __init__(self) -> None:
        super().__init__()
        self.site = sites.site(organization=self.organization, name="Boat Yard")
        self.meter = metering.installed_meter(organization=self.organization, site=self.site, name="Crane", code="C-1")
        self.tom = self.person(role=RoleCode.OPERATOR, name="Tom Reyes")
        self.phone = house.signed_in(self.tom)

    def show(self, client: Client, route: str, *more: Any, **query: str) -> str:  # noqa: ANN401
        answer = client.get(self.path(route, *more), query)
        assert answer.status_code == 200, answer.content.decode()
        return answer.content.decode()

    def jobs(self, *states: JobState) -> list[queries.JobRow]:
        with scoping.scope([self.organization.pk], actor=fieldwork.ACTOR):
            return queries.list_jobs(states=states or tuple(JobState), managed_at=None)

    def make(self, **given: str) -> uuid.UUID:
        answer = self.client.post(self.path("job_new"), {"kind": "LOOK", **given})
        assert answer.status_code == 302, answer.content.decode()
        return uuid.UUID(JOB.search(answer["Location"])[1])  # type: ignore[index]


@pytest.fixture
def yard() -> Yard:
    return Yard()


def picture() -> SimpleUploadedFile:
    written = io.BytesIO()
    Image.new("RGB", (40, 30), "green").save(written, "PNG")
    return SimpleUploadedFile("phone.png", written.getvalue(), content_type="image/png")


class TestJobs:
    def test_go_from_the_meter_to_the_phone_and_back_with_a_photo(self, yard: Yard) -> None:
        part = yard.show(yard.client, "jobs_of_meter", yard.meter.point.public_id)
        assert f"/jobs/new?meter={yard.meter.point.public_id}" in part
        form = yard.show(yard.client, "job_new", meter=str(yard.meter.point.public_id))
        assert 'value="C-1"' in form

        job = yard.make(meter="C-1", words="The display is dark", due_on="2026-11-20", assignee=str(yard.tom.public_id))

        listed = yard.show(yard.phone, "jobs")
        assert "Look at what is silent: Crane" in listed
        assert "due since" in listed
        assert "1 job for you" in yard.show(yard.phone, "work")
        page = yard.show(yard.phone, "job", job)
        assert yard.path("meter", yard.meter.point.public_id) in page
        assert yard.path("readings_at", yard.meter.point.public_id) in page
        assert yard.path("meter_exchange", yard.meter.point.public_id) not in page
        assert yard.path("job_change", job) not in page
        kept = yard.show(yard.client, "job", job)
        assert f'<option value="{yard.tom.public_id}" selected>' in kept
        yard.phone.post(yard.path("job_begin", job))
        answer = yard.phone.post(
            yard.path("job_end", job), {"outcome": "done", "note": "Changed the fuse", "photo": picture()}, follow=True
        )
        assert "The job is done." in answer.content.decode()
        (row,) = yard.jobs()
        assert (row.state, row.note, row.begun_by, row.ended_by) == (
            JobState.DONE,
            "Changed the fuse",
            "Tom Reyes",
            str(yard.tom),
        )
        shown = yard.client.get(yard.path("field_photo", row.photos[0]))
        assert (shown["Content-Type"], shown.content[:2]) == ("image/jpeg", b"\xff\xd8")
        assert "Changed the fuse" in yard.show(yard.client, "jobs", show="ended")

    def test_that_cannot_be_done_say_why_and_lose_nothing(self, yard: Yard) -> None:
        job = yard.make(words="Look at it")

        refused = yard.phone.post(yard.path("job_end", job), {"outcome": "impossible", "note": ""})
        broken = yard.phone.post(
            yard.path("job_end", job),
            {"outcome": "done", "note": "all is well", "photo": SimpleUploadedFile("a.png", b"no picture")},
        )
        yard.phone.post(yard.path("job_end", job), {"outcome": "impossible", "note": "Nobody opened"})

        assert (refused.status_code, broken.status_code) == (422, 422)
        assert "Say why it cannot be done" in refused.content.decode()
        assert "all is well" in broken.content.decode()
        assert [(each.state, each.note) for each in yard.jobs()] == [(JobState.IMPOSSIBLE, "Nobody opened")]

    def test_of_others_are_not_there_for_a_technician(self, yard: Yard) -> None:
        eva = yard.person(role=RoleCode.OPERATOR, name="Eva")
        job = yard.make(assignee=str(eva.public_id))

        assert yard.phone.get(yard.path("job", job)).status_code == 404
        assert yard.phone.post(yard.path("job_begin", job)).status_code == 404
        assert yard.phone.get(yard.path("job_new")).status_code == 403
        assert "No job waits for you" in yard.show(yard.phone, "jobs")
        elsewhere = house.signed_in(
            yard.person(role=RoleCode.OPERATOR, site_id=sites.site(organization=yard.organization, name="Far").pk)
        )
        free = yard.make()
        assert elsewhere.get(yard.path("job", free)).status_code == 404
        assert yard.phone.get(yard.path("job", free)).status_code == 200

    def test_refuse_a_meter_of_another_site_beside_the_field(self, yard: Yard) -> None:
        other = sites.site(organization=yard.organization, name="Far")
        metering.installed_meter(organization=yard.organization, site=other, code="F-1")

        answer = yard.client.post(
            f"{yard.path('job_new')}?site={yard.site.public_id}", {"kind": "READ", "meter": "F-1", "words": "kept"}
        )

        assert answer.status_code == 422
        assert "No meter of this site has the code" in answer.content.decode()
        assert "kept" in answer.content.decode()
        assert yard.jobs() == []

    def test_are_made_from_an_alarm_and_from_what_stands_out(self, yard: Yard) -> None:
        with scoping.scope([yard.organization.pk], actor=fieldwork.ACTOR):
            alarm = alarm_operations.raise_alarm(
                actor=fieldwork.ACTOR,
                at=NOW,
                kind=AlarmKind.METER_SILENT,
                site=yard.site,
                subject_kind="acquisition.device",
                subject_id=uuid.uuid4(),
                details={"name": "Crane", "reason": "", "point_id": str(yard.meter.point.public_id)},
            )
        assert f"/jobs/new?alarm={alarm.public_id}" in yard.show(yard.client, "alarm", alarm.public_id)
        form = yard.show(yard.client, "job_new", alarm=str(alarm.public_id))
        assert 'value="C-1"' in form
        assert '<option value="LOOK" selected>' in form
        with scoping.scope([yard.organization.pk], actor=fieldwork.ACTOR):
            propose_jobs.propose(actor=fieldwork.ACTOR, at=NOW + timedelta(hours=5))
        (proposed,) = yard.jobs(JobState.PROPOSED)
        yard.client.post(yard.path("job_change", proposed.public_id), {"words": "Go there"})
        assert yard.path("alarm", alarm.public_id) in yard.show(yard.phone, "job", proposed.public_id)
        monitoring.day_finding(yard.meter, kind=CheckKind.STUCK)
        assert f"/jobs/new?meter={yard.meter.point.public_id}" in yard.show(yard.client, "day_checks")

    def test_that_are_proposed_wait_for_a_manager(self, yard: Yard) -> None:
        with scoping.scope([yard.organization.pk], actor=fieldwork.ACTOR):
            first, second = (
                operations.propose_job(
                    actor=fieldwork.ACTOR,
                    at=NOW,
                    origin=values.Origin.CALIBRATION,
                    source_id=uuid.uuid4(),
                    site_id=yard.site.pk,
                    kind=JobKind.RECALIBRATE,
                    words=words,
                    meter_point=yard.meter.point.public_id,
                )
                for words in ("Calibration ends in March", "Not ours")
            )

        assert "2 proposed jobs" in yard.show(yard.client, "work")
        assert "Calibration ends in March" in yard.show(yard.client, "jobs", show="proposed")
        assert "Calibration ends in March" not in yard.show(yard.phone, "jobs")
        yard.client.post(yard.path("job_change", first), {"words": "Take it to the lab", "due_on": "", "assignee": ""})
        yard.client.post(yard.path("job_withdraw", second))

        assert "Take it to the lab" in yard.show(yard.phone, "jobs")
        assert {each.state for each in yard.jobs()} == {JobState.OPEN, JobState.WITHDRAWN}

    @pytest.mark.parametrize("query", [{"site": "x"}, {"meter": "1"}, {"alarm": str(uuid.uuid4())}, {"place": "-"}])
    def test_pass_over_what_an_address_cannot_mean(self, yard: Yard, query: dict[str, str]) -> None:
        assert yard.client.get(yard.path("job_new"), query).status_code == 200
        assert yard.phone.get(yard.path("swap_test_new"), query).status_code == 200


@pytest.mark.spec("C-08/1")
class TestSwapTestPages:
    def test_lead_from_the_unit_to_the_verdict_and_to_the_manager(
        self, yard: Yard, at_nine: clock.SettableClock
    ) -> None:
        built = fieldwork.house(yard.organization, at=NOW)
        job = fieldwork.job(built.site, kind=JobKind.SWAP_TEST, meter=built.meters["a"])
        assert f"job={job.public_id}" in yard.show(yard.phone, "job", job.public_id)
        unit, own = built.units[0], built.meters["a"].point.public_id
        usual = {"a": fieldwork.ON, "b": fieldwork.ON, "main": 2 * fieldwork.ON}
        assert f"/swap-tests/new?place={unit.public_id}" in yard.show(yard.phone, "jobs_of_meter", own)
        begun = yard.phone.post(
            f"{yard.path('swap_test_new')}?place={unit.public_id}&job={job.public_id}",
            {"place": str(unit.public_id), "line": ""},
        )
        test = TEST.search(begun["Location"])[1]  # type: ignore[index]

        def watch(number: str, **watts: int) -> list[str]:
            refreshed = []
            for _each in range(6):
                at_nine.advance(3 * SECOND)
                built.show(at_nine.now(), **watts)
                answer = yard.phone.post(yard.path("swap_test_beat", test), {"number": number})
                refreshed.append(answer.headers.get("HX-Refresh", ""))
            return refreshed

        def step(name: str) -> str:
            at_nine.advance(6 * SECOND)
            answer = yard.phone.post(yard.path("swap_test_step", test), {"step": name}, follow=True)
            return str(answer.content.decode())

        assert "Measuring how it is now" in yard.show(yard.phone, "swap_test", test)
        assert "true" in watch("1", **usual)
        assert "Now switch the unit off" in yard.show(yard.phone, "swap_test", test)
        assert "Leave it off" in step("off")
        watch("3", **{**usual, "b": 0, "main": fieldwork.ON})
        assert "Switch the unit on again" in yard.show(yard.phone, "swap_test", test)
        step("on")
        watch("5", **usual)
        page = yard.show(yard.phone, "swap_test", test)
        assert f"Another meter fell: Flat 2 meter ({built.meters['b'].point.code}). Is it swapped?" in page
        assert "Looked at" not in page
        assert yard.path("job", job.public_id) in page
        assert f"/swap-tests/{test}/" in yard.show(yard.phone, "job", job.public_id)

        assert "1 suspected swap of meters" in yard.show(yard.client, "work")
        assert f"/swap-tests/{test}/" in yard.show(yard.client, "jobs_of_meter", built.meters["b"].point.public_id)
        assert f"/swap-tests/{test}/" in yard.show(yard.client, "jobs_of_place", unit.public_id)
        assert yard.client.post(yard.path("swap_test_seen", test), {"note": ""}).status_code == 422
        assert yard.phone.post(yard.path("swap_test_seen", test), {"note": "x"}).status_code == 403
        yard.client.post(yard.path("swap_test_seen", test), {"note": "Wires were crossed"})
        added = yard.phone.post(yard.path("swap_test_photo", test), {"photo": picture()}, follow=True)
        assert "The photo was added." in added.content.decode()
        assert "Wires were crossed" in yard.show(yard.client, "swap_test", test)
        assert "suspected swap" not in yard.show(yard.client, "work")

    def test_can_be_given_up_and_do_not_go_back(self, yard: Yard) -> None:
        test = fieldwork.house(yard.organization, at=NOW).begin(NOW)

        early = yard.phone.post(yard.path("swap_test_step", test), {"step": "on"}, follow=True)
        yard.phone.post(yard.path("swap_test_step", test), {"step": "nonsense"})
        yard.phone.post(yard.path("swap_test_step", test), {"step": "stop"})

        assert "The test is at another step by now" in early.content.decode()
        assert "The test was given up" in yard.show(yard.phone, "swap_test", test)

    def test_say_what_is_missing_where_nothing_can_be_looked_at(self, yard: Yard) -> None:
        empty = sites.site(organization=yard.organization, name="Empty")
        node = sites.node(site=empty)

        answer = yard.phone.post(
            f"{yard.path('swap_test_new')}?place={node.public_id}", {"place": str(node.public_id), "line": ""}
        )

        assert answer.status_code == 422
        assert "No electricity meter that reports hangs there" in answer.content.decode()

    def test_are_seen_but_not_made_by_those_who_only_look(self, yard: Yard) -> None:
        test = fieldwork.decided(yard.organization, falls="a")
        viewer = house.signed_in(yard.person(role=RoleCode.MONITOR))

        page = yard.show(viewer, "swap_test", test)

        assert "The meter of this unit fell: right." in page
        assert "Repeat the test" not in page
        assert viewer.post(yard.path("swap_test_beat", test)).status_code == 403
        with scoping.scope([yard.organization.pk], actor=identity.ACTOR):
            assert queries.get_swap_test(public_id=test).verdict is SwapVerdict.RIGHT
