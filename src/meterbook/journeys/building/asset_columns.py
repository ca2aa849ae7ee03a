"""The columns of meter points that tell of meters as things: what is wrong in them, and what is kept.

Empty cells about tests ask for nothing: a test is withdrawn on the page of its meter. All other empty cells empty what
they are for, from the import on; what held before stays on record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from meterbook.journeys.building.cells import Value
from meterbook.journeys.building.planning import Entry
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.metering import assets, models
from meterbook.metering.operations import bulk_assets

Values = Mapping[str, Value]
Blame = Callable[[str, str, str], None]
PLATE = ("seals", "accuracy_class", "approval", "approval_number", "battery_until")
AROUND = ("location", "current_ratio", "current_serials", "voltage_ratio", "voltage_serials")
TEST = ("tested_on", "calibrated_through", "certificate_number")


def entry_of(entry: Entry, known: Values | None, blame: Blame, uploaded_at: datetime, zone: ZoneInfo) -> Entry:
    """This will check what a row says of a meter as a thing, and keep what its empty cells about tests do not ask for.

    :param zone: of the meter point; no test is of a later day than the workbook is there
    :param blame: notes a fault of the row: column, problem, remedy
    """
    values = dict(entry.values)
    if known is not None and values.get("tested_on") is None:
        values |= {key: known.get(key) for key in TEST if values.get(key) is None}
    if values.get("serial") is None and (named := next((each for each in (*PLATE, *TEST) if values.get(each)), None)):
        blame(named, _("No meter hangs there that it could be true of."), _("Give its serial number."))
    _check(values, blame, civil.local_date(uploaded_at, zone))
    return replace(entry, values=values)


def _check(values: Values, blame: Blame, today: date) -> None:
    try:
        assets.read_seals(_text(values, "seals"))
    except assets.SealsUnreadable:
        blame("seals", _("These are no numbers with commas between them."), _("At most 20, of up to 40 signs."))
    for key in ("current_ratio", "voltage_ratio"):
        try:
            if values.get(key) is not None:
                assets.read_ratio(_text(values, key))
        except (ValueError, ZeroDivisionError):
            blame(key, _("This is no ratio."), _("Write it as it stands on the transformer, such as 200/5."))
    tested_on, through = values.get("tested_on"), values.get("calibrated_through")
    if isinstance(tested_on, date) and tested_on > today:
        blame("tested_on", _("The test lies ahead."), _("Take a day that is over, or today."))
    if through is not None and tested_on is None:
        blame("tested_on", _("The cell is empty."), _("Give the day of the test that says so."))
    if isinstance(tested_on, date) and isinstance(through, date) and through < tested_on:
        blame("calibrated_through", _("It would have run out before the test."), _("Take a later day."))


def write(
    *,
    actor: Actor,
    at: datetime,
    entries: Sequence[Entry],
    points: Mapping[str, models.MeterPoint],
    fresh: Mapping[str, models.Meter],
) -> None:
    """This will keep what rows say of meters as things, from now on; of new meters from when they hang.

    :param fresh: the meters that the workbook hangs, by code of their point
    """
    told = [each for each in entries if _tells(each)]
    held = bulk_assets.hanging_at([points[_code(each)].pk for each in told])
    writer = bulk_assets.Writer(author=actor.label, at=at)
    for entry in told:
        values, point = entry.values, points[_code(entry)]
        hung = held.get(point.pk)
        starts_at = hung.during.lower if hung is not None and _code(entry) in fresh else at
        if _changes(entry, AROUND):
            writer.point(point, starts_at, _equipment(values, bulk_assets.equipment_of([point.pk]).get(point.pk)))
        if hung is not None and _changes(entry, PLATE):
            writer.plate(hung.meter, starts_at, _plate_of(values))
        if hung is not None and values.get("tested_on") is not None and _changes(entry, TEST):
            writer.test(hung.meter, _test_of(values))
    writer.write()


def _tells(entry: Entry) -> bool:
    return any(_changes(entry, keys) for keys in (PLATE, AROUND, TEST))


def _changes(entry: Entry, keys: Sequence[str]) -> bool:
    """A new row tells what it holds; one that is there what differs, or all of a meter that comes with it."""
    if entry.is_new or "serial" in entry.differing:
        return any(entry.values.get(key) is not None for key in keys)
    return not entry.differing.isdisjoint(keys)


def _plate_of(values: Values) -> assets.Plate:
    until = values.get("battery_until")
    return assets.Plate(
        accuracy_class=_text(values, "accuracy_class"),
        approval=assets.Approval(_text(values, "approval")),
        approval_number=_text(values, "approval_number"),
        seals=assets.read_seals(_text(values, "seals")),
        battery_until=until if isinstance(until, date) else None,
    )


def _equipment(values: Values, known: assets.Equipment | None) -> assets.Equipment:
    """What has no column stays: the classes of transformers."""
    before = known or assets.Equipment()
    return assets.Equipment(
        _text(values, "location"),
        assets.Transformers(
            _text(values, "current_ratio"), _text(values, "current_serials"), before.current.accuracy_class
        ),
        assets.Transformers(
            _text(values, "voltage_ratio"), _text(values, "voltage_serials"), before.voltage.accuracy_class
        ),
    )


def _test_of(values: Values) -> assets.Test:
    tested_on, through = values.get("tested_on"), values.get("calibrated_through")
    return assets.Test(
        tested_on=tested_on if isinstance(tested_on, date) else date.max,
        until_day=through + timedelta(days=1) if isinstance(through, date) else None,
        is_passed=True,
        certificate_number=_text(values, "certificate_number"),
    )


def _code(entry: Entry) -> str:
    return str(entry.values["code"])


def _text(values: Values, key: str) -> str:
    value = values.get(key)
    return "" if value is None else str(value)
