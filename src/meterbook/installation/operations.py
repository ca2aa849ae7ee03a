"""Set the installation up, and write its backups."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.audit import values as audit_values
from meterbook.foundation import operation, queue, ticker
from meterbook.foundation.backup import dump
from meterbook.foundation.server import connections, errors
from meterbook.installation import models, queries, values
from meterbook.kernel.actor import Actor

SUBJECT = "installation.setting"
BACK_UP_NOW = "installation.back_up_now"


class AddressFixed(ValueError):
    """The environment names the public address; change MB_PUBLIC_ADDRESS there."""


class FolderRefused(ValueError):
    """Backups cannot be written into the folder; the message says why."""


@operation.operation
def set_public_address(*, actor: Actor, at: datetime, address: str) -> str:
    """This will set the address that links begin with, and return it as it is kept.

    :raises AddressFixed: when the environment names it
    :raises values.AddressRefused: when people could not open it
    """
    if settings.IS_PUBLIC_ADDRESS_FIXED:
        raise AddressFixed(_("The environment names the address (MB_PUBLIC_ADDRESS). Change it there."))
    before, after = queries.public_address(), values.read_address(address)
    keep(values.Name.PUBLIC_ADDRESS, after)
    if before != after:
        record(actor, at, "installation:set_public_address", {"address": before}, {"address": after})
    return after


@operation.operation
def set_backup_plan(*, actor: Actor, at: datetime, plan: values.Plan) -> None:
    """This will set when and where backups are written; those that lie elsewhere stay there.

    :raises FolderRefused: when the folder cannot be used
    """
    if plan.folder:
        _require_folder(Path(plan.folder))
    before = queries.backup_plan()
    keep(values.Name.BACKUP_PLAN, plan.plain())
    if before != plan:
        record(actor, at, "installation:set_backup_plan", before.plain(), plan.plain())


@operation.operation
def ask_for_backup(*, actor: Actor, at: datetime) -> None:
    """This will have a backup written now, by the worker; one that is asked for already is not asked for twice."""
    queue.defer(BACK_UP_NOW, organization_id=ticker.PLATFORM, queueing_lock=BACK_UP_NOW)
    record(actor, at, "installation:ask_for_backup", None, None)


def back_up_if_due(*, environ: Mapping[str, str], real_at: datetime) -> Path | None:
    """This will write a backup when its time of day has passed without one; see `back_up`."""
    state = queries.backup_state(environ, real_at=real_at)
    if not state.plan.is_due(real_at, None if state.newest is None else state.newest.at):
        return None
    return back_up(environ=environ, real_at=real_at)


def back_up(*, environ: Mapping[str, str], real_at: datetime) -> Path:
    """This will write a backup, remove those beyond the number that is kept, and note how it went.

    :raises errors.ServerError: when it could not be written; the older ones stay
    """
    plan = queries.backup_plan()
    folder = values.folder_of(plan, connections.data_dir(environ) / dump.FOLDER)
    try:
        made = dump.nightly(environ=environ, at=real_at, keep=plan.keep, folder=folder)
    except errors.ServerError as error:
        keep(values.Name.BACKUP_FAILURE, {"at": real_at.isoformat(), "words": str(error)})
        raise
    models.Setting.objects.filter(name=values.Name.BACKUP_FAILURE).delete()
    return made


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that no disk takes
        return False


def _require_folder(folder: Path) -> None:
    if not folder.is_absolute():
        raise FolderRefused(_("Write the whole path of the folder, from the root on: it begins with a slash."))
    if not _is_folder(folder):
        raise FolderRefused(_("There is no such folder on the server. Make it there first, for the user of Meterbook."))
    kept = connections.data_dir(os.environ).resolve()
    inside = folder.resolve()
    if inside.is_relative_to(kept) and inside != kept / dump.FOLDER:
        raise FolderRefused(_("That is inside the data folder, where a broken disk takes both. Name another one."))
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".probe-") as probe:
            probe.write(b"x")
    except OSError as error:
        raise FolderRefused(
            _("The folder cannot be written: %(reason)s. Give it to the user of Meterbook.")
            % {"reason": error.strerror or error}
        ) from error


def keep(name: values.Name, value: object) -> None:
    """This will set one setting; whoever calls records it."""
    models.Setting.objects.update_or_create(name=name, defaults={"value": value})


def record(
    actor: Actor, at: datetime, action: str, before: Mapping[str, object] | None, after: Mapping[str, object] | None
) -> None:
    """This will record a change of the installation in the running scope."""
    subject = audit_values.Subject(SUBJECT, None, "")
    audit_operations.record(actor=actor, at=at, action=action, subject=subject, before=before, after=after)
