"""Message catalogs without GNU gettext: `python -m tools.catalog extract | compile`.

Extraction reads the product's Python and, through Django's own reader of templates, its templates.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages import extract, mofile, pofile
from babel.messages.catalog import Catalog, Message
from django.utils.translation import template

from tools.lint.findings import ROOT

SOURCE = ROOT / "src"
LOCALES = ROOT / "src/meterbook/locale"
LANGUAGES = ("es",)
DAY = datetime(2026, 1, 1, tzinfo=UTC)
KEYWORDS = {
    **extract.DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "npgettext": ((1, "c"), 2, 3),
    "pgettext_lazy": ((1, "c"), 2),
}


def path_of(language: str) -> Path:
    """This will return where a language's catalog lies."""
    return LOCALES / language / "LC_MESSAGES" / "django.po"


def texts() -> Iterator[tuple[str, int, str | tuple[str, ...], list[str], str | None]]:
    """This will give every translatable text: file, line, text (or singular and plural), comments, context."""
    for path in sorted(SOURCE.rglob("*")):
        if path.suffix not in {".py", ".html", ".txt"} or "static" in path.parts or "migrations" in path.parts:
            continue
        content = path.read_text(encoding="utf-8")
        if path.suffix != ".py":
            if "{%" not in content:
                continue
            content = template.templatize(content, origin=str(path))
        name = path.relative_to(ROOT).as_posix()
        found = extract.extract("python", io.BytesIO(content.encode()), KEYWORDS, comment_tags=("Translators",))
        for line, message, comments, context in found:
            yield name, line, message, comments, context


def collect() -> Catalog:
    """This will make the template catalog of the present tree, without lines: it changes only with the texts."""
    catalog = Catalog(project="Meterbook", version="1", charset="utf-8")
    for name, _line, message, comments, context in texts():
        catalog.add(message, None, [(name, 0)], auto_comments=comments, context=context)
    return catalog


def load(language: str) -> Catalog:
    """This will read a language's catalog."""
    with path_of(language).open("rb") as file:
        return pofile.read_po(file, locale=language)


def missing(language: str) -> list[Message]:
    """This will return the texts of the tree that the language has no finished translation for."""
    translated = load(language)
    found = []
    for message in collect():
        known = translated.get(message.id, message.context) if message.id else None
        if message.id and (known is None or known.fuzzy or not _is_complete(known)):
            found.append(message)
    return found


def update() -> None:
    """This will bring every language's catalog in step with the tree; new texts are empty, gone ones are dropped."""
    for language in LANGUAGES:
        path = path_of(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        catalog = load(language) if path.exists() else Catalog(locale=language)
        catalog.update(collect(), no_fuzzy_matching=True)
        catalog.obsolete.clear()
        # A fixed head: the file changes only when texts do.
        catalog.header_comment = "# Texts of Meterbook; `make messages` brings them in step with the code."
        catalog.creation_date = catalog.revision_date = DAY
        catalog.fuzzy = False
        with path.open("wb") as file:
            pofile.write_po(file, catalog, width=120, sort_output=True, include_lineno=False, omit_header=False)


def build() -> None:
    """This will write the binary catalogs that the product reads."""
    for path in sorted(LOCALES.rglob("*.po")):
        language = path.relative_to(LOCALES).parts[0]
        with path.open("rb") as source, path.with_suffix(".mo").open("wb") as target:
            mofile.write_mo(target, pofile.read_po(source, locale=language))


def _is_complete(message: Message) -> bool:
    parts = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return bool(parts) and all(parts)


if __name__ == "__main__":
    {"extract": update, "compile": build}[sys.argv[1]]()
