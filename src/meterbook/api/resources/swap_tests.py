"""Swap tests: switch a unit off and see which meter falls, with the protocol that is kept."""

from __future__ import annotations

import uuid
from typing import Literal

from ninja import Router

from meterbook.acquisition import operations as acquisition_operations
from meterbook.api import entry, paging, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.fieldwork import operations as fieldwork_operations
from meterbook.fieldwork import permissions
from meterbook.fieldwork import queries as fieldwork_queries
from meterbook.fieldwork.deciding import Reaction, SwapVerdict
from meterbook.fieldwork.values import SwapState
from meterbook.identity.values import Module
from meterbook.metering import permissions as metering_permissions
from meterbook.sites import queries as site_queries

router = Router(tags=["Work on site"])
STEPS = {
    "OFF": fieldwork_operations.say_off,
    "ON": fieldwork_operations.say_on,
    "END": fieldwork_operations.end_swap_test,
    "STOP": fieldwork_operations.stop_swap_test,
}


class SwapTestMeter(values.Told):
    """A meter of a test; levels in kW, null where too few values came. `is_own`: it is assigned to the unit.

    `is_sum`: it measures what others measure too, and counts for nothing.
    """

    meter_point: uuid.UUID
    code: str
    is_own: bool
    is_sum: bool
    reaction: Reaction | None
    before: values.DecimalTold | None
    off: values.DecimalTold | None
    after: values.DecimalTold | None
    has_fallen: bool


class SwapTest(values.Told):
    """A swap test with its protocol. `is_enough`: the step that runs has seen enough."""

    id: uuid.UUID
    site: uuid.UUID
    place: uuid.UUID
    job: uuid.UUID | None
    state: SwapState
    is_enough: bool
    verdict: SwapVerdict | None
    is_suspicious: bool
    began_at: values.InstantTold
    began_by: str
    off_at: values.InstantTold | None
    on_at: values.InstantTold | None
    ended_at: values.InstantTold | None
    seen_at: values.InstantTold | None
    seen_by: str
    meters: list[SwapTestMeter]
    photos: list[uuid.UUID]


class NewSwapTest(values.Given):
    """Where a test is made; `line`: look at meters of that line only."""

    place: uuid.UUID
    line: uuid.UUID | None = None
    job: uuid.UUID | None = None


class SwapTestStep(values.Given):
    """What is so from now on: the unit is off, or on again; decide now; or give the test up."""

    step: Literal["OFF", "ON", "END", "STOP"]


class SwapTestSeen(values.Given):
    """What was done about a suspicion."""

    note: values.Note


@endpoint(
    router,
    "GET",
    "/swap-tests",
    permission=metering_permissions.VIEW_METER,
    module=Module.METERING,
    answers=paging.Page[SwapTest],
    by_site=True,
)
def list_swap_tests(
    request: entry.Request,
    suspicious: bool = False,
    meter_point: uuid.UUID | None = None,
    cursor: values.Cursor | None = None,
    limit: values.Limit = paging.LIMIT,
) -> paging.Page[SwapTest]:
    """This will return swap tests in the order in which they began; of a meter point those that say something of it."""
    rows = fieldwork_queries.list_swap_tests(
        site_ids=request.caller.access.sites(metering_permissions.VIEW_METER),
        meter_point=meter_point,
        is_suspicious=suspicious,
        after_id=paging.after(request, cursor),
        limit=limit + 1,
    )
    return paging.page(request, [(each.id, each) for each in rows], limit, _told)


@endpoint(
    router,
    "GET",
    "/swap-tests/{uuid:swap_test}",
    permission=metering_permissions.VIEW_METER,
    module=Module.METERING,
    answers=SwapTest,
    by_site=True,
)
def get_swap_test(request: entry.Request, swap_test: uuid.UUID) -> SwapTest:
    """This will return a swap test with what each meter did."""
    return _told(_find(request, swap_test, metering_permissions.VIEW_METER))


@endpoint(
    router,
    "POST",
    "/sites/{uuid:site}/swap-tests",
    permission=permissions.DO_JOBS,
    module=Module.METERING,
    answers=SwapTest,
    status=201,
    by_site=True,
)
def begin_swap_test(request: entry.Request, site: uuid.UUID, given: NewSwapTest) -> SwapTest:
    """This will begin a swap test of a place, or return the one that runs there. Ask for samples every two seconds."""
    row = reach.site(request, site, permissions.DO_JOBS)
    try:
        is_elsewhere = site_queries.get_node(public_id=given.place).site_id != row.id
    except site_queries.PlaceNotFound as error:
        raise problems.invalid("/body/place", str(error)) from error
    if is_elsewhere:
        raise problems.not_found()
    try:
        made = fieldwork_operations.begin_swap_test(
            actor=request.caller.actor,
            at=request.caller.at,
            node=given.place,
            bus=given.line,
            job=given.job,
        )
    except fieldwork_operations.LineElsewhere as error:
        raise problems.invalid("/body/line", str(error)) from error
    except fieldwork_queries.JobNotFound as error:
        raise problems.invalid("/body/job", str(error)) from error
    except (fieldwork_operations.NothingToWatch, site_queries.PlaceNotFound) as error:
        raise problems.invalid("/body/place", str(error)) from error
    return _told(fieldwork_queries.get_swap_test(public_id=made.public_id))


