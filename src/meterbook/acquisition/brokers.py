"""Brokers and subscriptions as screens see them, and what is said of them. Reads need a running scope."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from meterbook.acquisition import catalogue, models, queries, values
from meterbook.acquisition.drivers.mqtt import mapping, session, shapes
from meterbook.foundation import scoping
from meterbook.kernel import order

STALE_AFTER = timedelta(minutes=5)  # the collector says every minute how it is doing
LONGEST_TOPIC = 200


class BrokerNotFound(LookupError):
    """There is no such broker, or no device at one, in this organization."""


@dataclass(frozen=True)
class BrokerRow:
    """A broker as screens see it; never with its password."""

    bus: queries.BusRow
    site_name: str
    user: str
    has_password: bool
    client_id: str
    is_encrypted: bool
    authority: str
    state: values.BrokerState
    state_at: datetime | None
    state_since: datetime | None
    problem: queries.ProblemRow | None
    devices: int

    @property
    def is_authenticated(self) -> bool:
        """Whether we say who we are, so that the broker can tell us from others."""
        return bool(self.user)

    def is_stale(self, at: datetime) -> bool:
        """Whether nobody has looked lately: no collector runs."""
        return self.state_at is None or self.state_at < at - STALE_AFTER


@dataclass(frozen=True)
class SubscriptionRow:
    """How a device is heard. `text` is its mapping as people write it, `is_own` whether it is not its model's."""

    topic: str
    channel: int
    mapping: mapping.MessageMap
    text: str
    is_own: bool
    expected_seconds: int


def list_brokers(*, site_ids: Collection[int] | None = None) -> list[BrokerRow]:
    """This will return the brokers of the running scope that we enter, by name.

    :param site_ids: only those of these sites; None means all
    """
    found = models.Broker.objects.filter(organization_id__in=scoping.current().organizations, bus__gateway=None)
    if site_ids is not None:
        found = found.filter(bus__site_id__in=site_ids)
    rows = list(found.select_related("bus__site").order_by("id"))
    counts = _counts([each.bus_id for each in rows])
    return sorted(
        (_row(each, counts.get(each.bus_id, 0)) for each in rows), key=lambda row: order.natural(row.bus.name)
    )


def get_broker(*, bus: uuid.UUID) -> BrokerRow:
    """This will return a broker by its bus.

    :raises BrokerNotFound: when it is not there or belongs to another organization
    """
    found = models.Broker.objects.filter(organization_id__in=scoping.current().organizations, bus__public_id=bus)
    row = found.select_related("bus__site").first()
    if row is None:
        raise BrokerNotFound(BrokerNotFound.__doc__)
    return _row(row, _counts([row.bus_id]).get(row.bus_id, 0))


def states_of_buses() -> dict[uuid.UUID, BrokerRow]:
    """This will return the brokers of the running scope by the public id of their bus."""
    return {each.bus.public_id: each for each in list_brokers()}


def find_subscription(*, device_id: int, model_code: str) -> SubscriptionRow | None:
    """This will return how a device is heard; None for one that is asked."""
    found = models.Subscription.objects.filter(organization_id__in=scoping.current().organizations, device_id=device_id)
    held = found.select_related("device").first()
    if held is None:
        return None
    model = catalogue.current().load(model_code)
    own = mapping.MessageMap.from_json(held.mapping) if held.mapping else None
    used = own or shapes.of_model(model, held.channel) or mapping.MessageMap(())
    return SubscriptionRow(
        held.topic, held.channel, used, used.written(model), own is not None, held.device.live_seconds
    )


@dataclass(frozen=True)
class HeardMeter:
    """How a meter is heard, and of which model it is."""

    model_code: str
    row: SubscriptionRow


def subscription_of_meter(*, meter_id: int) -> HeardMeter | None:
    """This will return how a meter is heard at present; None for one that is asked, or nobody reads."""
    devices = models.Device.objects.filter(
        organization_id__in=scoping.current().organizations, meter_id=meter_id, is_enabled=True
    )
    device = devices.first()
    row = find_subscription(device_id=device.pk, model_code=device.model_code) if device is not None else None
    return HeardMeter(device.model_code, row) if device is not None and row is not None else None


def comes_with_a_mapping(model_code: str) -> bool:
    """Whether devices of a model are known, so that nobody must say where their values stand."""
    types = catalogue.current()
    return model_code in types and shapes.of_model(types.load(model_code), 0) is not None


def is_topic(text: str) -> bool:
    """Whether somebody may send under a topic: neither a pattern nor one of the broker's own."""
    is_plain = text == text.strip() and not text.startswith(("$", "/")) and not text.endswith("/")
    return 0 < len(text) <= LONGEST_TOPIC and is_plain and not any(sign in text for sign in "+#") and text.isprintable()


def is_perhaps_local(host: str) -> bool:
    """Whether a broker may lie in a local network: an address tells, a name is looked at when it is dialed."""
    return not session.is_elsewhere(host)


# What can be wrong with a mapping. Figures come from the error's data.
_MAPPING: dict[str, str | Promise] = {
    "FORM": _("Line %(line)s: write “register: /pointer unit”, such as “energy_import: /energy/total kWh”."),
    "REGISTER": _("Line %(line)s: this model has no register “%(register)s”; it has %(registers)s."),
    "TOPIC": _("Line %(line)s: “%(text)s” is no topic below that of the device; + and # are not used."),
    "POINTER": _("Line %(line)s: a pointer such as /energy/total says where the value stands, or . for a bare number."),
    "FACTOR": _("Line %(line)s: “%(text)s” is no factor; write a number such as 0.01."),
    "UNIT": _("Line %(line)s: the unit “%(unit)s” is not known; write one such as Wh, kWh, m³ or W."),
    "DIMENSION": _("Line %(line)s: %(unit)s do not measure what %(register)s counts in %(own)s."),
    "TWICE": _("Line %(line)s: register %(register)s stands there already."),
    "EMPTY": _("Say where at least one value stands. The model has %(registers)s."),
    "TOO_LONG": _("Write at most 64 lines."),
}


def mapping_words(error: mapping.MappingWrong) -> str:
    """This will say in the reader's language what is wrong with a mapping."""
    return str(_MAPPING[error.code]) % {"line": error.line, **error.data}


def _counts(bus_ids: Collection[int]) -> dict[int, int]:
    found = models.Device.objects.filter(
        organization_id__in=scoping.current().organizations, bus_id__in=bus_ids, is_enabled=True
    )
    counted: dict[int, int] = {}
    for bus_id in found.order_by("id").values_list("bus_id", flat=True):
        counted[bus_id] = counted.get(bus_id, 0) + 1
    return counted


def _row(broker: models.Broker, devices: int) -> BrokerRow:
    return BrokerRow(
        bus=queries.bus_row(broker.bus),
        site_name=broker.bus.site.name,
        user=broker.user,
        has_password=bool(broker.sealed_password),
        client_id=broker.client_id,
        is_encrypted=broker.is_encrypted,
        authority=broker.authority,
        state=values.BrokerState(broker.state),
        state_at=broker.state_at,
        state_since=broker.state_since,
        problem=queries.problem_row(values.Problem.from_json(broker.problem)),
        devices=devices,
    )
