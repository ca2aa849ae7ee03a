"""Views of lists that a person keeps under a name. They are only the person's own; all functions need a scope.

Sharing one means sending its address. Nothing that others see depends on them, so they leave no audit record.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from meterbook.foundation import operation, scoping
from meterbook.identity import models

LONGEST_NAME = 80
LONGEST_QUERY = 2_000
MOST_VIEWS = 50  # of one person on one page


@dataclass(frozen=True)
class SavedViewRow:
    """A kept view: `query` is what stands behind the question mark of its address."""

    public_id: uuid.UUID
    name: str
    query: str


class ViewNotFound(LookupError):
    """You have no such view; it may have been deleted on another page."""


class ViewUnusable(ValueError):
    """A view needs a name of at most 80 characters that no other has, and must not be too long."""


def list_views(*, user_id: int, page: str) -> tuple[SavedViewRow, ...]:
    """This will return the views that a person keeps of a page, by name."""
    found = _mine(user_id).filter(page=page).order_by("name", "id")
    return tuple(SavedViewRow(each.public_id, each.name, each.query) for each in found)


@operation.operation
def save_view(*, user_id: int, page: str, name: str, query: str) -> SavedViewRow:
    """This will keep a view of a page under a name; one that has this name already is replaced.

    :raises ViewUnusable: when the name or the query is empty or too long, or the person has 50 already
    """
    words = _checked(name)
    if len(query) > LONGEST_QUERY:
        raise ViewUnusable(_("This view asks for too much; take some filters away."))
    kept = _mine(user_id).filter(page=page)
    found = kept.filter(name=words).first()
    if found is None and kept.count() >= MOST_VIEWS:
        raise ViewUnusable(_("You keep %(count)s views already; delete one first.") % {"count": MOST_VIEWS})
    saved, _is_new = models.SavedView.objects.update_or_create(
        organization_id=scoping.current().organization_id,
        user_id=user_id,
        page=page,
        name=words,
        defaults={"query": query},
    )
    return SavedViewRow(saved.public_id, saved.name, saved.query)


@operation.operation
def rename_view(*, user_id: int, public_id: uuid.UUID, name: str) -> None:
    """This will give one's view another name.

    :raises ViewNotFound: when the person has no such view
    :raises ViewUnusable: when the name is empty, too long, or taken
    """
    words = _checked(name)
    found = _get(user_id, public_id)
    found.name = words
    try:
        with transaction.atomic():
            found.save(update_fields=["name"])
    except IntegrityError as error:
        raise ViewUnusable(_("You have a view “%(name)s” already; take another name.") % {"name": words}) from error


@operation.operation
def delete_view(*, user_id: int, public_id: uuid.UUID) -> None:
    """This will delete one's view.

    :raises ViewNotFound: when the person has no such view
    """
    _get(user_id, public_id).delete()


def _checked(name: str) -> str:
    words = " ".join(name.split())
    if not words:
        raise ViewUnusable(_("Give the view a name."))
    if len(words) > LONGEST_NAME:
        raise ViewUnusable(_("Take a name of at most %(count)s characters.") % {"count": LONGEST_NAME})
    return words


def _get(user_id: int, public_id: uuid.UUID) -> models.SavedView:
    found = _mine(user_id).filter(public_id=public_id).first()
    if found is None:
        raise ViewNotFound(_("You have no such view; it may have been deleted on another page."))
    return found


def _mine(user_id: int) -> QuerySet[models.SavedView]:
    return models.SavedView.objects.filter(organization_id=scoping.current().organization_id, user_id=user_id)
