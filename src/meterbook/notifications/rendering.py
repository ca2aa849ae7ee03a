"""What messages say: files by version, language and kind (`texts/<version>/<language>/<KIND>.txt`).

A file has head lines (`Subject:`, `Button:`), an empty line, and paragraphs. From the one file come the text, the HTML
and what Telegram shows, so that they cannot say different things. A version that was used stays: messages wait for
days.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.template import Context, Engine

from meterbook.notifications import values

FOLDER = Path(__file__).parent / "texts"
VERSION = "1"
BREAKS = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class Rendered:
    """A message in words."""

    subject: str
    text: str
    html: str


def language_of(wanted: str) -> str:
    """This will return the language that messages have for a wanted one: "es-MX" is "es", an unknown one English."""
    code = wanted.partition("-")[0].lower()
    return code if code in values.LANGUAGES else values.LANGUAGES[0]


def render(*, kind: values.Kind, language: str, version: str, facts: Mapping[str, str]) -> Rendered:
    """This will put the facts into the words of a kind.

    :param facts: `organization`, what the kind needs, and `link` and `unsubscribe` where there are such
    """
    head, body = _parts(_fill(f"{version}/{language}/{kind.value}.txt", facts))
    footer = " ".join(_fill(f"{version}/{language}/_footer.txt", facts).split())
    link, button = facts.get("link", ""), head.get("Button", "")
    pieces = [body, f"{button}:\n{link}" if link else "", footer]
    html = _fill(
        f"{version}/_mail.html",
        {
            "language": language,
            "subject": head["Subject"],
            "paragraphs": [each.split("\n") for each in body.split("\n\n")],
            "link": link,
            "button": button,
            "footer": footer,
        },
        is_html=True,
    )
    return Rendered(head["Subject"], "\n\n".join(each for each in pieces if each) + "\n", html)


def _parts(text: str) -> tuple[dict[str, str], str]:
    head, _, body = text.partition("\n\n")
    named = (line.partition(":") for line in head.splitlines() if line.strip())
    fields = {name.strip(): " ".join(words.split()) for name, _, words in named}
    return fields, BREAKS.sub("\n\n", body).strip()


def _fill(name: str, facts: Mapping[str, object], *, is_html: bool = False) -> str:
    # Facts come from names that people typed: none of them may begin a line of the head or a paragraph.
    plain = {key: " ".join(value.split()) if isinstance(value, str) else value for key, value in facts.items()}
    return _engine(is_html).get_template(name).render(Context(plain, autoescape=is_html))


@functools.cache
def _engine(is_html: bool) -> Engine:
    return Engine(dirs=[str(FOLDER)], autoescape=is_html)
