"""Signs that a text must not hold: nobody sees them, so that two names look alike or are read in another order.

Spaces and line ends are not among them where a text may have lines. A joiner (U+200C, U+200D) stays where scripts and
emoji need it; between Latin letters it is as invisible as the others.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

LINES = frozenset("\n\r\t")
_JOINERS = frozenset("\u200c\u200d")
# Categories Zl and Zp end lines without showing it; the rest is drawn as nothing, or turns the direction.
_UNSEEN = frozenset(
    [chr(each) for each in (0xAD, 0x61C, 0x115F, 0x1160, 0x180E, 0x2028, 0x2029, 0x3164, 0xFEFF, 0xFFA0, 0xFFFD)]
    + [chr(each) for first, last in ((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFFF9, 0xFFFB))
       for each in range(first, last + 1)]
)  # fmt: skip
_TAGS = range(0xE0000, 0xE0080)  # of flags such as Scotland's, invisible elsewhere
_LIGATURES = range(0xFB00, 0xFB07)  # ff, fi, fl and so on as one sign
_SAME = ("<wide>", "<narrow>", "<font>", "<noBreak>")  # kinds of signs that are another one in other clothes
_BLACK_FLAG = "\U0001f3f4"


@dataclass(frozen=True)
class Sign:
    """A sign that was found: `place` counts from 1."""

    sign: str
    place: int

    @property
    def code(self) -> str:
        """What it is called in tables of signs: "U+202E"."""
        return f"U+{ord(self.sign):04X}"

    @property
    def shown(self) -> str:
        """The code and, where it has one, the name: "U+202E RIGHT-TO-LEFT OVERRIDE"."""
        return f"{self.code} {unicodedata.name(self.sign, '')}".strip()


def find(text: str, *, lines: bool = False) -> Sign | None:
    """This will return the first sign that the text must not hold, or None.

    :param lines: whether it may have several lines and tabs
    """
    if text.isascii() and text.isprintable():
        return None
    for index, each in enumerate(text):
        if _is_refused(text, index, each, lines=lines):
            return Sign(each, index + 1)
    return None


def without(text: str, *, lines: bool = False) -> str:
    """This will return the text without what it must not hold, for texts whose writer is not there to be asked."""
    return "".join(each for index, each in enumerate(text) if not _is_refused(text, index, each, lines=lines))


def composed(text: str) -> str:
    """This will return the text with each letter and its accent as one sign (NFC), so that equal names are equal."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def folded(text: str) -> str:
    """This will return a code as it is compared: signs of another width or font as the usual ones, no spaces around it.

    Not all of NFKC: º and ² are told apart from o and 2 by everybody, and flats are called 1º-A.

    >>> folded("\uff11\uff10\uff12\uff15")
    '1025'
    """
    if text.isascii():
        return text.strip()
    usual = (unicodedata.normalize("NFKC", each) if _is_dressed(each) else each for each in text)
    return composed("".join(usual)).strip()


def _is_dressed(each: str) -> bool:
    return ord(each) in _LIGATURES or unicodedata.decomposition(each).startswith(_SAME)


def _is_refused(text: str, index: int, each: str, *, lines: bool) -> bool:
    if each in LINES:
        return not lines
    if each in _JOINERS:
        return not _joins(text, index)
    if ord(each) in _TAGS:
        return not text[:index].rstrip("".join(map(chr, _TAGS))).endswith(_BLACK_FLAG)
    return each in _UNSEEN or unicodedata.category(each) in {"Cc", "Cs"} or ord(each) & 0xFFFE == 0xFFFE


def _joins(text: str, index: int) -> bool:
    """A joiner needs a sign of a joining script, an emoji or its modifier before it."""
    before = text[index - 1] if index else " "
    point = ord(before)
    is_joining = 0x600 <= point < 0x1100 or 0x1700 <= point < 0x1C80 or 0xA840 <= point < 0xAC00
    is_joining = is_joining or 0x10A00 <= point < 0x12000
    is_picture = unicodedata.category(before) in {"So", "Sk"} or before == "\ufe0f"
    return (is_joining and unicodedata.category(before)[0] in "LM") or (text[index] == "\u200d" and is_picture)
