"""What `meterbook config` tells, and what it never does."""

from __future__ import annotations

import re

import pytest

from meterbook.cli import config
from tools.lint.findings import ROOT

SECRETS = {
    "MB_SECRET_KEY": "key-4711",
    "MB_VAULT_KEY": "key-4712",
    "DATABASE_URL": "postgresql://ann:key-4713@db.example:5432/meterbook?sslmode=require&sslpassword=key-4714",
    f"{config.OURS}NEW_TOKEN": "key-4715",
    "MB_PUBLIC_ADDRESS": "https://ann:key-4716@meters.example",
}


@pytest.mark.spec("X-16/1")
class TestConfig:
    def test_tells_what_is_set_and_no_secret(self) -> None:
        found = dict(config.told({**SECRETS, "MB_BIND": "127.0.0.1:80", "MB_USER": "", "HOME": "/root"}))

        assert "key-47" not in str(found)
        assert found["MB_BIND"] == "127.0.0.1:80"
        assert found["DATABASE_URL"] == "db.example:5432/meterbook (user and password not shown)"
        assert found["MB_PUBLIC_ADDRESS"] == "https://…@meters.example"
        assert found["MB_SECRET_KEY"] == found[f"{config.OURS}NEW_TOKEN"] == config.HIDDEN
        assert not found.keys() & {"MB_USER", "HOME"}

    def test_hides_an_address_of_a_database_that_it_cannot_read(self) -> None:
        assert config.told({"DATABASE_URL": "nonsense key-4717"}) == [("DATABASE_URL", config.HIDDEN)]

    def test_knows_every_variable_that_is_documented(self) -> None:
        text = (ROOT / "docs/reference/configuration.md").read_text(encoding="utf-8")
        table = text.partition("For work on Meterbook")[0]

        named = set(re.findall(r"^\| `([A-Z_]+)`", table, re.MULTILINE))

        assert named == {*config.OPEN, *config.SECRET}
