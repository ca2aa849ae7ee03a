"""A sheet of labels for meters, each with a QR code that leads to the meter's page; A4, 24 a page."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import qrcode
import qrcode.image.svg

from meterbook.documents.rendering import compiler

LONGEST = 48  # characters a line of a label


@dataclass(frozen=True)
class Label:
    """One label: what its code holds, and the lines beside it."""

    address: str
    name: str
    point: str
    place: str
    serial: str


def render_labels(labels: Sequence[Label], *, title: str, author: str, language: str, day: date) -> bytes:
    """This will set the labels in their order as PDF/A; the same labels and day give the same bytes.

    :param title: the document's, for screen readers
    """
    data = {
        "title": compiler.covered(title),
        "author": compiler.covered(author),
        "lang": language,
        "labels": [_plain(each) for each in labels],
    }
    return compiler.compile_pdf("labels.typ", {"data.json": json.dumps(data).encode()}, day=day)


def _plain(label: Label) -> dict[str, str]:
    lines = {name: _line(getattr(label, name)) for name in ("name", "point", "place", "serial")}
    return {**lines, "code": code(label.address), "alt": compiler.covered(f"QR: {label.address}")}


def code(address: str) -> str:
    """This will draw a QR code (ISO/IEC 18004, error correction M) as SVG without a size of its own."""
    made = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=2)
    made.add_data(address)
    buffer = io.BytesIO()
    made.make_image(image_factory=qrcode.image.svg.SvgPathImage).save(buffer)
    return buffer.getvalue().decode()


def _line(text: str) -> str:
    shown = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return compiler.covered(shown)
