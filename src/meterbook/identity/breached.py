"""Passwords that were found in breaches: a list that the operator provides, asked offline.

The file is the text form of Pwned Passwords, "ordered by hash": one line for each, the SHA-1 of the password in
hexadecimal digits, a colon, how often it was seen. It may have a thousand million lines: it is never read whole; each
question reads a few dozen lines, by halving.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

VARIABLE = "MB_BREACHED_PASSWORDS"
DIGITS = 40
LONGEST_LINE = 64
SAMPLES = 64
_LINE = re.compile(rb"([0-9A-Fa-f]{40})(:[0-9]{1,15})?\r?\n?")

log = logging.getLogger(__name__)


class ListUnusable(ValueError):
    """The list cannot be used; the message says what is wrong with it."""


class BreachedValidator:
    """No password that was found in a breach, where the operator has a list of them."""

    def validate(self, password: str, user: object = None) -> None:
        """This will pass a password that is not in the list. A list that cannot be read is told in the log.

        :raises ValidationError: otherwise
        """
        path = settings.BREACHED_PASSWORDS
        if not path:
            return
        try:
            is_known = contains(Path(path), password)
        except (OSError, ListUnusable) as error:
            # Who started was told already; nobody is kept from a new password because a disk is away.
            log.error("The list of breached passwords cannot be asked: %s", error)
            return
        if is_known:
            words = _("This password was found in a breach of another service, and is tried first. Take another one.")
            raise ValidationError(words, code="breached")

    def get_help_text(self) -> str:
        """This will say what the rule is; nothing without a list."""
        return _("None that was found in a breach of another service.") if settings.BREACHED_PASSWORDS else ""


def contains(path: Path, password: str) -> bool:
    """This will tell whether the list holds the password.

    :raises OSError: when it cannot be read
    :raises ListUnusable: when it meets a line that is none
    """
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with path.open("rb") as file:
        low, high = 0, os.fstat(file.fileno()).st_size
        # Invariant: the line that is wanted, if there, begins in [low, high).
        while low < high:
            middle = (low + high) // 2
            begins, line = _line_from(file, middle, low)
            if line is None or begins >= high:
                high = middle
                continue
            found = _hash(line, path)
            if found == wanted:
                return True
            if found < wanted:
                low = begins + len(line)
            else:
                high = middle
    return False


def check(path: Path) -> None:
    """This will pass a list that can be asked: readable, of that form, in order as far as 64 lines of it tell.

    :raises ListUnusable: otherwise
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size == 0:
                raise ListUnusable(f"{path} is empty. {VARIABLE} names a list of SHA-1 hashes, ordered by hash.")
            before = b""
            for number in range(SAMPLES):
                _begins, line = _line_from(file, size * number // SAMPLES, 0)
                found = before if line is None else _hash(line, path)
                if found < before:
                    raise ListUnusable(
                        f"{path} is not ordered by hash. Take the list “ordered by hash”, or sort it: LC_ALL=C sort."
                    )
                before = found
    except OSError as error:
        raise ListUnusable(f"{path} cannot be read: {error.strerror}. Correct {VARIABLE}.") from error


def _line_from(file: BinaryIO, place: int, low: int) -> tuple[int, bytes | None]:
    """The first line that begins at or behind a place, and where; None: there is none. A line begins at `low`."""
    if place > low:
        file.seek(place - 1)
        place += len(file.readline(LONGEST_LINE)) - 1
    file.seek(place)
    return place, file.readline(LONGEST_LINE) or None


def _hash(line: bytes, path: Path) -> bytes:
    found = _LINE.fullmatch(line)
    if found is None:
        raise ListUnusable(
            f"{path} holds a line that is no SHA-1 hash and number, such as"
            " 5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8:9545824. Take the text form, ordered by hash."
        )
    return found[1].upper()
