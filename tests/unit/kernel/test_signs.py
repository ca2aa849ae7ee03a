"""What nobody sees in a text is found; what scripts and emoji need stays."""

from __future__ import annotations

import pytest

from meterbook.kernel import signs

UNSEEN = [
    *range(0x00, 0x20),
    0x7F,
    0x85,
    0xAD,
    0x200B,
    0x200E,
    0x200F,
    *range(0x202A, 0x202F),
    0x2028,
    0x2029,
    0x2060,
    *range(0x2066, 0x206A),
    0x3164,
    0xD800,
    0xDFFF,
    0xFEFF,
    0xFFFD,
    0xFFFE,
    0xE0041,
    0x1FFFF,
]


class TestFind:
    @pytest.mark.parametrize("point", UNSEEN, ids=[f"{each:04X}" for each in UNSEEN])
    def test_names_each_sign_that_nobody_sees(self, point: int) -> None:
        found = signs.find(f"Shop{chr(point)} 12")

        assert found == signs.Sign(chr(point), 5)
        assert found.code == f"U+{point:04X}"

    @pytest.mark.parametrize(
        "text",
        [
            "Calder Bakery",
            "Café São João",
            "Cafe\u0301",
            "\u0645\u062e\u0628\u0632\u200c\u0647\u0627",
            "क्\u200dष",
            "ශ්\u200dරී",
            "👩\u200d👩\u200d👧 Familie",
            "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
            "東京ストア \uff11\uff12",
            "1\u00a0234,5\u202fm³",
            "\u02bcn Huis – 12½",
        ],
    )
    def test_leaves_what_people_write(self, text: str) -> None:
        assert signs.find(text) is None
        assert signs.without(text) == text

    @pytest.mark.parametrize("text", ["ad\u200dmin", "ad\u200cmin", "\u200dadmin", "12\u200d"])
    def test_finds_joiners_that_join_nothing(self, text: str) -> None:
        assert signs.find(text) is not None

    def test_takes_lines_only_where_there_may_be_some(self) -> None:
        assert signs.find("Main Street 1\r\n\tHarbor", lines=True) is None
        assert signs.find("Main Street 1\nHarbor") == signs.Sign("\n", 14)

    def test_tells_the_name_of_a_sign(self) -> None:
        found = signs.find("a\u202eb")

        assert found is not None
        assert found.shown == "U+202E RIGHT-TO-LEFT OVERRIDE"


def test_without_leaves_what_is_seen() -> None:
    assert signs.without("\ufeffSh\u200bop\x00 12\u202e") == "Shop 12"


def test_composed_makes_equal_names_equal() -> None:
    assert signs.composed("Cafe\u0301") == "Caf\u00e9" == signs.composed("Caf\u00e9")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("\uff11\uff10\uff12\uff15", "1025"),
        ("\u3000\uff21\uff0d\uff11 ", "A-1"),
        ("\U0001d7d9\U0001d7d8", "10"),
        ("o\ufb03ce", "office"),
        ("A\u00a01", "A 1"),
        ("1\u00ba-A", "1\u00ba-A"),
        ("20 m\u00b2", "20 m\u00b2"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("A-000001", "A-000001"),
    ],
)
def test_folded_makes_equal_codes_equal(typed: str, kept: str) -> None:
    assert signs.folded(typed) == kept
