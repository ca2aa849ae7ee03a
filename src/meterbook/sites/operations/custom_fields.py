"""The facts that an organization keeps of its places beside ours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, scoping
from meterbook.kernel import order
from meterbook.kernel.actor import Actor
from meterbook.sites import models, values


class FieldTaken(ValueError):
    """There is a field of that name already."""


class TooManyFields(ValueError):
    """A CHOICE needs choices, and there are limits to fields and choices."""


@operation.operation
def declare_field(
    *, actor: Actor, at: datetime, name: str, kind: values.FieldType, choices: Sequence[str] = ()
) -> models.CustomField:
    """This will add a field to the places of the organization.

    :param choices: of a CHOICE, in their order; not looked at for other types
    :raises FieldTaken: when there is a field of that name
    :raises TooManyFields: when there are twenty already, or a CHOICE has no choices or more than fifty
    """
    organization_id = scoping.current().organization_id
    own = models.CustomField.objects.filter(organization_id=organization_id)
    if own.count() >= values.MOST_FIELDS:
        raise TooManyFields(_("There are %(most)s fields already; remove one first.") % {"most": values.MOST_FIELDS})
    listed = list(dict.fromkeys(each.strip() for each in choices if each.strip()))
    if kind is not values.FieldType.CHOICE:
        listed = []
    elif not 1 <= len(listed) <= values.MOST_CHOICES or any(len(each) > values.FIELD_TEXT_LENGTH for each in listed):
        raise TooManyFields(_("Give one to %(most)s choices, one a line.") % {"most": values.MOST_CHOICES})
    try:
        with transaction.atomic():
            made = models.CustomField.objects.create(
                organization_id=organization_id,
                key=_free_key(name, set(own.values_list("key", flat=True))),
                name=name,
                type=kind.value,
                choices=listed,
            )
    except IntegrityError as error:
        raise FieldTaken(_("There is a field “%(name)s” already; take another name.") % {"name": name}) from error
    after = {"key": made.key, "name": name, "type": kind.value, "choices": listed}
    audit_operations.record(actor=actor, at=at, action="sites:declare_field", subject=made, before=None, after=after)
    return made


@operation.operation
def remove_field(*, actor: Actor, at: datetime, key: str) -> bool:
    """This will take a field away; what places hold in it is kept, out of sight. It answers whether it was there."""
    found = models.CustomField.objects.filter(organization_id=scoping.current().organization_id, key=key).first()
    if found is None:
        return False
    before = {"key": found.key, "name": found.name, "type": found.type, "choices": found.choices}
    audit_operations.record(actor=actor, at=at, action="sites:remove_field", subject=found, before=before, after=None)
    found.delete()
    return True


def _free_key(name: str, taken: set[str]) -> str:
    """A new field of an old name finds the old one's values again."""
    base = re.sub(r"[^a-z0-9]+", "_", order.plain(name)).strip("_")[: values.KEY_LENGTH - 4] or "field"
    if base not in taken:
        return base
    return next(key for number in range(2, 999) if (key := f"{base}_{number}") not in taken)
