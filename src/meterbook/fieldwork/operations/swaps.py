"""Carry a swap test through: begin, take samples, say that the unit is off and on again, decide, look at the result."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _

from meterbook.acquisition import models as acquisition_models
from meterbook.audit import operations as audit_operations
from meterbook.fieldwork import deciding, events, models, queries, values, watching
from meterbook.fieldwork.values import SwapState
from meterbook.foundation import events as foundation_events
from meterbook.foundation import operation, scoping
from meterbook.kernel import rounding
from meterbook.kernel.actor import Actor
from meterbook.kernel.period import Period
from meterbook.kernel.rounding import RoundingMode
from meterbook.sites import models as site_models
from meterbook.sites import queries as site_queries

LEFT_AFTER = timedelta(hours=6)  # a test that still runs then was left by whoever began it
DECIMALS = 3  # of kW in the protocol


class SwapTestMovedOn(ValueError):
    """The test is no longer at the step for that."""


class LineElsewhere(ValueError):
    """The line is none of the site's."""


@operation.operation
def begin_swap_test(
    *, actor: Actor, at: datetime, node: uuid.UUID, bus: uuid.UUID | None = None, job: uuid.UUID | None = None
) -> models.SwapTest:
    """This will begin a swap test of a place, or return the one that runs there since less than six hours.

    :param node: the unit that will be switched off (public id)
    :param bus: look at meters of that line only; None: at all electricity meters of the site
    :param job: the job that asks for it
    :raises sites.queries.PlaceNotFound: when there is no such place
    :raises LineElsewhere: when the line is none of the site's
    :raises watching.NothingToWatch: when no electricity meter reports there
    :raises queries.JobNotFound: when there is no such job at the site
    """
    organization_id = scoping.current().organization_id
    place = (
        site_models.SiteNode.objects.select_for_update(of=("self",))
        .filter(organization_id=organization_id, public_id=node, archived_at=None)
        .first()
    )
    if place is None:
        raise site_queries.PlaceNotFound(_("There is no such place."))
    running = models.SwapTest.objects.filter(
        organization_id=organization_id, node=place, state__in=values.RUNNING
    ).first()
    if running is not None:
        if at - running.began_at < LEFT_AFTER:
            return running
        stop_swap_test(actor=actor, at=at, swap_test=running.public_id)
    line = None
    if bus is not None:
        lines = acquisition_models.Bus.objects.filter(organization_id=organization_id, site_id=place.site_id)
        line = lines.filter(public_id=bus).first()
        if line is None:
            raise LineElsewhere(_("This line is not at the site; choose one of the site's."))
    found = watching.candidates(site_id=place.site_id, node_ids=_inside(place), bus_id=line.pk if line else None, at=at)
    test = models.SwapTest.objects.create(
        organization_id=organization_id,
        site_id=place.site_id,
        node=place,
        bus=line,
        job=_job(place.site_id, job),
        state=SwapState.BEFORE,
        meters=[each.plain() for each in found],
        began_at=at,
        began_by=actor.label,
    )
    after = {"node": place.code, "meters": len(found)}
    audit_operations.record(
        actor=actor, at=at, action="fieldwork:begin_swap_test", subject=test, before=None, after=after
    )
    return test


@operation.operation
def take_samples(*, actor: Actor, at: datetime, swap_test: uuid.UUID) -> models.SwapTest:
    """This will keep what the meters of a running test show now, and note when a window has enough of it.

    It changes nothing of the meters and is not audited: the page of the test does it every two seconds.

    :raises queries.SwapTestNotFound: when there is no such test
    """
    test = held(swap_test)
    if test.state not in values.RUNNING:
        return test
    known = list(queries.samples_of(test))
    found = watching.fresh(test, known)
    if found:
        row = models.SwapSamples.objects.create(
            organization_id=test.organization_id, swap_test=test, taken_at=at, values=found
        )
        known.append(row)
    if _window_is_full(test, known, at):
        if test.state == SwapState.BEFORE:
            test.before_until = at
        elif test.state == SwapState.OFF:
            test.off_until = at
        else:
            _decide(test, known, actor=actor, at=at)
        test.save()
    return test


