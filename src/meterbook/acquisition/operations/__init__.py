"""Changes of acquisition: buses and devices (`devices`, `connecting`), questions (`requests`), test reads (`probes`),
what collectors see (`states`), how often it fails (`tallying`), what somebody looks at (`watching`)."""

from meterbook.acquisition.operations.connecting import ConnectionRefused, change_connection
from meterbook.acquisition.operations.devices import (
    AddressTaken,
    BusMisconfigured,
    DeviceMisconfigured,
    create_bus,
    create_device,
    move_bus,
    set_bus_enabled,
    set_device_enabled,
)
from meterbook.acquisition.operations.probes import (
    PROBE,
    Place,
    ProbeAnswer,
    ProbeRefused,
    TakenProbe,
    answer_probe,
    request_probe,
    take_probes,
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
from meterbook.acquisition.operations.states import (
    DeviceAnswer,
    FrameNote,
    note_device_answer,
    note_device_silence,
    note_usual_answers,
)
from meterbook.acquisition.operations.tallying import Tally, add_tallies
from meterbook.acquisition.operations.watching import MOST_DEVICES, WATCH, watch_series

__all__ = [
    "MOST_DEVICES",
    "PROBE",
    "WATCH",
    "AddressTaken",
    "Answer",
    "BusMisconfigured",
    "ConnectionRefused",
    "DeviceAnswer",
    "DeviceMisconfigured",
    "DeviceNotAsked",
    "FrameNote",
    "Place",
    "ProbeAnswer",
    "ProbeRefused",
    "TakenProbe",
    "TakenRequest",
    "Tally",
    "add_tallies",
    "answer_probe",
    "answer_request",
    "change_connection",
    "create_bus",
    "create_device",
    "expire_requests",
    "move_bus",
    "note_device_answer",
    "note_device_silence",
    "note_usual_answers",
    "request_probe",
    "request_reading",
    "set_bus_enabled",
    "set_device_enabled",
    "take_probes",
    "take_requests",
    "watch_series",
]
