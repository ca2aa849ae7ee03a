"""What is decided in a run about a shared cost that waits: bill without it, or divide it after all."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from meterbook.billing import operations as billing_operations
from meterbook.billing import permissions
from meterbook.billing import queries as billing_queries
from meterbook.billing.operations import pool_deciding
from meterbook.billing.queries import pools as pool_queries
from meterbook.customers import queries as customer_queries
from meterbook.identity.values import Module
from meterbook.web import access, parameters
from meterbook.web.billing import deciding, runs

REFUSALS = (
    billing_operations.NotInReview,
    billing_operations.RunOutdated,
    customer_queries.NoLandlord,
    pool_deciding.PoolNotWaiting,
)


@require_POST
@access.page(permission=permissions.MANAGE_RUN, module=Module.BILLING, by_site=True)
def put_off(request: access.Request, run: uuid.UUID, pool: uuid.UUID) -> HttpResponse:
    """This will bill the run without a shared cost that waits, once the reason is given."""
    _require(request, run, pool)
    reason = parameters.written(request.POST.get("reason", ""), deciding.REASON_LENGTH)
    if not reason:
        messages.error(request, _("Write why the shared cost comes with a later bill; its sheet keeps it."))
        return redirect("run", request.organization.public_id, run)
    return _decided(
        request,
        run,
        lambda: pool_deciding.put_pool_off(actor=request.actor, at=request.at, run=run, pool=pool, reason=reason),
        _("The run goes on without this shared cost; the next one divides it."),
    )


@require_POST
@access.page(permission=permissions.MANAGE_RUN, module=Module.BILLING, by_site=True)
def take_up(request: access.Request, run: uuid.UUID, pool: uuid.UUID) -> HttpResponse:
    """This will have the run divide a shared cost after all."""
    _require(request, run, pool)
    return _decided(
        request,
        run,
        lambda: pool_deciding.take_pool_up(actor=request.actor, at=request.at, run=run, pool=pool),
        _("The run divides this shared cost; its bills are calculated anew."),
    )


def _decided(request: access.Request, run: uuid.UUID, decide: Callable[[], object], said: str) -> HttpResponse:
    try:
        decide()
    except REFUSALS as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return redirect("run", request.organization.public_id, run)


def _require(request: access.Request, run: uuid.UUID, pool: uuid.UUID) -> None:
    runs.find(run)
    site_id = billing_queries.site_id_of_run(public_id=run)
    if not request.access.allows(permissions.MANAGE_RUN, site_id):
        raise Http404(_("There is no such run."))
    try:
        pool_queries.get_pool(public_id=pool)
    except pool_queries.PoolNotFound as error:
        raise Http404(str(error)) from error