@operation.operation
def say_off(*, actor: Actor, at: datetime, swap_test: uuid.UUID) -> models.SwapTest:
    """This will note that the unit is off from now on.

    :raises queries.SwapTestNotFound: when there is no such test
    :raises SwapTestMovedOn: when the unit was off before
    """
    test = _at_step(swap_test, SwapState.BEFORE)
    test.before_until = test.before_until or at
    test.off_at, test.state = at, SwapState.OFF
    test.save()
    return _noted(test, actor, at, "fieldwork:say_unit_off")


@operation.operation
def say_on(*, actor: Actor, at: datetime, swap_test: uuid.UUID) -> models.SwapTest:
    """This will note that the unit is on again from now on.

    :raises queries.SwapTestNotFound: when there is no such test
    :raises SwapTestMovedOn: when the unit is not off
    """
    test = _at_step(swap_test, SwapState.OFF)
    test.off_until = test.off_until or at
    test.on_at, test.state = at, SwapState.AFTER
    test.save()
    return _noted(test, actor, at, "fieldwork:say_unit_on")


@operation.operation
def end_swap_test(*, actor: Actor, at: datetime, swap_test: uuid.UUID) -> models.SwapTest:
    """This will decide a test that waits for the unit to be seen on again; decided before, it stays as it is.

    :raises queries.SwapTestNotFound: when there is no such test
    :raises SwapTestMovedOn: when the unit is not on again
    """
    test = held(swap_test)
    if test.state == SwapState.DECIDED:
        return test
    if test.state != SwapState.AFTER:
        raise SwapTestMovedOn(_("Say first that the unit is on again."))
    _decide(test, list(queries.samples_of(test)), actor=actor, at=at)
    test.save()
    return test


@operation.operation
def stop_swap_test(*, actor: Actor, at: datetime, swap_test: uuid.UUID) -> models.SwapTest:
    """This will give a test up; nothing is said of any meter. One that is over stays as it is.

    :raises queries.SwapTestNotFound: when there is no such test
    """
    test = held(swap_test)
    if test.state not in values.RUNNING:
        return test
    test.state, test.ended_at = SwapState.STOPPED, at
    test.save()
    return _noted(test, actor, at, "fieldwork:stop_swap_test")


@operation.operation
def look_at_swap_test(*, actor: Actor, at: datetime, swap_test: uuid.UUID, note: str) -> models.SwapTest:
    """This will note what a manager did about a suspicion; a second time changes nothing.

    :raises queries.SwapTestNotFound: when there is no such test
    :raises SwapTestMovedOn: when it is not decided
    """
    test = held(swap_test)
    if test.state != SwapState.DECIDED:
        raise SwapTestMovedOn(_("This test is not decided yet."))
    if test.seen_at is None:
        test.seen_at, test.seen_by, test.seen_note = at, actor.label, note.strip()
        test.save()
        audit_operations.record(
            actor=actor,
            at=at,
            action="fieldwork:look_at_swap_test",
            subject=test,
            before=None,
            after={"note": test.seen_note},
        )
    return test


@operation.operation
def keep_swap_photo(*, actor: Actor, at: datetime, swap_test: uuid.UUID, content: bytes) -> models.FieldPhoto:
    """This will keep a photo beside a test.

    :param content: a JPEG that was written anew (`documents.attachments.require_picture`)
    :raises queries.SwapTestNotFound: when there is no such test
    :raises SwapTestMovedOn: when it holds as many as it may
    """
    test = held(swap_test)
    organization_id = scoping.current().organization_id
    photos = models.FieldPhoto.objects.filter(organization_id=organization_id, swap_test=test)
    if photos.count() >= values.MOST_PHOTOS:
        raise SwapTestMovedOn(_("This test has %(most)s photos, which is the most.") % {"most": values.MOST_PHOTOS})
    kept = models.FieldPhoto.objects.create(
        organization_id=organization_id, swap_test=test, content=content, author=actor.label, recorded_at=at
    )
    audit_operations.record(
        actor=actor, at=at, action="fieldwork:keep_photo", subject=test, before=None, after={"at": at}
    )
    return kept


