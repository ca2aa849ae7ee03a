"""What planning a run anew changes, or would change, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import ngettext

from meterbook.billing import operations as billing_operations
from meterbook.web.templatetags import meterbook as tags

NAMED = 10  # accounts; the others are counted


def sentences(planned: billing_operations.Planned) -> list[str]:
    """This will return a sentence for each kind of change, or why nothing can be planned; empty: nothing changes."""
    if planned.obstacle:
        return [planned.obstacle]
    came, gone, changed = planned.came, planned.gone, planned.changed
    told = (
        (came, ngettext("%(count)s account is new: %(named)s.", "%(count)s accounts are new: %(named)s.", len(came))),
        (gone, ngettext("%(count)s account is gone: %(named)s.", "%(count)s accounts are gone: %(named)s.", len(gone))),
        (
            changed,
            ngettext(
                "%(count)s account pays for other days, meters or tariffs: %(named)s.",
                "%(count)s accounts pay for other days, meters or tariffs: %(named)s.",
                len(changed),
            ),
        ),
    )
    return [words % {"count": tags.number(len(own)), "named": _named(own)} for own, words in told if own]


def _named(numbers: Sequence[str]) -> str:
    return ", ".join([*numbers[:NAMED], *(["…"] if len(numbers) > NAMED else [])])
