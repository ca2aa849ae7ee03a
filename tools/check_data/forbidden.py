"""Files of the data folder that may be used to check but not to ship: none of them, and no longer part, is in the tree.

The folder's SOURCES.md marks them in its tables: licence A (none stated) or R (copyleft).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import itertools
import re
import subprocess
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SOURCES = "SOURCES.md"
LICENCE = re.compile(r"^\*{0,2}([GAR])\*{0,2}(?:\s|$)")
WORDS = re.compile(r"[^\W_]+|[^\s\w]")
WINDOW = 12  # words in a fingerprint
KEPT = 8  # one in so many fingerprints is compared
DISTINCT = 7  # a window of fewer different words says nothing (zeros, rules, brackets)
SHARED = 8  # fingerprints in common that cannot be chance
LONG_LINE = 60  # characters
SHARED_LINES = 5


class SourcesUnreadable(ValueError):
    """SOURCES.md has no table with a licence column; give the folder that holds the reference data."""


@dataclass(frozen=True)
class Part:
    """The content of a file, or of a file inside an archive."""

    name: str
    content: bytes

    @property
    def digest(self) -> str:
        """This will return the SHA-256 of the content."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def text(self) -> str:
        """This will return the content as text, or "" when it is none."""
        if b"\0" in self.content[:4096]:
            return ""
        return self.content.decode("utf-8", errors="replace")


def forbidden_files(folder: Path) -> dict[Path, str]:
    """This will return the files present whose row in SOURCES.md is marked A or R, with that letter.

    :raises SourcesUnreadable: when there is no such file, or no table in it
    """
    path = folder / SOURCES
    if not path.is_file():
        raise SourcesUnreadable(f"{path}: there is no such file. {SourcesUnreadable.__doc__}")
    found: dict[Path, str] = {}
    rows = 0
    subfolders = [folder]
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            subfolders = [folder / name for name in re.findall(r"([\w-]+)/", line)] or [folder]
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        letter = next((match[1] for cell in cells[1:] if (match := LICENCE.match(cell))), None)
        if letter is None:
            continue
        rows += 1
        if letter in "AR":
            for pattern in _patterns(cells[0]):
                found |= {each: letter for sub in subfolders for each in sub.glob(pattern) if each.is_file()}
    if not rows:
        raise SourcesUnreadable(f"{path}: {SourcesUnreadable.__doc__}")
    return found


def tree_files(root: Path) -> list[Path]:
    """This will return the files that are, or could be, committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True).stdout  # noqa: S603 - fixed command
    return sorted({root / name for name in listed.decode().split("\0") if name and (root / name).is_file()})


def compare(forbidden: dict[Path, str], ours: list[Path], root: Path) -> list[str]:
    """This will return a message for each file of ours that is, or holds a longer part of, a forbidden one."""
    mine = [(path.relative_to(root).as_posix(), part) for path in ours for part in parts(path)]
    digests = {part.digest: name for name, part in mine}
    prints = [(name, fingerprints(part.text), long_lines(part.text)) for name, part in mine]
    problems = []
    for path, letter in sorted(forbidden.items()):
        for part in parts(path):
            if not part.content.strip():
                continue
            if part.digest in digests:
                problems.append(f"{digests[part.digest]} is {part.name} (marked {letter}). Remove it.")
                continue
            theirs, lines = fingerprints(part.text), long_lines(part.text)
            problems += [
                f"{name} holds parts of {part.name} (marked {letter}). Remove them."
                for name, own, own_lines in prints
                if len(own & theirs) >= SHARED or len(own_lines & lines) >= SHARED_LINES
            ]
    return problems


def parts(path: Path) -> Iterator[Part]:
    """This will give the file and, when it is compressed or an archive, what is inside."""
    content = path.read_bytes()
    yield Part(path.name, content)
    if path.name.endswith(".tar.gz"):
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive:
                file = archive.extractfile(member)
                if file is not None:
                    yield Part(f"{path.name}:{member.name}", file.read())
    elif path.suffix == ".gz":
        yield Part(path.name.removesuffix(".gz"), gzip.decompress(content))


def fingerprints(text: str) -> frozenset[int]:
    """This will return a sample of the hashes of all windows of words, the same sample for the same windows."""
    words = WORDS.findall(text)
    found = set()
    for window in zip(*(itertools.islice(words, start, None) for start in range(WINDOW)), strict=False):
        # The sample, and so the verdict, is the same in each run; hash() is not. 32 bits alone would collide by chance.
        if zlib.crc32(" ".join(window).encode()) % KEPT == 0 and len(set(window)) >= DISTINCT:
            found.add(hash(window))
    return frozenset(found)


def long_lines(text: str) -> frozenset[str]:
    """This will return the lines that are too long to be the same by chance."""
    return frozenset(line for each in text.splitlines() if len(line := each.strip()) >= LONG_LINE)


def _patterns(cell: str) -> list[str]:
    """`{a,b}.csv (+ x.txt)` means a.csv, b.csv; `es/*` what lies there."""
    name = cell.split(" ")[0].strip("`")
    braces = re.search(r"\{([^}]*)\}", name)
    names = [name.replace(braces[0], each) for each in braces[1].split(",")] if braces else [name]
    if re.search(r"\+ \d+ files", cell):  # the row speaks of the whole folder
        names.append(f"{name.rpartition('/')[0]}/**/*")
    extra = re.findall(r"([\w./-]+\.(?:csv|xlsx|json|gz|py|txt))", cell.partition(" ")[2])
    return [each for each in (*names, *extra) if each]
