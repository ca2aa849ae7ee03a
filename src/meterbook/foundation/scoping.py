"""The only door to tenant-owned rows: a scope opens the transaction and names the organizations it may see.

Outside a scope the database answers no rows of any guarded table (architecture 8).
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from django.db import connection, transaction

from meterbook.kernel.actor import Actor

SETTING = "meterbook.organizations"
# Of `foundation.models.Reached`: what of each kind a limited reader may see; empty in the database: all of it.
REACHES = ("sites", "run_sites", "accounts", "customers", "tariffs")


@dataclass(frozen=True)
class Scope:
    """Which organizations the running code may see, and on whose behalf it runs.

    `memory` is for what is read once while it runs, by the name of who reads it.
    """

    organizations: tuple[int, ...]
    actor: Actor
    memory: dict[str, object] = field(default_factory=dict, compare=False, repr=False)

    @property
    def organization_id(self) -> int:
        """This will return the one organization of the scope.

        :raises NotOneOrganization: when the scope holds none or several
        """
        if len(self.organizations) != 1:
            raise NotOneOrganization(f"This needs a scope of exactly one organization, not {len(self.organizations)}.")
        return self.organizations[0]


@dataclass(frozen=True)
class Reach:
    """Of what the organization bills, the part that somebody may see whose right covers single sites or accounts.

    `run_sites` are those whose bill runs are read: `sites`, or where there are none, the sites of single accounts,
    whose bills name their run.
    """

    sites: frozenset[int] = frozenset()
    run_sites: frozenset[int] = frozenset()
    accounts: frozenset[int] = frozenset()
    customers: frozenset[int] = frozenset()
    tariffs: frozenset[int] = frozenset()


class OutsideScope(RuntimeError):
    """Tenant data was asked for outside `scoping.scope(...)`; wrap the call in a scope."""


class NestedScope(RuntimeError):
    """A scope was opened inside another; pass the running scope on instead."""


class NotOneOrganization(RuntimeError):
    """The call needs a scope of exactly one organization."""


_current: contextvars.ContextVar[Scope | None] = contextvars.ContextVar("meterbook_scope", default=None)
_reach: contextvars.ContextVar[Reach | None] = contextvars.ContextVar("meterbook_reach", default=None)


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
        token, unlimited = _current.set(opened), _reach.set(None)
        try:
            yield opened
        finally:
            _reach.reset(unlimited)
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


def reach() -> Reach | None:
    """This will return what the rest of the scope sees of accounts and what belongs to them; None: all of it."""
    return _reach.get()


def limit(reached: Reach | None) -> None:
    """This will have the database answer only rows that are within reach, in the rest of the running scope.

    Whatever asks is limited: lists, counts, searches, exports, joins. None takes the limit away again.

    :raises OutsideScope: when there is none
    """
    current()
    _reach.set(reached)
    listed = ["" if reached is None else _array(getattr(reached, each)) for each in REACHES]
    with connection.cursor() as cursor:
        calls = ", ".join("set_config(%s, %s, true)" for _each in REACHES)
        names = [f"meterbook.reach_{each}" for each in REACHES]
        cursor.execute(f"SELECT {calls}", [part for pair in zip(names, listed, strict=True) for part in pair])


def widen(*, accounts: Iterable[int] = (), customers: Iterable[int] = ()) -> None:
    """This will take what was just made within reach of who made it; without a limit it does nothing."""
    reached = reach()
    if reached is not None:
        wider = {"accounts": reached.accounts | {*accounts}, "customers": reached.customers | {*customers}}
        limit(replace(reached, **wider))


@contextlib.contextmanager
def unlimited() -> Iterator[None]:
    """This will see the whole organization for a moment, for rules that hold in all of it; never for showing."""
    reached = reach()
    if reached is None:
        yield
        return
    limit(None)
    try:
        yield
    finally:
        if not connection.needs_rollback:
            limit(reached)
        _reach.set(reached)


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
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [SETTING, _array(ids)])


def _array(ids: Iterable[int]) -> str:
    return "{" + ",".join(str(each) for each in sorted(ids)) + "}"
