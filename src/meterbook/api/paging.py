"""Pages by cursor: a page begins behind the item that ended the one before, whatever came in between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from django.core import signing
from django.http import HttpRequest
from django.utils.translation import gettext as _

from meterbook.api import problems, values

Item = TypeVar("Item")
Row = TypeVar("Row")
LIMIT = 50
_SALT = "meterbook.api.cursor"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Page(values.Told, Generic[Item]):
    """A page of a list; `next` is the cursor of the following page, null at the end."""

    items: list[Item]
    next: str | None


def after(request: HttpRequest, cursor: str | None) -> int:
    """This will return the key behind which the page begins; 0 is the beginning.

    :raises problems.Problem: when the cursor was not made for this list
    """
    if not cursor:
        return 0
    try:
        return int(signing.loads(cursor, salt=_salt(request)))
    except (signing.BadSignature, ValueError, TypeError) as error:
        words = _("This cursor belongs to no page of this list; begin without one.")
        raise problems.invalid("/query/cursor", words, code="cursor") from error


def page(request: HttpRequest, rows: Sequence[tuple[int, Row]], limit: int, tell: Callable[[Row], Item]) -> Page[Item]:
    """This will make a page of rows with their keys, in order; one row more than the limit says that there are more."""
    shown = rows[:limit]
    more = seal(request, shown[-1][0]) if len(rows) > limit and shown else None
    return Page(items=[tell(row) for _key, row in shown], next=more)


def cut(
    request: HttpRequest,
    rows: Iterable[Row],
    *,
    key: Callable[[Row], int],
    cursor: str | None,
    limit: int,
    tell: Callable[[Row], Item],
) -> Page[Item]:
    """This will make a page of a list that is short enough to be read whole, in the order of its keys."""
    begin = after(request, cursor)
    keyed = sorted((key(row), number, row) for number, row in enumerate(rows) if key(row) > begin)
    return page(request, [(place, row) for place, _number, row in keyed[: limit + 1]], limit, tell)


def seal(request: HttpRequest, key: int) -> str:
    """This will return a key as a cursor of this list."""
    return signing.dumps(key, salt=_salt(request))


def microseconds(at: datetime) -> int:
    """This will return an instant as a key: microseconds since 1970."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def moment(key: int) -> datetime:
    """This will return the instant of a key."""
    return _EPOCH + timedelta(microseconds=key)


def _salt(request: HttpRequest) -> str:
    return f"{_SALT}:{request.path}"
