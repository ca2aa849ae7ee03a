"""Issued bills whose readings are corrected afterwards."""

from __future__ import annotations

import functools
import io
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from PIL import Image

from meterbook.billing import models, operations
from meterbook.billing.correction_values import Mode
from meterbook.billing.dispute_values import DisputeReason
from meterbook.billing.operations import correcting, correction_rules, disputing, recalculating
from meterbook.billing.queries import corrections as correction_queries
from meterbook.billing.queries import disputes as dispute_queries
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.actor import Actor
from meterbook.metering import operations as metering_operations
from meterbook.metering.validation.inputs import CorrectionKind
from tests.factories import billing, metering

ACTOR = Actor.system("factory")
DAYS = billing.FEBRUARY
LATER = DAYS.ends_at + timedelta(days=20)  # when nobody thinks of the bills any more


@dataclass(frozen=True)
class Billed:
    """Two shops whose February was issued."""

    place: billing.Place
    meters: tuple[metering.Installed, ...]
    run: models.BillRun

    @property
    def owner(self) -> int:
        """The organization's id."""
        return self.place.organization.pk


def billed(place: billing.Place | None = None, *, approver: Actor = ACTOR) -> Billed:
    """This will make two shops and issue their bills; outside a scope."""
    place = place or billing.place(code="HR")
    meters = tuple(billing.shop(place, name=name, days=DAYS) for name in ("Bakery", "Florist"))
    run = billing.issued(place, first_day=DAYS.first_day, until_day=DAYS.until_day, approver=approver)
    return Billed(place, meters, run)


def misread(made: Billed, *, counts: int = -10, at: datetime = LATER, place: int = 0) -> None:
    """This will correct the reading at the end of the days by some counts of 0.01 kWh, and derive; outside a scope."""
    final = 100_000 + 25 * ((DAYS.ends_at - DAYS.starts_at) // billing.STEP)
    with scoping.scope([made.owner], actor=ACTOR):
        metering_operations.correct_readings(
            actor=ACTOR,
            at=at,
            series=made.meters[place].energy,
            kind=CorrectionKind.SET,
            corrected_at=DAYS.ends_at,
            reason="misread",
            value=final + counts,
        )
    derive(made, at=at)


def derive(made: Billed, *, at: datetime = LATER) -> None:
    """This will derive, and look at what changed behind bills, as jobs do; outside a scope."""
    metering_operations.derive_dirty_days(organization_id=made.owner, actor=ACTOR, at=at)
    with scoping.scope([made.owner], actor=ACTOR):
        operations.note_late_changes(at=at)


def bill_of(made: Billed, name: str = "Bakery") -> models.Bill:
    """This will return the first bill of a shop; outside a scope."""
    with scoping.scope([made.owner], actor=ACTOR):
        bills = models.Bill.objects.filter(organization_id=made.owner, account__customer__name=name)
        return bills.select_related("draft", "account", "run").order_by("id")[0]


@dataclass(frozen=True)
class Story:
    """What happened to bills of an organization: public ids."""

    recalculation: uuid.UUID
    correction: uuid.UUID
    proposed: uuid.UUID
    credit_note: uuid.UUID
    dispute: uuid.UUID
    enclosure: uuid.UUID
    accounts: tuple[uuid.UUID, uuid.UUID]


@functools.cache
def story(organization: identity_models.Organization) -> Story:
    """This will make, once an organization, a bill that was credited, one that is disputed, and what belongs to it."""
    sign = uuid.uuid4().hex[:6].upper()
    raw = {**billing.document(), "code": f"T{sign}"}
    checker = Actor.user(0, "checker", source="")  # others may approve, too, so who began must not
    place = billing.place(organization=organization, raw=raw, code=f"C{sign}", landlord=f"L-{sign}")
    made = billed(place, approver=checker)
    first, second = bill_of(made), bill_of(made, "Florist")
    misread(made, counts=1_000)
    misread(made, counts=1_000, place=1)
    with scoping.scope([made.owner], actor=ACTOR):
        asked = recalculating.ask_recalculation(
            actor=ACTOR, at=LATER, mode=Mode.CORRECT, scope=recalculating.Scope(site=made.place.site.public_id)
        )
        correction_rules.change_rules(actor=ACTOR, at=LATER, rules=correction_queries.Rules(decide_days=20))
        proposed = correcting.propose_correction(actor=ACTOR, at=LATER, bill=first.public_id, reason="misread")
        note = correcting.approve_correction(actor=checker, at=LATER, correction=proposed.public_id)
        waiting = correcting.propose_correction(actor=ACTOR, at=LATER, bill=second.public_id, reason="misread")
        dispute = disputing.open_dispute(
            actor=ACTOR,
            at=LATER,
            bill=second.public_id,
            reason=DisputeReason.READING,
            words="Too much.",
            files=[disputing.Given("display.png", picture())],
            is_by_tenant=False,
        )
        (file,) = dispute_queries.entries_of(dispute_id=dispute.pk)[0].files
    return Story(
        recalculation=asked.public_id,
        correction=proposed.public_id,
        proposed=waiting.public_id,
        credit_note=note.public_id,
        dispute=dispute.public_id,
        enclosure=file.public_id,
        accounts=(first.account.public_id, second.account.public_id),
    )


def picture() -> bytes:
    """This will make a picture as a phone would send one."""
    written = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(written, "PNG")
    return written.getvalue()
