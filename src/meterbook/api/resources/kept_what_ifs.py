"""What-ifs in the background, of any number of accounts: start one, ask how far it is, read what came out."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from ninja import Router

from meterbook.api import entry, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import what_ifs
from meterbook.billing import permissions
from meterbook.billing.whatif import background, kept
from meterbook.identity.values import Module

router = Router(tags=["Tariffs"])
MOST = 100


class KeptWhatIf(values.Told):
    """`done` of `accounts` are priced; FAILED: nothing works on it any more, `resume` goes on. Kept until `keep_until`.

    Empty `prices`: what contracts say.
    """

    what_if: uuid.UUID
    state: kept.WhatIfState
    first_day: date
    until_day: date
    prices: str
    currency: str
    accounts: int
    done: int
    asked_at: datetime
    asked_by: str
    keep_until: datetime


class KeptWhatIfs(values.Told):
    """The newest first, a hundred at most."""

    items: list[KeptWhatIf]


@endpoint(
    router,
    "POST",
    "/kept-what-ifs",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=KeptWhatIf,
    status=202,
)
def start_what_if(request: entry.Request, given: what_ifs.NewWhatIf) -> KeptWhatIf:
    """This will have a job compare the same as `POST /what-ifs`, for up to 50,000 accounts; no bill changes by it."""
    with what_ifs.told_by_field():
        asked, document = what_ifs.asked_of(request, given, permissions.MANAGE_RUN)
        made = background.start_what_if(
            actor=request.caller.actor,
            at=request.caller.at,
            asked=asked,
            document=document,
            prices_text="" if document is None else str(document["code"]),
        )
    return _kept(kept.get_what_if(public_id=made.public_id))


@endpoint(
    router,
    "GET",
    "/kept-what-ifs",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=KeptWhatIfs,
)
def list_kept_what_ifs(request: entry.Request) -> KeptWhatIfs:
    """This will return those that are about nothing but sites where the caller may look."""
    sites = request.caller.access.sites(permissions.VIEW_BILL)
    return KeptWhatIfs(items=[_kept(each) for each in kept.list_what_ifs(site_ids=sites, limit=MOST)])


@endpoint(
    router,
    "GET",
    "/kept-what-ifs/{uuid:what_if}",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=KeptWhatIf,
)
def get_kept_what_if(request: entry.Request, what_if: uuid.UUID) -> KeptWhatIf:
    """This will tell how far one is."""
    return _kept(_find(request, what_if, permissions.VIEW_BILL))


@endpoint(
    router,
    "GET",
    "/kept-what-ifs/{uuid:what_if}/result",
    permission=permissions.VIEW_BILL,
    module=Module.BILLING,
    by_site=True,
    answers=what_ifs.WhatIf,
)
def get_what_if_result(request: entry.Request, what_if: uuid.UUID) -> what_ifs.WhatIf:
    """This will return what came out of one that is DONE."""
    return what_ifs.told(kept.result_of(what_if=_find(request, what_if, permissions.VIEW_BILL)))


@endpoint(
    router,
    "POST",
    "/kept-what-ifs/{uuid:what_if}/cancel",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=KeptWhatIf,
)
def cancel_what_if(request: entry.Request, what_if: uuid.UUID) -> KeptWhatIf:
    """This will have no further account priced."""
    _find(request, what_if, permissions.MANAGE_RUN)
    background.cancel_what_if(actor=request.caller.actor, at=request.caller.at, what_if=what_if)
    return _kept(kept.get_what_if(public_id=what_if))


@endpoint(
    router,
    "POST",
    "/kept-what-ifs/{uuid:what_if}/resume",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=KeptWhatIf,
)
def resume_what_if(request: entry.Request, what_if: uuid.UUID) -> KeptWhatIf:
    """This will go on with one that FAILED."""
    _find(request, what_if, permissions.MANAGE_RUN)
    background.resume_what_if(actor=request.caller.actor, at=request.caller.at, what_if=what_if)
    return _kept(kept.get_what_if(public_id=what_if))


@endpoint(
    router,
    "POST",
    "/kept-what-ifs/{uuid:what_if}/remove",
    permission=permissions.MANAGE_RUN,
    module=Module.BILLING,
    by_site=True,
    answers=KeptWhatIf,
)
def remove_what_if(request: entry.Request, what_if: uuid.UUID) -> KeptWhatIf:
    """This will forget one, and answer what it was."""
    found = _find(request, what_if, permissions.MANAGE_RUN)
    background.delete_what_if(actor=request.caller.actor, at=request.caller.at, what_if=what_if)
    return _kept(found)


def _find(request: entry.Request, what_if: uuid.UUID, permission: str) -> kept.WhatIfRow:
    return kept.get_what_if(public_id=what_if, site_ids=request.caller.access.sites(permission))


def _kept(row: kept.WhatIfRow) -> KeptWhatIf:
    return KeptWhatIf(
        what_if=row.public_id,
        state=row.state,
        first_day=row.first_day,
        until_day=row.until_day,
        prices=row.prices_text,
        currency=row.currency,
        accounts=row.accounts,
        done=row.done,
        asked_at=row.asked_at,
        asked_by=row.asked_by,
        keep_until=row.keep_until,
    )
