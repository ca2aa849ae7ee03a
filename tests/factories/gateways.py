"""Field gateways for tests: added as a person does it, enrolled and heard over HTTP as real ones are."""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.test import Client

from meterbook.acquisition import gateway_models, models, operations
from meterbook.acquisition.gateway_values import USUAL_LIMIT, GatewayProfile
from meterbook.acquisition.push import batch, signing
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor
from meterbook.sites import models as site_models
from tests.factories import metering, sites

ACTOR = Actor.system("factory")
BATCHES = "/push/v1/batches"
_numbers = itertools.count(1)


def gateway(
    *,
    site: site_models.Site,
    profile: GatewayProfile = GatewayProfile.CARD,
    most_meters: int | None = USUAL_LIMIT,
    meters: Sequence[metering.Installed] = (),
) -> gateway_models.Gateway:
    """This will add a gateway that reads these meters; outside a scope."""
    with scoping.scope([site.organization_id], actor=ACTOR):
        made = operations.create_gateway(
            actor=ACTOR,
            at=clock.now(),
            site=site.public_id,
            name=f"Gateway {next(_numbers)}",
            profile=profile,
            most_meters=most_meters,
        )
        if meters:
            operations.add_meters(
                actor=ACTOR,
                at=clock.now(),
                public_id=made.public_id,
                meters=[each.meter.public_id for each in meters],
            )
        return made


def gateway_of(organization: identity_models.Organization) -> uuid.UUID:
    """This will add a gateway to a new site, and return its public id."""
    return gateway(site=sites.site(organization=organization)).public_id


def carried(made: gateway_models.Gateway, bus: models.Bus) -> None:
    """This will have a gateway send its batches through a broker; outside a scope."""
    with scoping.scope([made.organization_id], actor=ACTOR):
        operations.set_carrier(actor=ACTOR, at=clock.now(), public_id=made.public_id, broker=bus.public_id)


def code(made: gateway_models.Gateway, *, real_at: datetime | None = None, overlap_days: int = 0) -> str:
    """This will draw a code for a gateway; outside a scope."""
    with scoping.scope([made.organization_id], actor=ACTOR):
        return operations.issue_code(
            actor=ACTOR,
            at=clock.now(),
            real_at=real_at or clock.real_now(),
            public_id=made.public_id,
            overlap_days=overlap_days,
        ).code


@dataclass
class Sender:
    """A gateway that has enrolled, with its key and the count of its batches."""

    gateway: str
    key: str
    secret: bytes = field(repr=False)
    algorithm: signing.Algorithm
    server_key: str
    boot: str = field(default_factory=signing.new_boot)
    batches: int = 0
    calls: int = 0
    client: Client = field(default_factory=Client)

    def stamp(self, sequence: int, *, time: int | None = None) -> signing.Stamp:
        """This will return an unsigned stamp; `time` is now unless given, in milliseconds."""
        now = int(clock.real_now().timestamp() * 1000)
        return signing.Stamp(self.gateway, self.key, now if time is None else time, self.boot, sequence)

    def signed(self, path: str, stamp: signing.Stamp, body: bytes) -> signing.Stamp:
        """This will sign a stamp for a body."""
        text = signing.canonical("POST", path, stamp, body)
        return replace(stamp, signature=signing.sign(self.algorithm, self.secret, text))

    def send(self, groups: Sequence[batch.Group], *, sequence: int | None = None, **more: Any) -> Any:  # noqa: ANN401
        """This will send a batch with the next sequence, and return the answer."""
        if sequence is None:
            self.batches += 1
            sequence = self.batches
        time = more.pop("time", None)
        body = batch.write(batch.Batch(readings=tuple(groups), **more))
        return self.post(BATCHES, self.signed(BATCHES, self.stamp(sequence, time=time), body), body)

    def call(self, path: str, content: dict[str, Any]) -> Any:  # noqa: ANN401 - the test client's answer
        """This will send a message that is no batch, and return the answer."""
        self.calls += 1
        body = json.dumps(content).encode()
        return self.post(path, self.signed(path, self.stamp(self.calls), body), body, encoding="")

    def post(self, path: str, stamp: signing.Stamp, body: bytes, *, encoding: str = "gzip") -> Any:  # noqa: ANN401
        """This will send a body as it is."""
        headers = {**stamp.headers(), **({"Content-Encoding": encoding} if encoding else {})}
        return self.client.post(path, data=body, content_type="application/json", headers=headers)

    def started_again(self) -> Sender:
        """This will return the same gateway after a start."""
        return replace(self, boot=signing.new_boot(), batches=0, calls=0)


def enrolled(
    made: gateway_models.Gateway, *, algorithm: signing.Algorithm = signing.Algorithm.ED25519, overlap_days: int = 0
) -> Sender:
    """This will enrol a gateway with a code; outside a scope."""
    secret = signing.new_secret()
    given = {"code": code(made, overlap_days=overlap_days), "algorithm": algorithm.value}
    if algorithm is signing.Algorithm.ED25519:
        given["public_key"] = signing.encode(signing.public_half(secret))
    answer = Client().post("/push/v1/enrol", data=json.dumps(given), content_type="application/json")
    assert answer.status_code == 201, answer.content
    told = answer.json()
    return Sender(
        gateway=told["gateway"],
        key=told["key"],
        secret=signing.decode(told["secret"]) if told["secret"] else secret,
        algorithm=algorithm,
        server_key=told["server_key"],
    )


def group(
    meter: metering.Installed,
    rows: Sequence[tuple[datetime, int]],
    *,
    register: str = "energy_import",
    decimals: int = 2,
) -> batch.Group:
    """This will write readings of one register of a meter."""
    at = [int(instant.timestamp() * 1000) for instant, _value in rows]
    return batch.Group(meter.meter.serial_number, register, decimals, at, [value for _instant, value in rows])


def incidents(made: gateway_models.Gateway) -> dict[str, int]:
    """This will return how often what was wrong came in the name of a gateway, as nobody settled it yet."""
    with scoping.scope([made.organization_id], actor=ACTOR):
        found = gateway_models.GatewayIncident.objects.filter(
            organization_id=made.organization_id, gateway=made, settled_at=None
        )
        return dict(found.order_by("kind").values_list("kind", "count"))
