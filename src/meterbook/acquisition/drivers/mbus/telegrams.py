"""From the answers of one readout to records with names: several telegrams are one; old meters send two counters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.decoding import DecodeError
from meterbook.acquisition.contract.frames import Record
from meterbook.acquisition.contract.octets import Octets
from meterbook.acquisition.drivers.mbus import codec, fixed
from meterbook.acquisition.library.en13757 import records, registers, wired

APPLICATION_ERROR = 0x70
BUSY = 8
APPLICATION_ERRORS = {
    1: "it does not know this question",
    3: "it has too many records",
    8: "it is busy",
    9: "it was asked too often",
}
# Of the fixed structure: name of the record, unit of the standard, and the power of ten from the unit sent.
FIXED_UNITS = {
    "Wh": ("energy", "Wh", 0),
    "kWh": ("energy", "Wh", 3),
    "MWh": ("energy", "Wh", 6),
    "kJ": ("energy", "J", 3),
    "MJ": ("energy", "J", 6),
    "GJ": ("energy", "J", 9),
    "W": ("power", "W", 0),
    "kW": ("power", "W", 3),
    "MW": ("power", "W", 6),
    "kJ/h": ("power", "J/h", 3),
    "MJ/h": ("power", "J/h", 6),
    "GJ/h": ("power", "J/h", 9),
    "ml": ("volume", "m^3", -6),
    "l": ("volume", "m^3", -3),
    "m^3": ("volume", "m^3", 0),
    "ml/h": ("volume-flow", "m^3/h", -6),
    "l/h": ("volume-flow", "m^3/h", -3),
    "m^3/h": ("volume-flow", "m^3/h", 0),
}
HISTORIC = "reserved but historic"  # the second counter is the first one of the key date


class MeterRefused(errors.DeviceError):
    """The meter answered that it cannot tell its values; `is_passing` when it may later."""

    code = "MBUS_REFUSED"
    remedy = "Ask again later; if that goes on, look at the display of the meter, and exchange it if it shows an error."


class Encrypted(errors.DeviceError):
    """The meter sends its values encrypted."""

    code = "MBUS_ENCRYPTED"
    remedy = "Switch the encryption of the wired interface off with the tool of the maker; on a wire it is not needed."

    @property
    def is_passing(self) -> bool:
        """It sends the same the next time."""
        return False


def content(frame: bytes) -> codec.Telegram | fixed.Fixed:
    """This will read one answer with values.

    :raises MeterRefused: when the meter says that it cannot
    :raises Encrypted: when they cannot be read without a key
    :raises meterbook.acquisition.contract.errors.FrameMismatch: when it is no answer with values
    """
    try:
        link = wired.parse(frame)
        if link.ci == APPLICATION_ERROR:
            code = link.data[0] if link.data else 0
            words = APPLICATION_ERRORS.get(code, f"error {code}")
            raise MeterRefused(f"address {link.address} answered that {words}", error=code, response=frame.hex())
        if link.ci == codec.FIXED:
            return fixed.parse(Octets(link.data, wired.DATA_AT))
        telegram = codec.telegram(link)
    except DecodeError as error:
        raise errors.FrameMismatch(f"the answer cannot be read: {error}", response=frame.hex()) from error
    if telegram.header.mode:
        raise Encrypted(f"address {link.address} sends encrypted values", response=frame.hex())
    return telegram


def joined(frames: Sequence[bytes]) -> tuple[Record, ...]:
    """This will return the records of all telegrams of a readout under their names, as a meter-model document has them.

    :raises errors.DeviceError: as `content`
    """
    found: list[records.Record] = []
    old: list[Record] = []
    for frame in frames:
        part = content(frame)
        if isinstance(part, fixed.Fixed):
            old += _fixed(part, frame)
        else:
            found += part.records
    return (*old, *_named(found))


def _named(found: Iterable[records.Record]) -> Iterable[Record]:
    for each in registers.readings(found):
        yield Record(each.key, each.value, each.unit, each.text, each.raw_hex)


def _fixed(part: fixed.Fixed, frame: bytes) -> Iterable[Record]:
    """The bytes of a counter are told behind its unit, as they are sent: BCD or binary, lowest first."""
    first = part.units[0]
    for index, (unit, value) in enumerate(zip(part.units, part.counters, strict=True)):
        is_stored = unit == HISTORIC or part.function == "Stored value"
        sent = first if unit == HISTORIC else unit
        prefix, _, plain = sent.rpartition(" ")
        if plain not in FIXED_UNITS:
            continue
        name, standard, power = FIXED_UNITS[plain]
        number = None if value is None else value * Decimal(prefix or 1) * Decimal(1).scaleb(power)
        at = wired.DATA_AT + 8 + 4 * index
        raw = frame[wired.DATA_AT + 6 + index : wired.DATA_AT + 7 + index] + frame[at : at + 4]
        yield Record(f"{name}.storage1" if is_stored else name, number, standard, "", raw.hex())
