"""The only door to tenant-owned rows: a scope opens the transaction and names the organizations it may see.

Outside a scope the database answers no rows of any guarded table (architecture 8).
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import connection, transaction

from meterbook.kernel.actor import Actor

SETTING = "meterbook.organizations"


@dataclass(frozen=True)
class Scope:
    """Which organizations the running code may see, and on whose behalf it runs."""

    organizations: tuple[int, ...]
    actor: Actor

    @property
    def organization_id(self) -> int:
        """This will return the one organization of the scope.

        :raises NotOneOrganization: when the scope holds none or several
        """
        if len(self.organizations) != 1:
            raise NotOneOrganization(f"This needs a scope of exactly one organization, not {len(self.organizations)}.")
        return self.organizations[0]


class OutsideScope(RuntimeError):
    """Tenant data was asked for outside `scoping.scope(...)`; wrap the call in a scope."""


class NestedScope(RuntimeError):
    """A scope was opened inside another; pass the running scope on instead."""


class NotOneOrganization(RuntimeError):
    """The call needs a scope of exactly one organization."""


_current: contextvars.ContextVar[Scope | None] = contextvars.ContextVar("meterbook_scope", default=None)


def current() -> Scope:
    """This will return the running scope.

    :raises OutsideScope: when there is none
    """
    found = _current.get()
    if found is None:
        raise OutsideScope(OutsideScope.__doc__)
    return found


def is_open() -> bool:
    """This will tell whether a scope is running."""
    return _current.get() is not None


@contextlib.contextmanager
def scope(organizations: Iterable[int], *, actor: Actor) -> Iterator[Scope]:
    """This will open a transaction that sees the rows of these organizations, and commit it at the end.

    :param organizations: internal ids; an empty list sees nothing
    :raises NestedScope: when a scope is running already
    """
    if _current.get() is not None:
        raise NestedScope(NestedScope.__doc__)
    opened = Scope(organizations=tuple(sorted({int(each) for each in organizations})), actor=actor)
    with transaction.atomic(durable=True):
        _set_organizations(opened.organizations)
        token = _current.set(opened)
        try:
            yield opened
        finally:
            _current.reset(token)


@contextlib.contextmanager
def all_organizations(reason: str, *, actor: Actor) -> Iterator[Scope]:
    """This will open a scope over every organization and write down who asked and why.

    Only the files listed in `tools/lint/all_organizations.txt` may call it.
    """
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO foundation_platformaccess (reason, actor) VALUES (%s, %s)", [reason, actor.label]
            )
        ids = organization_ids()
    with scope(ids, actor=actor) as opened:
        yield opened


def forbid_writing() -> None:
    """This will make the database refuse every change in the rest of the running scope.

    :raises OutsideScope: when there is none
    """
    current()
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")


def organization_ids() -> tuple[int, ...]:
    """This will return the id of every organization, and nothing else of them (ticker, collector)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM foundation_organization_ids() AS id ORDER BY id")
        return tuple(row[0] for row in cursor.fetchall())


def _set_organizations(ids: tuple[int, ...]) -> None:
    listed = "{" + ",".join(str(each) for each in ids) + "}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [SETTING, listed])
