"""A check of the chain that a person asks for: asked once, made by a job, and telling what was tampered with."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from meterbook.audit import checks, queries
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from tests.factories import audit, identity

AT = audit.AT


def ask(organization: identity_models.Organization, *, after: timedelta = timedelta(0)) -> uuid.UUID:
    with scoping.scope([organization.pk], actor=audit.ACTOR):
        return checks.ask_for_check(actor=audit.ACTOR, at=AT + after)


def work(organization: identity_models.Organization, check: uuid.UUID) -> None:
    """What a worker does with the job."""
    app.tasks[checks.JOB].func(organization_id=organization.pk, check_id=str(check))


def waiting_jobs(organization: identity_models.Organization) -> int:
    jobs = ProcrastinateJob.objects.filter(task_name=checks.JOB, args__organization_id=organization.pk)
    return jobs.count()


def latest(organization: identity_models.Organization) -> checks.CheckRow:
    with scoping.scope([organization.pk], actor=audit.ACTOR):
        found = checks.latest_check()
    assert found is not None
    return found


class TestCheck:
    def test_waits_for_a_worker_and_then_tells_that_all_is_sound(self) -> None:
        organization = audit.sealed_organization()

        check = ask(organization)
        waiting = latest(organization)
        work(organization, check)
        done = latest(organization)

        assert waiting.ended_at is None
        assert not waiting.is_sound
        assert (done.is_sound, done.sealed, len(done.head)) == (True, 6, 64)
        assert done.asked_by == audit.ACTOR.label

    @pytest.mark.spec("M-108")
    def test_finds_an_entry_that_the_owner_of_the_database_altered(self, tamper: Callable[..., None]) -> None:
        organization = audit.sealed_organization()
        tamper(
            "UPDATE audit_auditentry SET after = '{\"n\": 99}' WHERE organization_id = %(organization)s"
            " AND subject_label = 'Thing 2'",
            organization=organization.pk,
        )

        work(organization, ask(organization))
        done = latest(organization)

        assert not done.is_sound
        assert [(each.fault, each.sequence) for each in done.findings] == [("ALTERED", 3)]
        assert done.findings[0].remedy

    def test_is_one_at_a_time(self) -> None:
        organization = audit.sealed_organization()

        first, second = ask(organization), ask(organization)
        work(organization, first)
        third = ask(organization)

        assert first == second != third
        assert waiting_jobs(organization) == 2

    def test_is_started_anew_when_its_worker_was_lost(self) -> None:
        organization = audit.sealed_organization()

        first = ask(organization)
        soon = ask(organization, after=checks.ANEW_AFTER - timedelta(seconds=1))
        before = waiting_jobs(organization)
        late = ask(organization, after=checks.ANEW_AFTER)

        assert first == soon == late
        assert (before, waiting_jobs(organization)) == (1, 2)

    def test_made_twice_changes_nothing(self) -> None:
        organization = audit.sealed_organization()
        check = ask(organization)

        work(organization, check)
        once = latest(organization)
        work(organization, check)

        assert latest(organization) == once

    def test_is_written_into_the_trail(self) -> None:
        organization = audit.sealed_organization()

        ask(organization)

        with scoping.scope([organization.pk], actor=audit.ACTOR):
            (newest,) = queries.list_entries(limit=1)
        assert (newest.action, newest.actor_label) == ("audit:ask_for_check", audit.ACTOR.label)


class TestNarrowing:
    def test_finds_by_action_kind_words_and_object(self) -> None:
        organization = audit.sealed_organization()

        with scoping.scope([organization.pk], actor=audit.ACTOR):
            by_kind = queries.list_entries(subject_kind="tests.thing")
            by_words = queries.list_entries(about="thing 3")
            nobody = queries.list_entries(actor_label="nobody")
            actions, kinds = queries.actions_in_use(), queries.kinds_in_use()

        assert [each.subject_label for each in by_kind] == [f"Thing {n}" for n in (5, 4, 3, 2, 1)]
        assert [each.subject_label for each in by_words] == ["Thing 3"]
        assert nobody == ()
        assert actions == ("identity:create_organization", "tests:change_thing")
        assert kinds == ("identity.organization", "tests.thing")

    def test_never_finds_an_entry_of_another_organization(self) -> None:
        other = audit.sealed_organization()
        with scoping.scope([other.pk], actor=audit.ACTOR):
            (theirs,) = queries.list_entries(limit=1)

        with scoping.scope([identity.organization().pk], actor=audit.ACTOR), pytest.raises(queries.EntryNotFound):
            queries.get_entry(public_id=theirs.public_id)
