"""May the service user reach a folder?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from meterbook.foundation.server import account


@pytest.fixture
def stranger(tmp_path: Path) -> account.Account:
    """A user that owns nothing here."""
    return account.Account(name="stranger", uid=64_999, gid=64_999)


class TestClosedFolder:
    def test_names_the_first_folder_that_others_may_not_enter(self, tmp_path: Path, stranger: account.Account) -> None:
        inner = tmp_path / "closed" / "inner"
        inner.mkdir(parents=True)
        for parent in (*tmp_path.parents, tmp_path):
            if parent.owner() and parent.stat().st_uid == os.geteuid() and parent not in (Path("/"), Path("/tmp")):  # noqa: S108
                parent.chmod(0o711)
        (tmp_path / "closed").chmod(0o700)

        assert account.closed_folder(inner, stranger) == (tmp_path / "closed").resolve()

    def test_is_content_when_every_folder_is_open(self, stranger: account.Account) -> None:
        assert account.closed_folder(Path("/usr/bin"), stranger) is None

    def test_does_not_ask_when_there_is_no_other_user(self) -> None:
        assert account.closed_folder(Path("/root"), None) is None


class TestWanted:
    @pytest.mark.needs_root
    def test_refuses_root_as_the_service_user(self) -> None:
        with pytest.raises(account.AccountMissing, match="ordinary user"):
            account.wanted({"MB_USER": "root"})
