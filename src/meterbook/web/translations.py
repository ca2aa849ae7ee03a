"""Compiles the catalogs of translations: `python -m meterbook.web.translations compile`. No gettext tools are needed.

`check` names what a catalog lacks. New texts are collected by `django-admin makemessages` (docs/howto/translate.md).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from babel.messages import mofile, pofile
from babel.messages.catalog import Catalog, Message

LOCALE = Path(__file__).parent.parent / "locale"


def catalogs() -> list[Path]:
    """This will return the source of every catalog."""
    return sorted(LOCALE.glob("*/LC_MESSAGES/*.po"))


def read(source: Path) -> Catalog:
    """This will read one catalog."""
    with source.open("rb") as lines:
        return pofile.read_po(lines, locale=source.parent.parent.name)


def compile_catalogs() -> list[Path]:
    """This will write the compiled catalog beside each source and return what was written."""
    written = []
    for source in catalogs():
        target = source.with_suffix(".mo")
        with target.open("wb") as output:
            mofile.write_mo(output, read(source))
        written.append(target)
    return written


def lacking(source: Path) -> Iterator[str]:
    """This will name the texts of a catalog that have no translation, or one that waits for a person's eye."""
    for message in read(source):
        if message.id and (message.fuzzy or not _is_whole(message)):
            yield str(message.id[0] if isinstance(message.id, (tuple, list)) else message.id)


def main(arguments: Sequence[str]) -> int:
    """This will run one of the two commands and return the exit code."""
    if arguments == ["compile"]:
        for target in compile_catalogs():
            print(target.relative_to(LOCALE.parent))
        return 0
    if arguments == ["check"]:
        missing = [f"{source.parent.parent.name}: {text}" for source in catalogs() for text in lacking(source)]
        print("\n".join(missing) or "complete")
        return 1 if missing else 0
    print("Say compile or check.", file=sys.stderr)
    return 2


def _is_whole(message: Message) -> bool:
    strings = message.string if isinstance(message.string, (tuple, list)) else [message.string]
    return all(strings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
