"""What a line of a bill was made from: the tariff's own words, the formula, and the meter point in the store."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from meterbook.billing.queries import issued_intervals
from meterbook.foundation import scoping
from meterbook.kernel import zones
from meterbook.kernel.period import Period
from meterbook.kernel.quantity import Dimension, Unit
from meterbook.metering import models as metering_models
from meterbook.metering import queries as metering_queries
from meterbook.metering.values import MAXIMUM_SERIES
from meterbook.tariffs import queries as tariff_queries
from meterbook.tariffs.rating import wording
from meterbook.tariffs.rating.document import TariffDocument

Plain = Mapping[str, Any]


class LineNotFound(LookupError):
    """The bill has no such line, or its meter point is not there any more; read the bill's own content."""


@dataclass(frozen=True)
class MeteredPoint:
    """A meter point of a bill as it is in the store: its counted series, its zone then.

    Of a further register `plain` says what the bill says of it, in the same words, and `detail` is where it counts.
    """

    plain: Plain
    detail: metering_queries.MeterDetail
    series: metering_queries.SeriesRow
    zone: ZoneInfo
    register: str = ""  # of a further register: its code

    @property
    def period(self) -> Period:
        """The time that the bill is about."""
        return issued_intervals.period_of(self.plain)

    @property
    def is_maximum(self) -> bool:
        """Whether it is a register of maximum demand, which has readings and no intervals."""
        return self.register in MAXIMUM_SERIES


@dataclass(frozen=True)
class LineRegister:
    """A register that a line was priced from: empty `code`, the one that the meter point is billed by.

    `readings` are the instants of its readings.
    """

    code: str
    readings: tuple[datetime, ...]


@dataclass(frozen=True)
class ExplainedLine:
    """A line with its place (meter point, charge, line) and what the tariff says of it, in English sentences.

    `readings` are the instants of the registers that it goes back to.
    """

    place: tuple[int, int, int]
    point: Plain
    charge: Plain
    line: Plain
    sentences: tuple[str, ...]
    registers: tuple[LineRegister, ...]

    @property
    def readings(self) -> tuple[datetime, ...]:
        """The instants at which its registers were read."""
        return tuple(dict.fromkeys(at for each in self.registers for at in each.readings))


def point_of(content: Plain, place: int, register: str = "") -> MeteredPoint:
    """This will find a meter point of a bill's content in the store.

    :param register: the code of a further register of it that lines were priced from; empty: the one it is billed by
    :raises LineNotFound: when the bill names none at that place, or it is gone
    """
    plain = at_place(content["meter_points"], place)
    try:
        detail = metering_queries.get_meter(public_id=uuid.UUID(plain["public_id"]))
        zone = _zone(content, plain, detail)
        if register in maxima_of(plain):
            return _maximum(plain, detail, register, zone)
        if register:
            own = next((each for each in registers_of(plain) if each["code"] == register), None)
            if own is None:
                raise LineNotFound(LineNotFound.__doc__)
            plain = {**plain, **{key: each for key, each in own.items() if key != "code"}}
            detail = _counting(detail, own["reference"]["series"])
    except metering_queries.MeterNotFound as error:
        raise LineNotFound(LineNotFound.__doc__) from error
    series = next((each for each in detail.series if str(each.public_id) == plain["reference"]["series"]), None)
    if series is None:
        raise LineNotFound(LineNotFound.__doc__)
    return MeteredPoint(plain, detail, series, zone, register)


def maxima_of(point: Plain) -> dict[str, tuple[datetime, ...]]:
    """This will return when registers of maximum demand were read that lines of a meter point go by, by their codes."""
    found: dict[str, tuple[datetime, ...]] = {}
    for line in (line for charge in point["charges"] for line in charge["lines"]):
        read = maximum_of(line)
        if read is not None:
            found[read.code] = tuple(dict.fromkeys((*found.get(read.code, ()), *read.readings)))
    return found


def maximum_of(line: Plain) -> LineRegister | None:
    """This will return the register of maximum demand that a line goes by, and when it was read; None for others."""
    read = line["trace"].get("register")
    if read is None:
        return None
    is_apparent = Unit(read["unit"]).dimension is Dimension.APPARENT_POWER
    return LineRegister(MAXIMUM_SERIES[1 if is_apparent else 0], (_instant(read["at"]),))


