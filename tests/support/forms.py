"""Reads the forms of pages, so that they can be sent as a browser would send them, and otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

Attributes = dict[str, str | None]
NEVER_SENT = {"csrfmiddlewaretoken"}


@dataclass
class Form:
    """A form that is sent with POST: where to, and what stands in its fields; `files` are names of file fields.

    `kinds` are the types of the inputs by name: "email", "date", "text".
    """

    path: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)


def of_page(path: str, text: str) -> list[Form]:
    """This will return the forms of a page that change something."""
    reader = _Reader(path)
    reader.feed(text)
    return reader.found


class _Reader(HTMLParser):
    """Keeps the form that is open, and the choice or area that is open in it."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.page = path
        self.found: list[Form] = []
        self.form: Form | None = None
        self.choice, self.area = "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """This will take a form, or a field of the one that is open."""
        given = dict(attrs)
        if tag == "form" and (given.get("method") or "").lower() == "post":
            self.form = Form(urljoin(self.page, given.get("action") or self.page))
            self.found.append(self.form)
        name = given.get("name") or ""
        if self.form is None or (name in NEVER_SENT):
            return
        if tag in {"input", "button"} and name:
            self._take(self.form, name, given)
        elif tag == "textarea" and name:
            self.area = name
            self.form.fields.setdefault(name, [""])
            self.form.kinds[name] = "text"
        elif tag == "select" and name:
            self.choice = name
            self.form.fields.setdefault(name, [])
        elif tag == "option" and self.choice:
            held = self.form.fields[self.choice]
            if not held or held == [""] or "selected" in given:
                self.form.fields[self.choice] = [given.get("value") or ""]

    def handle_data(self, data: str) -> None:
        """This will take what stands in an area."""
        if self.form is not None and self.area:
            self.form.fields[self.area] = [self.form.fields[self.area][0] + data]

    def handle_endtag(self, tag: str) -> None:
        """This will close what ends."""
        if tag == "form":
            self.form = None
        elif tag == "textarea":
            self.area = ""
        elif tag == "select":
            self.choice = ""

    def _take(self, form: Form, name: str, given: Attributes) -> None:
        kind, value = given.get("type") or "", given.get("value") or ""
        if kind == "file":
            form.files.add(name)
        elif kind in {"checkbox", "radio"}:
            held = form.fields.setdefault(name, [])
            if "checked" in given:
                held.append(value or "on")
        else:
            form.fields.setdefault(name, []).append(value)
            form.kinds[name] = kind or "text"
