"""Fields of a document as a whole that have two readings: windows after midnight, a change within a billing period."""

from __future__ import annotations

from django.utils.translation import gettext as _

from meterbook.web.tariffs.editor import fields
from meterbook.web.tariffs.editor.fields import Field
from meterbook.web.tariffs.editor.further_fields import including
from meterbook.web.tariffs.editor.inner import Inner
from meterbook.web.tariffs.editor.loose import Raw


def of(raw: Raw) -> list[Field]:
    """This will return how hours after midnight are read, and what a new version within a billing period does."""
    change = Inner(raw, "change")
    midnight = (
        ("OWN_DATE", _("have the day type of their own date")),
        ("START_DATE", _("have that of the evening before")),
    )
    tiers = (("PRORATE", _("each version has steps for its days")), ("CUMULATIVE", _("the steps go on")))
    demand = (
        ("BY_DAYS", _("each version by its days")),
        ("WHOLE", _("the new version for the whole period")),
    )
    listed = (
        ("midnight", raw, "midnight", _("Hours after midnight of a window"), midnight),
        ("change.tiers", change, "tiers", _("Steps, when a version begins within a bill"), tiers),
        ("change.demand", change, "demand", _("Power, when a version begins within a bill"), demand),
    )
    return [
        fields.Choice(
            path,
            label,
            node,
            key,
            choices=including(node.get(key, choices[0][0]), choices),
            default=choices[0][0],
            is_further=True,
        )
        for path, node, key, label, choices in listed
    ]
