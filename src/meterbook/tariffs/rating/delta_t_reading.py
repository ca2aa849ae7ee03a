"""Read the rule by which a low temperature difference is priced."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from meterbook.kernel import water
from meterbook.tariffs.rating.delta_t_terms import Counted, DeltaRule, DeltaT
from meterbook.tariffs.rating.problems import Note
from meterbook.tariffs.rating.problems import gettext_noop as _

_NEEDED = {DeltaRule.STEPS: "steps", DeltaRule.VOLUME_ABOVE: "target"}
_POSSIBLE = {
    DeltaRule.STEPS: {"steps", "step", "count", "decimals"},
    DeltaRule.VOLUME_ABOVE: {"target", "decimals"},
}
_ALWAYS = {"rule", "least_usage", "density", "specific_heat"}


def delta_t(place: str, raw: Mapping[str, Any], note: Note) -> DeltaT | None:
    """This will read the `delta_t` of a LOW_DELTA_T component.

    :param place: the component's
    :param note: told of each problem
    """
    given = raw.get("delta_t")
    if given is None:
        return None
    rule, here = DeltaRule(given["rule"]), f"{place}.delta_t"
    if _NEEDED[rule] not in given:
        note(here, _("“%(key)s” is missing"), key=_NEEDED[rule])
    for key in sorted(given.keys() - _POSSIBLE[rule] - _ALWAYS):
        note(f"{here}.{key}", _("the rule %(rule)s has no %(key)s"), rule=rule, key=key)
    needed, other = ("price", "components") if rule is DeltaRule.VOLUME_ABOVE else ("components", "price")
    if needed not in raw or other in raw:
        note(place, _("the rule %(rule)s needs %(key)s, and no %(other)s"), rule=rule, key=needed, other=other)
    for index, (before, each) in enumerate(itertools.pairwise(given.get("steps", [])), 1):
        if Decimal(each["below"]) >= Decimal(before["below"]):
            words = _("%(limit)s is not below %(before)s")
            note(f"{here}.steps[{index}].below", words, limit=each["below"], before=before["below"])
    return DeltaT(
        rule=rule,
        target=Decimal(given.get("target", "0")),
        steps=tuple((Decimal(each["below"]), Decimal(each["percent"])) for each in given.get("steps", [])),
        step=Decimal(given.get("step", "1")),
        counted=Counted(given.get("count", Counted.BEGUN)),
        decimals=given.get("decimals", 1),
        least_usage=Decimal(given.get("least_usage", "0")),
        density=Decimal(given.get("density", water.DENSITY)),
        specific_heat=Decimal(given.get("specific_heat", water.SPECIFIC_HEAT)),
    )
