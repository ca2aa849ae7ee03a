"""Words of the installation."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from meterbook.foundation.tls import hosts

FEWEST_KEPT, MOST_KEPT = 2, 400
TOO_OLD = timedelta(days=2)  # of the newest backup
LONGEST_ADDRESS = 200
# Without any backup the first one is made at the time of day, not at once: a first start has enough to do.
FIRST_WITHIN = timedelta(hours=1)
_LINE = re.compile(r"^[\x21-\x7e]+$")


class Name(enum.StrEnum):
    """What can be set."""

    PUBLIC_ADDRESS = "PUBLIC_ADDRESS"
    BACKUP_PLAN = "BACKUP_PLAN"
    BACKUP_FAILURE = "BACKUP_FAILURE"
    SINGLE_SIGN_ON = "SINGLE_SIGN_ON"


class AddressRefused(ValueError):
    """The text is no address that people could open; the message says what to write instead."""


@dataclass(frozen=True)
class Plan:
    """When and where backups are written. An empty folder is `backups` of the data folder."""

    folder: str = ""
    time_of_day: time = time(2)
    zone: str = "UTC"
    keep: int = 14

    def plain(self) -> dict[str, object]:
        """This will return it as JSON holds it."""
        return {
            "folder": self.folder,
            "time_of_day": self.time_of_day.strftime("%H:%M"),
            "zone": self.zone,
            "keep": self.keep,
        }

    @classmethod
    def read(cls, kept: dict[str, object]) -> Plan:
        """This will read what `plain` returned."""
        hour, _colon, minute = str(kept["time_of_day"]).partition(":")
        return cls(str(kept["folder"]), time(int(hour), int(minute)), str(kept["zone"]), int(str(kept["keep"])))

    def latest_due(self, at: datetime) -> datetime:
        """This will return the newest instant, not after `at`, at which a backup should begin.

        02:00 in Madrid, asked on 2026-03-01 at 00:30 UTC, gives 2026-02-28 01:00 UTC.
        """
        zone = ZoneInfo(self.zone)
        day = at.astimezone(zone).date()
        due = datetime.combine(day, self.time_of_day, zone).astimezone(UTC)
        return due if due <= at else datetime.combine(day - timedelta(days=1), self.time_of_day, zone).astimezone(UTC)

    def is_due(self, at: datetime, newest: datetime | None) -> bool:
        """This will tell whether a backup should be written now.

        :param newest: when the newest one was made; None: there is none
        """
        due = self.latest_due(at)
        return at - due < FIRST_WITHIN if newest is None else newest < due


@dataclass(frozen=True)
class Failure:
    """That the latest try to write a backup failed."""

    at: datetime
    words: str


def read_address(text: str) -> str:
    """This will return an address as it is kept: "HTTPS://Meters.example:443/" gives "https://meters.example".

    :raises AddressRefused: when it has anything but scheme, host and port
    """
    given = text.strip()
    try:
        parts = urlsplit(given)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise AddressRefused(_("The port is a number from 1 to 65535.")) from error
    if not _LINE.match(given) or parts.scheme not in {"http", "https"} or not host:
        raise AddressRefused(_("Write the whole address, such as https://meters.example or http://192.168.1.20:8000."))
    if parts.username is not None or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise AddressRefused(_("Write scheme, name and port only: nothing after the name, no user, no password."))
    if not hosts.is_host(host) or port == 0:
        raise AddressRefused(_("“%(host)s” is not the name or address of a host.") % {"host": host})
    usual = {"http": 80, "https": 443}[parts.scheme]
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{'' if port in {None, usual} else f':{port}'}"


def folder_of(plan: Plan, usual: Path) -> Path:
    """This will return where the backups of a plan lie."""
    return Path(plan.folder) if plan.folder else usual
