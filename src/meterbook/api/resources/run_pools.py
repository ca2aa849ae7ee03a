"""Shared costs that hold the members of a bill run: leave one to a later run, or divide it after all."""

from __future__ import annotations

import uuid

from ninja import Router

from meterbook.api import entry, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import run_shapes
from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.billing.operations import pool_deciding
from meterbook.identity.values import Module

router = Router(tags=["Bill runs"])


class PutOff(values.Given):
    """Why a shared cost comes with a later bill."""

    reason: values.Note


@endpoint(
    router,
    "POST",
    "/runs/{uuid:run}/pools/{uuid:pool}/later",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=run_shapes.Run,
    status=202,
)
def put_pool_off(request: entry.Request, run: uuid.UUID, pool: uuid.UUID, given: PutOff) -> run_shapes.Run:
    """This will bill a run without a shared cost that waits; the next run of the site divides these days, too."""
    caller = request.caller
    pool_deciding.put_pool_off(actor=caller.actor, at=caller.at, run=run, pool=pool, reason=given.reason)
    return run_shapes.run(billing_queries.find_run_row(public_id=run))


@endpoint(
    router,
    "POST",
    "/runs/{uuid:run}/pools/{uuid:pool}/now",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=run_shapes.Run,
    status=202,
)
def take_pool_up(request: entry.Request, run: uuid.UUID, pool: uuid.UUID) -> run_shapes.Run:
    """This will have a run divide a shared cost that was left to a later one."""
    caller = request.caller
    pool_deciding.take_pool_up(actor=caller.actor, at=caller.at, run=run, pool=pool)
    return run_shapes.run(billing_queries.find_run_row(public_id=run))
