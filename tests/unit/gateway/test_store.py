"""The buffer of a gateway: what was read is there once, in order, bounded, and flushed before it counts."""

from __future__ import annotations

import sqlite3
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meterbook.acquisition.push import batch, signing
from meterbook.gateway import store

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
BOOT = signing.new_boot()


def row(number: int, *, meter: str = "A-17") -> store.Row:
    return store.Row(meter, "energy_import", "KWH", 2, number * 900_000, 100 + number)


def numbers(ready: store.Ready | None) -> list[int]:
    assert ready is not None
    found = batch.read(batch.unpack(ready.body, "gzip"))
    return [at // 900_000 for group in found.readings for at in group.at]


@pytest.fixture
def buffer(tmp_path: Path) -> store.Store:
    return store.Store(tmp_path / "buffer", most_rows=100)


class TestStore:
    def test_keeps_a_reading_once(self, buffer: store.Store) -> None:
        assert buffer.add([row(1), row(2), row(1)]) == 2
        assert buffer.add([row(2), row(3)]) == 1

        assert numbers(buffer.ready(BOOT, {})) == [1, 2, 3]

    def test_gives_the_same_batch_until_it_is_acknowledged(self, buffer: store.Store) -> None:
        buffer.add([row(1)])
        first = buffer.ready(BOOT, {"buffered": 1})
        buffer.add([row(2)])

        again = buffer.ready(BOOT, {"buffered": 2})
        assert first is not None
        assert again == first
        buffer.acknowledged(BOOT, first, at=NOON)
        following = buffer.ready(BOOT, {})

        assert following is not None
        assert (following.sequence, numbers(following)) == (2, [2])
        assert buffer.again(BOOT, 1) == first

    def test_makes_what_an_earlier_start_had_ready_ready_anew(self, buffer: store.Store) -> None:
        buffer.add([row(1)])
        buffer.ready(BOOT, {})
        later = signing.new_boot()

        buffer.started(later)
        ready = buffer.ready(later, {})

        assert ready is not None
        assert (ready.sequence, numbers(ready)) == (1, [1])

    def test_lets_the_oldest_give_way_and_counts_what_was_not_sent(self, buffer: store.Store) -> None:
        buffer.add([row(number) for number in range(60)])
        sent = buffer.ready(BOOT, {})
        assert sent is not None
        buffer.acknowledged(BOOT, sent, at=NOON)
        buffer.add([row(number) for number in range(60, 150)])
        assert buffer.fact("dropped") == 0

        buffer.add([row(number) for number in range(150, 170)])

        assert buffer.fact("dropped") == 10
        assert numbers(buffer.ready(BOOT, {})) == list(range(70, 170))
        assert buffer.waiting() == store.Waiting(100, 70 * 900_000)

    def test_never_sends_a_row_number_twice_after_it_is_emptied(self, buffer: store.Store) -> None:
        for number in range(5):
            buffer.add([row(number)])
            ready = buffer.ready(BOOT, {})
            assert numbers(ready) == [number]
            assert ready is not None
            buffer.acknowledged(BOOT, ready, at=NOON)

        assert buffer.ready(BOOT, {}) is None
        assert buffer.waiting().rows == 0

    def test_is_flushed_at_every_commit_and_read_by_nobody_else(self, tmp_path: Path) -> None:
        path = tmp_path / "buffer"
        buffer = store.Store(path)
        buffer.add([row(1)])
        modes = [buffer._base.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]

        with sqlite3.connect(path) as other:  # as if the machine had failed here: the file alone is opened again
            kept = other.execute("SELECT count(*) FROM reading").fetchone()[0]
        other.close()

        assert modes == ["wal", 2]
        assert kept == 1
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_holds_thirty_days_of_a_card_of_six_meters(self) -> None:
        a_day = 6 * 16 * 24 * 4

        assert timedelta(days=store.MOST_ROWS // a_day) > timedelta(days=2_000)
