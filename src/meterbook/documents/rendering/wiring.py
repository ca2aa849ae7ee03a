"""The wiring sheet of a field gateway: its buses, which meter has which address there, and how the line is laid; A4."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from meterbook.documents.rendering import compiler, labels

LONGEST = 80  # characters a cell


@dataclass(frozen=True)
class Line:
    """A bus: its name, how it is reached and set, what holds for its kind of line, and its meters.

    A meter is its unit address, serial number and where it hangs.
    """

    name: str
    facts: str
    rules: tuple[str, ...]
    meters: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Words:
    """What the sheet says around its content, in the reader's language."""

    title: str
    heads: tuple[str, str, str, str]
    checks: tuple[str, ...]
    nothing: str


def render_wiring(
    lines: Sequence[Line], *, words: Words, facts: Sequence[str], address: str, author: str, language: str, day: date
) -> bytes:
    """This will set the sheet as PDF/A; the same content and day give the same bytes.

    :param address: of the gateway's page, for the QR code
    """
    data = {
        "title": _text(words.title),
        "author": compiler.covered(author),
        "lang": language,
        "facts": [_text(each) for each in facts],
        "heads": [_text(each) for each in words.heads],
        "checks": [compiler.covered(each) for each in words.checks],
        "nothing": _text(words.nothing),
        "code": labels.code(address),
        "alt": compiler.covered(f"QR: {address}"),
        "lines": [_plain(each) for each in lines],
    }
    return compiler.compile_pdf("wiring.typ", {"data.json": json.dumps(data).encode()}, day=day)


def _plain(line: Line) -> dict[str, object]:
    return {
        "name": _text(line.name),
        "facts": _text(line.facts),
        "rules": [compiler.covered(each) for each in line.rules],
        "meters": [[_text(part) for part in each] for each in line.meters],
    }


def _text(text: str) -> str:
    return compiler.covered(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…")
