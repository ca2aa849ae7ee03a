"""A quantity that follows from what is measured, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from meterbook.tariffs.rating.plain import written
from meterbook.tariffs.rating.problems import gettext_noop as _
from meterbook.tariffs.rating.terms import Linked


def sentences(linked: Linked) -> Iterator[tuple[str, Mapping[str, object]]]:
    """This will yield templates with what fills them, in the order of the calculation."""
    if linked.less:
        yield _("Less what the meters count that the field “%(field)s” names."), {"field": linked.less}
    if linked.winter is not None:
        months = ", ".join(str(each) for each in sorted(linked.winter.months))
        data = {"percent": written(linked.winter.percent), "months": months}
        yield _("At most %(percent)s %% of the use a day in the months %(months)s."), data
    if linked.unit is not None:
        yield _("Times %(factor)s, in %(unit)s."), {"factor": written(linked.factor), "unit": linked.unit.symbol}
    else:
        yield _("Times %(factor)s."), {"factor": written(linked.factor)}
    if linked.most is not None:
        yield _("No more than %(units)s are billed."), {"units": written(linked.most.quantity)}
