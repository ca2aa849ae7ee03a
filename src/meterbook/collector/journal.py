"""Readings on disk from the moment they arrive until the database has them: killed, the collector loses none.

A segment is a file of fixed records; a new one begins with each write to the database and is removed when all before
it is written. The system has the bytes when `append` returns: the end of the process loses nothing, a power cut at most
what the disk had not taken yet.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

Row = tuple[int, int, int]  # series id, microseconds since 1970, value

_RECORD = struct.Struct("<qqqq")  # organization, series, instant, value
PIECE = 10_000  # readings that are read back at once


class Journal:
    """The segments of one folder, which one collector at a time uses; a second one goes without."""

    def __init__(self, folder: Path) -> None:
        """:raises OSError: when the folder cannot be made or is another collector's"""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise
        self.newest = max(self._segments(), default=0)
        self.is_behind = self.newest > 0  # whether it holds readings that memory does not
        self.has_holes = False  # whether readings in memory are not in it: the disk was full
        self._file = -1

    def append(self, rows: Iterable[tuple[int, Row]]) -> None:
        """This will keep readings with their organizations. A full disk is told in the log: memory has them still."""
        packed = b"".join(_RECORD.pack(organization_id, *row) for organization_id, row in rows)
        if not packed:
            return
        try:
            if self._file < 0:
                self.newest += 1
                self._file = os.open(self._path(self.newest), os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
            size = os.fstat(self._file).st_size
            if os.write(self._file, packed) < len(packed):
                os.ftruncate(self._file, size)  # no half record before the next one
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            self.has_holes = True
            log.error("collector.journal_not_written", error=str(error))

    def cut(self) -> int:
        """This will end the present segment and return its number: what comes later is in later ones."""
        self._close()
        return self.newest

    def forget(self, until: int) -> None:
        """This will remove the segments up to a number, which the database has, as it has what memory held."""
        self.has_holes = self.has_holes and until < self.newest
        for each in self._segments():
            if each <= until:
                self._path(each).unlink(missing_ok=True)

    def pieces(self, until: int) -> Iterator[tuple[int, dict[int, list[Row]]]]:
        """This will read back the segments up to a number, oldest first, each in pieces by organization.

        A record that was cut off, as by a full disk, ends its segment.
        """
        for number in self._segments():
            if number > until:
                return
            content = self._path(number).read_bytes()
            whole = len(content) // _RECORD.size * _RECORD.size
            for start in range(0, whole, PIECE * _RECORD.size):
                found: dict[int, list[Row]] = {}
                piece = content[start : min(start + PIECE * _RECORD.size, whole)]
                for organization_id, series_id, at, value in _RECORD.iter_unpack(piece):
                    found.setdefault(organization_id, []).append((series_id, at, value))
                yield number, found

    def newest_readings(self) -> dict[int, int]:
        """This will return the instant of the newest reading by series that was left from an earlier collector."""
        found: dict[int, int] = {}
        for _number, readings in self.pieces(self.newest):
            for rows in readings.values():
                for series_id, at, _value in rows:
                    found[series_id] = max(at, found.get(series_id, at))
        return found

    def close(self) -> None:
        """This will give the folder free."""
        self._close()
        os.close(self._lock)

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _segments(self) -> list[int]:
        return sorted(int(each.suffix[1:]) for each in self._folder.glob("readings.*") if each.suffix[1:].isdecimal())

    def _path(self, number: int) -> Path:
        return self._folder / f"readings.{number:09d}"


def opened(folder: Path) -> Journal | None:
    """This will open the journal of a folder; None, with a line in the log, where that cannot be."""
    try:
        return Journal(folder)
    except OSError as error:
        log.warning("collector.without_journal", folder=str(folder), error=str(error))
        return None
