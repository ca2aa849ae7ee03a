"""What an organization's audit trail holds, for tests of operations."""

from __future__ import annotations

from meterbook.audit import queries
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.actor import Actor

READER = Actor.system("test")


def entries(organization: identity_models.Organization) -> tuple[queries.EntryRow, ...]:
    """This will return the newest entries, newest first; outside a scope."""
    with scoping.scope([organization.id], actor=READER):
        return queries.list_entries()


def actions(organization: identity_models.Organization) -> list[str]:
    """This will return the actions of the newest entries, newest first; outside a scope."""
    return [each.action for each in entries(organization)]


def latest(organization: identity_models.Organization) -> queries.EntryRow:
    """This will return the newest entry; outside a scope."""
    return entries(organization)[0]
