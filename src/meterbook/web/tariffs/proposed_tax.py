"""The tax that a new tariff starts with: as the organization taxes already, else as is usual at the site, else none."""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from meterbook.rules import usual_taxes
from meterbook.tariffs import queries as tariff_queries
from meterbook.web.tariffs import views
from meterbook.web.tariffs.editor import naming

WATER_UNIT = "M3"


def propose(
    *, unit: str, zones: Collection[str], known: Sequence[tariff_queries.TariffRow]
) -> tuple[list[dict[str, Any]], str]:
    """This will return the taxes of a tariff to start from, and where they come from in words.

    :param unit: what the tariff prices: M3 is water
    :param zones: time zones of the sites that it may be for
    :param known: the tariffs of the organization; the newest of the same unit is followed, and one without tax in any
    """
    pairs = [(row, version) for row in known if (version := row.current or row.draft)]
    newest = sorted(pairs, key=lambda pair: pair[0].id, reverse=True)
    alike = [pair for pair in newest if pair[1].raw.get("unit") == unit]
    followed = alike[:1] or [pair for pair in newest[:1] if not pair[1].raw.get("taxes")]
    if followed:
        row, version = followed[0]
        name = views.said(row.names, (translation.get_language() or "en")[:2])
        return copy.deepcopy(version.raw.get("taxes") or []), _("As in the tariff %(name)s.") % {"name": name}
    rates = {usual_taxes.rate_of(zone=zone, is_water=unit == WATER_UNIT) for zone in zones}
    rate = rates.pop() if len(rates) == 1 else None
    if rate is None:
        return [], _("Nothing is proposed here: add the tax if you charge one.")
    tax = {"code": "vat", "name": dict(naming.TAX), "rate": str(rate)}
    return [tax], _("Usual in this country. Take it out if you charge none, and ask your tax adviser.")
