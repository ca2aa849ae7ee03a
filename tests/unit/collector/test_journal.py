"""Readings on disk outlive the process that took them, and go when the database has them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog import testing

from meterbook.collector import buffer, journal


def reading(series: int, at: int) -> tuple[buffer.Row, bool]:
    return (series, at, at * 10), True


def left(folder: Path) -> dict[int, list[buffer.Row]]:
    """What a collector that starts now finds."""
    found: dict[int, list[buffer.Row]] = {}
    again = journal.Journal(folder)
    for _number, rows in again.pieces(again.newest):
        for organization_id, each in rows.items():
            found.setdefault(organization_id, []).extend(each)
    again.close()
    return found


class TestJournal:
    def test_has_what_arrived_when_the_process_ends_at_once(self, tmp_path: Path) -> None:
        kept = journal.Journal(tmp_path)
        waiting = buffer.Buffer(journal=kept)
        waiting.add(1, [reading(5, 1), ((6, 1, 7), False), reading(5, 2)])
        waiting.add(2, [reading(9, 2**50)])
        waiting.take()
        waiting.add(1, [reading(5, 3)])
        kept.close()

        assert left(tmp_path) == {1: [(5, 1, 10), (5, 2, 20), (5, 3, 30)], 2: [(9, 2**50, 2**50 * 10)]}

    def test_forgets_what_is_written_and_nothing_later(self, tmp_path: Path) -> None:
        kept = journal.Journal(tmp_path)
        waiting = buffer.Buffer(journal=kept)
        waiting.add(1, [reading(5, 1)])
        first = waiting.take()
        waiting.add(1, [reading(5, 2)])
        kept.forget(first.segment)
        kept.close()

        assert left(tmp_path) == {1: [(5, 2, 20)]}

    def test_has_what_leaves_memory_beyond_its_bound(self, tmp_path: Path) -> None:
        kept = journal.Journal(tmp_path)
        waiting = buffer.Buffer(most_readings=2, journal=kept)

        with testing.capture_logs() as logged:
            waiting.add(1, [reading(5, at) for at in range(5)])
            waiting.add(1, [reading(5, 5)])

        assert (waiting.reading_count, waiting.lost, kept.is_behind) == (2, 0, True)
        assert [each["event"] for each in logged] == ["collector.readings_on_disk_only"]
        kept.close()
        assert [at for _series, at, _value in left(tmp_path)[1]] == [0, 1, 2, 3, 4, 5]

    def test_that_could_not_be_written_does_not_hide_what_memory_lost(self, tmp_path: Path) -> None:
        folder = tmp_path / "gone"
        kept = journal.Journal(folder)
        (folder / "lock").unlink()
        folder.rmdir()  # as good as a disk that is full
        waiting = buffer.Buffer(most_readings=2, journal=kept)

        with testing.capture_logs() as logged:
            waiting.add(1, [reading(5, at) for at in range(3)])

        assert waiting.lost == 1
        assert [each["event"] for each in logged][-1] == "collector.readings_lost"
        kept.close()

    def test_passes_over_a_record_that_was_cut_off(self, tmp_path: Path) -> None:
        kept = journal.Journal(tmp_path)
        kept.append([(1, (5, 1, 10)), (1, (5, 2, 20))])
        kept.close()
        [segment] = tmp_path.glob("readings.*")
        segment.write_bytes(segment.read_bytes()[:-1])

        assert left(tmp_path) == {1: [(5, 1, 10)]}

    def test_belongs_to_one_collector_at_a_time(self, tmp_path: Path) -> None:
        first = journal.Journal(tmp_path)

        assert journal.opened(tmp_path) is None
        first.close()
        second = journal.opened(tmp_path)
        assert second is not None
        second.close()

    @pytest.fixture
    def full_disk(self, tmp_path: Path) -> Iterator[Path]:
        """A disk that takes some of a test's readings."""
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=755", "tmpfs", str(tmp_path)], check=True)
        yield tmp_path
        subprocess.run(["umount", str(tmp_path)], check=True)

    @pytest.mark.needs_mount
    def test_that_finds_the_disk_full_says_so_and_memory_keeps_the_reading(self, full_disk: Path) -> None:
        kept = journal.Journal(full_disk)
        waiting = buffer.Buffer(journal=kept)

        with testing.capture_logs() as logged:
            for at in range(4_000):
                waiting.add(1, [reading(5, at)])

        assert waiting.reading_count == 4_000
        assert {each["event"] for each in logged} == {"collector.journal_not_written"}
        kept.close()
        kept_on_disk = [at for _series, at, _value in left(full_disk)[1]]
        assert kept_on_disk == list(range(len(kept_on_disk)))
