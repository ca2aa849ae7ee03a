"""A share of a bill with what its tariff needs besides energy."""

from __future__ import annotations

from typing import NamedTuple

from meterbook.billing.calculating import facts
from meterbook.kernel.period import Period
from meterbook.tariffs.rating.document import TariffDocument
from meterbook.tariffs.rating.needs import Needs


class Wanted(NamedTuple):
    """`cut` is the time of its intervals; `taxes` are the codes of all its versions.

    `final` is the document of the last version. `converts_gas`: its volume is priced as energy. `parts` are the
    times of its tariff versions.
    """

    share: facts.Share
    point: facts.Point
    cut: Period
    needs: Needs
    final: TariffDocument
    taxes: frozenset[str] = frozenset()
    converts_gas: bool = False
    parts: tuple[Period, ...] = ()