@endpoint(
    router,
    "POST",
    "/swap-tests/{uuid:swap_test}/samples",
    permission=permissions.DO_JOBS,
    module=Module.METERING,
    answers=SwapTest,
    by_site=True,
)
def take_samples(request: entry.Request, swap_test: uuid.UUID) -> SwapTest:
    """This will keep what the meters of a running test show now, and have them read faster for 20 seconds."""
    found, caller = _find(request, swap_test, permissions.DO_JOBS), request.caller
    if found.is_running:
        acquisition_operations.watch_series(
            actor=caller.actor,
            at=caller.at,
            series_ids=[each.series_id for each in found.meters],
            site_ids=[found.site_id],
        )
        fieldwork_operations.take_samples(actor=caller.actor, at=caller.at, swap_test=swap_test)
    return _told(fieldwork_queries.get_swap_test(public_id=swap_test))


@endpoint(
    router,
    "POST",
    "/swap-tests/{uuid:swap_test}/step",
    permission=permissions.DO_JOBS,
    module=Module.METERING,
    answers=SwapTest,
    by_site=True,
)
def step_swap_test(request: entry.Request, swap_test: uuid.UUID, given: SwapTestStep) -> SwapTest:
    """This will note that the unit is off, or on again; decide the test; or give it up."""
    _find(request, swap_test, permissions.DO_JOBS)
    try:
        STEPS[given.step](actor=request.caller.actor, at=request.caller.at, swap_test=swap_test)
    except fieldwork_operations.SwapTestMovedOn as error:
        raise problems.Problem(409, "state", str(error)) from error
    return _told(fieldwork_queries.get_swap_test(public_id=swap_test))


@endpoint(
    router,
    "POST",
    "/swap-tests/{uuid:swap_test}/seen",
    permission=permissions.MANAGE_JOBS,
    module=Module.METERING,
    answers=SwapTest,
    by_site=True,
)
def look_at_swap_test(request: entry.Request, swap_test: uuid.UUID, given: SwapTestSeen) -> SwapTest:
    """This will note what was done about a suspicion; a second time changes nothing."""
    _find(request, swap_test, permissions.MANAGE_JOBS)
    try:
        fieldwork_operations.look_at_swap_test(
            actor=request.caller.actor, at=request.caller.at, swap_test=swap_test, note=given.note
        )
    except fieldwork_operations.SwapTestMovedOn as error:
        raise problems.Problem(409, "state", str(error)) from error
    return _told(fieldwork_queries.get_swap_test(public_id=swap_test))


def _find(request: entry.Request, swap_test: uuid.UUID, permission: str) -> fieldwork_queries.SwapTestRow:
    try:
        found = fieldwork_queries.get_swap_test(public_id=swap_test)
    except fieldwork_queries.SwapTestNotFound as error:
        raise problems.not_found() from error
    if not request.caller.access.allows(permission, found.site_id):
        raise problems.not_found()
    return found


def _told(row: fieldwork_queries.SwapTestRow) -> SwapTest:
    full = {SwapState.BEFORE: row.before_until, SwapState.OFF: row.off_until}
    return SwapTest(
        id=row.public_id,
        site=row.site,
        place=row.node,
        job=row.job,
        state=row.state,
        is_enough=full.get(row.state) is not None,
        verdict=row.verdict,
        is_suspicious=row.is_suspicious,
        began_at=values.instant(row.began_at),
        began_by=row.began_by,
        off_at=values.maybe_instant(row.off_at),
        on_at=values.maybe_instant(row.on_at),
        ended_at=values.maybe_instant(row.ended_at),
        seen_at=values.maybe_instant(row.seen_at),
        seen_by=row.seen_by,
        meters=[
            SwapTestMeter(
                meter_point=each.point,
                code=each.code,
                is_own=each.is_own,
                is_sum=each.is_sum,
                reaction=each.reaction,
                before=values.maybe_decimal(each.before),
                off=values.maybe_decimal(each.off),
                after=values.maybe_decimal(each.after),
                has_fallen=each.has_fallen,
            )
            for each in row.meters
        ],
        photos=list(row.photos),
    )
