"""Diehl's scrambling with a shift register, in place of encryption: the seeds are known and no secret."""

from __future__ import annotations

from collections.abc import Iterator

SEEDS = (bytes.fromhex("39bc8a10e66d83f8"), bytes.fromhex("51728910e66d83f8"))
DATA_AT = 15
TAPS = (1, 2, 11, 31)
WORD = 0xFFFFFFFF


def candidates(frame: bytes) -> Iterator[bytes]:
    """This will return what begins at byte 15 of a frame, as it is and unscrambled with each seed that is known."""
    yield frame[DATA_AT:]
    for seed in SEEDS:
        yield _opened(frame, int.from_bytes(seed[:4]) ^ int.from_bytes(seed[4:]))


def _opened(frame: bytes, seed: int) -> bytes:
    register = seed
    for at in (2, 6, 10):  # maker and number, version and type, the header behind them
        register ^= int.from_bytes(frame[at : at + 4])
    plain = bytearray()
    for octet in frame[DATA_AT:]:
        for _ in range(8):
            bit = 0
            for tap in TAPS:
                bit ^= register >> tap & 1
            register = (register << 1 | bit) & WORD
        plain.append(octet ^ register & 0xFF)
    return bytes(plain)
