"""What a password must not be. Validators in Django's form; `config.accounts` lists them.

Length and a list of common passwords do most (NIST SP 800-63B-4, 3.1.1.2); what people type instead of thinking is
found by its pattern: runs on the keyboard, repetitions, names that anybody would try first.
"""

from __future__ import annotations

import functools
import re
import string
from collections.abc import Iterable

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from meterbook.identity import models, second_factor

SHORTEST, SHORTEST_WITH_SECOND_STEP = 12, 8
SHORTEST_RUN = 4  # "1234": less happens by chance
FEWEST_OWN = 6  # signs that must be left beside runs and names
FEWEST_DIFFERENT = 5
SHORTEST_NAME = 3
PRODUCT = "meterbook"
_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm",
         "wxcvbn", "abcdefghijklmnopqrstuvwxyz", "1qaz2wsx3edc4rfv5tgb6yhn7ujm")  # fmt: skip
ROWS = (*_ROWS, *(row[::-1] for row in _ROWS))
# What people write for letters.
_DISGUISE = str.maketrans("@4310$5!7", "aaeiossit")
_AROUND = string.digits + string.punctuation + string.whitespace
_YEAR = re.compile(r"(?<!\d)(19|20)\d\d(?!\d)")
SHORTEST_COMMON, LONGEST_COMMON = 5, 40


class LengthValidator:
    """At least 12 characters, or 8 for who signs in with a second step."""

    def validate(self, password: str, user: object = None) -> None:
        """This will pass a password that is long enough.

        :raises ValidationError: otherwise
        """
        if len(password) < (shortest := shortest_for(user)):
            raise ValidationError(_("Take at least %(count)s characters.") % {"count": shortest}, code="too_short")

    def get_help_text(self) -> str:
        """This will say what the rule is."""
        words = _("At least %(count)s characters; %(fewer)s for who signs in with a second step.")
        return words % {"count": SHORTEST, "fewer": SHORTEST_WITH_SECOND_STEP}


class PatternValidator:
    """No run on the keyboard, no repetition."""

    def validate(self, password: str, user: object = None) -> None:
        """This will pass a password in which enough is left without runs.

        :raises ValidationError: otherwise
        """
        text = password.casefold()
        if len(set(text)) < FEWEST_DIFFERENT or is_repeated(text) or len(without_runs(text)) < FEWEST_OWN:
            words = _("This is a run on the keyboard or a repetition. Take some words that do not belong together.")
            raise ValidationError(words, code="pattern")

    def get_help_text(self) -> str:
        """This will say what the rule is."""
        return _("No run on the keyboard and no repetition.")


class VariationValidator:
    """No common password with a year behind it, signs for letters or capitals: "P@ssw0rd-2026" is "password"."""

    def validate(self, password: str, user: object = None) -> None:
        """This will pass a password in which enough is left beside one common password.

        :raises ValidationError: otherwise
        """
        if len(beside_common(password)) < FEWEST_OWN:
            words = _("This is little more than a common password. Take some words that do not belong together.")
            raise ValidationError(words, code="variation")

    def get_help_text(self) -> str:
        """This will say what the rule is."""
        return _("No common password with a number, a year or other signs in it.")


def check_names(password: str, names: Iterable[str]) -> None:
    """This will pass a password that is more than names that belong to the person: own, address, organization, product.

    :raises ValidationError: otherwise
    """
    if len(without_names(password, names)) < FEWEST_OWN:
        words = _("This is little more than a name that others would try. Take some words that do not belong together.")
        raise ValidationError(words, code="names")


def shortest_for(user: object) -> int:
    """This will return how long a person's password must be."""
    user_id = user.pk if isinstance(user, models.User) else None
    has_second = user_id is not None and second_factor.has_one(user_id=user_id)
    return SHORTEST_WITH_SECOND_STEP if has_second else SHORTEST


def is_repeated(text: str) -> bool:
    """This will tell whether a text is one piece again and again: "abcabcabc" and "aaaa" are."""
    return len(text) > 1 and text in (text + text)[1:-1]


def without_runs(text: str) -> str:
    """This will return a text in small letters without runs of four or more: "x1234567y" gives "xy"."""
    kept, start = [], 0
    while start < len(text):
        length = _run_at(text, start)
        if length < SHORTEST_RUN:
            kept.append(text[start])
            length = 1
        start += length
    return "".join(kept)


def without_names(password: str, names: Iterable[str]) -> str:
    """This will return the letters and digits of a password without the names in it: "H@rbor-Mall-26" gives "26"."""
    text = password.casefold()
    words = {word for name in (*names, PRODUCT) for word in re.findall(r"\w+", name.casefold())}
    for word in sorted((each for each in words if len(each) >= SHORTEST_NAME), key=len, reverse=True):
        place = text.translate(_DISGUISE).find(word.translate(_DISGUISE))
        while place >= 0:
            text = text[:place] + text[place + len(word) :]
            place = text.translate(_DISGUISE).find(word.translate(_DISGUISE))
    return "".join(each for each in text if each.isalnum())


def beside_common(password: str) -> str:
    """This will return what is left of a password without its longest common one, years and runs.

    "P@ssw0rd-2026" gives "", "correct horse battery staple" keeps three of its words.
    """
    text = password.casefold()
    core = text.strip(_AROUND)
    start = text.index(core)
    return min((_beside(text, start, each) for each in (core, core.translate(_DISGUISE))), key=len)


def _beside(text: str, start: int, core: str) -> str:
    """`core` is what begins in the text at `start`, perhaps with letters for signs: as long, sign for sign."""
    found = _longest_common(core)
    if not found:
        return text
    plain = text[:start] + core + text[start + len(core) :]
    rest = _YEAR.sub(" ", plain.replace(found, " "))
    return "".join(each for each in without_runs(rest) if each.isalnum())


def _longest_common(text: str) -> str:
    known = _common()
    for length in range(min(len(text), LONGEST_COMMON), SHORTEST_COMMON - 1, -1):
        for start in range(len(text) - length + 1):
            if text[start : start + length] in known:
                return text[start : start + length]
    return ""


@functools.cache
def _common() -> frozenset[str]:
    """Django's list of 20,000, those with letters."""
    return frozenset(
        each for each in password_validation.CommonPasswordValidator().passwords if any(map(str.isalpha, each))
    )


def _run_at(text: str, start: int) -> int:
    """How many characters from there on stand side by side in a row of the keyboard or the alphabet."""
    longest = 0
    for row in ROWS:
        length = 0
        while start + length < len(text) and text[start : start + length + 1] in row:
            length += 1
        longest = max(longest, length)
    return longest
