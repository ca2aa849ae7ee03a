"""Reads of disputes."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from meterbook.billing import dispute_values as values
from meterbook.billing import models
from meterbook.billing.dispute_values import OPEN_STATES, UNDECIDED, DisputeReason, DisputeState
from meterbook.billing.queries.amounts import money
from meterbook.foundation import scoping
from meterbook.kernel.money import Money

MOST_TO_REMIND = 1_000
PROTECTED = timedelta(days=values.PROTECTED_DAYS)


class DisputeNotFound(LookupError):
    """There is no such dispute in this organization."""


@dataclass(frozen=True)
class FileRow:
    """A file of an entry."""

    public_id: uuid.UUID
    name: str
    media_type: str
    size: int


@dataclass(frozen=True)
class EntryRow:
    """An entry of a dispute's story; `state` None: words alone."""

    at: datetime
    author: str
    is_by_tenant: bool
    is_shared: bool
    state: DisputeState | None
    words: str
    files: tuple[FileRow, ...]


@dataclass(frozen=True)
class DisputeRow:
    """A dispute. `due_at` is the deadline that counts now; None once it is decided."""

    id: int
    public_id: uuid.UUID
    bill_public_id: uuid.UUID
    bill_number: str
    account_id: int
    account_public_id: uuid.UUID
    account_number: str
    customer_name: str
    site_id: int
    site_name: str
    zone: ZoneInfo
    reason: DisputeReason
    words: str
    lines: tuple[str, ...]
    amount: Money
    is_protected: bool
    state: DisputeState
    opened_at: datetime
    opened_by: str
    is_by_tenant: bool
    acknowledge_by: datetime
    decide_by: datetime
    acknowledged_at: datetime | None
    decided_at: datetime | None
    closed_at: datetime | None
    is_upheld: bool | None
    proposal: str
    correction_public_id: uuid.UUID | None
    reminded_of: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it is not closed."""
        return self.state in OPEN_STATES

    @property
    def due_at(self) -> datetime | None:
        """The deadline that counts."""
        if self.state is DisputeState.OPENED:
            return self.acknowledge_by
        return self.decide_by if self.state in UNDECIDED else None

    @property
    def clock(self) -> str:
        """Which deadline counts; empty when none does."""
        if self.state is DisputeState.OPENED:
            return "ACKNOWLEDGE"
        return "DECIDE" if self.state in UNDECIDED else ""

    @property
    def is_reminded(self) -> bool:
        """Whether somebody was reminded of the deadline that counts."""
        return self.reminded_of == self.clock

    def is_protected_at(self, at: datetime) -> bool:
        """This will tell whether the amount is not asked for: not after a refusal that nobody answered for long."""
        return self.is_protected and not self.is_lapsed_at(at)

    def is_lapsed_at(self, at: datetime) -> bool:
        """This will tell whether the customer left a refusal unanswered for so long that the amount is asked for."""
        is_refused = self.state is DisputeState.PROPOSED and not self.is_upheld
        return is_refused and self.decided_at is not None and self.decided_at + PROTECTED <= at

    def standing_at(self, at: datetime) -> str:
        """This will name what holds for the amount of an open dispute: KEPT (not asked for), LAPSED or DUE."""
        if not self.is_protected:
            return "DUE"
        return "LAPSED" if self.is_lapsed_at(at) else "KEPT"

    @property
    def steps(self) -> tuple[DisputeState, ...]:
        """What may come next."""
        return values.STEPS[self.state]

    def is_late(self, now: datetime) -> bool:
        """This will tell whether the deadline has passed."""
        return self.due_at is not None and self.due_at <= now

    def is_soon(self, now: datetime) -> bool:
        """This will tell whether the deadline comes within a day."""
        return self.due_at is not None and self.due_at <= now + timedelta(hours=values.SOON_HOURS)


def get_dispute(*, public_id: uuid.UUID) -> DisputeRow:
    """This will return a dispute.

    :raises DisputeNotFound: when it is not there or belongs to another organization
    """
    found = _disputes().filter(public_id=public_id).first()
    if found is None:
        raise DisputeNotFound(_("There is no such dispute."))
    return _row(found)


def list_disputes(
    *,
    is_open: bool | None = None,
    site_ids: Collection[int] | None = None,
    account_ids: Collection[int] | None = None,
    limit: int = 200,
) -> list[DisputeRow]:
    """This will return disputes: open ones by deadline, then the closed ones, the newest first."""
    rows = _disputes()
    if is_open is not None:
        open_states = [each.value for each in OPEN_STATES]
        rows = rows.filter(state__in=open_states) if is_open else rows.exclude(state__in=open_states)
    if site_ids is not None:
        rows = rows.filter(bill__run__site_id__in=site_ids)
    if account_ids is not None:
        rows = rows.filter(account_id__in=account_ids)
    found = [_row(each) for each in rows.order_by("-opened_at", "-id")[:limit]]
    far = max((each.decide_by for each in found), default=datetime.max.replace(tzinfo=UTC))
    return sorted(found, key=lambda each: (not each.is_open, (each.due_at or far) if each.is_open else far))


def entries_of(*, dispute_id: int, is_tenant: bool = False) -> list[EntryRow]:
    """This will return the story of a dispute, the oldest first.

    :param is_tenant: without what is for the operator's people alone
    """
    rows = models.DisputeEntry.objects.filter(
        organization_id=scoping.current().organization_id, dispute_id=dispute_id
    ).prefetch_related("files")
    if is_tenant:
        rows = rows.filter(is_shared=True)
    return [
        EntryRow(
            at=each.at,
            author=each.author,
            is_by_tenant=each.is_by_tenant,
            is_shared=each.is_shared,
            state=DisputeState(each.state) if each.state else None,
            words=each.words,
            files=tuple(FileRow(file.public_id, file.name, file.media_type, file.size) for file in each.files.all()),
        )
        for each in rows.order_by("id")
    ]


def file_of(*, dispute_id: int, file: uuid.UUID, is_tenant: bool = False) -> tuple[FileRow, bytes]:
    """This will return a file of a dispute.

    :raises DisputeNotFound: when the dispute has no such file, or none that a tenant may see
    """
    rows = models.DisputeFile.objects.filter(
        organization_id=scoping.current().organization_id, public_id=file, entry__dispute_id=dispute_id
    )
    if is_tenant:
        rows = rows.filter(entry__is_shared=True)
    found = rows.first()
    if found is None:
        raise DisputeNotFound(_("There is no such file."))
    return FileRow(found.public_id, found.name, found.media_type, found.size), bytes(found.content)


def latest_of_bill(*, bill: uuid.UUID) -> DisputeRow | None:
    """This will return the newest dispute about a bill."""
    found = _disputes().filter(bill__public_id=bill).order_by("-opened_at", "-id").first()
    return None if found is None else _row(found)


@dataclass(frozen=True)
class ClaimRow:
    """What is disputed of a bill; `is_protected`: it is not asked for until it is decided."""

    dispute: uuid.UUID
    bill_number: str
    amount: Money
    is_protected: bool


def claims_of(*, account_id: int, currency: str, at: datetime) -> list[ClaimRow]:
    """This will return what of an account's bills is disputed, the oldest first.

    Protected is what the rules allow at once, until it is decided; a refusal ends it that was not answered for
    `PROTECTED_DAYS`. Dunning, late fees and disconnection leave that out; what is not disputed stays due.
    """
    rows = _disputes().filter(account_id=account_id, currency=currency, state__in=[each.value for each in OPEN_STATES])
    return [
        ClaimRow(each.public_id, each.bill_number, each.amount, each.is_protected_at(at))
        for each in map(_row, rows.order_by("opened_at", "id"))
    ]


def disputed_amount(*, account_id: int, currency: str, at: datetime) -> Money:
    """This will return what of an account's bills is not asked for: the protected claims (`claims_of`)."""
    claims = claims_of(account_id=account_id, currency=currency, at=at)
    return sum((each.amount for each in claims if each.is_protected), Money.zero(currency))


