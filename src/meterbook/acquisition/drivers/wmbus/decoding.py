"""`meterbook decode --protocol wmbus`: a telegram as named fields, by the table of the meter's kind."""

from __future__ import annotations

from meterbook.acquisition.contract.decoding import Options, Plain
from meterbook.acquisition.drivers.wmbus import codec
from meterbook.acquisition.library.en13757 import fields, kinds


def decode(frame: bytes, *, options: Options) -> dict[str, Plain]:
    """This will decode one telegram, from its length byte (or, on the wire, from 68h) on.

    :raises meterbook.acquisition.contract.decoding.DecodeError: with the byte that is wrong
    :raises meterbook.acquisition.contract.decoding.KeyNeeded: when it is encrypted and there is no key
    """
    telegram = codec.read(frame, key=options.key)
    kind = kinds.find(telegram.sender) or kinds.find(telegram.link) or kinds.unknown()
    if telegram.fault and not telegram.records and kind.content != "header":
        raise telegram.fault
    return fields.named(kind, telegram.sender, telegram.status, telegram.records)
