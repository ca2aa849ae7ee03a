"""The columns of the meter list: which there are, which are shown, and what each gives to a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from meterbook.metering import values as metering_values
from meterbook.monitoring import queries as monitoring_queries
from meterbook.monitoring.values import Sort
from meterbook.web import tables
from meterbook.web.meters import captions, history

Row = monitoring_queries.MeterRow
NOTHING = "none"  # in an address: only the column that is always there


@dataclass(frozen=True)
class Column:
    """One column. `captions` and `cells` are those of a file: numbers and their units stand apart."""

    code: str
    caption: str | Promise
    sort: Sort | None
    kind: str
    captions: Callable[[], tuple[str, ...]]
    cells: Callable[[Row], tuple[tables.Cell, ...]]
    is_usual: bool = True


def _text(
    code: str,
    caption: str | Promise,
    sort: Sort | None,
    cell: Callable[[Row], str],
    *,
    kind: str = "hide-phone",
    is_usual: bool = True,
) -> Column:
    return Column(code, caption, sort, kind, lambda: (str(caption),), lambda row: (cell(row),), is_usual)


def _number(row: Row, code: str) -> tuple[tables.Cell, ...]:
    live = row.main if code == "register" else row.power
    if live is None or live.value is None:
        return (None, "")
    return (Decimal(f"{live.value:.{live.decimals}f}"), str(live.unit))


METER = Column(
    "meter",
    gettext_lazy("Meter"),
    Sort.NAME,
    "",
    lambda: (_("Meter"), _("Point"), _("Service")),
    lambda row: (row.name, row.code, str(metering_values.SERVICE_CAPTIONS[row.service])),
)
COLUMNS = (
    _text("unit", gettext_lazy("Unit"), Sort.UNIT, lambda row: row.unit, kind="hide-phone hide-tablet"),
    _text("tenant", gettext_lazy("Tenant"), Sort.TENANT, lambda row: row.tenant),
    _text(
        "site",
        gettext_lazy("Site"),
        Sort.SITE,
        lambda row: row.site_name,
        kind="hide-phone hide-tablet",
        is_usual=False,
    ),
    _text(
        "serial",
        gettext_lazy("Serial number"),
        Sort.SERIAL,
        lambda row: row.serial_number,
        kind="hide-phone hide-tablet",
    ),
    _text(
        "model",
        gettext_lazy("Model"),
        Sort.MODEL,
        lambda row: history.model_name(row.model_code) if row.model_code else "",
        kind="hide-phone hide-tablet",
        is_usual=False,
    ),
    _text(
        "role",
        gettext_lazy("Role"),
        None,
        lambda row: str(metering_values.POINT_ROLE_CAPTIONS[row.role]),
        kind="hide-phone hide-tablet",
        is_usual=False,
    ),
    Column(
        "register",
        gettext_lazy("Register"),
        None,
        "num",
        lambda: (_("Register"), _("Unit of the register")),
        lambda row: _number(row, "register"),
    ),
    Column(
        "power",
        gettext_lazy("Power"),
        None,
        "num hide-phone",
        lambda: (_("Power"), _("Unit of the power")),
        lambda row: _number(row, "power"),
    ),
    Column(
        "age",
        gettext_lazy("Age"),
        Sort.AGE,
        "num hide-phone",
        lambda: (_("Newest value"),),
        lambda row: (row.seen_at.astimezone(row.zone).isoformat(timespec="seconds") if row.seen_at else "",),
    ),
    _text(
        "state",
        pgettext_lazy("meter", "State"),
        Sort.STATE,
        lambda row: str(captions.METER_STATES[row.state].caption),
        kind="",
    ),
)
BY_CODE = {each.code: each for each in COLUMNS}


def usual(*, has_sites: bool) -> tuple[Column, ...]:
    """This will return the columns of a list whose address names none: over several sites the site stands in the
    place of the serial number, so that names keep their room."""
    left_out = "serial" if has_sites else "site"
    return tuple(each for each in COLUMNS if (each.is_usual or each.code == "site") and each.code != left_out)


def chosen(asked: str, *, has_sites: bool) -> tuple[Column, ...]:
    """This will return the columns that an address names ("unit,state"), in their own order; else the usual ones."""
    if asked == NOTHING:
        return ()
    codes = set(asked.split(","))
    return tuple(each for each in COLUMNS if each.code in codes) or usual(has_sites=has_sites)


def written(columns: Sequence[Column], asked: str) -> str:
    """This will write columns as an address names them; nothing where it named none that is known."""
    if asked == NOTHING:
        return NOTHING
    is_named = any(code in BY_CODE for code in asked.split(","))
    return ",".join(each.code for each in columns) if is_named else ""
