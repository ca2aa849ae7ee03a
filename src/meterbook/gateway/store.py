"""What was read and not acknowledged yet, on disk: SQLite with a write-ahead log, flushed at every commit.

A reading is there once by meter, register and instant. Rows leave in the order in which they came. What was sent stays
for a while, so that a batch the server asks for again can be sent again. When the buffer is full the oldest rows give
way, and how many did is counted and told.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from meterbook.acquisition.push import batch, line_hours

KEPT_AFTER_SENDING = timedelta(days=3)
# A card of six meters with sixteen registers fills this in six years of quarters of an hour, 300 meters in 43 days.
MOST_ROWS = 20_000_000
BATCH_ROWS = 5_000
BATCHES_KEPT = 200
LINES_A_BATCH, LINES_KEPT = 1_000, timedelta(days=8)  # the server keeps the counts of single meters as long
SCHEMA = """
CREATE TABLE IF NOT EXISTS reading (
    id INTEGER PRIMARY KEY, meter TEXT NOT NULL, register TEXT NOT NULL, unit TEXT NOT NULL,
    decimals INTEGER NOT NULL, at INTEGER NOT NULL, value INTEGER NOT NULL, UNIQUE (meter, register, at)
);
CREATE TABLE IF NOT EXISTS batch (
    boot TEXT NOT NULL, sequence INTEGER NOT NULL, until INTEGER NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (boot, sequence)
);
CREATE TABLE IF NOT EXISTS line_hour (
    bus TEXT NOT NULL, device TEXT NOT NULL, hour INTEGER NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (hour, bus, device)
);
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, number INTEGER NOT NULL);
"""


@dataclass(frozen=True)
class Row:
    """A reading: `at` in milliseconds since 1970, `value` an integer of 10^-`decimals` of `unit`."""

    meter: str
    register: str
    unit: str
    decimals: int
    at: int
    value: int


@dataclass(frozen=True)
class Waiting:
    """How much waits to be sent, and since when the oldest of it, in milliseconds since 1970."""

    rows: int
    oldest_at: int | None


@dataclass(frozen=True)
class Ready:
    """A batch as it is sent: the same bytes under the same number until it is acknowledged."""

    sequence: int
    body: bytes
    until: int


class Store:
    """The buffer of one gateway. One process opens it; calls come from one thread at a time."""

    def __init__(self, path: Path, *, most_rows: int = MOST_ROWS) -> None:
        self._most_rows = most_rows
        self._base = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        path.chmod(0o600)
        self._base.execute("PRAGMA journal_mode = WAL")
        self._base.execute("PRAGMA synchronous = FULL")
        self._base.executescript(SCHEMA)

    def close(self) -> None:
        """This will close the file."""
        self._base.close()

    def add(self, rows: Iterable[Row]) -> int:
        """This will keep readings for good, and return how many were new."""
        values = [(each.meter, each.register, each.unit, each.decimals, each.at, each.value) for each in rows]
        with _Transaction(self._base):
            before = self._base.total_changes
            self._base.executemany(
                "INSERT OR IGNORE INTO reading (meter, register, unit, decimals, at, value) VALUES (?, ?, ?, ?, ?, ?)",
                values,
            )
            added = self._base.total_changes - before
            self._make_room()
        return added

    def newest(self, meter: str) -> dict[str, int]:
        """This will return the instant of the newest reading of a meter by register, in milliseconds since 1970."""
        rows = self._base.execute("SELECT register, max(at) FROM reading WHERE meter = ? GROUP BY register", [meter])
        return {register: int(at) for register, at in rows}

    def started(self, boot: str) -> None:
        """This will begin a boot: what an earlier one had made ready is made ready anew."""
        with _Transaction(self._base):
            self._base.execute("DELETE FROM batch WHERE boot <> ?", [boot])

    def ready(self, boot: str, status: dict[str, object]) -> Ready | None:
        """This will return the next batch: the one that was not acknowledged, else a new one; None without readings."""
        sent = self.fact("sent_until")
        found = self._base.execute(
            "SELECT sequence, body, until FROM batch WHERE boot = ? AND until > ? ORDER BY sequence LIMIT 1",
            [boot, sent],
        ).fetchone()
        if found is not None:
            return Ready(*found)
        rows = self._base.execute(
            "SELECT id, meter, register, unit, decimals, at, value FROM reading WHERE id > ? ORDER BY id LIMIT ?",
            [sent, BATCH_ROWS],
        ).fetchall()
        if not rows:
            return None
        return self.make_ready(boot, batch.Batch(readings=tuple(_groups(rows)), status=status), until=rows[-1][0])

    def make_ready(self, boot: str, content: batch.Batch, *, until: int | None = None) -> Ready:
        """This will give a batch its number and keep it until it is acknowledged; it takes counts of lines along.

        Where the gateway ends before the answer, those of that one batch are not told again: nobody knows if they came.
        """
        until = self.fact("sent_until") if until is None else until
        with _Transaction(self._base):
            body = batch.write(replace(content, lines=self._take_lines()))
            (latest,) = self._base.execute(
                "SELECT coalesce(max(sequence), 0) FROM batch WHERE boot = ?", [boot]
            ).fetchone()
            ready = Ready(latest + 1, body, until)
            self._base.execute("INSERT INTO batch VALUES (?, ?, ?, ?)", [boot, ready.sequence, until, body])
        return ready

    def add_lines(self, rows: Iterable[line_hours.LineHour], *, at: datetime) -> None:
        """This will keep what was counted of lines beside what is there, until a batch takes it along.

        :param at: now; what is older than `LINES_KEPT` is forgotten
        """
        oldest = int((at - LINES_KEPT - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))
        with _Transaction(self._base):
            for row in rows:
                key = [row.hour, row.bus, row.device]
                found = self._base.execute(
                    "SELECT content FROM line_hour WHERE hour = ? AND bus = ? AND device = ?", key
                ).fetchone()
                kept = row if found is None else line_hours.read(json.loads(found[0])).added(row)
                self._base.execute(
                    "INSERT OR REPLACE INTO line_hour (hour, bus, device, content) VALUES (?, ?, ?, ?)",
                    [*key, json.dumps(kept.as_json())],
                )
            self._base.execute("DELETE FROM line_hour WHERE hour < ?", [oldest])

    def _take_lines(self) -> tuple[line_hours.LineHour, ...]:
        rows = self._base.execute(
            "SELECT rowid, content FROM line_hour ORDER BY hour, bus, device LIMIT ?", [LINES_A_BATCH]
        ).fetchall()
        self._base.executemany("DELETE FROM line_hour WHERE rowid = ?", [[each[0]] for each in rows])
        return tuple(line_hours.read(json.loads(content)) for _id, content in rows)

    def has_lines(self) -> bool:
        """This will tell whether counts of lines wait for a batch."""
        return self._base.execute("SELECT 1 FROM line_hour LIMIT 1").fetchone() is not None

    def again(self, boot: str, sequence: int) -> Ready | None:
        """This will return a batch that the server asks for, or None when it is gone."""
        found = self._base.execute(
            "SELECT sequence, body, until FROM batch WHERE boot = ? AND sequence = ?", [boot, sequence]
        ).fetchone()
        return Ready(*found) if found is not None else None

    def acknowledged(self, boot: str, ready: Ready, *, at: datetime) -> None:
        """This will note that the server has a batch for good."""
        keep_from = int((at - KEPT_AFTER_SENDING - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))
        with _Transaction(self._base):
            self._put("sent_until", max(ready.until, self.fact("sent_until")))
            self._base.execute(
                "DELETE FROM batch WHERE boot = ? AND sequence <= ?", [boot, ready.sequence - BATCHES_KEPT]
            )
            # The newest row stays, so that ids never begin again at one that was sent.
            self._base.execute("DELETE FROM reading WHERE id < ? AND at < ?", [self.fact("sent_until"), keep_from])

    def waiting(self) -> Waiting:
        """This will return how much waits."""
        row = self._base.execute(
            "SELECT count(*), min(at) FROM reading WHERE id > ?", [self.fact("sent_until")]
        ).fetchone()
        return Waiting(*row)

    def fact(self, name: str) -> int:
        """This will return a number that is kept, 0 when there is none: sent_until, dropped, rejected, offset_ms."""
        row = self._base.execute("SELECT number FROM fact WHERE name = ?", [name]).fetchone()
        return int(row[0]) if row is not None else 0

    def note(self, name: str, number: int) -> None:
        """This will keep a number."""
        with _Transaction(self._base):
            self._put(name, number)

    def _put(self, name: str, number: int) -> None:
        self._base.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", [name, number])

    def _make_room(self) -> None:
        """Oldest first: what was sent already, then what was not, which is counted."""
        first, last = self._base.execute("SELECT min(id), max(id) FROM reading").fetchone()
        if first is None or last - first + 1 <= self._most_rows:
            return
        until = last - self._most_rows
        lost = self._base.execute(
            "SELECT count(*) FROM reading WHERE id <= ? AND id > ?", [until, self.fact("sent_until")]
        ).fetchone()[0]
        self._base.execute("DELETE FROM reading WHERE id <= ?", [until])
        if lost:
            self._put("dropped", self.fact("dropped") + lost)


class _Transaction:
    def __init__(self, base: sqlite3.Connection) -> None:
        self._base = base

    def __enter__(self) -> None:
        self._base.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        self._base.execute("COMMIT" if kind is None else "ROLLBACK")


def _groups(rows: Sequence[tuple[int, str, str, str, int, int, int]]) -> Iterable[batch.Group]:
    found: dict[tuple[str, str, str, int], batch.Group] = {}
    for _id, meter, register, unit, decimals, at, value in rows:
        group = found.setdefault(
            (meter, register, unit, decimals), batch.Group(meter, register, decimals, [], [], unit)
        )
        group.at.append(at)
        group.value.append(value)
    return found.values()
