"""Where Django is told to find the database."""

from __future__ import annotations

from pathlib import Path

import pytest

from meterbook.foundation.server import connections, folder, secrets_file


class TestParse:
    def test_reads_an_address_with_options(self) -> None:
        found = connections.parse("postgresql://boss:se%40cret@db.example:6543/meters?sslmode=require")

        assert (found.host, found.port, found.database) == ("db.example", "6543", "meters")
        assert (found.user, found.password) == ("boss", "se@cret")
        assert found.options == {"sslmode": "require"}

    def test_says_what_an_address_looks_like(self) -> None:
        with pytest.raises(connections.UrlUnreadable, match="postgresql://user:password@host"):
            connections.parse("mysql://somewhere")

    def test_does_not_show_the_password(self) -> None:
        assert "hidden" not in repr(connections.parse("postgresql://boss:hidden@db.example/meters"))


class TestDatabases:
    def test_uses_the_data_folder_without_an_address(self, tmp_path: Path) -> None:
        kept = secrets_file.complete(secrets_file.Secrets(host="/somewhere", port="5432"))
        secrets_file.save(tmp_path, kept, None)

        found = connections.databases({"MB_DATA_DIR": str(tmp_path)})

        assert {alias: each["USER"] for alias, each in found.items()} == {
            "default": "meterbook_app",
            "owner": "meterbook_owner",
            "bulk": "meterbook_bulk",
            "maintenance": "meterbook_maintenance",
        }
        assert found["bulk"]["PASSWORD"] == kept.passwords["bulk"]
        assert found["bulk"]["HOST"] == "/somewhere"

    def test_keeps_the_roles_when_an_address_is_given(self, tmp_path: Path) -> None:
        address = "postgresql://boss:secret@db.example/meters"

        found = connections.databases({"MB_DATA_DIR": str(tmp_path), "DATABASE_URL": address})

        assert found["default"]["USER"] == "meterbook_app"
        assert (found["default"]["HOST"], found["default"]["NAME"]) == ("db.example", "meters")


class TestSecrets:
    def test_are_readable_by_their_owner_only(self, tmp_path: Path) -> None:
        secrets_file.save(tmp_path, secrets_file.complete(secrets_file.Secrets()), None)

        assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600

    def test_keep_what_was_made(self, tmp_path: Path) -> None:
        made = secrets_file.complete(secrets_file.Secrets())
        secrets_file.save(tmp_path, made, None)

        assert secrets_file.complete(secrets_file.load(tmp_path)) == made


class TestSocketFolder:
    def test_lies_in_the_data_folder(self) -> None:
        assert folder.socket_folder(Path("/srv/meterbook")) == Path("/srv/meterbook/socket")

    def test_moves_when_the_path_is_too_long_for_a_socket(self) -> None:
        deep = Path("/srv") / ("meters" * 20)

        assert len(str(folder.socket_folder(deep))) < 80
        assert folder.socket_folder(deep) != folder.socket_folder(deep.parent / ("counter" * 20))
