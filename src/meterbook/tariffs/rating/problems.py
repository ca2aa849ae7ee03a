"""What can be wrong with a tariff document, and with rating by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


def gettext_noop(template: str) -> str:
    """This will return the template as it is: it only marks it for the catalogs, as rating knows no Django."""
    return template


@dataclass(frozen=True)
class Problem:
    """A place in the document, such as `components[1].tiers[0].up_to`, and what to do about it.

    The template is English and the key of its translation; the data fill it in any language.
    """

    place: str
    template: str
    data: Mapping[str, object] = field(default_factory=dict, hash=False)

    @property
    def words(self) -> str:
        """What to do, in English."""
        return self.template % self.data

    def __str__(self) -> str:
        return f"{self.place}: {self.words}" if self.place else self.words


class Note(Protocol):
    """Told of a problem: its place, a template, and the data of the template."""

    def __call__(self, place: str, template: str, /, **data: object) -> None: ...


def of_words(place: str, words: str) -> Problem:
    """This will return a problem in the words of others, which have no template here."""
    return Problem(place, "%(words)s", {"words": words})


class TariffInvalid(ValueError):
    """The tariff document cannot be used; each problem names its place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))


class UsageMisfit(ValueError):
    """The usage cannot be rated by this tariff: another unit, another period, or missing parts."""
