"""The backup file."""

from __future__ import annotations

from pathlib import Path

import pytest

from meterbook.foundation.backup import archive


def backup(path: Path, *, dump: bytes = b"rows" * 1000) -> archive.Manifest:
    """A backup of these bytes and one kept file."""
    with path.open("wb") as file:
        writer = archive.Writer(file)
        writer.write(dump[:100])
        writer.write(dump[100:])
        manifest = archive.Manifest(
            version="0.1.0",
            created_at="2026-01-31T00:00:00+00:00",
            postgres=17,
            digest=writer.digest,
            size=writer.size,
            rows={"a": 1},
            migrations=["sites.0001"],
            files=["secret_key"],
        )
        writer.finish(manifest, {"secret_key": b"key"})
    return manifest


class TestArchive:
    @pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 4000])
    def test_gives_back_what_was_put_in(self, tmp_path: Path, size: int) -> None:
        manifest = backup(tmp_path / "a.backup", dump=b"x" * size)

        found = archive.read_manifest(tmp_path / "a.backup")
        archive.check(tmp_path / "a.backup", found)
        with (tmp_path / "dump").open("wb") as target:
            archive.dump_into(tmp_path / "a.backup", target)

        assert found == manifest
        assert (tmp_path / "dump").read_bytes() == b"x" * size
        assert archive.kept_files(tmp_path / "a.backup", found) == {"secret_key": b"key"}

    def test_notices_one_changed_bit(self, tmp_path: Path) -> None:
        path = tmp_path / "a.backup"
        manifest = backup(path)
        content = bytearray(path.read_bytes())
        content[archive.BLOCK + 700] ^= 1
        path.write_bytes(content)

        with pytest.raises(archive.BackupUnreadable, match="is damaged"):
            archive.check(path, manifest)

    @pytest.mark.parametrize("keep", [0, 100, 2000, 4700])
    def test_refuses_a_cut_off_file(self, tmp_path: Path, keep: int) -> None:
        path = tmp_path / "a.backup"
        backup(path)
        path.write_bytes(path.read_bytes()[:keep])

        with pytest.raises(archive.BackupUnreadable, match="not a backup"):
            archive.read_manifest(path)
