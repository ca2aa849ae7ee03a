"""`meterbook decode --protocol mbus`: a frame in the words of libmbus' normalized XML.

A meter of a kind that is known to be wired (`library.en13757.kinds`) is told by its named fields as well: its number
with all digits and its status in words are theirs.
"""

from __future__ import annotations

from decimal import Decimal

from meterbook.acquisition.contract.decoding import DecodeError, KeyNeeded, Options, Plain
from meterbook.acquisition.contract.octets import Octets
from meterbook.acquisition.drivers.mbus import codec, fixed
from meterbook.acquisition.library.en13757 import fields, identity, kinds, moments, numbers, records, vib, wired

FIXED, APPLICATION_ERROR, ALARM = 0x73, 0x70, 0x71
ENCRYPTED = (5, 7)  # security modes of EN 13757-7
MILLIONTH = Decimal("0.000001")  # libmbus prints six decimals
APPLICATION_ERRORS = {
    0: "unspecified error",
    1: "unimplemented CI field",
    2: "buffer too long, truncated",
    3: "too many records",
    4: "premature end of record",
    5: "more than 10 DIFEs",
    6: "more than 10 VIFEs",
    8: "application busy: must not crash, raise status",
    9: "too many readouts",
}
CONTROLS = {0x40: "SND_NKE", 0x5A: "REQ_UD1", 0x5B: "REQ_UD2", 0x53: "SND_UD", 0x08: "RSP_UD"}


def decode(frame: bytes, *, options: Options) -> dict[str, Plain]:
    """This will decode one frame, from E5 or its start byte to its stop byte.

    An answer that the meter itself reports as an error, and one with more DIFE or VIFE than the standard allows, comes
    out as `outcome`; a frame that did not arrive whole is refused.

    :raises meterbook.acquisition.contract.decoding.KeyNeeded: when the records are encrypted
    :raises meterbook.acquisition.contract.decoding.DecodeError: with the byte that is wrong
    """
    del options  # wired M-Bus needs nothing beside the frame
    link = wired.parse(frame)
    if link.is_acknowledgement:
        return {"frame": "acknowledgement"}
    if link.ci == APPLICATION_ERROR:
        return _application_error(link)
    if link.ci == ALARM:
        return {"outcome": "alarm", "alarm": link.data.hex()}
    if link.ci == FIXED:
        return _fixed(fixed.parse(Octets(link.data, wired.DATA_AT)))
    if link.ci is None or link.control is None or link.control & ~codec.DIRECTION_AND_STATE:
        return _request(link)
    try:
        telegram = codec.telegram(link)
    except vib.TooManyExtensions as error:
        return {"outcome": f"more than {vib.MOST_EXTENSIONS} {error.field}: reject"}
    except DecodeError as error:
        mode = identity.header(link.ci, Octets(link.data, wired.DATA_AT)).mode
        if mode not in ENCRYPTED:
            raise
        # Old meters put anything where the mode stands: only what cannot be read as it is counts as encrypted.
        words = f"the records are encrypted (mode {mode}); decode the frame as wmbus, with the key"
        raise KeyNeeded(words, place=error.place) from error
    return _telegram(telegram)


def _application_error(link: wired.Link) -> dict[str, Plain]:
    if not link.data:
        return {"outcome": "application error"}
    known = APPLICATION_ERRORS.get(link.data[0], f"error {link.data[0]}")
    return {"outcome": f"slave reports {known}"}


def _request(link: wired.Link) -> dict[str, Plain]:
    control = link.control or 0
    name = CONTROLS.get(control & ~codec.FCB, f"control {control:02x}")
    content: dict[str, Plain] = {"frame": name, "address": link.address, "frame_count_bit": bool(control & codec.FCB)}
    if link.ci is not None:
        content |= {"ci": f"{link.ci:02x}", "data": link.data.hex()}
    return content


def _fixed(content: fixed.Fixed) -> dict[str, Plain]:
    pairs = zip(content.units, content.counters, strict=True)
    return {
        "id": _number(content.number),
        "manufacturer": None,
        "version": None,
        "medium": content.medium,
        "access_number": str(content.access),
        "status": f"{content.status:02X}",
        "records": [{"function": content.function, "unit": _latin(unit), "value": value} for unit, value in pairs],
    }


def _telegram(telegram: codec.Telegram) -> dict[str, Plain]:
    who, header = telegram.header.identity, telegram.header
    kind = kinds.find(who) if who else None
    named = fields.named(kind, who, header.status or 0, telegram.records) if kind and who and kind.is_wired else {}
    shown: dict[str, Plain] = {
        "id": _number(who.number) if who else None,
        "manufacturer": who.manufacturer if who else None,
        "version": str(who.version) if who else None,
        "medium": _latin(who.caption) if who else None,
        "access_number": None if header.access is None else str(header.access),
        "status": None if header.status is None else f"{header.status:02X}",
        "records": [_record(record) for record in telegram.records],
    }
    return shown | named


def _record(record: records.Record) -> dict[str, Plain]:
    shown: dict[str, Plain] = {"function": record.function.value, "storage": str(record.storage)}
    if record.has_extension:
        shown |= {"tariff": str(record.tariff), "device": str(record.subunit)}
    if record.information:
        if record.information.meaning.unit:
            shown["unit"] = _latin(record.information.meaning.unit)
        shown["quantity"] = record.quantity
    value = _value(record)
    if value is not None:
        shown["value"] = value
    if record.information and record.information.error:
        shown["error"] = record.information.error
    return shown


def _value(record: records.Record) -> Plain:
    if isinstance(record.value, bytes):
        raw = record.value[::-1] if record.information else record.value  # a binary number, or what is the maker's own
        return raw.hex(" ").upper() or None
    if isinstance(record.value, moments.Moment) and record.information and record.information.meaning.kind == "time":
        return _moment(record.value)
    if isinstance(record.value, str):
        return record.value
    number = record.number
    if number is None and record.information and record.raw and record.header[0] & 0x0F in records.BCD:
        number = Decimal(numbers.bcd_as_sent(record.raw))
    if number is None or record.information is None:
        return None
    value = number * record.information.factor + record.information.offset
    return numbers.plain(value, MILLIONTH)


def _moment(moment: moments.Moment) -> Plain:
    """Dates that do not exist are shown as sent ("2000-00-00"), as libmbus does."""
    if moment.year is None:
        return moment.text()
    date = f"{moment.full_year:04d}-{moment.month:02d}-{moment.day:02d}"
    if moment.hour is None:
        return date
    return f"{date}T{moment.hour:02d}:{moment.minute or 0:02d}:{moment.second or 0:02d}Z"


def _number(digits: str) -> str:
    """libmbus prints an identification as a number: no zeros in front."""
    return digits.lstrip("0") or "0"


def _latin(words: str) -> str:
    """libmbus' XML declares ISO-8859-1 and carries UTF-8, so that "°C" reads "Â°C": the words are kept as they are."""
    return words.encode("utf-8").decode("latin-1")
