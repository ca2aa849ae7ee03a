"""What all benchmarks share: a throw-away server with full durability, interleaved runs, JSON lines.

Each line is {"name", "value", "unit", "baseline", "ratio", "cores"} and what else tells how it was measured; value and
baseline are medians of interleaved pairs on the same server in the same run.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

PAIRS = 5


@dataclass(frozen=True)
class Pairs:
    """Rates of baseline and ours, one of each a pair, in units a second."""

    baseline: tuple[float, ...]
    ours: tuple[float, ...]


@contextlib.contextmanager
def database(kept: Path | None = None) -> Iterator[Path]:
    """This will give Django a migrated database on a server of its own, and its data folder: fsync and walls are on.

    :param kept: a folder in which the database stays and is found again; otherwise it is fresh and thrown away
    """
    with contextlib.ExitStack() as stack:
        folder = kept or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="meterbook-bench-")))
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
        os.environ["MB_DATA_DIR"] = str(folder / "data")
        os.environ["DJANGO_SETTINGS_MODULE"] = "meterbook.config.settings"
        os.environ.pop("DATABASE_URL", None)
        from meterbook.foundation.server import ensure

        settings = {"shared_buffers": "512MB", "max_wal_size": "8GB", "checkpoint_timeout": "30min"}
        running = ensure.ensure_running(folder / "data", os.environ, settings=settings)
        try:
            import django

            django.setup()
            from django.db import connections

            from meterbook.foundation import migrate

            migrate.run()
            yield folder / "data"
            connections.close_all()
        finally:
            running.stop()


def interleaved(baseline: Callable[[], int], ours: Callable[[], int], *, pairs: int = PAIRS) -> Pairs:
    """This will run both in turn, `pairs` times each; each returns how many units it did."""
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(pairs):
        for side, run in enumerate((baseline, ours)):
            found[side].append(rate(run))
    return Pairs(tuple(found[0]), tuple(found[1]))


def rate(run: Callable[[], int]) -> float:
    """This will return units a second of one run."""
    begin = time.perf_counter()
    done = run()
    return done / (time.perf_counter() - begin)


def report(name: str, unit: str, value: float, baseline: float | None = None, **details: object) -> None:
    """This will print one JSON line."""
    line: dict[str, object] = {
        "name": name,
        "value": round(value),
        "unit": unit,
        "baseline": None if baseline is None else round(baseline),
        "ratio": None if not baseline else round(value / baseline, 3),
        "cores": len(os.sched_getaffinity(0)),
        **details,
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def report_pairs(name: str, unit: str, pairs: Pairs, **details: object) -> None:
    """This will print medians, and the ratio as the median of the pairs' own ratios with its range."""
    ratios = [ours / base for base, ours in zip(pairs.baseline, pairs.ours, strict=True)]
    report(
        name,
        unit,
        statistics.median(pairs.ours),
        statistics.median(pairs.baseline),
        ratio_of_pairs=round(statistics.median(ratios), 3),
        ratio_range=[round(min(ratios), 3), round(max(ratios), 3)],
        range=[round(min(pairs.ours)), round(max(pairs.ours))],
        **details,
    )
