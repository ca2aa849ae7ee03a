"""Rules of law that limit how a cost may be divided. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from meterbook.billing.pools.definition import Division, Key, Part, Rule

LEAST_BY_AREA, MOST_BY_AREA = 30, 50  # percent; the rest goes by use


def keeps(rule: Rule, parts: Sequence[Part], division: Division) -> bool:
    """This will tell whether parts are as a rule wants them.

    Heating costs: 30 to 50 percent by area and the other 50 to 70 by use, as one sum: 40 and 60 are, 25 and 75 are not.
    """
    if rule is Rule.NONE:
        return True
    percents: dict[Key, Fraction] = {}
    for each in parts:
        percents[each.key] = percents.get(each.key, Fraction(0)) + each.percent
    is_split = set(percents) == {Key.AREA, Key.USAGE} and division is Division.TOGETHER
    return is_split and LEAST_BY_AREA <= percents[Key.AREA] <= MOST_BY_AREA