def to_remind(*, at: datetime) -> list[DisputeRow]:
    """This will return the disputes whose deadline comes within a day, and of which nobody was reminded."""
    return [
        each
        for each in list_disputes(is_open=True, limit=MOST_TO_REMIND)
        if each.clock and each.is_soon(at) and not each.is_reminded
    ]


def waiting_disputes(*, site_ids: Collection[int] | None = None) -> Sequence[DisputeRow]:
    """This will return the disputes in which the operator must do something, the most urgent first."""
    return [
        each
        for each in list_disputes(is_open=True, site_ids=site_ids)
        if each.state is not DisputeState.PROPOSED  # the tenant answers
    ]


def _disputes() -> QuerySet[models.Dispute]:
    rows = models.Dispute.objects.filter(organization_id=scoping.current().organization_id)
    return rows.select_related("bill__run__site", "account__customer", "correction")


def _row(row: models.Dispute) -> DisputeRow:
    site = row.bill.run.site
    return DisputeRow(
        id=row.pk,
        public_id=row.public_id,
        bill_public_id=row.bill.public_id,
        bill_number=row.bill.number,
        account_id=row.account_id,
        account_public_id=row.account.public_id,
        account_number=row.account.number,
        customer_name=row.account.customer.name,
        site_id=site.pk,
        site_name=site.name,
        zone=ZoneInfo(site.time_zone),
        reason=DisputeReason(row.reason),
        words=row.words,
        lines=tuple(row.lines),
        amount=money(row.amount, row.currency),
        is_protected=row.is_protected,
        state=DisputeState(row.state),
        opened_at=row.opened_at,
        opened_by=row.opened_by,
        is_by_tenant=row.is_by_tenant,
        acknowledge_by=row.acknowledge_by,
        decide_by=row.decide_by,
        acknowledged_at=row.acknowledged_at,
        decided_at=row.decided_at,
        closed_at=row.closed_at,
        is_upheld=row.is_upheld,
        proposal=row.proposal,
        correction_public_id=None if row.correction is None else row.correction.public_id,
        reminded_of=row.reminded_of,
    )
