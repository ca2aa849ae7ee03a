"""Readings a second that a gateway delivers: signed, packed, over HTTP, stored durably and acknowledged.

The product as `meterbook web` serves it, one gateway of 500 meters with 20 registers each; a batch is one slot of all
of them, 10,000 readings, packed beforehand as on the gateway's own machine and signed when it is sent. The baseline is
bare COPY of the same rows into a table of the same shape, over one connection, in turn with ours.
"""

from __future__ import annotations

import http.client
import itertools
import json
import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench import ingest, measure
from meterbook.acquisition.push import batch, signing

METERS, REGISTERS = 500, 20
SLOTS_A_RUN = 6
PATH = "/push/v1/batches"
START = datetime(2026, 3, 1, tzinfo=UTC)


class PushFailed(RuntimeError):
    """A batch was not stored whole."""


def main() -> None:
    """This will print readings a second through the web server, against bare COPY, and what a small batch takes."""
    with measure.database() as data:
        organization_id, series, gateway = _site()
        ingest._make_baseline()
        slots, bare = itertools.count(), ingest._slots(series, itertools.count())
        received = ingest._microseconds(START)
        with _Served(data, gateway) as served:

            def ours() -> int:
                return sum(served.send(body) for body in bodies)

            def copy() -> int:
                return sum(ingest._copy(organization_id, next(bare), received) for _ in range(SLOTS_A_RUN))

            pairs = []
            for number in range(measure.PAIRS + 1):
                bodies = [_body(next(slots)) for _ in range(SLOTS_A_RUN)]  # not measured: another machine's work
                pair = measure.rate(copy), measure.rate(ours)
                if number:  # the first finds connections, caches and partitions
                    pairs.append(pair)
            found = measure.Pairs(tuple(each[0] for each in pairs), tuple(each[1] for each in pairs))
            measure.report_pairs("push", "readings/s", found, batch=METERS * REGISTERS, bytes=len(bodies[-1]))
            small = [_body(next(slots), meters=6) for _ in range(50)]
            rate = measure.rate(lambda: sum(served.send(body, 6 * REGISTERS) for body in small))
            measure.report("push_six_meters", "readings/s", rate, batch=6 * REGISTERS)


def _body(slot: int, meters: int = METERS) -> bytes:
    """One slot of the first meters, each register a little higher than before."""
    at = int((START + slot * timedelta(minutes=15)).timestamp() * 1000)
    groups = tuple(
        batch.Group(f"S{meter}", f"r{register}", 3, [at], [1_000_000 + slot * (meter + register + 1)], "KWH")
        for meter in range(meters)
        for register in range(REGISTERS)
    )
    return batch.write(batch.Batch(readings=groups))


class _Served:
    """`meterbook web` as a process of its own, and one enrolled gateway that keeps its connection."""

    def __init__(self, data: Path, gateway: Any) -> None:  # noqa: ANN401 - a Gateway
        from django.conf import settings

        from tests.factories import gateways
        from tests.support import processes

        self._port = processes.free_port()
        more = {"MB_SECRET_KEY": settings.SECRET_KEY, "MB_VAULT_KEY": settings.VAULT_KEY}
        self._process = subprocess.Popen(  # noqa: S603 - this very program
            [*processes.command("web"), "--port", str(self._port)], env=processes.environment(data, **more)
        )
        code = gateways.code(gateway)
        processes.until(self._answers, what="an answer of the server")
        self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)
        self._secret = signing.new_secret()
        public = signing.encode(signing.public_half(self._secret))
        given = {"code": code, "algorithm": "ed25519", "public_key": public}
        told = self._post("/push/v1/enrol", json.dumps(given).encode(), {}, 201)
        self._stamp = signing.Stamp(told["gateway"], told["key"], 1, signing.new_boot(), 1)
        self._sequence = itertools.count(1)

    def __enter__(self) -> _Served:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._process.terminate()
        self._process.wait(30)

    def send(self, body: bytes, rows: int = METERS * REGISTERS) -> int:
        """Signs and sends a batch, and returns how many readings were stored."""
        stamp = replace(self._stamp, time=int(time.time() * 1000), sequence=next(self._sequence))
        text = signing.canonical("POST", PATH, stamp, body)
        stamp = replace(stamp, signature=signing.sign(signing.Algorithm.ED25519, self._secret, text))
        told = self._post(PATH, body, {**stamp.headers(), "Content-Encoding": "gzip"}, 200)
        if told["stored"] != rows:
            raise PushFailed(f"{told['stored']} of {rows} stored: {str(told)[:500]}")
        return int(told["stored"])

    def _post(self, path: str, body: bytes, headers: dict[str, str], status: int) -> dict[str, Any]:
        self._connection.request("POST", path, body=body, headers={"Content-Type": "application/json", **headers})
        answer = self._connection.getresponse()
        told: dict[str, Any] = json.loads(answer.read())
        if answer.status != status:
            raise PushFailed(f"{answer.status} {told}")
        return told

    def _answers(self) -> bool:
        import socket

        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=1):
                return True
        except OSError:
            return False


def _site() -> tuple[int, Any, Any]:
    """500 meters behind one gateway. Made directly: their making is not measured."""
    import numpy as np

    from meterbook.acquisition import gateway_models
    from meterbook.acquisition.gateway_values import GatewayProfile
    from meterbook.foundation import scoping
    from meterbook.metering import models, values
    from tests.factories import gateways, identity, sites

    organization = identity.organization()
    site = sites.site(organization=organization)
    gateway = gateways.gateway(site=site, profile=GatewayProfile.CENTRAL, most_meters=None)
    mine = {"organization_id": organization.pk}
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        points = models.MeterPoint.objects.bulk_create(
            models.MeterPoint(**mine, site=site, code=f"P{n}", name="Bench", service=values.Service.ELECTRICITY)
            for n in range(METERS)
        )
        meters = models.Meter.objects.bulk_create(
            models.Meter(**mine, serial_number=f"S{n}", model_code="bench") for n in range(METERS)
        )
        hung = models.Installation.objects.bulk_create(
            models.Installation(**mine, meter_point=point, meter=meter, during=(START - timedelta(days=1), None))
            for point, meter in zip(points, meters, strict=True)
        )
        kind = {"kind": values.SeriesKind.CUMULATIVE, "unit": "KWH", "decimals": 3, "step": 15}
        series = models.Series.objects.bulk_create(
            models.Series(**mine, meter_point=point, code=f"r{n}", **kind) for point in points for n in range(REGISTERS)
        )
        models.InstallationRegister.objects.bulk_create(
            models.InstallationRegister(
                **mine, installation=hung[n // REGISTERS], series=each, register_code=each.code, unit="KWH", decimals=3
            )
            for n, each in enumerate(series)
        )
        gateway_models.GatewayMeter.objects.bulk_create(
            gateway_models.GatewayMeter(**mine, gateway=gateway, meter=meter) for meter in meters
        )
    return organization.pk, np.array([each.pk for each in series], np.int64), gateway


if __name__ == "__main__":
    main()
