"""What the meter points of an organization are made of, read once and kept in this process until something changes.

Which rows of `monitoring_structurechange` are seen tells whether what is kept still holds. It is read before the facts:
they may be newer than the version that they are kept under, never older.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from meterbook.foundation import scoping
from meterbook.metering import values as metering_values

MOST_KEPT = 32  # sets of organizations
NONE = -1  # stands for an id that is not there
_COUNTED = sorted({*metering_values.COUNTED_SERIES.values(), "power"})
# A place is a point's site, or what stands at the top of its site's tree, such as a building. Units are the many: only
# what is larger is climbed.
_POINTS = """
WITH RECURSIVE larger AS MATERIALIZED (
    SELECT id, parent_id FROM sites_sitenode WHERE organization_id = ANY(%(organizations)s) AND kind <> 'UNIT'
), tree(id, top) AS (
    SELECT id, id FROM larger WHERE parent_id IS NULL
    UNION ALL
    SELECT larger.id, tree.top FROM larger JOIN tree ON larger.parent_id = tree.id
)
SELECT p.id, dense_rank() OVER (ORDER BY p.sort_name), p.service, p.role, COALESCE(m.model_code, ''), p.site_id,
    COALESCE(tree.top, -1), COALESCE(m.id, -1), d.meter_id IS NOT NULL
FROM metering_meterpoint p
LEFT JOIN metering_installation i ON i.meter_point_id = p.id AND upper_inf(i.during)
    AND i.organization_id = ANY(%(organizations)s)
LEFT JOIN metering_meter m ON m.id = i.meter_id AND m.organization_id = ANY(%(organizations)s)
LEFT JOIN (SELECT DISTINCT meter_id FROM acquisition_device
    WHERE is_enabled AND organization_id = ANY(%(organizations)s)) d ON d.meter_id = m.id
LEFT JOIN sites_sitenode unit ON unit.id = p.node_id AND unit.organization_id = ANY(%(organizations)s)
LEFT JOIN tree ON tree.id = CASE unit.kind WHEN 'UNIT' THEN unit.parent_id ELSE unit.id END
WHERE p.organization_id = ANY(%(organizations)s)
ORDER BY p.id
"""
_SERIES = """
SELECT id, meter_point_id, CASE WHEN code = 'power' THEN 0 ELSE step END FROM metering_series
WHERE organization_id = ANY(%(organizations)s) AND code = ANY(%(codes)s)
"""
# Devices that are asked and do not answer: they change without the structure, so they come with its version.
_NOW = """
SELECT count(*), max(id), ARRAY(
    SELECT d.meter_id FROM acquisition_devicestate ds
    JOIN acquisition_device d ON d.id = ds.device_id AND d.is_enabled AND d.organization_id = ANY(%(organizations)s)
    WHERE ds.status = 'SILENT' AND ds.organization_id = ANY(%(organizations)s) AND d.meter_id IS NOT NULL)
FROM monitoring_structurechange WHERE organization_id = ANY(%(organizations)s)
"""

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Facts:
    """Columns of all meter points, by id. Texts are positions in `services`, `roles` and `models`."""

    ids: Ids
    names: Ids  # equal names have equal ranks
    service: Ids
    role: Ids
    model: Ids
    site: Ids
    top: Ids  # NONE where the point hangs below no place
    meter: Ids  # NONE without a meter
    has_device: NDArray[np.bool_]
    step: Ids  # minutes of the counted series; 0 without one
    services: tuple[str, ...]
    roles: tuple[str, ...]
    models: tuple[str, ...]
    series: Ids  # the counted series and those of power,
    series_at: Ids  # and the position of the point of each

    @property
    def is_live(self) -> NDArray[np.bool_]:
        """Points with a meter that reports by itself; of the others nothing is expected."""
        silent = [each for each, code in enumerate(self.models) if code in metering_values.NOT_REPORTING]
        live: NDArray[np.bool_] = (self.meter != NONE) & ~np.isin(self.model, silent)
        return live


_kept: OrderedDict[tuple[object, ...], tuple[tuple[int, int | None], Facts]] = OrderedDict()
_lock = threading.Lock()


def facts() -> tuple[Facts, Ids]:
    """This will return the meter points of the scope, and the ids of the meters whose devices are silent now."""
    organizations = list(scoping.current().organizations)
    with connection.cursor() as cursor:
        cursor.execute(_NOW, {"organizations": organizations})
        count, newest, silent = cursor.fetchone()
    version = (count, newest)
    where = connection.settings_dict
    key = (where["HOST"], where["PORT"], where["NAME"], *organizations)
    with _lock:
        kept = _kept.get(key)
        if kept is not None and kept[0] == version:
            _kept.move_to_end(key)
            return kept[1], np.array(silent, np.int64)
    read = _read(organizations)
    with _lock:
        _kept[key] = version, read
        _kept.move_to_end(key)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return read, np.array(silent, np.int64)


def _read(organizations: list[int]) -> Facts:
    with connection.cursor() as cursor:
        cursor.execute(_POINTS, {"organizations": organizations})
        points = cursor.fetchall()
        cursor.execute(_SERIES, {"organizations": organizations, "codes": _COUNTED})
        series = np.array(cursor.fetchall(), np.int64).reshape(-1, 3)
    columns = list(zip(*points, strict=True)) or [()] * 9
    ids, names, service, role, model, site, top, meter, has_device = columns
    of_ids = np.array(ids, np.int64)
    series = series[np.isin(series[:, 1], of_ids)]  # one may have come with its point since
    at = np.searchsorted(of_ids, series[:, 1])
    step = np.zeros(len(of_ids), np.int64)
    np.maximum.at(step, at, series[:, 2])
    services, of_service = _coded(service)
    roles, of_role = _coded(role)
    models, of_model = _coded(model)
    return Facts(
        ids=of_ids,
        names=np.array(names, np.int64),
        service=of_service,
        role=of_role,
        model=of_model,
        site=np.array(site, np.int64),
        top=np.array(top, np.int64),
        meter=np.array(meter, np.int64),
        has_device=np.array(has_device, np.bool_),
        step=step,
        services=services,
        roles=roles,
        models=models,
        series=series[:, 0],
        series_at=at,
    )


def _coded(texts: tuple[str, ...]) -> tuple[tuple[str, ...], Ids]:
    known = tuple(sorted(set(texts)))
    places = {text: place for place, text in enumerate(known)}
    return known, np.array([places[text] for text in texts], np.int64)
