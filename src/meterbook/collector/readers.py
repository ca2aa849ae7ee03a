"""How one device is read: its requests, and which of its registers feeds which series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from meterbook.acquisition import plans, queries, values
from meterbook.acquisition.contract.frames import Kind, Sample
from meterbook.acquisition.library import checks, decode, documents, orders
from meterbook.acquisition.polling import blocks, timetable
from meterbook.metering import values as metering_values

EPOCH = timetable.EPOCH
LONGEST_WAIT = timedelta(hours=6)


@dataclass(frozen=True)
class Stored:
    """A sample on its way to a series: `at` in microseconds since 1970, to the second below."""

    series_id: int
    at: int
    value: int
    is_reading: bool  # for the series store; otherwise only the live value


@dataclass
class DeviceReader:
    """A device plan made ready. It remembers which slots of its series have their reading."""

    plan: plans.DevicePlan
    requests: blocks.ReadPlan
    feeds: dict[str, plans.RegisterFeed]
    problem: values.Problem | None
    noted: dict[int, datetime] = field(default_factory=dict)
    failing_since: datetime | None = None
    refuses_gaps: bool = False
    is_on_battery: bool = False  # as most M-Bus meters that measure no electricity

    def refuse_gaps(self) -> None:
        """This will remember that the device does not answer for words between its registers."""
        self.refuses_gaps, self.requests = True, self.requests.in_runs()

    def table(self, *, speed: int = 1, watched: int = 0) -> timetable.Timetable | None:
        """This will return when it is due; None while no register of it feeds a series.

        :param speed: of the product's clock
        :param watched: how many devices of the bus somebody looks at, 0 when nobody looks at this one
        """
        if not self.feeds:
            return None
        if self.is_on_battery:
            watched = 0  # a look at the page must not empty it
        counters = [each.step for each in self.feeds.values() if each.kind is metering_values.SeriesKind.CUMULATIVE]
        live = timetable.live_every(self.plan.live_seconds, speed=speed, watched=watched)
        return timetable.planned(counters, live, is_one_readout=not self.requests.instant)

    def store(self, sample: Sample, at: datetime) -> Stored | None:
        """This will say where a sample goes: the first one of each slot of its series is a reading.

        None for a register that feeds no series.
        """
        feed = self.feeds.get(sample.code)
        if feed is None:
            return None
        second = at.replace(microsecond=0)
        slot = timetable.slot_of(second, timedelta(minutes=feed.step))
        latest = self.noted.get(feed.series_id)
        # After the clock was put back by hours a slot may have its reading; by more, nobody waits until it is passed.
        is_reading = latest is None or latest < slot or latest - slot > LONGEST_WAIT
        if is_reading:
            self.noted[feed.series_id] = slot
        return Stored(feed.series_id, (second - EPOCH) // timedelta(microseconds=1), sample.value, is_reading)


def model_of(plan: plans.DevicePlan) -> documents.MeterModel | None:
    """This will return the model of a device in the order in which it sends its numbers; None when there is none."""
    try:
        own = plan.own_type
        return orders.in_order(own.model if own else documents.load(plan.model_code), plan.byte_order)
    except (documents.ModelUnknown, checks.DocumentInvalid):
        return None


def prepare(
    plan: plans.DevicePlan, former: DeviceReader | None = None, served: Mapping[int, datetime] | None = None
) -> DeviceReader:
    """This will make a device plan ready to be read; a plan that is wrong becomes a reader with its problem.

    :param former: the reader of the same device so far; what it remembers of slots is kept
    :param served: the newest reading by series that an earlier process left: its slot is not read twice
    """
    try:
        own = plan.own_type
        model = orders.in_order(own.model if own else documents.load(plan.model_code), plan.byte_order)
    except (documents.ModelUnknown, checks.DocumentInvalid) as error:
        problem = values.Problem(
            "MODEL", str(error), "Choose a meter model that the library has.", {"model": plan.model_code}
        )
        return DeviceReader(plan, blocks.ReadPlan((), ()), {}, problem)
    feeds: dict[str, plans.RegisterFeed] = {}
    problems: list[values.Problem] = []
    for feed in plan.feeds:
        difference = _difference(model, feed)
        if difference is None:
            feeds[feed.register_code] = feed
        else:
            problems.append(difference)
    if not plan.feeds:
        problems.append(
            values.Problem("NOT_INSTALLED", "the meter hangs at no meter point", "Install the meter at a meter point.")
        )
    # A meter that feeds nothing can still be asked by a person: then for all that its model has.
    reader = DeviceReader(
        plan, blocks.plan_model(model, feeds if feeds else None), feeds, problems[0] if problems else None
    )
    reader.is_on_battery = model.is_mbus and model.service != "ELECTRICITY"
    if former is None and served:
        for feed in feeds.values():
            if feed.series_id in served:
                step = timedelta(minutes=feed.step)
                reader.noted[feed.series_id] = timetable.slot_of(served[feed.series_id], step)
    if former is not None:
        reader.noted, reader.failing_since = former.noted, former.failing_since
        if former.refuses_gaps and former.plan.model_code == plan.model_code:
            reader.refuse_gaps()
    return reader


def problem_of(decoded: decode.Decoded) -> values.Problem | None:
    """This will say what is wrong with the content of an answer: nonsense, or a float too large for its last digit."""
    if decoded.refused:
        return values.Problem.of(decoded.refused[0][1])
    for sample in decoded.samples:
        if sample.is_coarse and sample.kind is Kind.CUMULATIVE:
            return values.Problem(
                "COARSE",
                f"register {sample.code} (0x{sample.raw}) is a float too large to count in its last digit",
                "Read a whole-number register of the meter instead, if it has one.",
                {"register": sample.code, "raw": sample.raw},
            )
    return None


def value_of(sample: Sample) -> queries.AnsweredValue:
    """This will return a sample as the answer to a person holds it."""
    return queries.AnsweredValue(
        register_code=sample.code,
        series_code=sample.series_code,
        value=sample.value,
        decimals=sample.decimals,
        unit=sample.unit,
        raw=sample.raw,
    )


def _difference(model: documents.MeterModel, feed: plans.RegisterFeed) -> values.Problem | None:
    """A register read in another resolution than the installation's would be wrong by powers of ten: never stored."""
    words = None
    try:
        register = model.register(feed.register_code)
    except KeyError:
        words = f"meter model {model.code} has no register {feed.register_code}"
    else:
        if (register.unit, register.decimals) != (feed.unit, feed.decimals):
            words = (
                f"register {feed.register_code} of {model.code} is read in {register.unit} with {register.decimals}"
                f" decimals, its installation counts {feed.unit} with {feed.decimals}"
            )
        elif register.kind.value != feed.kind.value:
            words = f"register {feed.register_code} of {model.code} is {register.kind}, its series is {feed.kind}"
    if words is None:
        return None
    remedy = "Install the meter again with the registers of its model, or choose the right meter model."
    return values.Problem("MAPPING", words, remedy, {"register": feed.register_code})
