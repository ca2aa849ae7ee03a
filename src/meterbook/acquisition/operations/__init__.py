"""Changes of acquisition: buses and devices (`devices`), questions (`requests`), what collectors see (`states`)."""

from meterbook.acquisition.operations.devices import (
    AddressTaken,
    BusMisconfigured,
    DeviceMisconfigured,
    create_bus,
    create_device,
    set_bus_enabled,
    set_device_enabled,
)
from meterbook.acquisition.operations.requests import (
    Answer,
    DeviceNotAsked,
    TakenRequest,
    answer_request,
    expire_requests,
    request_reading,
    take_requests,
)
from meterbook.acquisition.operations.states import FrameNote, note_device_answer, note_device_silence

__all__ = [
    "AddressTaken",
    "Answer",
    "BusMisconfigured",
    "DeviceMisconfigured",
    "DeviceNotAsked",
    "FrameNote",
    "TakenRequest",
    "answer_request",
    "create_bus",
    "create_device",
    "expire_requests",
    "note_device_answer",
    "note_device_silence",
    "request_reading",
    "set_bus_enabled",
    "set_device_enabled",
    "take_requests",
]
