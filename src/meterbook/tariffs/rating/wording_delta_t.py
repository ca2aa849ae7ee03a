"""What a low temperature difference costs, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from meterbook.tariffs.rating.delta_t_terms import Counted, DeltaRule
from meterbook.tariffs.rating.document import Component
from meterbook.tariffs.rating.plain import written
from meterbook.tariffs.rating.problems import gettext_noop as _

_COUNTED = {
    Counted.BEGUN: _("%(percent)s %% for each %(step)s K begun below %(below)s K."),
    Counted.FULL: _("%(percent)s %% for each full %(step)s K below %(below)s K."),
    Counted.PROPORTION: _("%(percent)s %% for each %(step)s K below %(below)s K, parts in proportion."),
}


def sentences(component: Component) -> Iterator[tuple[str, Mapping[str, object]]]:
    """This will yield templates with what fills them."""
    terms = component.delta_t
    if terms is None:
        return
    data: dict[str, object] = {"density": written(terms.density), "heat": written(terms.specific_heat)}
    yield _("The mean difference is energy / (volume × %(density)s kg/m³ × %(heat)s kJ/(kg K))."), data
    if terms.rule is DeltaRule.VOLUME_ABOVE:
        data = {"price": written(component.price), "target": written(terms.target)}
        yield _("%(price)s for each m³ above what the energy needs at %(target)s K."), data
    for below, percent in terms.steps:
        data = {"percent": written(percent), "step": written(terms.step), "below": written(below)}
        yield _COUNTED[terms.counted], data
    if terms.least_usage:
        yield _("Nothing below a use of %(units)s."), {"units": written(terms.least_usage)}
