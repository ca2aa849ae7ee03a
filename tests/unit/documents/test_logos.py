"""Pictures for the head of bills: what is taken, and that they stand in the PDF."""

from __future__ import annotations

import io
from datetime import date

import pypdf
import pytest
from PIL import Image, PngImagePlugin

from meterbook.documents import logos, uploads
from meterbook.documents.rendering import bills
from tests.factories import documents

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def picture(kind: str = "PNG", size: tuple[int, int] = (1200, 300)) -> bytes:
    """A picture with a note beside it."""
    note = PngImagePlugin.PngInfo()
    note.add_text("Comment", "secret place")
    written = io.BytesIO()
    more = {"pnginfo": note} if kind == "PNG" else {"comment": b"secret place"}
    Image.new("RGB", size, "#0f766e").save(written, kind, **more)
    return written.getvalue()


@pytest.mark.spec("X-13/1")
class TestLogo:
    @pytest.mark.parametrize("kind", ["PNG", "JPEG"])
    def test_is_written_anew_small_and_without_what_stood_beside_it(self, kind: str) -> None:
        made = logos.require_logo(picture(kind))

        with Image.open(io.BytesIO(made)) as opened:
            assert (opened.format, opened.size, dict(opened.info)) == ("PNG", (600, 150), {})
        assert b"secret place" not in made

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "Choose a picture"),
            (SVG, "SVG is not taken"),
            (b"GIF89a" + bytes(50), "neither PNG nor JPEG"),
            (picture()[:200], "neither PNG nor JPEG"),
            (picture(size=(8, 200)), "smaller than 16 pixels"),
            (b"\x89PNG" + bytes(6 * 1024 * 1024), "larger than 5 MB"),
        ],
        ids=["nothing", "svg", "gif", "cut off", "tiny", "huge"],
    )
    def test_refuses_everything_else(self, content: bytes, words: str) -> None:
        with pytest.raises(uploads.UploadRefused, match=words):
            logos.require_logo(content)

    def test_refuses_a_small_file_with_many_pixels(self) -> None:
        with pytest.raises(uploads.UploadRefused, match="too many pixels"):
            logos.require_logo(picture(size=(6000, 5000)))

    def test_stands_at_the_head_of_the_bill(self) -> None:
        told = {
            "number": "HR-2026-004127",
            "bill_date": date(2026, 11, 3),
            "due_date": date(2026, 11, 17),
            "sha256": "0" * 64,
            "code": "DMWD-DIBA-NRBP",
            "language": "en",
        }

        made = bills.render_bill(documents.bill_content(), logo=logos.require_logo(picture()), **told)

        [shown] = pypdf.PdfReader(io.BytesIO(made)).pages[0].images
        assert shown.image is not None
        assert shown.image.size == (600, 150)
        assert not pypdf.PdfReader(io.BytesIO(bills.render_bill(documents.bill_content(), **told))).pages[0].images
