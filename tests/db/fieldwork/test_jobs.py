"""Jobs: who sees, begins and ends them, what is proposed by itself, and who is told."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from meterbook.alarms import operations as alarm_operations
from meterbook.alarms.values import AlarmKind
from meterbook.fieldwork import operations, queries, values
from meterbook.fieldwork.values import JobKind, JobState, Origin
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.journeys import propose_jobs
from meterbook.kernel import clock
from meterbook.notifications import models as notification_models
from meterbook.notifications.values import Kind
from tests.factories import acquisition, fieldwork, identity, meter_assets, metering, notifications, sites

ACTOR = fieldwork.ACTOR


class TestJobs:
    def test_are_seen_by_their_own_and_by_all_of_the_site_while_they_are_nobody_s(self) -> None:
        organization = identity.organization()
        near, far = (sites.site(organization=organization, name=name) for name in ("Near", "Far"))
        tom = identity.user(organization=organization, role=RoleCode.OPERATOR, site_id=near.pk, name="Tom")
        eva = identity.user(organization=organization, role=RoleCode.OPERATOR, name="Eva")
        for site, words, assignee in (
            (near, "his", tom),
            (near, "hers", eva),
            (near, "open", None),
            (far, "far", None),
        ):
            fieldwork.job(site, words=words, assignee=assignee)

        with scoping.scope([organization.pk], actor=ACTOR):
            mine = queries.list_jobs(
                states=values.WAITING, managed_at=frozenset(), done_at=frozenset({near.pk}), user_id=tom.pk
            )
            every = queries.list_jobs(states=values.WAITING, managed_at=None)

        assert [each.words for each in mine] == ["his", "open"]
        assert len(every) == 4

    def test_become_the_one_s_who_begins_and_end_with_words(self) -> None:
        organization = identity.organization()
        tom = identity.user(organization=organization, role=RoleCode.OPERATOR, name="Tom")
        eva = identity.actor(identity.user(organization=organization, role=RoleCode.OPERATOR, name="Eva"))
        job = fieldwork.job(sites.site(organization=organization)).public_id
        at = clock.now()

        with scoping.scope([organization.pk], actor=ACTOR):
            operations.begin_job(actor=identity.actor(tom), at=at, job=job)
            with pytest.raises(operations.JobOfAnother):
                operations.end_job(actor=eva, at=at, job=job, is_done=True, note="")
            with pytest.raises(operations.ReasonMissing):
                operations.end_job(actor=identity.actor(tom), at=at, job=job, is_done=False, note=" ")
            operations.end_job(actor=identity.actor(tom), at=at, job=job, is_done=True, note="fuse", photo=b"jpeg")
            found = queries.get_job(public_id=job)
            with pytest.raises(operations.JobChanged):
                operations.change_job(actor=ACTOR, at=at, job=job, words="", due_on=None, assignee=None)

        assert (found.state, found.note, found.begun_by, len(found.photos)) == (JobState.DONE, "fuse", "Tom", 1)

    def test_are_told_to_whom_they_are_given(self) -> None:
        organization = identity.organization()
        notifications.mail_channel(organization, 2525)
        tom = identity.user(organization=organization, role=RoleCode.OPERATOR, name="Tom")
        site = sites.site(organization=organization)
        job = fieldwork.job(site, assignee=tom)
        stranger = identity.user(organization=organization, role=RoleCode.CASHIER)
        with scoping.scope([organization.pk], actor=ACTOR), pytest.raises(operations.AssigneeUnfit):
            operations.change_job(
                actor=ACTOR, at=clock.now(), job=job.public_id, words="", due_on=None, assignee=stranger.public_id
            )

        acquisition.deliver(organization.pk)

        with scoping.scope([organization.pk], actor=ACTOR):
            told = notification_models.Message.objects.filter(organization_id=organization.pk, kind=Kind.JOB_ASSIGNED)
            assert [each.destination.recipient.user_id for each in told] == [tom.pk]

    def test_name_only_what_is_at_their_site(self) -> None:
        organization = identity.organization()
        here, there = (sites.site(organization=organization, name=name) for name in ("Here", "There"))
        meter = metering.installed_meter(organization=organization, site=there)

        with pytest.raises(operations.AboutNothing):
            fieldwork.job(here, meter=meter)

    def test_are_proposed_for_what_is_silent_for_hours(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        meter = metering.installed_meter(organization=organization, site=site)
        at = clock.now()
        with scoping.scope([organization.pk], actor=ACTOR):
            alarm_operations.raise_alarm(
                actor=ACTOR,
                at=at,
                kind=AlarmKind.METER_SILENT,
                site=site,
                subject_kind="acquisition.device",
                subject_id=(subject := uuid.uuid4()),
                details={"name": "Shop 12", "reason": "", "point_id": str(meter.point.public_id)},
            )
            early = propose_jobs.propose(actor=ACTOR, at=at + timedelta(hours=3))
            late = propose_jobs.propose(actor=ACTOR, at=at + timedelta(hours=5))
            again = propose_jobs.propose(actor=ACTOR, at=at + timedelta(hours=6))
            (job,) = queries.list_jobs(states=[JobState.PROPOSED], managed_at=None)
            seen_by_doers = queries.list_jobs(states=list(JobState), managed_at=frozenset(), done_at=None, user_id=1)
            alarm_operations.clear_alarm(actor=ACTOR, at=at, kind=AlarmKind.METER_SILENT, subject_id=subject)
            propose_jobs.propose(actor=ACTOR, at=at + timedelta(hours=7))
            (over,) = queries.list_jobs(states=list(JobState), managed_at=None)

        assert (early, late, again) == (0, 1, 0)
        assert (job.kind, job.point, job.origin) == (JobKind.LOOK, meter.point.public_id, Origin.ALARM)
        assert "Shop 12" in job.words
        assert seen_by_doers == []
        assert over.state is JobState.WITHDRAWN

    def test_are_proposed_for_a_clock_that_stays_wrong(self) -> None:
        organization = identity.organization()
        site, at = sites.site(organization=organization), clock.now()
        with scoping.scope([organization.pk], actor=ACTOR):
            alarm_operations.raise_alarm(
                actor=ACTOR,
                at=at,
                kind=AlarmKind.METER_CLOCK,
                site=site,
                subject_kind="metering.meter",
                subject_id=uuid.uuid4(),
                details={"name": "Shop 12", "seconds": 900, "reason": ""},
            )
            assert propose_jobs.propose(actor=ACTOR, at=at + timedelta(hours=5)) == 1
            (job,) = queries.list_jobs(states=[JobState.PROPOSED], managed_at=None)

        assert (job.kind, job.words) == (JobKind.OTHER, "The clock of Shop 12 is wrong")

    def test_are_proposed_once_for_each_calibration_that_ends(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        ending, past, failed, good = (metering.installed_meter(organization=organization, site=site) for _ in range(4))
        today = clock.now().date()
        meter_assets.calibrated(ending, on=today - timedelta(days=900), last_day=today + timedelta(days=40))
        meter_assets.calibrated(past, on=today - timedelta(days=900), last_day=today - timedelta(days=40))
        meter_assets.calibrated(failed, on=today - timedelta(days=90), last_day=None, is_passed=False)
        meter_assets.calibrated(good, on=today - timedelta(days=90), last_day=today + timedelta(days=900))
        at = clock.now()

        with scoping.scope([organization.pk], actor=ACTOR):
            made = [propose_jobs.propose(actor=ACTOR, at=at + timedelta(hours=each)) for each in range(2)]
            jobs = {each.point: each for each in queries.list_jobs(states=[JobState.PROPOSED], managed_at=None)}
        meter_assets.calibrated(ending, on=today, last_day=today + timedelta(days=1000))
        with scoping.scope([organization.pk], actor=ACTOR):
            again = propose_jobs.propose(actor=ACTOR, at=at + timedelta(hours=3))
            left = {each.point for each in queries.list_jobs(states=[JobState.PROPOSED], managed_at=None)}

        assert made == [3, 0]
        assert {each.kind for each in jobs.values()} == {JobKind.RECALIBRATE}
        assert {each.origin for each in jobs.values()} == {Origin.CALIBRATION}
        assert jobs[ending.point.public_id].due_on == today + timedelta(days=40)
        assert jobs[past.point.public_id].due_on is None
        assert "failed its test" in jobs[failed.point.public_id].words
        assert again == 0
        assert left == {past.point.public_id, failed.point.public_id}
