"""Right after very many meters were brought in, statistics still tell of tables that are nearly empty."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection, connections
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from meterbook.foundation import scoping
from meterbook.metering import models
from meterbook.monitoring import queries
from tests.factories import billing, identity, sites

METERS, REGISTERS = 270, 12
AT = datetime(2026, 11, 27, 9, tzinfo=UTC)
TABLES = ("meterpoint", "meter", "installation", "installationregister", "series")


def bring_in(organization_id: int, site_id: int) -> None:
    """All at once, as a list of meters does."""

    def made(model, rows):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 - models of all kinds
        return model.objects.bulk_create([model(organization_id=organization_id, **row) for row in rows])

    during = DateTimeTZRange(datetime(2026, 11, 1, tzinfo=UTC), None, "[)")
    numbers = range(METERS)
    points = made(models.MeterPoint, ({"site_id": site_id, "code": f"M{n}", "service": "ELECTRICITY"} for n in numbers))
    meters = made(models.Meter, ({"serial_number": f"S{n}", "model_code": "eastron_sdm630"} for n in numbers))
    hung = made(
        models.Installation,
        ({"meter_point": point, "meter": meter, "during": during} for point, meter in zip(points, meters, strict=True)),
    )
    codes = ["energy_import", *(f"other_{n}" for n in range(1, REGISTERS))]
    of_series = {"kind": "CUMULATIVE", "unit": "KWH", "decimals": 3, "step": 15}
    series = made(
        models.Series, ({"meter_point": each, "code": code, **of_series} for each in points for code in codes)
    )
    of_register = {"unit": "KWH", "decimals": 3}
    places = ((each, code) for each in hung for code in codes)
    made(
        models.InstallationRegister,
        (
            {"installation": each, "register_code": code, "series": one, **of_register}
            for (each, code), one in zip(places, series, strict=True)
        ),
    )


@pytest.mark.spec("M-026/1")
def test_the_list_of_meters_to_read_by_hand_does_not_trust_statistics_of_empty_tables() -> None:
    organization = identity.organization()
    site = sites.site(organization=organization)
    with connections["owner"].cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ANALYZE metering_{table}")
    with scoping.scope([organization.pk], actor=billing.ACTOR):
        bring_in(organization.pk, site.pk)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '60s'")
        found = queries.hand_read(site_ids=None, month_end=datetime(2026, 12, 1, tzinfo=UTC), at=AT)
        with connection.cursor() as cursor:
            cursor.execute("SHOW enable_seqscan")
            assert cursor.fetchone() == ("on",)
    assert len(found) == METERS
