"""Defer a job by its name, in the caller's transaction (procrastinate: the queue lives in the same database).

Jobs are declared in `meterbook.jobs`; a declaration registers its queue and lock here when the application starts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from procrastinate import exceptions
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Status

LockBuilder = Callable[..., str]


@dataclass(frozen=True)
class Declaration:
    """What is written down about a job beside its body."""

    name: str
    queue: str
    lock: LockBuilder | None
    module: str = ""  # where it is off the job does nothing


class UndeclaredJob(LookupError):
    """A job was deferred under a name that no module of `meterbook.jobs` declares."""


_declared: dict[str, Declaration] = {}


def register(declaration: Declaration) -> None:
    """This will make a job's queue and lock known to `defer`."""
    _declared[declaration.name] = declaration


def declared() -> dict[str, Declaration]:
    """This will return all declared jobs by name."""
    return dict(_declared)


def defer(
    name: str,
    *,
    organization_id: int,
    lock: str | None = None,
    queueing_lock: str | None = None,
    **ids: Any,  # noqa: ANN401 - ids differ by job
) -> None:
    """This will start the job after the caller's commit; with a rollback it never existed.

    :param ids: what the job works on: JSON-able ids, never objects
    :param queueing_lock: at most one job waits under this name; a second one is not added
    :raises UndeclaredJob: when nothing declares that name
    """
    declaration = _declared.get(name)
    if declaration is None:
        raise UndeclaredJob(f"{name}: {UndeclaredJob.__doc__}")
    if lock is None and declaration.lock is not None:
        lock = declaration.lock(organization_id=organization_id, **ids)
    task = app.configure_task(name, lock=lock, queueing_lock=queueing_lock, queue=declaration.queue)
    if queueing_lock is None:
        task.defer(organization_id=organization_id, **ids)
        return
    try:
        # That a job waits already comes as a unique violation: without a savepoint it ends the caller's transaction.
        with transaction.atomic():
            task.defer(organization_id=organization_id, **ids)
    except exceptions.AlreadyEnqueued:
        return


def given_up(name: str, *, organization_id: int, by: str, wanted: Collection[str]) -> set[str]:
    """This will return which of the wanted ids had a job that failed for good: nothing will try it again.

    :param by: the id of the job that they are, such as "print_id"
    """
    if not wanted:
        return set()
    failed = ProcrastinateJob.objects.filter(
        task_name=name,
        status=Status.FAILED.value,
        args__organization_id=organization_id,
        **{f"args__{by}__in": list(wanted)},
    )
    return {str(each) for each in failed.order_by("id").values_list(f"args__{by}", flat=True)}


def at_work(name: str, *, organization_id: int, by: str, wanted: Collection[str]) -> set[str]:
    """This will return which of the wanted ids have a job that waits, also to be tried again, or runs.

    :param by: see `given_up`
    """
    if not wanted:
        return set()
    jobs = ProcrastinateJob.objects.filter(
        task_name=name,
        status__in=[Status.TODO.value, Status.DOING.value],
        args__organization_id=organization_id,
        **{f"args__{by}__in": list(wanted)},
    )
    return {str(each) for each in jobs.order_by("id").values_list(f"args__{by}", flat=True)}
