"""When a charge is due at all, and what power above a contract costs, in the form."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from meterbook.web.tariffs.editor import fields
from meterbook.web.tariffs.editor.fields import Field, Node
from meterbook.web.tariffs.editor.inner import Inner, Item


def of(path: str, node: Node, seasons: Sequence[tuple[str, str]], unit: str) -> list[Field]:
    """This will return for which seasons and at which use a charge for energy, or a fixed one, is due."""
    used = Inner(node, "only_if")
    return [
        *of_seasons(path, node, seasons),
        fields.OptionalAmount(
            f"{path}.only_if.usage_above",
            _("Only at a use above"),
            used,
            "usage_above",
            unit=unit,
            help=_("What the whole bill used; empty: at any use."),
            is_further=True,
        ),
        fields.OptionalAmount(
            f"{path}.only_if.usage_up_to",
            _("Only at a use up to"),
            used,
            "usage_up_to",
            unit=unit,
            is_further=True,
        ),
    ]


def of_seasons(path: str, node: Node, seasons: Sequence[tuple[str, str]]) -> list[Field]:
    """This will return for which seasons a charge is due; nothing where the year has none."""
    if not seasons and "seasons" not in node:
        return []
    return [fields.ChecksOrAll(f"{path}.seasons", _("In the seasons"), node, "seasons", choices=tuple(seasons))]


def of_excess(path: str, terms: Node, per_kilowatt: str) -> list[Field]:
    """This will return what power above a contract costs, with an empty step to fill, and for which time."""
    contracted = Inner(terms, "contracted")
    listed = contracted.get("excess", [])
    found: list[Field] = []
    for number in range(max(1, len(listed) + 1 if isinstance(listed, list) else 1)):
        found += _excess(
            f"{path}.contracted.excess[{number}]",
            Item(contracted, "excess", number),
            per_kilowatt,
            is_further=number > 0,
        )
    times = (("PERIOD", _("each bill")), ("MONTH", _("each month")), ("DAY", _("each day")))
    label = _("The price is for")
    return [*found, fields.Choice(f"{path}.per", label, terms, "per", choices=times, default="PERIOD")]


def _excess(here: str, excess: Node, per_kilowatt: str, *, is_further: bool) -> list[Field]:
    words = _("Each kW above it costs the price beside, and the usual one no more. Empty: none.")
    return [
        fields.OptionalAmount(
            f"{here}.above_percent",
            _("Above this share of what is contracted"),
            excess,
            "above_percent",
            unit="%",
            help=words,
            is_further=is_further,
        ),
        fields.OptionalAmount(
            f"{here}.price",
            _("Price of power above it"),
            excess,
            "price",
            unit=per_kilowatt,
            is_further=is_further,
        ),
    ]
