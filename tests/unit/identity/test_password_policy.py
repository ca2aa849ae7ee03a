"""Which passwords are refused, and that good ones are not."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from meterbook.identity import password_policy, password_rules

NAMES = ["manager@harbor.example", "Ann Smith", "Harbor Mall"]


class TestPattern:
    @pytest.mark.parametrize(
        "password",
        [
            "qwertyuiop12",
            "1234567890ab",
            "1q2w-asdfghjkl",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "poiuytrewq99",
            "aabbaabbaabb",
        ],
    )
    def test_refuses_runs_and_repetitions(self, password: str) -> None:
        with pytest.raises(ValidationError, match="run on the keyboard or a repetition"):
            password_policy.PatternValidator().validate(password)

    @pytest.mark.parametrize(
        "password", ["correct horse battery", "kq7mh-x3wpd-9tnrc", "harbor-manager", "Zug 1234 nach Bern"]
    )
    def test_lets_words_and_chance_pass(self, password: str) -> None:
        password_policy.PatternValidator().validate(password)

    @pytest.mark.parametrize(
        ("text", "left"), [("x1234567y", "xy"), ("zyxwv", ""), ("abc", "abc"), ("", ""), ("12a34", "12a34")]
    )
    def test_takes_runs_out(self, text: str, left: str) -> None:
        assert password_policy.without_runs(text) == left


@pytest.mark.spec("X-10/5")
class TestVariations:
    @pytest.mark.parametrize(
        "password",
        ["P@ssw0rd-2026", "Dragon1994!!", "passwordpassword1", "Sunshine!Sunshine9", "BARCELONA-2025??",
         "iloveyou-98765432", "2026 Letmein 2026", "!!!!Princess!!!!", "m0nk3y-----12"],
    )  # fmt: skip
    def test_of_a_common_password_are_refused(self, password: str) -> None:
        with pytest.raises(ValidationError, match="little more than a common password"):
            password_policy.VariationValidator().validate(password)

    @pytest.mark.parametrize(
        "password",
        ["correct horse battery staple", "harbor seals sleep late", "kq7mh-x3wpd-9tnrc-f5vza", "ÑandúVerde-nube-7",
         "dragon seven quiet lamps", "1234-5678-90ab-wxyz", "………………………………"],
    )  # fmt: skip
    def test_are_not_seen_where_there_is_more(self, password: str) -> None:
        password_policy.VariationValidator().validate(password)


class TestNames:
    @pytest.mark.parametrize(
        "password", ["HarborMall2026", "M4n@ger-H@rbor", "annsmith-2026", "meterbook2026", "Smith!Smith!"]
    )
    def test_refuses_little_more_than_a_name(self, password: str) -> None:
        with pytest.raises(ValidationError, match="little more than a name"):
            password_policy.check_names(password, NAMES)

    def test_lets_a_name_pass_beside_enough_else(self) -> None:
        password_policy.check_names("harbor seals sleep late", NAMES)

    def test_ends_for_every_text(self) -> None:
        assert password_policy.without_names("aaaa" * 50, ["aaaa"]) == ""
        assert password_policy.without_names("mamanagernager", ["manager"]) == ""


class TestRules:
    @pytest.mark.parametrize(
        ("password", "words"),
        [
            ("short-1", "at least 12 characters"),
            ("passwordpassword", "run on the keyboard or a repetition"),
            ("manchesterunited", "too common"),
            ("harbor-mall-26", "little more than a name"),
        ],
    )
    def test_hold_together(self, password: str, words: str) -> None:
        with pytest.raises(ValidationError, match=words):
            password_rules.check(password, email="ann@example.com", name="Ann", organizations=["Harbor Mall"])
