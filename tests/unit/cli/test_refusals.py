"""What a command refuses before it does anything, in words and with exit status 2."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from meterbook.cli import backup, bind
from meterbook.foundation.backup import dump
from meterbook.foundation.server import ensure
from tests.support import processes

NEEDS_DATABASE = [
    ("backup",),
    ("audit", "verify"),
    ("import", "readings", "readings.csv", "--meter-point", "M-1"),
]


class TestDataFolder:
    @pytest.mark.parametrize("arguments", NEEDS_DATABASE, ids=lambda each: each[0])
    def test_is_not_made_by_a_command_that_needs_one(self, tmp_path: Path, arguments: tuple[str, ...]) -> None:
        missing = tmp_path / "mistyped"

        done = processes.run(*arguments, data_dir=missing)

        assert done.returncode == 2
        assert f"There is no Meterbook database in {missing}." in done.stderr
        assert "--data" in done.stderr
        assert not missing.exists()

    def test_may_be_named_after_audit_verify(self, tmp_path: Path) -> None:
        done = processes.run("audit", "verify", "--data", str(tmp_path / "named"), data_dir=tmp_path / "other")

        assert done.returncode == 2
        assert f"in {tmp_path / 'named'}." in done.stderr

    def test_is_somebody_elses_matter_with_an_external_database(self, tmp_path: Path) -> None:
        ensure.require_made(tmp_path / "missing", {"DATABASE_URL": "postgresql://localhost/meterbook"})

        with pytest.raises(ensure.NoDatabase):
            ensure.require_made(tmp_path / "missing", {})


class TestPorts:
    @pytest.mark.parametrize(
        "arguments",
        [
            ("serve", "--port", "99999"),
            ("web", "--port", "0"),
            ("demo", "--port", "9" * 5000),
            ("read", "--host", "x", "--unit", "1", "--model", "eastron_sdm630", "--port", "99999"),
        ],
        ids=lambda each: each[0],
    )
    def test_are_refused_in_words(self, tmp_path: Path, arguments: tuple[str, ...]) -> None:
        done = processes.run(*arguments, data_dir=tmp_path / "data")

        assert done.returncode == 2
        assert "argument --port" in done.stderr
        assert "65535" in done.stderr
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "data").exists()

    def test_of_the_environment_may_not_be_endless(self) -> None:
        with pytest.raises(bind.AddressUnreadable):
            bind.chosen(argparse.Namespace(host=None, port=None), {"MB_BIND": "127.0.0.1:" + "9" * 5000})


class TestNetworks:
    @pytest.mark.parametrize("command", ["serve", "collector"])
    def test_that_are_none_are_refused_at_the_start(self, tmp_path: Path, command: str) -> None:
        done = processes.run(command, data_dir=tmp_path / "data", MB_ALLOWED_NETWORKS="banana")

        assert done.returncode == 2
        assert "MB_ALLOWED_NETWORKS=banana" in done.stderr
        assert "such as 192.168.10.0/24" in done.stderr
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "data").exists()


class TestBackup:
    def test_makes_no_folder_for_its_file(self, tmp_path: Path) -> None:
        with pytest.raises(dump.BackupFailed, match="There is no folder"):
            backup.run(argparse.Namespace(to=tmp_path / "nope" / "x.backup"))

        assert not (tmp_path / "nope").exists()
