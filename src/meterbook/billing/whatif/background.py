"""What-ifs that are too large to wait for: a job prices them part by part, several workers share the parts.

Each part is a transaction: what a killed worker had taken is free again with its end, and is done by another. Only rows
of what-ifs are written. All parts are priced as of the instant at which the what-if was asked for.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.billing import models
from meterbook.billing.whatif import asked as asking
from meterbook.billing.whatif import comparing, history, kept, sums
from meterbook.customers import queries as customer_queries
from meterbook.foundation import many, operation, queue, scoping
from meterbook.kernel.actor import Actor
from meterbook.metering.values import Service

PART = 200  # accounts of a transaction: some seconds for a year
MOST_ACCOUNTS = 50_000
MOST_AT_WORK = 3  # of an organization: others want the workers too
KEPT = timedelta(days=30)
JOBS = 2  # that share a what-if


class TooManyAtWork(ValueError):
    """Others are at work already; wait until one is done, or cancel one."""


class WhatIfEnded(ValueError):
    """It is done or canceled; ask for it anew."""


class WhatIfAtWork(ValueError):
    """It is being priced; cancel it first."""


@operation.operation
def start_what_if(
    *, actor: Actor, at: datetime, asked: asking.Asked, document: Mapping[str, Any] | None, prices_text: str = ""
) -> models.WhatIf:
    """This will have a job price the accounts that `asked` is about, of any number up to 50,000.

    :param document: of the chosen prices, as it is now: a draft may change meanwhile; None: what contracts say
    :param prices_text: what the prices are called
    :raises asking.DaysInvalid: when the days cannot be
    :raises asking.ScopeInvalid: when an account or a tariff is not there
    :raises asking.NobodyThere: when there is no account
    :raises asking.TooMuchAtOnce: when there are more accounts than that
    :raises TooManyAtWork: when three others are not done yet
    """
    asked.check(at.astimezone(UTC).date())
    account_ids = history.accounts_of(asked)
    if not account_ids:
        raise asking.NobodyThere(comparing.nobody())
    if len(account_ids) > MOST_ACCOUNTS:
        words = _("These are %(count)s accounts; %(most)s are priced together at most. Choose one site.")
        raise asking.TooMuchAtOnce(words % {"count": len(account_ids), "most": MOST_ACCOUNTS})
    if sum(each.is_at_work for each in kept.list_what_ifs()) >= MOST_AT_WORK:
        words = _("%(count)s others are being priced; wait until one is done, or cancel one.")
        raise TooManyAtWork(words % {"count": MOST_AT_WORK})
    accounts = customer_queries.accounts_by_id(ids=account_ids)
    currency = comparing.usual_currency(asked, [each.currency for each in accounts.values()])
    if all(each.currency != currency for each in accounts.values()):
        raise asking.NobodyThere(comparing.foreign(currency))
    made = _keep(actor, at, asked, document, prices_text, currency, accounts)
    after = {"accounts": made.accounts, "first_day": asked.first_day, "until_day": asked.until_day}
    audit_operations.record(
        actor=actor,
        at=at,
        action="billing:start_what_if",
        subject=made,
        before=None,
        after={**after, "prices": prices_text},
    )
    _defer(made)
    return made


@operation.operation
def price_next(*, what_if: uuid.UUID) -> bool:
    """This will price a part that nobody else works on; False when none is left to take, or it was canceled.

    :raises kept.WhatIfNotFound: when the organization has none of that public id
    """
    rows = models.WhatIf.objects.filter(organization_id=scoping.current().organization_id, public_id=what_if)
    found = rows.first()
    if found is None:
        raise kept.WhatIfNotFound(kept.missing())
    if found.canceled_at is not None:
        return False
    waiting = models.WhatIfPart.objects.filter(organization_id=found.organization_id, what_if=found, found__isnull=True)
    part = waiting.select_for_update(of=("self",), skip_locked=True).order_by("id").first()
    if part is None:
        return False
    asked = _asked(found)
    accounts = customer_queries.accounts_by_id(ids=part.account_ids)
    with many.without_collector():
        portions = history.portions(asked, part.account_ids, found.asked_at)
        priced = comparing.price(asked, portions, accounts, found.currency, found.asked_at)
    part.found = priced.plain()
    part.save(update_fields=["found"])
    models.WhatIfAccount.objects.bulk_create([_account(found, key, each) for key, each in priced.accounts.items()])
    rows.update(done=F("done") + len(part.account_ids))  # late: others wait for this row until the transaction ends
    if rows.filter(done__gte=F("accounts")).exists():
        rows.update(summary=kept.merged(found.pk).plain())
    return True


@operation.operation
def cancel_what_if(*, actor: Actor, at: datetime, what_if: uuid.UUID) -> None:
    """This will have no further part priced; a worker finishes the one that it is at.

    :raises kept.WhatIfNotFound: when the organization has none of that public id
    :raises WhatIfEnded: when it is done or canceled already
    """
    found = _locked(what_if)
    _refuse_ended(found)
    found.canceled_at = at
    found.save(update_fields=["canceled_at"])
    _note(actor, at, "billing:cancel_what_if", found)


@operation.operation
def resume_what_if(*, actor: Actor, at: datetime, what_if: uuid.UUID) -> None:
    """This will go on with one that the workers gave up; parts that are priced stay.

    :raises kept.WhatIfNotFound: when the organization has none of that public id
    :raises WhatIfEnded: when it is done or canceled
    :raises WhatIfAtWork: when a job for it waits or runs
    """
    found = _locked(what_if)
    _refuse_ended(found)
    if kept.get_what_if(public_id=what_if).is_at_work:
        raise WhatIfAtWork(_("It is being priced already; its page says how far it is."))
    _note(actor, at, "billing:resume_what_if", found)
    _defer(found)


@operation.operation
def delete_what_if(*, actor: Actor, at: datetime, what_if: uuid.UUID) -> None:
    """This will forget one, with what came out.

    :raises kept.WhatIfNotFound: when the organization has none of that public id
    :raises WhatIfAtWork: while it is being priced
    """
    found = _locked(what_if)
    if kept.get_what_if(public_id=what_if).is_at_work:
        raise WhatIfAtWork(_("It is being priced; cancel it first."))
    _delete(actor, at, found)


@operation.operation
def forget_what_ifs(*, actor: Actor, at: datetime) -> int:
    """This will forget those whose time is over; it answers how many."""
    rows = models.WhatIf.objects.filter(organization_id=scoping.current().organization_id, keep_until__lte=at)
    found = list(rows.select_for_update(of=("self",)).order_by("id"))
    for each in found:
        _delete(actor, at, each)
    return len(found)


def _keep(
    actor: Actor,
    at: datetime,
    asked: asking.Asked,
    document: Mapping[str, Any] | None,
    prices_text: str,
    currency: str,
    accounts: Mapping[int, customer_queries.AccountRow],
) -> models.WhatIf:
    """The row, and its parts."""
    account_ids = list(accounts)
    scope = asked.scope
    made = models.WhatIf.objects.create(
        organization_id=scoping.current().organization_id,
        first_day=asked.first_day,
        until_day=asked.until_day,
        scope={
            "tariff": None if scope.tariff is None else str(scope.tariff),
            "numbers": list(scope.numbers),
            "service": scope.service,
        },
        site_ids=sorted({each.site_id for each in accounts.values()}),
        prices_text=prices_text,
        document=document,
        currency=currency,
        asked_at=at,
        asked_by=actor.label,
        accounts=len(account_ids),
        keep_until=at + KEPT,
    )
    parts = [account_ids[start : start + PART] for start in range(0, len(account_ids), PART)]
    models.WhatIfPart.objects.bulk_create(
        [models.WhatIfPart(organization_id=made.organization_id, what_if=made, account_ids=each) for each in parts]
    )
    return made


def _account(found: models.WhatIf, account_id: int, own: sums.Account) -> models.WhatIfAccount:
    return models.WhatIfAccount(
        organization_id=found.organization_id,
        what_if=found,
        account_id=account_id,
        bills=own.bills,
        months=own.months,
        before=own.before,
        after=own.after,
        change=own.after - own.before,
        is_touched=own.is_touched,
        troubles=own.written,
    )


def _delete(actor: Actor, at: datetime, found: models.WhatIf) -> None:
    _note(actor, at, "billing:delete_what_if", found)
    for each in (models.WhatIfAccount, models.WhatIfPart):
        each.objects.filter(organization_id=found.organization_id, what_if=found).delete()
    found.delete()


def _locked(public_id: uuid.UUID) -> models.WhatIf:
    rows = models.WhatIf.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    found = rows.select_for_update(of=("self",)).first()
    if found is None:
        raise kept.WhatIfNotFound(kept.missing())
    return found


def _refuse_ended(found: models.WhatIf) -> None:
    if found.canceled_at is not None:
        raise WhatIfEnded(_("It was canceled; ask for it anew."))
    if found.done >= found.accounts:
        raise WhatIfEnded(_("It is done already."))


def _note(actor: Actor, at: datetime, action: str, found: models.WhatIf) -> None:
    how_far = {"done": found.done, "accounts": found.accounts}
    audit_operations.record(actor=actor, at=at, action=action, subject=found, before=how_far, after=None)


def _defer(made: models.WhatIf) -> None:
    public_id = str(made.public_id)
    for number in range(JOBS):
        lock = f"what_if:{public_id}:{number}"
        queue.defer(kept.PRICE, organization_id=made.organization_id, lock=lock, what_if_id=public_id)


def _asked(found: models.WhatIf) -> asking.Asked:
    """What was asked; whose accounts are meant stands in the parts."""
    scope = found.scope
    return asking.Asked(
        asking.Scope(
            tariff=None if scope["tariff"] is None else uuid.UUID(scope["tariff"]),
            service=None if scope["service"] is None else Service(scope["service"]),
        ),
        found.first_day,
        found.until_day,
        None if found.document is None else comparing.of_document(found.document),
    )
