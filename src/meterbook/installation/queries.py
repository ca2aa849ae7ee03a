"""Reads of the installation's settings. They need no scope: they belong to no organization."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from meterbook.foundation import scoping
from meterbook.foundation.backup import dump
from meterbook.foundation.server import connections
from meterbook.identity import models as identity_models
from meterbook.installation import models, values


@dataclass(frozen=True)
class BackupState:
    """How the backups stand. `newest` and `kept` are what lies in the folder now, newest first."""

    plan: values.Plan
    folder: Path
    kept: tuple[dump.Kept, ...]
    is_running: bool
    failure: values.Failure | None

    @property
    def newest(self) -> dump.Kept | None:
        """This will return the newest backup."""
        return self.kept[0] if self.kept else None


def public_address() -> str:
    """This will return the address that people use, without a slash at its end: what links begin with."""
    if settings.IS_PUBLIC_ADDRESS_FIXED:
        return str(settings.PUBLIC_ADDRESS).rstrip("/")
    kept = models.Setting.objects.filter(name=values.Name.PUBLIC_ADDRESS).first()
    return str(kept.value if kept is not None else settings.PUBLIC_ADDRESS).rstrip("/")


def is_operator(*, organization_id: int, public_id: uuid.UUID) -> bool:
    """This will tell whether the organization's administrators set the installation up."""
    if settings.OPERATOR:
        return str(public_id) == settings.OPERATOR
    return organization_id == min(scoping.organization_ids(), default=None)


def first_organization() -> tuple[int, ...]:
    """This will return the id of the first organization, in whose trail stands what belongs to none."""
    return scoping.organization_ids()[:1]


def backup_plan() -> values.Plan:
    """This will return when and where backups are written."""
    kept = models.Setting.objects.filter(name=values.Name.BACKUP_PLAN).first()
    return values.Plan() if kept is None else values.Plan.read(kept.value)


def backup_state(environ: Mapping[str, str], *, real_at: datetime) -> BackupState:
    """This will return how the backups stand at an instant by the clock of the machine."""
    plan = backup_plan()
    folder = values.folder_of(plan, connections.data_dir(environ) / dump.FOLDER)
    failed = models.Setting.objects.filter(name=values.Name.BACKUP_FAILURE).first()
    return BackupState(
        plan=plan,
        folder=folder,
        kept=dump.kept(folder),
        is_running=dump.is_running(folder, at=real_at),
        failure=None if failed is None else _failure(failed.value),
    )


def is_backup_late(state: BackupState, *, real_at: datetime) -> bool:
    """This will tell whether the newest backup is older than two days, or lacks since the organization is that old.

    Needs a running scope of one organization.
    """
    if state.newest is not None:
        return real_at - state.newest.at > values.TOO_OLD
    organization = identity_models.Organization.objects.get(pk=scoping.current().organization_id)
    return real_at - organization.created_at > values.TOO_OLD


def _failure(kept: dict[str, str]) -> values.Failure:
    return values.Failure(datetime.fromisoformat(kept["at"]), kept["words"])
