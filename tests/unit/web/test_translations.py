"""The Spanish catalog."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Message

from meterbook.web import translations

CATALOGS = translations.catalogs()
PLACES = re.compile(r"%\(\w+\)\w|%%|%s|\{\w+\}")


def strings(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, (tuple, list)) else [message.string]


@pytest.mark.spec("M-012/2")
class TestCatalogs:
    def test_are_there(self) -> None:
        assert [source.parent.parent.name for source in CATALOGS] == ["es"]

    @pytest.mark.parametrize("source", CATALOGS, ids=lambda source: source.parent.parent.name)
    def test_lack_nothing(self, source: object) -> None:
        assert list(translations.lacking(source)) == []  # type: ignore[arg-type]

    @pytest.mark.parametrize("source", CATALOGS, ids=lambda source: source.parent.parent.name)
    def test_keep_the_places_of_each_text(self, source: object) -> None:
        for message in translations.read(source):  # type: ignore[arg-type]
            asked = message.id[-1] if isinstance(message.id, (tuple, list)) else message.id
            for given in filter(None, strings(message)):
                assert set(PLACES.findall(given)) == set(PLACES.findall(asked)), asked
