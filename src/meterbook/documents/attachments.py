"""Pictures and PDF files from outside: known by their content, pictures decoded and written anew without metadata."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from meterbook.documents import uploads

MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 50_000_000
LONGEST_SIDE = 2_400  # enough to read the digits of a meter
QUALITY = 85
PDF, JPEG = "application/pdf", "image/jpeg"
_PICTURES = ("JPEG", "PNG", "WEBP")
_ACTIVE = (b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile")


@dataclass(frozen=True)
class Attachment:
    """A file that may be kept and given out again; `extension` fits its content."""

    content: bytes
    media_type: str
    extension: str


def require_attachment(content: bytes) -> Attachment:
    """This will return a PDF as it came, or a picture (JPEG, PNG, WEBP) as a new JPEG of at most 2400 pixels a side.

    :raises uploads.UploadRefused: for anything else, with what to do
    """
    _require_size(content)
    if content.startswith(b"%PDF-"):
        if any(word in content for word in _ACTIVE):
            raise uploads.UploadRefused(_("This PDF holds programs or further files. Print it to a new PDF first."))
        return Attachment(content, PDF, "pdf")
    return require_picture(content)


def require_picture(content: bytes) -> Attachment:
    """This will return a picture (JPEG, PNG, WEBP) as a new JPEG, upright, without what the camera noted beside it.

    :raises uploads.UploadRefused: for anything else, with what to do
    """
    _require_size(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=_PICTURES) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise uploads.UploadRefused(_("The picture has too many pixels. Take it at a lower resolution."))
                upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (
        UnidentifiedImageError,
        Image.DecompressionBombWarning,
        Image.DecompressionBombError,
        OSError,
        SyntaxError,
        ValueError,
    ) as error:
        if isinstance(error, uploads.UploadRefused):
            raise
        raise uploads.UploadRefused(_("This is no picture or PDF that can be read. Take JPEG, PNG or PDF.")) from error
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    clean = Image.new("RGB", upright.size)
    clean.paste(upright)
    written = io.BytesIO()
    clean.save(written, "JPEG", quality=QUALITY)
    return Attachment(written.getvalue(), JPEG, "jpg")


def _require_size(content: bytes) -> None:
    if not content:
        raise uploads.UploadRefused(_("The file is empty."))
    if len(content) > MOST_BYTES:
        raise uploads.UploadRefused(
            _("The file has %(size)s MB; at most %(most)s MB are taken. Take a smaller one.")
            % {"size": len(content) // 1024 // 1024 + 1, "most": MOST_BYTES // 1024 // 1024}
        )
