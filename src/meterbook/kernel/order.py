"""The order in which people count and read names: "Shop 2" before "Shop 10", accents and capitals as plain letters.

`foundation.fields.NaturalKey` gives the same order in the database, where lists are too long to be sorted here.
"""

from __future__ import annotations

import re
import unicodedata

DIGITS = re.compile(r"(\d+)")


def natural(text: str) -> tuple[tuple[bool, int, str], ...]:
    """This will return what sorts texts as people do: G-2 before G-10, numbers before letters, "Óptica" like "Optica".

    >>> sorted(["Shop 10", "shop 2", "Árbol", "B"], key=natural)
    ['Árbol', 'B', 'shop 2', 'Shop 10']
    """
    parts = (each for each in DIGITS.split(plain(text)) if each)
    return tuple((not each.isdecimal(), int(each) if each.isdecimal() else 0, each) for each in parts)


def plain(text: str) -> str:
    """This will return a text in small letters without accents."""
    apart = unicodedata.normalize("NFKD", text.lower())
    return "".join(each for each in apart if not unicodedata.combining(each))
