"""Why a device could not be read. Each error has a code, what is known of it, and what the reader can do."""

from __future__ import annotations

EXCEPTIONS: dict[int, tuple[str, str]] = {
    1: ("illegal function", "The device does not know this function; check that the meter model is the right one."),
    2: ("illegal data address", "The device has no such register; check the meter model and its firmware version."),
    3: ("illegal data value", "The device refused the length of the block; lower the model's words per request."),
    4: ("device failure", "The device failed while it answered; restart it, and exchange it if that goes on."),
    5: ("acknowledged, still working", "The device needs longer; ask again later."),
    6: ("device busy", "The device works on something else; ask again later."),
    7: ("negative acknowledge", "The device refused the request; check that the meter model is the right one."),
    8: ("memory parity error", "The device found its memory damaged; if that goes on, exchange it."),
    10: ("gateway path unavailable", "The gateway has no line to this address; check its configuration."),
    11: (
        "gateway target did not respond",
        "The gateway is there, the meter is silent; check its address, speed, parity, wiring and supply.",
    ),
}
PASSING = frozenset({5, 6, 8, 11})  # exceptions that another attempt can cure
OF_BLOCK = frozenset({2, 3})  # exceptions that a smaller block can cure


class DeviceError(Exception):
    """A device could not be read. `code` names the kind, `remedy` says what to do, `data` holds the figures."""

    code = "DEVICE"
    remedy = "Check the device and its line."

    def __init__(self, what: str, **data: object) -> None:
        super().__init__(what)
        self.what = what
        self.data = data

    @property
    def is_passing(self) -> bool:
        """Whether another attempt can cure it."""
        return True

    def __str__(self) -> str:
        return f"{self.what}. {self.remedy}"


class Timeout(DeviceError):
    """No complete answer in time."""

    code = "TIMEOUT"
    remedy = (
        "Check the unit address, the meter's supply and wiring, and the gateway's speed and parity;"
        " on a slow line allow a longer time-out."
    )


class ConnectionRefused(DeviceError):
    """No connection to the gateway: refused, unreachable, or its name is unknown."""

    code = "CONNECTION"
    remedy = (
        "Check host and port, that the gateway is switched on and reachable from here, and that no other"
        " program holds its only connection."
    )


class ConnectionLost(DeviceError):
    """The gateway ended the connection before it had answered."""

    code = "CONNECTION_LOST"
    remedy = "Check that no other program uses the gateway, and the network between."


class FrameMismatch(DeviceError):
    """An answer that does not belong to the request: nothing of it is used."""

    code = "MISMATCH"
    remedy = "Check that every address on the line is used once and that only one program asks the gateway."


class Nonsense(DeviceError):
    """An answer that belongs to the request but holds no possible value."""

    code = "NONSENSE"
    remedy = "Check the meter model, its word order and its registers against the display of the meter."


class ExceptionAnswer(DeviceError):
    """The device, or the gateway in its place, answered with a Modbus exception code."""

    code = "EXCEPTION"

    def __init__(self, what: str, *, exception: int, **data: object) -> None:
        super().__init__(what, exception=exception, **data)
        self.exception = exception
        unknown = ("unknown exception", "Look the code up in the manual of the device.")
        self.words, self.remedy = EXCEPTIONS.get(exception, unknown)

    @property
    def is_passing(self) -> bool:
        """Whether another attempt can cure it: busy and silent may pass, a wrong address stays wrong."""
        return self.exception in PASSING

    @property
    def is_of_block(self) -> bool:
        """Whether another cut of the block can cure it: an address between registers, or the length."""
        return self.exception in OF_BLOCK

    def __str__(self) -> str:
        return f"{self.what}: exception {self.exception}, {self.words}. {self.remedy}"
