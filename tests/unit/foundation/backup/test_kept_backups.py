"""The backups that lie in a folder: found by their names, and only the newest are kept."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from meterbook.foundation.backup import dump

AT = datetime(2026, 3, 1, 2, tzinfo=UTC)


def lay(folder: Path, *days: int) -> None:
    for day in days:
        path = folder / dump.default_target(folder, AT + timedelta(days=day)).name
        path.write_bytes(b"x" * day)


class TestKept:
    def test_are_told_newest_first_by_the_instant_of_their_name(self, tmp_path: Path) -> None:
        lay(tmp_path, 1, 3, 2)
        (tmp_path / "meterbook-by-hand.backup").touch()
        (tmp_path / "notes.txt").touch()

        found = dump.kept(tmp_path)

        assert [(each.at, each.size) for each in found] == [(AT + timedelta(days=day), day) for day in (3, 2, 1)]
        assert dump.kept(tmp_path / "missing") == ()

    def test_beyond_the_number_are_removed_and_nothing_else(self, tmp_path: Path) -> None:
        lay(tmp_path, 1, 2, 3, 4)
        (tmp_path / "meterbook-by-hand.backup").touch()

        removed = dump.prune(tmp_path, keep=2)

        assert [path.stat() if path.exists() else None for path in removed] == [None, None]
        assert [each.size for each in dump.kept(tmp_path)] == [4, 3]
        assert (tmp_path / "meterbook-by-hand.backup").exists()

    def test_know_of_one_that_is_being_written_but_not_of_what_a_killed_one_left(self, tmp_path: Path) -> None:
        unfinished = tmp_path / ".meterbook-20260301T020000Z.backup.abc"
        unfinished.touch()
        os.utime(unfinished, (AT.timestamp(), AT.timestamp()))

        assert dump.is_running(tmp_path, at=AT + timedelta(hours=1))
        assert not dump.is_running(tmp_path, at=AT + timedelta(hours=7))
