"""News of work in the field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from meterbook.foundation import events


@dataclass(frozen=True)
class JobAssigned(events.Event):
    """A job (public id) was given to a person (internal id); `number` counts how often it was given to somebody."""

    job_id: str
    user_id: int
    number: int

    name: ClassVar[str] = "fieldwork.job_assigned"

    @property
    def key(self) -> str:
        """In order per job."""
        return f"job:{self.job_id}"


@dataclass(frozen=True)
class SwapSuspected(events.Event):
    """A swap test (public id) let another meter fall than that of the unit."""

    swap_test_id: str

    name: ClassVar[str] = "fieldwork.swap_suspected"

    @property
    def key(self) -> str:
        """In order per test."""
        return f"swap_test:{self.swap_test_id}"