def held(public_id: uuid.UUID) -> models.SwapTest:
    """This will return a test, locked: two pages of it wait for each other.

    :raises queries.SwapTestNotFound: when it is not there or belongs to another organization
    """
    found = (
        models.SwapTest.objects.select_for_update(of=("self",))
        .filter(organization_id=scoping.current().organization_id, public_id=public_id)
        .first()
    )
    if found is None:
        raise queries.SwapTestNotFound(_("There is no such swap test."))
    return found


def _at_step(public_id: uuid.UUID, state: SwapState) -> models.SwapTest:
    test = held(public_id)
    if test.state != state:
        raise SwapTestMovedOn(_("The test is at another step by now; look at the page again."))
    return test


def _noted(test: models.SwapTest, actor: Actor, at: datetime, action: str) -> models.SwapTest:
    audit_operations.record(
        actor=actor, at=at, action=action, subject=test, before=None, after={"state": test.state, "at": at}
    )
    return test


def _window_is_full(test: models.SwapTest, known: Sequence[models.SwapSamples], at: datetime) -> bool:
    """Whether the window that runs has enough and was not full before."""
    if test.state == SwapState.BEFORE:
        start, full = test.began_at, test.before_until
    elif test.state == SwapState.OFF:
        start, full = (test.off_at or at) + deciding.GUARD, test.off_until
    else:
        start, full = (test.on_at or at) + deciding.GUARD, None
    if full is not None or at <= start:
        return False
    return deciding.is_enough(watching.watched(test, known, at=at), Period(start, at))


def _decide(test: models.SwapTest, known: Sequence[models.SwapSamples], *, actor: Actor, at: datetime) -> None:
    test.ended_at = at
    found = watching.watched(test, known, at=at)
    outcome = deciding.decide(found)
    codes = {each.point: each.code for each in watching.of_test(test)}
    test.state, test.verdict = SwapState.DECIDED, outcome.verdict
    test.fell = [codes[key] for key in outcome.fell]
    test.findings = [
        {
            "point": each.key,
            "reaction": each.reaction,
            "before": _written(each.before),
            "off": _written(each.off),
            "after": _written(each.after),
            "came_back": each.came_back,
        }
        for each in outcome.findings
    ]
    audit_operations.record(
        actor=actor,
        at=at,
        action="fieldwork:decide_swap_test",
        subject=test,
        before=None,
        after={"verdict": test.verdict, "fell": ", ".join(test.fell)},
    )
    if outcome.verdict in values.SUSPICIOUS:
        foundation_events.publish(events.SwapSuspected(test.organization_id, swap_test_id=str(test.public_id)))


def _written(level: Fraction | None) -> str | None:
    """Kilowatts with three decimals, half up."""
    if level is None:
        return None
    scaled = level * 10**DECIMALS
    whole = rounding.divide(scaled.numerator, scaled.denominator, RoundingMode.HALF_UP)
    return str(Decimal(whole).scaleb(-DECIMALS, context=rounding.EXACT))


def _inside(place: site_models.SiteNode) -> frozenset[int]:
    """The place and all that lies in it now."""
    nodes = site_queries.list_nodes(site_id=place.site_id)
    found = {place.pk}
    for each in nodes:  # larger ones come before what lies in them
        if each.parent_id in found:
            found.add(each.id)
    return frozenset(found)


def _job(site_id: int, public_id: uuid.UUID | None) -> models.Job | None:
    if public_id is None:
        return None
    jobs = models.Job.objects.filter(organization_id=scoping.current().organization_id, site_id=site_id)
    found = jobs.filter(public_id=public_id).first()
    if found is None:
        raise queries.JobNotFound(_("There is no such job."))
    return found
