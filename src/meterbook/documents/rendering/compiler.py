"""Typst inside this process: our template, our fonts, nothing of the machine and nothing of the network.

A compiler serves one thread. It starts threads of its own, so a process that has used one must not fork afterwards:
the child would wait forever for threads that it does not have. Use threads, or processes started anew.
"""

from __future__ import annotations

import functools
import re
import struct
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import typst

HERE = Path(__file__).parent
FONTS = HERE / "fonts"
# Made to be kept, with attachments (PDF/A-3), and to be read aloud (PDF/UA-1): tagged, pictures told in words.
STANDARD: list[typst.PDFStandard] = ["a-3a", "ua-1"]
# Stands for a sign that the typeface does not have: an archived PDF may not hold a glyph that means "unknown".
UNKNOWN = "\N{WHITE SQUARE}"
# Of the feature "tnum" in this typeface: the widest of a digit or of a sign between digits.
FIGURES, TABULAR = frozenset("0123456789+-−×÷=*<>"), 649
_PAGES = re.compile(rb"<</Type/Pages/Count ([0-9]+)/Kids")
_UNICODE_TABLES = {(0, 4), (3, 10)}
_local = threading.local()


def compile_pdf(template: str, files: Mapping[str, bytes], *, day: date) -> bytes:
    """This will set a document: the same template, files and day give the same bytes.

    What differs from document to document comes in files, not as inputs of the compiler: those are part of its library,
    and with another library it forgets all that it has set before.

    :param template: file name beside this module
    :param files: what the template reads, by name, as texts in UTF-8; what it prints must have passed `covered`
    :param day: date in the file's metadata
    """
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    own = {"main.typ": f'#include "{template}"'.encode(), **files}
    compiler = _compiler()
    # The package takes files by name; its stub says so nowhere.
    made = compiler.compile(own, format="pdf", pdf_standards=STANDARD, timestamp=at)  # type: ignore[type-var]
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
    return frozenset(advances())


@functools.cache
def advances() -> Mapping[str, int]:
    """This will return how far each character moves on, in thousandths of the size of type, in the wider weight.

    Digits and what stands among them as wide as they are where they stand below each other.
    """
    weights = [_advances(path.read_bytes()) for path in sorted(FONTS.glob("*.ttf"))]
    known = set(weights[0]).intersection(*weights[1:])
    return {each: max(TABULAR if each in FIGURES else 0, *(weight[each] for weight in weights)) for each in known}


@functools.cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])


def _compiler() -> typst.Compiler:
    """One for each thread: a compiler refuses to be used by two threads at once."""
    kept: typst.Compiler | None = getattr(_local, "compiler", None)
    if kept is None:
        kept = _local.compiler = typst.Compiler(root=str(HERE), font_paths=_fonts())
    return kept


def _advances(font: bytes) -> dict[str, int]:
    """Thousandths of the size by character, from the tables `head`, `hhea` and `hmtx` (OpenType 1.9)."""
    (tables,) = struct.unpack_from(">H", font, 4)
    records = (struct.unpack_from(">4sIII", font, 12 + 16 * each) for each in range(tables))
    starts = {tag: offset for tag, _sum, offset, _length in records}
    (em,) = struct.unpack_from(">H", font, starts[b"head"] + 18)
    (measures,) = struct.unpack_from(">H", font, starts[b"hhea"] + 34)
    wide = struct.unpack_from(">" + "Hh" * measures, font, starts[b"hmtx"])[::2]
    found = {}
    for code, glyph in _glyphs(font, starts[b"cmap"]):
        found[chr(code)] = -(-1000 * wide[min(glyph, measures - 1)] // em)
    return found


def _glyphs(font: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Code points of a TrueType font and their glyphs, from its `cmap` table of format 12 (OpenType 1.9, cmap)."""
    (count,) = struct.unpack_from(">H", font, start + 2)
    for each in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", font, start + 4 + 8 * each)
        if (platform, encoding) in _UNICODE_TABLES:
            (groups,) = struct.unpack_from(">I", font, start + offset + 12)
            for group in range(groups):
                first, last, glyph = struct.unpack_from(">III", font, start + offset + 16 + 12 * group)
                yield from ((code, glyph + code - first) for code in range(first, last + 1))
            return
