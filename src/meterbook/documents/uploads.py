"""The one gate for files from outside: size, kind by content, and what an archive expands to.

What comes through is bytes of a known kind; nothing has been parsed yet. A name or a declared type is never believed.
"""

from __future__ import annotations

import enum
import io
import re
import zipfile
from pathlib import PurePath

from django.utils.translation import gettext as _

MOST_BYTES = 20 * 1024 * 1024
MOST_EXPANDED = 300 * 1024 * 1024
MOST_MEMBERS = 2_000
MOST_PEM = 256 * 1024
_ZIP, _OLD_OFFICE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_WIDE_SIGNS, _FEWEST_SIGNS = 2_000, 8  # signs that tell whether each has two bytes
_BINARY = (b"MZ\x90", b"\x7fELF", b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf")
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x19\x1b-\x1f]")  # form feeds and an end of file are in old tables
_ENDINGS = (".csv", ".txt", ".tsv", ".dat", ".prn", ".asc", ".xlsx", ".xml")
_WORKBOOK = frozenset({"[Content_Types].xml", "xl/workbook.xml"})
_DECLARATIONS = tuple(
    word.encode(encoding) for word in ("<!DOCTYPE", "<!ENTITY") for encoding in ("utf-8", "utf-16-le", "utf-16-be")
)


class TableKind(enum.StrEnum):
    """What a file with a table is, by its content."""

    CSV = "CSV"
    XLSX = "XLSX"


class UploadRefused(ValueError):
    """The file is empty, too large, of another kind, or expands to too much; the message says which."""


class UploadTooLarge(UploadRefused):
    """The file has more bytes than may be."""


class UploadExpands(UploadRefused):
    """The archive expands to more bytes, or holds more members, than may be."""


def require_table(content: bytes, *, most_bytes: int | None = None, most_expanded: int | None = None) -> TableKind:
    """This will tell whether the bytes are text with a table (CSV) or a workbook (XLSX).

    :param most_bytes: of the file, for a kind of file that is smaller than most (`MOST_BYTES`)
    :param most_expanded: of all that a workbook expands to (`MOST_EXPANDED`)
    :raises UploadTooLarge: when the file has more bytes
    :raises UploadExpands: when it expands to more
    :raises UploadRefused: for anything else that is no table
    """
    most = MOST_BYTES if most_bytes is None else most_bytes
    if not content.strip():
        raise UploadRefused(_("The file is empty."))
    if len(content) > most:
        raise UploadTooLarge(
            _("The file has %(size)s MB; at most %(most)s MB are taken. Split it by time.")
            % {"size": len(content) // 1024 // 1024 + 1, "most": most // 1024 // 1024}
        )
    if content.startswith(_ZIP):
        _require_workbook(content, MOST_EXPANDED if most_expanded is None else most_expanded)
        return TableKind.XLSX
    if content.startswith(_OLD_OFFICE):
        raise UploadRefused(_("This is a workbook of the old kind (XLS). Save it as XLSX or CSV."))
    if content.startswith(_BINARY) or not _is_text(content):
        raise UploadRefused(_("This is neither text nor a workbook. Save the table as CSV or XLSX."))
    return TableKind.CSV


def require_table_name(name: str) -> None:
    """This will pass names that files with tables have. What a file is, its content says; a program is none at once.

    :raises UploadRefused: when the ending is that of something else
    """
    ending = PurePath(name.strip()).suffix.lower()
    if ending.removeprefix(".").isalpha() and ending not in _ENDINGS:
        words = _("“%(ending)s” is no table. Save it as CSV or XLSX; endings are %(endings)s.")
        raise UploadRefused(words % {"ending": ending, "endings": ", ".join(_ENDINGS)})


def wide_encoding(content: bytes) -> str:
    """This will return the encoding of text with two bytes a sign: by its mark or, without one, by where its zeros are.

    Digits, commas and line ends have a zero beside them. Text of which fewer than nine signs in ten have, or which has
    zeros on both sides, is not taken for such; "" for all else.
    """
    if content.startswith(_UTF_16):
        return "utf-16"
    begin = content[: 2 * _WIDE_SIGNS]
    if len(begin) < 2 * _FEWEST_SIGNS or len(content) % 2:
        return ""
    even, odd = begin[::2].count(0), begin[1::2].count(0)
    signs = len(begin) // 2
    if even and odd:
        return ""
    if 10 * odd >= 9 * signs:
        return "utf-16-le"
    return "utf-16-be" if 10 * even >= 9 * signs else ""


def _is_text(content: bytes) -> bool:
    """Whether nothing in it is a control that no table holds."""
    wide = wide_encoding(content)
    if not wide:
        return _CONTROLS.search(content) is None
    try:
        return _CONTROLS.search(content.decode(wide).encode("utf-8", "replace")) is None
    except UnicodeDecodeError:
        return False


def require_pem(content: bytes) -> None:
    """This will pass a small text in PEM form: a certificate, a chain of them, a key.

    :raises UploadRefused: for anything else
    """
    if not content.strip():
        raise UploadRefused(_("The file is empty."))
    if len(content) > MOST_PEM or b"-----BEGIN " not in content or b"\x00" in content:
        raise UploadRefused(_("This is no file in PEM form: it must hold a line that begins with -----BEGIN."))


def require_text(content: bytes, *, most_bytes: int) -> str:
    """This will return a small text file that people wrote, such as a document in YAML.

    :raises UploadTooLarge: when the file has more bytes
    :raises UploadRefused: when it is empty, or no text in UTF-8
    """
    if not content.strip():
        raise UploadRefused(_("The file is empty."))
    if len(content) > most_bytes:
        words = _("The file has %(size)s kB; at most %(most)s kB are taken.")
        raise UploadTooLarge(words % {"size": len(content) // 1000 + 1, "most": most_bytes // 1000})
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UploadRefused(_("This is no text in UTF-8. Save the file as plain text in UTF-8.")) from error


def _require_workbook(content: bytes, most_expanded: int) -> None:
    """The sizes that the archive's index claims bind: `zipfile` never yields more than them, and less is an error."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if not {each.filename for each in members} >= _WORKBOOK:
                raise UploadRefused(_("This archive holds no workbook. Save the table as CSV or XLSX."))
            if len(members) > MOST_MEMBERS or sum(each.file_size for each in members) > most_expanded:
                raise UploadExpands(_("This workbook expands to more than can be taken. Save the one sheet as CSV."))
            for each in members:
                _require_no_declarations(archive, each)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        if isinstance(error, UploadRefused):
            raise
        raise UploadRefused(_("The workbook is damaged or encrypted. Save it again without a password.")) from error


def _require_no_declarations(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """A workbook needs no document types and no entities; files that have them mean harm."""
    if not member.filename.endswith((".xml", ".rels", ".vml")):
        return
    tail = b""
    with archive.open(member) as stream:
        while piece := stream.read(1 << 20):
            if any(word in tail + piece for word in _DECLARATIONS):
                raise UploadRefused(_("The workbook declares document types, which no spreadsheet program does."))
            tail = piece[-32:]
