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
