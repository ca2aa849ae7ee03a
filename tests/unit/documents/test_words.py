"""Words, numbers and dates of documents."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pytest

from meterbook.billing.values import BILLED_ALONE
from meterbook.documents.rendering import compiler, shared, words
from meterbook.kernel.quality import Quality
from meterbook.metering.values import Service

PLACES = re.compile(r"\{\w+\}")
SPACE = "\N{NO-BREAK SPACE}"


def entries(tree: Any, path: str = "") -> dict[str, str]:  # noqa: ANN401
    if isinstance(tree, str):
        return {path: tree}
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree)
    return {name: text for key, each in pairs for name, text in entries(each, f"{path}/{key}").items()}


@pytest.mark.parametrize("code", words.LANGUAGES)
class TestDictionary:
    def test_has_every_entry_of_english_with_its_places(self, code: str) -> None:
        english, other = entries(words.of("en").words), entries(words.of(code).words)

        assert {key: sorted(PLACES.findall(text)) for key, text in other.items()} == {
            key: sorted(PLACES.findall(text)) for key, text in english.items()
        }

    def test_names_every_service_and_quality(self, code: str) -> None:
        services = {shared.SERVICE, *BILLED_ALONE, *(each.value for each in Service)}
        assert words.of(code).words["services"].keys() == services
        assert words.of(code).words["qualities"].keys() == {each.name for each in Quality}

    def test_is_printable(self, code: str) -> None:
        text = json.dumps(words.of(code).words, ensure_ascii=False)

        assert compiler.covered(text) == text


class TestNumber:
    @pytest.mark.parametrize(
        ("number", "en", "es"),
        [
            ("0", "0", "0"),
            ("999.50", "999.50", "999,50"),
            ("1234.56", "1,234.56", "1.234,56"),
            ("-1234567.8", "\N{MINUS SIGN}1,234,567.8", "\N{MINUS SIGN}1.234.567,8"),
            ("-123", "\N{MINUS SIGN}123", "\N{MINUS SIGN}123"),
        ],
    )
    def test_is_grouped(self, number: str, en: str, es: str) -> None:
        assert (words.of("en").number(number), words.of("es").number(number)) == (en, es)

    @pytest.mark.parametrize(
        ("value", "decimals", "text"),
        [(5, 2, "0.05"), (-5, 2, "-0.05"), (123456, 3, "123.456"), (7, 0, "7"), (0, 3, "0.000")],
    )
    def test_is_scaled_without_a_float(self, value: int, decimals: int, text: str) -> None:
        assert words.scaled(value, decimals) == text

    @pytest.mark.parametrize(
        ("price", "currency", "text"),
        [
            ("0.28400000", "USD", "0.284"),
            ("0.5", "EUR", "0.50"),
            ("12.000000", "JPY", "12"),
            ("1.5", "KWD", "1.500"),
            ("1E+3", "USD", "1,000.00"),
        ],
    )
    def test_of_a_price_keeps_the_decimals_that_matter(self, price: str, currency: str, text: str) -> None:
        assert words.of("en").price(price, currency) == text

    @pytest.mark.parametrize(
        ("amount", "currency", "en", "es"),
        [
            ("-12.50", "USD", "\N{MINUS SIGN}$12.50", f"\N{MINUS SIGN}12,50{SPACE}US$"),
            ("1200", "JPY", "¥1,200", f"1.200{SPACE}¥"),
            ("1.234", "KWD", f"KWD{SPACE}1.234", f"1,234{SPACE}KWD"),
            ("1234.50", "MXN", f"MXN{SPACE}1,234.50", f"1.234,50{SPACE}MXN"),
        ],
    )
    def test_of_money_names_its_currency(self, amount: str, currency: str, en: str, es: str) -> None:
        assert (words.of("en").money(amount, currency), words.of("es").money(amount, currency)) == (en, es)

    @pytest.mark.parametrize(("rate", "text"), [("0.21", "21"), ("0.0725", "7.25"), ("0.00", "0"), ("1", "100")])
    def test_of_a_rate_is_a_percentage(self, rate: str, text: str) -> None:
        assert words.of("en").percent(rate) == f"{text}{SPACE}%"


class TestTime:
    def test_is_written_as_in_the_language(self) -> None:
        assert words.of("en").day(date(2026, 11, 3)) == "3 November 2026"
        assert words.of("es").day(date(2024, 2, 29)) == "29 de febrero de 2024"

    def test_shows_seconds_only_when_there_are_some(self) -> None:
        moments = [words.of("es").moment(each) for each in ("2026-10-01T00:00:00+02:00", "2026-10-01T09:12:33+02:00")]

        assert [each.replace(SPACE, " ") for each in moments] == ["1 oct 2026, 00:00", "1 oct 2026, 09:12:33"]

    @pytest.mark.parametrize(
        ("offset", "text"),
        [("+00:00", "UTC"), ("+05:30", "UTC+5:30"), ("-04:00", "UTC\N{MINUS SIGN}4"), ("+12:45", "UTC+12:45")],
    )
    def test_names_its_offset(self, offset: str, text: str) -> None:
        assert words.of("en").offsets([offset]) == text

    def test_is_measured_in_hours_and_minutes(self) -> None:
        assert (words.of("en").length(44_640), words.of("en").length(90)) == ("744 h", "1 h 30 min")


class TestTypeface:
    def test_has_latin_greek_and_cyrillic(self) -> None:
        assert compiler.characters().issuperset("Añ€ŁőΩЖї−×÷…·º²³")

    def test_has_no_emoji(self) -> None:
        assert compiler.covered("a😀b") == "a□b"

    def test_names_each_sign_once_that_it_lacks(self) -> None:
        assert (compiler.missing("王 Ana\n王شb"), compiler.missing("Añ 1\t2")) == ("王ش", "")
