"""Typst inside this process: our template, our fonts, nothing of the machine and nothing of the network.

A compiler serves one thread. It starts threads of its own, so a process that has used one must not fork afterwards:
the child would wait forever for threads that it does not have. Use threads, or processes started anew.
"""

from __future__ import annotations

import functools
import re
import struct
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import typst

HERE = Path(__file__).parent
FONTS = HERE / "fonts"
# Made to be kept, with attachments (PDF/A-3), and to be read aloud (PDF/UA-1): tagged, pictures told in words.
STANDARD: list[typst.PDFStandard] = ["a-3a", "ua-1"]
# Stands for a sign that the typeface does not have: an archived PDF may not hold a glyph that means "unknown".
UNKNOWN = "\N{WHITE SQUARE}"
_PAGES = re.compile(rb"<</Type/Pages/Count ([0-9]+)/Kids")
_UNICODE_TABLES = {(0, 4), (3, 10)}
_local = threading.local()


def compile_pdf(template: str, inputs: dict[str, str], *, day: date) -> bytes:
    """This will set a document: the same template, inputs and day give the same bytes.

    :param template: file name beside this module
    :param inputs: texts for the template; what it prints must have passed `covered`
    :param day: date in the file's metadata
    """
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    made = _compiler(template).compile(sys_inputs=inputs, format="pdf", pdf_standards=STANDARD, timestamp=at)
    if not isinstance(made, bytes):
        raise TypeError("A PDF is one piece of bytes.")
    return made


def pages(pdf: bytes) -> int:
    """This will return how many pages a document of `compile_pdf` has."""
    found = _PAGES.search(pdf)
    if found is None:
        raise ValueError("The PDF has no tree of pages where this compiler writes it.")
    return int(found[1])


def covered(text: str) -> str:
    """This will put a square in the place of each character that the typeface does not have."""
    known = characters()
    if known.issuperset(text):
        return text
    return "".join(each if each in known else UNKNOWN for each in text)


def missing(text: str) -> str:
    """This will return the signs of a text that the typeface does not have, each once; they are printed as squares."""
    known = characters()
    if known.issuperset(text):
        return ""
    return "".join(dict.fromkeys(each for each in text if each not in known and not each.isspace()))


@functools.cache
def characters() -> frozenset[str]:
    """This will return the characters that every weight of the typeface has."""
    sets = [frozenset(map(chr, _codes(path.read_bytes()))) for path in sorted(FONTS.glob("*.ttf"))]
    return frozenset.intersection(*sets)


@functools.cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])


def _compiler(template: str) -> typst.Compiler:
    """One for each thread and template: a compiler refuses to be used by two threads at once."""
    kept: dict[str, typst.Compiler] = _local.__dict__.setdefault("compilers", {})
    if template not in kept:
        kept[template] = typst.Compiler(str(HERE / template), root=str(HERE), font_paths=_fonts())
    return kept[template]


def _codes(font: bytes) -> Iterator[int]:
    """Code points of a TrueType font, from its `cmap` table of format 12 (OpenType 1.9, cmap)."""
    (tables,) = struct.unpack_from(">H", font, 4)
    records = (struct.unpack_from(">4sIII", font, 12 + 16 * each) for each in range(tables))
    start = next(offset for tag, _sum, offset, _length in records if tag == b"cmap")
    (count,) = struct.unpack_from(">H", font, start + 2)
    for each in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", font, start + 4 + 8 * each)
        if (platform, encoding) in _UNICODE_TABLES:
            (groups,) = struct.unpack_from(">I", font, start + offset + 12)
            for group in range(groups):
                first, last, _glyph = struct.unpack_from(">III", font, start + offset + 16 + 12 * group)
                yield from range(first, last + 1)
            return
