"""Words of the audit trail."""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Subject:
    """What was changed: a kind such as "sites.site", the public id of the object, and its name for people."""

    kind: str
    public_id: uuid.UUID | None
    label: str


class Fault(enum.StrEnum):
    """What `verify` can find wrong with a chain."""

    ALTERED = "ALTERED"
    REMOVED = "REMOVED"
    SEAL_REMOVED = "SEAL_REMOVED"
    REORDERED = "REORDERED"
    CUT_OFF = "CUT_OFF"
    REWRITTEN = "REWRITTEN"
    ANCHOR_REMOVED = "ANCHOR_REMOVED"
    ANCHOR_FORGED = "ANCHOR_FORGED"
    ORGANIZATION_REMOVED = "ORGANIZATION_REMOVED"
    EMPTIED = "EMPTIED"
    NOT_SEALED = "NOT_SEALED"


_COMPARE = _(
    "Restore a backup from before the change beside this database, compare the entry, and keep both as evidence."
)
_BACKUP = _(
    "Restore the latest backup that `meterbook audit verify` finds sound beside this database; keep both as evidence."
)
REMEDIES = {
    Fault.ALTERED: _COMPARE,
    Fault.REMOVED: _BACKUP,
    Fault.SEAL_REMOVED: _BACKUP,
    Fault.REORDERED: _COMPARE,
    Fault.CUT_OFF: _BACKUP,
    Fault.REWRITTEN: _BACKUP,
    Fault.ANCHOR_REMOVED: _(
        "Find out who can write to the database as its owner; the anchor file still holds the anchor."
    ),
    Fault.ANCHOR_FORGED: _(
        "When MB_SECRET_KEY was replaced, name the former key as a fallback; otherwise find out who wrote the anchor."
    ),
    Fault.ORGANIZATION_REMOVED: _BACKUP,
    Fault.EMPTIED: _BACKUP,
    Fault.NOT_SEALED: _("Find out who can write to the database as its owner; do not rely on this entry."),
}


@dataclass(frozen=True)
class Finding:
    """One fault, the place in the chain where it shows, and what it means in words."""

    fault: Fault
    sequence: int | None
    message: str

    @property
    def remedy(self) -> str:
        """This will return what to do about it, in the running language."""
        return str(REMEDIES[self.fault])
