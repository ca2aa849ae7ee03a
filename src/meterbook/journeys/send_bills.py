"""From news of issued bills to messages with the bill's PDF, in the language of the bill (M-012)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.utils import formats, translation

from meterbook.billing import events as billing_events
from meterbook.billing import operations as billing_operations
from meterbook.billing import queries as billing_queries
from meterbook.customers import queries as customer_queries
from meterbook.documents import queries as document_queries
from meterbook.journeys import reaching
from meterbook.kernel import currency as currencies
from meterbook.kernel.actor import Actor
from meterbook.kernel.money import Money
from meterbook.metering.values import SERVICE_CAPTIONS
from meterbook.notifications import operations as notification_operations
from meterbook.notifications import queries as notification_queries
from meterbook.notifications import values as notification_values
from meterbook.notifications.transports import answers

ATTACHMENT = "bill"
KEY = "bill:"
# News that comes so late (a history that was made up or brought in) is no news to a customer.
LIFE = notification_values.RULES[notification_values.Kind.BILL_ISSUED].life


def bills_issued(event: billing_events.BillsIssued, *, actor: Actor, at: datetime) -> None:
    """This will queue the bills of a block for the accounts that somebody is reached for (`reaching`).

    Those without an e-mail address get paper, and where a tenant linked a Telegram chat the news there.

    Without a mail server they wait until one is set up (`unsent`).
    """
    bills = billing_queries.issued_bills(
        run_public_id=uuid.UUID(event.run_id), after=event.after, through=event.through
    )
    accounts = customer_queries.accounts_by_public_id(public_ids=[each.account_public_id for each in bills])
    small = billing_queries.small_below(run_public_id=uuid.UUID(event.run_id))
    readers = reaching.recipients(accounts, at=at)
    told = [each for each in bills if each.account_public_id in readers and each.issued_at > at - LIFE]
    if small is not None:  # posted all the same: the next bill carries the balance (B-37)
        told = [each for each in told if abs(each.total.amount) >= small]
    languages = billing_queries.languages_of(public_ids=[each.public_id for each in told])
    uses = billing_queries.uses_of(public_ids=[each.public_id for each in told])
    for bill in told:
        language = languages.get(bill.public_id) or accounts[bill.account_public_id].language
        for reader in readers[bill.account_public_id]:
            notification_operations.send(
                actor=actor,
                at=at,
                kind=notification_values.Kind.BILL_ISSUED,
                to=reader,
                facts=_facts(bill, language, uses.get(bill.public_id, ())),
                key=f"{KEY}{bill.public_id}",
                attachment=f"{ATTACHMENT}:{bill.public_id}",
                language=languages.get(bill.public_id, ""),
            )


def bill_file(reference: str, *, actor: Actor, at: datetime) -> answers.File:
    """This will return the PDF of an issued bill, made when it is first asked for.

    :param reference: the bill's public id
    :raises KeyError: when it is a draft
    """
    file = billing_operations.issue_pdf(actor=actor, at=at, bill=uuid.UUID(reference))
    if file is None:
        raise KeyError(reference)
    row, content = document_queries.file_content(public_id=file.public_id)
    return answers.File(row.name, row.media_type, content)


def unsent(*, run: uuid.UUID | None = None) -> list[billing_queries.UnprintedBill]:
    """This will return the issued bills that cannot be sent, because no mail server is set up, and are not printed.

    :param run: only those of the run
    """
    keys = notification_queries.keys_without_mail(kind=notification_values.Kind.BILL_ISSUED)
    ids = [uuid.UUID(each.removeprefix(KEY)) for each in keys]
    return billing_queries.unprinted_bills(public_ids=ids, run_public_id=run) if ids else []


def _facts(bill: billing_queries.BillRow, language: str, uses: Sequence[billing_queries.Use]) -> dict[str, str]:
    with translation.override(language):
        last_day = bill.until_day - timedelta(days=1)
        return {
            "number": bill.number,
            "period": f"{_day(bill.first_day)} – {_day(last_day)}",
            **({"use": _use(uses)} if uses else {}),
            "total": _money(bill.total),
            "due": _day(bill.due_date) if bill.due_date and bill.total.amount > 0 else "",
        }


def _use(uses: Sequence[billing_queries.Use]) -> str:
    """In whole units of each service, as the bill has them exactly."""
    return ", ".join(
        f"{SERVICE_CAPTIONS[each.service]} {formats.number_format(round(each.quantity), force_grouping=True)}"
        f"\u00a0{each.unit.symbol}"
        for each in uses
    )


def _day(day: date) -> str:
    return formats.date_format(day, "SHORT_DATE_FORMAT")


def _money(amount: Money) -> str:
    places = currencies.minor_units(amount.currency)
    return f"{formats.number_format(amount.amount, decimal_pos=places, force_grouping=True)} {amount.currency}"
