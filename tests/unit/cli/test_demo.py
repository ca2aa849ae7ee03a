"""What a demonstration finds out before it starts: ports that are free, and times that can be moved to."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meterbook.cli import demo_advance, demo_clock, demo_folder, demo_gateways
from meterbook.kernel import clock
from tests.support import processes

TOMORROW = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
QUARTER = timedelta(minutes=15)


def demonstration(data_dir: Path, **content: object) -> Path:
    """A folder as a finished first start leaves it, as far as the commands look before they open its database."""
    data_dir.mkdir()
    (data_dir / demo_folder.MARK).write_text(json.dumps({"is_complete": True, **content}))
    return data_dir


class TestPorts:
    def test_are_as_many_as_asked_for_and_all_different(self) -> None:
        assert len(set(demo_gateways.choose([], 6))) == 6

    def test_are_the_former_ones_but_those_that_were_taken(self) -> None:
        former = demo_gateways.choose([], 3)
        with socket.socket() as other:
            other.bind(("127.0.0.1", former[1]))
            other.listen()

            chosen = demo_gateways.choose(former, 4)

        assert (chosen[0], chosen[2]) == (former[0], former[2])
        assert former[1] not in chosen
        assert len(set(chosen)) == 4

    def test_are_read_as_they_were_written(self) -> None:
        assert demo_gateways.read(demo_gateways.write([15_020, 15_033])) == [
            ("127.0.0.1", 15_020),
            ("127.0.0.1", 15_033),
        ]

    def test_are_refused_when_there_are_not_so_many(self) -> None:
        with pytest.raises(demo_gateways.PortsTaken, match="End other demonstrations"):
            demo_gateways.choose([], len(demo_gateways.PORTS) + 1)


class TestSlots:
    def test_are_the_boundaries_after_the_start_and_the_end_itself(self) -> None:
        start = datetime(2026, 6, 16, 12, 7, 30, tzinfo=UTC)

        found = list(demo_advance.slots(start, start + timedelta(minutes=20), QUARTER))

        assert [f"{each:%H:%M:%S}" for each in found] == ["12:15:00", "12:27:30"]

    def test_do_not_repeat_the_boundary_at_which_time_stands(self) -> None:
        start = datetime(2026, 6, 16, 12, 15, tzinfo=UTC)

        assert list(demo_advance.slots(start, start + QUARTER, QUARTER)) == [start + QUARTER]


class TestAdvance:
    def advance(self, data_dir: Path, to: str) -> str:
        """What it says when it refuses."""
        done = processes.run("demo", "advance", "--to", to, "--data", str(data_dir), data_dir=data_dir)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr

    @pytest.mark.parametrize("written", ["tomorrow", "2026-12-01", "2026-12-01T08:00", "2026-13-01T08:00Z"])
    def test_refuses_what_is_no_instant(self, tmp_path: Path, written: str) -> None:
        said = self.advance(tmp_path / "demo", written)

        assert f"{written} is no instant; write date, time and offset" in said
        assert not (tmp_path / "demo").exists()

    def test_refuses_a_folder_that_is_no_demonstration(self, tmp_path: Path) -> None:
        real = tmp_path / "real"
        (real / "postgres").mkdir(parents=True)

        said = self.advance(real, TOMORROW.isoformat())

        assert f"{real} holds no demonstration" in said
        assert [each.name for each in real.iterdir()] == ["postgres"]

    def test_refuses_a_demonstration_that_was_never_finished(self, tmp_path: Path) -> None:
        data_dir = demonstration(tmp_path / "demo", is_complete=False)

        assert "was never started to its end" in self.advance(data_dir, TOMORROW.isoformat())

    def test_refuses_to_go_back(self, tmp_path: Path) -> None:
        far = TOMORROW + timedelta(days=2)
        content = {demo_clock.KEY: demo_clock.stand(far, real_at=clock.real_now())}
        data_dir = demonstration(tmp_path / "demo", **content)

        said = self.advance(data_dir, TOMORROW.isoformat())

        assert f"is at {far:%Y-%m-%d}" in said
        assert "Time goes forward only" in said

    def test_refuses_to_go_out_of_sight(self, tmp_path: Path) -> None:
        data_dir = demonstration(tmp_path / "demo")

        assert "more than 400 days" in self.advance(data_dir, (TOMORROW + timedelta(days=400)).isoformat())
