"""The tariffs of the demonstration, from the documents in the data folder."""

from __future__ import annotations

import json
from datetime import date, datetime
from importlib import resources

from meterbook.kernel.actor import Actor
from meterbook.tariffs import models as tariff_models
from meterbook.tariffs import operations as tariff_operations

DATA = resources.files("meterbook_lab") / "data"


def publish(name: str, *, first_day: date, author: Actor, publisher: Actor, at: datetime) -> tariff_models.Tariff:
    """This will write the tariff of a data file and put it in force from a day on. Needs a scope.

    :param name: of the file, such as tariff_retail.json
    """
    document = json.loads((DATA / name).read_text(encoding="utf-8"))
    tariff = tariff_operations.create_tariff(actor=author, at=at, document=document)
    tariff_operations.publish_version(actor=publisher, at=at, tariff=tariff, first_day=first_day)
    return tariff
