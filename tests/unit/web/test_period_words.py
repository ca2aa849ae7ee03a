"""The period of a usage chart in words: as a heading, and inside a sentence."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict
from django.utils import translation

from meterbook.web.meters import asking, periods

NOW = datetime(2026, 11, 26, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "query", "title", "within"),
    [
        ("en", "view=month&day=2026-10-05", "October", "October"),
        ("es", "view=month&day=2026-10-05", "Octubre", "octubre"),
        ("es", "view=year&day=2026-10-05", "2026", "2026"),
    ],
)
def test_months_are_small_inside_a_spanish_sentence(language: str, query: str, title: str, within: str) -> None:
    with translation.override(language):
        bar = periods.bar(asking.read(QueryDict(query), at=NOW, zone=ZoneInfo("Europe/Madrid")), at=NOW, step=15)

        assert (bar.title, bar.within) == (title, within)
