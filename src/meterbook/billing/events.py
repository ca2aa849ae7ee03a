"""News of billing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from meterbook.foundation import events


@dataclass(frozen=True)
class BillsIssued(events.Event):
    """A block of bills has numbers and is posted: those of the run (public id) with positions after..through."""

    run_id: str
    after: int
    through: int

    name: ClassVar[str] = "billing.bills_issued"

    @property
    def key(self) -> str:
        """In order per run."""
        return f"bill_run:{self.run_id}"


@dataclass(frozen=True)
class CreditNoteIssued(events.Event):
    """A credit note (public id) has a number and is posted; what replaces the bill is told by `BillsIssued`."""

    note_id: str

    name: ClassVar[str] = "billing.credit_note_issued"

    @property
    def key(self) -> str:
        """By itself."""
        return f"credit_note:{self.note_id}"
