"""Finding PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from meterbook.foundation.server import account, binaries


def postgres(folder: Path, version: str) -> Path:
    """A folder with programs that only know their version."""
    programs = folder / "bin"
    programs.mkdir()
    for name in binaries.NEEDED:
        (programs / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        (programs / name).chmod(0o755)
    return programs


class TestFind:
    def test_takes_the_installed_wheel(self) -> None:
        assert binaries.find({}).major >= 17

    def test_prefers_the_folder_that_is_named(self, tmp_path: Path) -> None:
        named = postgres(tmp_path, "16.4")

        assert binaries.find({"MB_PG_BIN": str(named)}) == binaries.Binaries(folder=named, major=16)

    def test_refuses_a_folder_without_programs(self, tmp_path: Path) -> None:
        with pytest.raises(binaries.BinariesMissing, match="name the folder that holds them"):
            binaries.find({"MB_PG_BIN": str(tmp_path)})

    def test_refuses_an_old_release(self, tmp_path: Path) -> None:
        with pytest.raises(binaries.BinariesMissing, match="needs 15 or newer"):
            binaries.find({"MB_PG_BIN": str(postgres(tmp_path, "13.2"))})

    def test_copies_the_programs_when_the_user_cannot_enter_their_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o700)
        monkeypatch.setattr(binaries, "COPIES", tmp_path / "copies")
        stranger = account.Account(name="stranger", uid=64_999, gid=64_999)

        found = binaries.find({"MB_PG_BIN": str(postgres(closed, "16.4"))}, stranger)

        assert found.folder == tmp_path / "copies" / "postgresql-16.4" / "bin"
        assert (found.folder / "postgres").stat().st_mode & 0o777 == 0o755
