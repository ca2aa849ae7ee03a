"""From news of a credit note to a message with its PDF, in the language of the bill that it takes back."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.utils import formats, translation

from meterbook.billing import events as billing_events
from meterbook.billing.operations import crediting
from meterbook.billing.queries import credit_notes as note_queries
from meterbook.customers import queries as customer_queries
from meterbook.documents import queries as document_queries
from meterbook.journeys import reaching
from meterbook.kernel import currency as currencies
from meterbook.kernel.actor import Actor
from meterbook.kernel.money import Money
from meterbook.notifications import operations as notification_operations
from meterbook.notifications import queries as notification_queries
from meterbook.notifications import values as notification_values
from meterbook.notifications.transports import answers

ATTACHMENT = "credit_note"
KEY = "credit-note:"
LIFE: timedelta = notification_values.RULES[notification_values.Kind.CREDIT_NOTE_ISSUED].life


def credit_note_issued(event: billing_events.CreditNoteIssued, *, actor: Actor, at: datetime) -> None:
    """This will queue a credit note for an account that somebody is reached for; the others get paper."""
    note = note_queries.get_credit_note(public_id=uuid.UUID(event.note_id))
    accounts = customer_queries.accounts_by_public_id(public_ids=[note.account_public_id])
    account = accounts[note.account_public_id]
    if note.issued_at <= at - LIFE:
        return
    language = str(note.content.get("language") or note.content["customer"].get("language") or account.language)
    for reader in reaching.recipients(accounts, at=at).get(account.public_id, ()):
        notification_operations.send(
            actor=actor,
            at=at,
            kind=notification_values.Kind.CREDIT_NOTE_ISSUED,
            to=reader,
            facts=_facts(note, language),
            key=f"{KEY}{note.public_id}",
            attachment=f"{ATTACHMENT}:{note.public_id}",
            language=language,
        )


def unsendable() -> list[uuid.UUID]:
    """This will return the credit notes that cannot be sent, because no mail server is set up: they go on paper."""
    keys = notification_queries.keys_without_mail(kind=notification_values.Kind.CREDIT_NOTE_ISSUED)
    return [uuid.UUID(each.removeprefix(KEY)) for each in keys]


def credit_note_file(reference: str, *, actor: Actor, at: datetime) -> answers.File:
    """This will return the PDF of a credit note, made when it is first asked for.

    :param reference: its public id
    :raises meterbook.billing.queries.credit_notes.CreditNoteNotFound: when the organization has none of it
    """
    file = crediting.issue_pdf(actor=actor, at=at, note=uuid.UUID(reference))
    row, content = document_queries.file_content(public_id=file.public_id)
    return answers.File(row.name, row.media_type, content)


def _facts(note: note_queries.NoteRow, language: str) -> dict[str, str]:
    with translation.override(language):
        return {
            "number": note.number,
            "bill": note.bill_number,
            "instead": note.replacement_number,
            "reason": str(note.content.get("reason", "")),
            "total": _money(note.total),
        }


def _money(amount: Money) -> str:
    """What is credited, without its sign."""
    places = currencies.minor_units(amount.currency)
    return f"{formats.number_format(abs(amount.amount), decimal_pos=places, force_grouping=True)} {amount.currency}"
