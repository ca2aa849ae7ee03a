"""Open a dispute about a bill, take it from step to step, and write to each other."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.billing import dispute_values as values
from meterbook.billing import models
from meterbook.billing import queries as billing_queries
from meterbook.billing.correcting import limits
from meterbook.billing.dispute_values import OPEN_STATES, DisputeReason, DisputeState
from meterbook.billing.queries import corrections as correction_queries
from meterbook.billing.queries import disputes as dispute_queries
from meterbook.documents import attachments
from meterbook.foundation import operation, scoping
from meterbook.kernel import currency as currencies
from meterbook.kernel import rounding
from meterbook.kernel.actor import Actor


class DisputePresent(ValueError):
    """A dispute about this bill is open already; write there."""


class BillNotDisputable(ValueError):
    """The bill was credited already."""


class StepNotPossible(ValueError):
    """The dispute stands elsewhere meanwhile; reload the page."""


class WordsMissing(ValueError):
    """Say in words what is wrong, or what is answered."""


class TooManyFiles(ValueError):
    """Fewer files go with one entry."""


@dataclass(frozen=True)
class Given:
    """A file as it was handed in."""

    name: str
    content: bytes


@operation.operation
def open_dispute(
    *,
    actor: Actor,
    at: datetime,
    bill: uuid.UUID,
    reason: DisputeReason,
    words: str,
    lines: Sequence[str] = (),
    files: Sequence[Given] = (),
    is_by_tenant: bool,
) -> models.Dispute:
    """This will open a dispute; until it is closed the disputed amount is not asked for, within the rules.

    :param lines: places in the bill, "point/charge/line", or "shared/number" of a shared cost; none: all of it
    :raises meterbook.billing.queries.BillNotFound: when the organization has no such bill
    :raises BillNotDisputable: when it was credited
    :raises DisputePresent: when one about this bill is open
    :raises WordsMissing: without words
    :raises TooManyFiles: with more files than go together
    :raises documents.uploads.UploadRefused: when a file is no picture or PDF
    """
    found = _bill(bill)
    _require_words(words)
    rules, zone = correction_queries.correction_rules(), ZoneInfo(found.run.site.time_zone)
    content = json.loads(bytes(found.draft.content))
    chosen = sorted({each for each in lines if each in places_of(content)})
    running = models.Dispute.objects.filter(
        organization_id=found.organization_id,
        account_id=found.account_id,
        is_protected=True,
        state__in=[each.value for each in OPEN_STATES],
    ).count()
    try:
        with transaction.atomic():
            made = models.Dispute.objects.create(
                organization_id=found.organization_id,
                bill=found,
                account_id=found.account_id,
                reason=reason,
                words=words,
                lines=chosen,
                currency=found.draft.currency,
                amount=disputed_of(content, chosen),
                is_protected=running < rules.most_open and not _was_refused(found),
                opened_at=at,
                opened_by=actor.label,
                is_by_tenant=is_by_tenant,
                acknowledge_by=limits.working_days_after(at, rules.acknowledge_days, zone),
                decide_by=limits.working_days_after(at, rules.decide_days, zone),
            )
    except IntegrityError as error:
        raise DisputePresent(_("A dispute about this bill is open already. Write there.")) from error
    _tell(made, actor, at, words, files, is_by_tenant=is_by_tenant, state=DisputeState.OPENED)
    after = {"bill": found.number, "reason": reason, "amount": made.amount, "is_protected": made.is_protected}
    audit_operations.record(actor=actor, at=at, action="billing:open_dispute", subject=made, before=None, after=after)
    return made


@operation.operation
def move_dispute(
    *,
    actor: Actor,
    at: datetime,
    dispute: uuid.UUID,
    state: DisputeState,
    words: str = "",
    is_upheld: bool | None = None,
    is_by_tenant: bool = False,
) -> models.Dispute:
    """This will take a dispute to its next step. What is proposed, rejected, closed or handed on needs words.

    :param is_upheld: of a proposal, whether the customer is right
    :raises meterbook.billing.queries.disputes.DisputeNotFound: when the organization has none of that public id
    :raises StepNotPossible: when that is no next step
    :raises WordsMissing: where words are needed
    """
    locked = _lock(dispute)
    before = DisputeState(locked.state)
    own = (DisputeState.ACCEPTED, DisputeState.REJECTED)
    if state not in values.STEPS[before] or (is_by_tenant and state not in own):
        raise StepNotPossible(_("The dispute stands elsewhere meanwhile. Reload the page."))
    if state not in (DisputeState.ACKNOWLEDGED, DisputeState.INVESTIGATING, DisputeState.ACCEPTED):
        _require_words(words)
    locked.state = state
    if state is DisputeState.ACKNOWLEDGED:
        locked.acknowledged_at = at
    if state is DisputeState.PROPOSED:
        locked.proposal, locked.is_upheld, locked.decided_at = words, bool(is_upheld), at
    if state is DisputeState.CLOSED:
        locked.closed_at = at
    locked.save()
    _tell(locked, actor, at, words, (), is_by_tenant=is_by_tenant, state=state)
    _record(actor, at, locked, before)
    return locked


@operation.operation
def write_in_dispute(
    *,
    actor: Actor,
    at: datetime,
    dispute: uuid.UUID,
    words: str,
    files: Sequence[Given] = (),
    is_by_tenant: bool = False,
    is_shared: bool = True,
) -> models.DisputeEntry:
    """This will add words and files to a dispute that is not closed.

    :param is_shared: False for the operator's people alone
    :raises meterbook.billing.queries.disputes.DisputeNotFound: when the organization has none of that public id
    :raises StepNotPossible: when it is closed
    :raises WordsMissing: without words and files
    :raises TooManyFiles: see `open_dispute`
    :raises documents.uploads.UploadRefused: see `open_dispute`
    """
    locked = _lock(dispute)
    if locked.state == DisputeState.CLOSED:
        raise StepNotPossible(_("The dispute is closed. Open another one if something is still wrong."))
    if not files:
        _require_words(words)
    entry = _tell(locked, actor, at, words, files, is_by_tenant=is_by_tenant, is_shared=is_shared or is_by_tenant)
    audit_operations.record(
        actor=actor,
        at=at,
        action="billing:write_in_dispute",
        subject=locked,
        before=None,
        after={"is_shared": entry.is_shared, "files": len(files)},
    )
    return entry


def settle(*, actor: Actor, at: datetime, correction: models.Correction) -> None:
    """This will close the open dispute about a bill that was just credited: the customer was right.

    Needs the transaction of the correction.
    """
    open_states = [each.value for each in OPEN_STATES]
    rows = models.Dispute.objects.filter(
        organization_id=correction.organization_id, bill_id=correction.bill_id, state__in=open_states
    )
    locked = rows.select_for_update(of=("self",)).first()
    if locked is None:
        return
    before = DisputeState(locked.state)
    locked.state, locked.correction, locked.is_upheld = DisputeState.CLOSED, correction, True
    locked.acknowledged_at, locked.decided_at = locked.acknowledged_at or at, locked.decided_at or at
    locked.closed_at = at
    locked.save()
    _tell(locked, actor, at, correction.reason, (), is_by_tenant=False, state=DisputeState.CLOSED)
    _record(actor, at, locked, before)


def places_of(content: dict[str, Any]) -> dict[str, Decimal]:
    """This will return the lines of a bill with their amounts, by place: "point/charge/line", "shared/number"."""
    measured = {
        f"{point}/{charge}/{line}": Decimal(row["amount"])
        for point, of_point in enumerate(content["meter_points"])
        for charge, of_charge in enumerate(of_point["charges"])
        for line, row in enumerate(of_charge["lines"])
    }
    shared = enumerate(content.get("shared_costs", ()))
    return measured | {f"shared/{number}": Decimal(row["amount"]) for number, row in shared}


def disputed_of(content: dict[str, Any], lines: Sequence[str]) -> Decimal:
    """This will return what is disputed of a bill, with the taxes that fall to it; from nothing to all of the bill.

    Lines of 40.00 of a net of 100.00 with 21.00 tax are 48.40. Of a bill of several services a line has the mean tax of
    its service, and a shared cost its own: 2.52 at 21 % beside water at 10 % are 3.05.
    """
    net, total = Decimal(content["net"]), Decimal(content["total"])
    if not lines or not net:
        return max(total, Decimal(0))
    amounts = places_of(content)
    exact = sum((Fraction(amounts[each]) * _with_taxes(content, each) for each in lines), Fraction(0))
    places = currencies.minor_units(content["currency"])
    due = rounding.round_fraction(exact, places)
    return max(min(due, total), Decimal(0))


def _with_taxes(content: dict[str, Any], place: str) -> Fraction:
    """What one of the currency at a line of the bill comes to with its taxes."""
    kind, _slash, rest = place.partition("/")
    if kind == "shared":
        tax = content["shared_costs"][int(rest)].get("tax") or {"code": "", "rate": "0"}
        charged = [each for each in content["taxes"] if Decimal(each["amount"])]  # nothing: exempt, or owed by others
        is_due = any((each["code"], Fraction(each["rate"])) == (tax["code"], Fraction(tax["rate"])) for each in charged)
        return 1 + Fraction(tax["rate"]) * is_due
    point, charge, line = (int(each) for each in place.split("/"))
    of_point = content["meter_points"][point]
    service = of_point["charges"][charge]["lines"][line].get("service", of_point.get("service"))
    sums = next((each for each in content.get("services", ()) if each["service"] == service), content)
    return Fraction(sums["total"]) / Fraction(sums["net"]) if Fraction(sums["net"]) else Fraction(1)


def _bill(public_id: uuid.UUID) -> models.Bill:
    bills = models.Bill.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    found = bills.select_related("draft", "run__site", "credit_note").defer("credit_note__content").first()
    if found is None:
        raise billing_queries.BillNotFound(_("There is no such bill."))
    if getattr(found, "credit_note", None) is not None:
        raise BillNotDisputable(_("This bill was credited already. Look at the one that replaces it."))
    return found


def _was_refused(bill: models.Bill) -> bool:
    """Whether an earlier dispute about the bill was decided against the customer: asking again keeps nothing back."""
    closed = models.Dispute.objects.filter(
        organization_id=bill.organization_id, bill=bill, state=DisputeState.CLOSED, is_upheld=False
    )
    return closed.exists()


def _lock(public_id: uuid.UUID) -> models.Dispute:
    rows = models.Dispute.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    found = rows.select_for_update(of=("self",)).select_related("bill").first()
    if found is None:
        raise dispute_queries.DisputeNotFound(_("There is no such dispute."))
    return found


def _require_words(words: str) -> None:
    if not words.strip():
        raise WordsMissing(_("Say it in words."))


def _tell(
    dispute: models.Dispute,
    actor: Actor,
    at: datetime,
    words: str,
    files: Sequence[Given],
    *,
    is_by_tenant: bool,
    is_shared: bool = True,
    state: DisputeState | None = None,
) -> models.DisputeEntry:
    if len(files) > values.MOST_FILES:
        raise TooManyFiles(_("At most %(most)s files go with one entry.") % {"most": values.MOST_FILES})
    entry = models.DisputeEntry.objects.create(
        organization_id=dispute.organization_id,
        dispute=dispute,
        account_id=dispute.account_id,
        at=at,
        author=actor.label,
        is_by_tenant=is_by_tenant,
        is_shared=is_shared,
        state=state or "",
        words=words,
    )
    for number, each in enumerate(files, start=1):
        sound = attachments.require_attachment(each.content)
        stem = each.name.rsplit(".", 1)[0][:100] or f"file-{number}"
        models.DisputeFile.objects.create(
            organization_id=dispute.organization_id,
            entry=entry,
            account_id=dispute.account_id,
            name=f"{stem}.{sound.extension}",
            media_type=sound.media_type,
            content=sound.content,
            size=len(sound.content),
        )
    return entry


def _record(actor: Actor, at: datetime, dispute: models.Dispute, before: DisputeState) -> None:
    audit_operations.record(
        actor=actor,
        at=at,
        action="billing:move_dispute",
        subject=dispute,
        before={"state": before},
        after={"state": dispute.state, "is_upheld": dispute.is_upheld},
    )