def _maximum(plain: Plain, detail: metering_queries.MeterDetail, register: str, zone: ZoneInfo) -> MeteredPoint:
    series = detail.find_series(register)
    if series is None:
        raise LineNotFound(LineNotFound.__doc__)
    return MeteredPoint({**plain, "segments": ()}, detail, series, zone, register)


def registers_of(point: Plain) -> Sequence[Plain]:
    """This will return the further registers that a meter point of a bill was priced from; of earlier bills none."""
    found: Sequence[Plain] = point.get("registers", ())
    return found


def taken(point: Plain, line: Plain) -> tuple[str, ...]:
    """This will return the codes of the registers that a line was priced from; empty: the meter point's own.

    A line of tariff register T1 goes by that alone, one of reactive energy by both; demand by its register by that.
    """
    read = maximum_of(line)
    if read is not None:
        return (read.code,)
    own = [each for each in registers_of(point) if line["component"] in each["components"]]
    if any(line["component"] in each["alone"] for each in own):
        return tuple(each["code"] for each in own)
    return ("", *(each["code"] for each in own))


def at_place(entries: Sequence[Plain], place: int) -> Plain:
    """This will return one entry of a list of a bill's content.

    :raises LineNotFound: when there is none
    """
    try:
        return entries[place]
    except IndexError as error:
        raise LineNotFound(LineNotFound.__doc__) from error


def document_of(charge: Plain) -> TariffDocument | None:
    """This will return the tariff document that a charge names, if its version is still the same."""
    wanted = charge["tariff"]
    on = date.fromisoformat(charge["from"][:10])
    tariff = next((each for each in tariff_queries.list_tariffs(on=on) if each.code == wanted["code"]), None)
    versions = tariff_queries.list_versions(tariff_id=tariff.id) if tariff is not None else []
    version = next((each for each in versions if each.digest == wanted["digest"]), None)
    return None if version is None else version.document


def lines_of(content: Plain) -> list[ExplainedLine]:
    """This will explain every line of a bill's content, in its order; a query or two a tariff version."""
    documents: dict[str, TariffDocument | None] = {}
    found = []
    for point_place, point in enumerate(content["meter_points"]):
        ends = {"": _ends(point), **{each["code"]: _ends(each) for each in registers_of(point)}}
        for charge_place, charge in enumerate(point["charges"]):
            digest = charge["tariff"]["digest"]
            if digest not in documents:
                documents[digest] = document_of(charge)
            found += [
                ExplainedLine(
                    place=(point_place, charge_place, place),
                    point=point,
                    charge=charge,
                    line=line,
                    sentences=_sentences(documents[digest], line),
                    registers=_registers(point, line, ends),
                )
                for place, line in enumerate(charge["lines"])
            ]
    return found


def _registers(point: Plain, line: Plain, ends: Mapping[str, tuple[datetime, ...]]) -> tuple[LineRegister, ...]:
    read = maximum_of(line)
    return (read,) if read is not None else tuple(LineRegister(code, ends[code]) for code in taken(point, line))


def _sentences(document: TariffDocument | None, line: Plain) -> tuple[str, ...]:
    component = None
    if document is not None:
        component = next((each for each in document.components if each.code == line["component"]), None)
    if document is None or component is None:
        return ()
    return tuple(each.words for each in wording.of_component(document, component).sentences)


def _ends(counted: Plain) -> tuple[datetime, ...]:
    ends = (_instant(each[end]["at"]) for each in counted["segments"] for end in ("previous", "present"))
    return tuple(dict.fromkeys(ends))


def _counting(detail: metering_queries.MeterDetail, series: str) -> metering_queries.MeterDetail:
    """The meter point whose series it is: the water of a computed heat is counted by another one (B-54)."""
    if any(str(each.public_id) == series for each in detail.series):
        return detail
    found = metering_models.Series.objects.filter(
        organization_id=scoping.current().organization_id, public_id=uuid.UUID(series)
    )
    public_id = found.order_by("id").values_list("meter_point__public_id", flat=True).first()
    if public_id is None:
        raise LineNotFound(LineNotFound.__doc__)
    return metering_queries.get_meter(public_id=public_id)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _zone(content: Plain, point: Plain, detail: metering_queries.MeterDetail) -> ZoneInfo:
    """The zone that the bill names: as the meter had it then, or by itself where that is not known any more."""
    named: str = point.get("zone") or content["site"]["zone"]
    end = issued_intervals.period_of(point).end - timedelta.resolution
    return detail.zone if zones.key_at(detail.zone, end) == named else ZoneInfo(named)
