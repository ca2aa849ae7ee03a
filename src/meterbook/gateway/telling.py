"""What goes to the server about devices, in a form that JSON can carry."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Sample


def problem(code: str, words: str, remedy: str) -> dict[str, Any]:
    """This will return what is wrong, in our own words."""
    return {"code": code, "words": words, "remedy": remedy, "data": {}}


def told(error: errors.DeviceError) -> dict[str, Any]:
    """This will return what a driver's error says, in a form that JSON can carry."""
    words = error.what
    if isinstance(error, errors.ExceptionAnswer):
        words = f"{error.what}: exception {error.exception}, {error.words}"
    data = {key: value if isinstance(value, int | str) else str(value) for key, value in error.data.items()}
    return {"code": error.code, "words": words, "remedy": error.remedy, "data": data}


def values(samples: Iterable[Sample]) -> list[dict[str, Any]]:
    """This will return what was read, in a form that JSON can carry."""
    return [_value(each) for each in samples]


def _value(sample: Sample) -> dict[str, Any]:
    return {
        "register_code": sample.code,
        "series_code": sample.series_code,
        "value": sample.value,
        "decimals": sample.decimals,
        "unit": sample.unit.value,
        "raw": sample.raw,
    }
