"""Every text a person can see is there in every language."""

from __future__ import annotations

import re

import pytest

from tools import catalog

PLACES = re.compile(r"%(?:\(\w+\))?[sd]|\{\w*\}")


@pytest.mark.parametrize("language", catalog.LANGUAGES)
class TestCatalog:
    def test_exists(self, language: str) -> None:
        assert catalog.path_of(language).is_file(), "Run `make messages` and translate."

    def test_has_a_translation_of_every_text(self, language: str) -> None:
        assert [f"{each.id!r} in {each.locations}" for each in catalog.missing(language)] == []

    def test_keeps_the_places_for_values(self, language: str) -> None:
        for message in catalog.load(language):
            pairs = zip(parts(message.id), parts(message.string), strict=False) if message.id else ()
            for text, translation in pairs:
                if not translation:
                    continue  # the test before says that it is missing
                assert sorted(PLACES.findall(text)) == sorted(PLACES.findall(translation)), text

    def test_holds_no_text_that_is_gone(self, language: str) -> None:
        present = {(each.id, each.context) for each in catalog.collect()}

        gone = [each.id for each in catalog.load(language) if each.id and (each.id, each.context) not in present]

        assert gone == [], "Run `make messages`."


def parts(text: object) -> list[str]:
    return [str(each) for each in text] if isinstance(text, list | tuple) else [str(text)]
