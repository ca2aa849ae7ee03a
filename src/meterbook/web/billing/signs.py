"""Signs that the typeface of documents does not have: told before a bill is printed, and when a name is saved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.utils.translation import gettext as _

from meterbook.billing import queries as billing_queries
from meterbook.billing.values import RunState
from meterbook.documents.rendering import compiler
from meterbook.web import access

MOST_READ, MOST_NAMED, MOST_SIGNS = 10_000, 5, 40
_SHOWN = (RunState.REVIEW, RunState.CLOSED)


@dataclass(frozen=True)
class Missing:
    """The signs, each once; `where` names accounts, `others` says that there are more of them."""

    signs: str
    where: tuple[str, ...] = ()
    others: bool = False


def of_run(run: billing_queries.RunRow) -> Missing | None:
    """This will tell which signs of customers' names and addresses cannot be printed; None where all can."""
    if run.state not in _SHOWN:
        return None
    names = billing_queries.printed_of_run(run_public_id=run.public_id, most=MOST_READ)
    found = [
        (number, signs) for number, *texts in names if (signs := compiler.missing("".join([*texts, run.site_name])))
    ]
    if not found:
        return None
    where = tuple(number for number, _signs in found)
    return Missing(_together(signs for _number, signs in found), where[:MOST_NAMED], others=len(where) > MOST_NAMED)


def of_content(content: Mapping[str, Any]) -> Missing | None:
    """This will tell which signs of a bill cannot be printed; None where all can."""
    signs = _together(compiler.missing(each) for each in _texts(content))
    return Missing(signs) if signs else None


def warn(request: access.Request, *texts: str) -> None:
    """This will say on the next page that signs of what was saved cannot be printed; it is saved all the same."""
    if signs := _together(map(compiler.missing, texts)):
        words = _("These signs cannot be printed: %(signs)s On bills and labels a square stands in their place.")
        messages.warning(request, words % {"signs": signs})


def _together(found: Iterable[str]) -> str:
    signs = list(dict.fromkeys("".join(found)))
    return " ".join([*signs[:MOST_SIGNS], *(["…"] if len(signs) > MOST_SIGNS else [])])


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - a tree of JSON
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, Sequence):
        for each in value:
            yield from _texts(each)
