"""`meterbook decode`: what does this frame say? It needs neither a database nor a device."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TextIO

from meterbook.acquisition.contract.decoding import DecodeError, KeyNeeded, KeyWrong, Options, Plain
from meterbook.acquisition.drivers import decoding

DECODED, FAILED = 0, 2
STDIN = "-"
KEY_SIZES = (16, 32)
CODES: dict[type[Exception], str] = {KeyNeeded: "KEY_NEEDED", KeyWrong: "KEY_WRONG", DecodeError: "DECODE"}
HEX_FILLING = str.maketrans("", "", " \t\r\n:-,_")
NO_HEX = re.compile(r"[^0-9a-fA-F]")
# What stands at fault where an error does not say it itself, and what to do about each kind.
PLACES: dict[type[Exception], str] = {decoding.UnknownProtocol: "--protocol", OSError: "--text"}
REMEDIES: dict[type[Exception], str] = {
    KeyNeeded: "Give the encryption key of this meter with --key.",
    KeyWrong: "Look the encryption key of this meter up again, and give it with --key.",
    decoding.UnknownProtocol: "Name the protocol that the meter speaks.",
    OSError: "Name a file that can be read, or - for standard input.",
}
ARGUMENTS = ("profile", "key", "registers")  # places that are not in the frame
REMEDY_OF_AN_ARGUMENT = "Correct the argument."
REMEDY_OF_A_FRAME = "Give the whole frame, from its first byte to its last, in the protocol it has, or read it again."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This will declare the arguments of the command."""
    parser.description = "Decode frames of a meter and print what they hold; exit status 2 when they are damaged."
    names = ", ".join([*decoding.FOLDERS, "lorawan:PROFILE"])
    parser.add_argument("--protocol", required=True, metavar="P", help=f"one of {names}")
    frame = parser.add_mutually_exclusive_group()
    frame.add_argument("--hex", metavar="HEX", help="the frame in hex; - reads hex from standard input")
    frame.add_argument(
        "--text", metavar="FILE", help="a file with the frame as it is, such as a telegram; - is standard input"
    )
    frame.add_argument("--registers", metavar="N,N", type=_registers, help="words of a Modbus answer without its frame")
    parser.add_argument("--request", metavar="HEX", type=_octets, help="the question that a Modbus answer belongs to")
    parser.add_argument("--type", metavar="TYPE", help="read the registers as this type: int32, float32, string, ...")
    parser.add_argument("--word-order", default="big", help="big, little, big_swapped or little_swapped")
    parser.add_argument("--key", metavar="HEX", type=_key, help="the encryption key")
    parser.add_argument("--authentication-key", metavar="HEX", type=_key, help="of DLMS, where it differs from --key")
    parser.add_argument("--system-title", metavar="HEX", type=_octets, help="of the sender, where the frame lacks it")
    parser.add_argument("--profile", help="of LoRaWAN, as in lorawan:PROFILE")
    parser.add_argument("--port", metavar="1-255", type=_port, help="the fPort of a LoRaWAN uplink")
    parser.add_argument("--capture", metavar="COLUMNS", help="columns of a DLMS profile: 8:0-0:1.0.0,3:1-0:1.8.0")
    parser.add_argument("--step", metavar="MINUTES", type=_step, help="minutes between the rows of a DLMS profile")
    parser.add_argument("--json", action="store_true", help="print one JSON object; numbers are exact")


def run(options: argparse.Namespace) -> int:
    """This will decode the frame and print it; it answers 2 when that is impossible and says where it is wrong."""
    try:
        told = decoding.decode(options.protocol, _frame(options), _options(options))
    except (DecodeError, decoding.UnknownProtocol, OSError) as error:
        _tell(error, as_json=options.json)
        return FAILED
    _write(sys.stdout, _json(told) if options.json else "\n".join(_lines(told)))
    return DECODED


def _frame(options: argparse.Namespace) -> bytes:
    if options.registers:
        return b""
    if options.hex is not None:
        return _hex(_typed() if options.hex == STDIN else options.hex)
    if options.text in (None, STDIN):
        return sys.stdin.buffer.read()
    return Path(options.text).read_bytes()


def _typed() -> str:
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise DecodeError("standard input is no hex; give the bytes of a frame with --text -", place="--hex") from error


def _hex(text: str) -> bytes:
    digits = text.translate(HEX_FILLING).lower().replace("0x", "")
    odd = NO_HEX.search(digits)
    if odd:
        raise DecodeError(
            f"write pairs of hex digits, such as 1103007c00020743; {odd[0]!a} behind {odd.start()} of them is none",
            place="--hex",
        )
    if len(digits) % 2:
        raise DecodeError(
            f"write pairs of hex digits, such as 1103007c00020743; these are {len(digits)}", place="--hex"
        )
    return bytes.fromhex(digits)


def _options(options: argparse.Namespace) -> Options:
    return Options(
        key=options.key,
        profile=options.profile,
        port=options.port,
        authentication_key=options.authentication_key,
        system_title=options.system_title,
        request=options.request,
        type=options.type,
        word_order=options.word_order,
        registers=options.registers or (),
        capture=tuple(options.capture.split(",")) if options.capture else (),
        step_minutes=options.step,
    )


def _tell(error: Exception, *, as_json: bool) -> None:
    place = getattr(error, "place", "") or _by_kind(PLACES, error, "")
    general = REMEDY_OF_AN_ARGUMENT if place.startswith("--") or place in ARGUMENTS else REMEDY_OF_A_FRAME
    remedy = _by_kind(REMEDIES, error, general)
    if as_json:
        code = _by_kind(CODES, error, "REFUSED")
        told: dict[str, Plain] = {"error": str(error), "code": code, "place": place, "remedy": remedy}
        _write(sys.stdout, _json({**told, **getattr(error, "known", {})}))
    _write(sys.stderr, f"meterbook: {error}\n{remedy}")


def _by_kind(known: Mapping[type[Exception], str], error: Exception, otherwise: str) -> str:
    return next((each for kind, each in known.items() if isinstance(error, kind)), otherwise)


def _write(stream: TextIO, text: str) -> None:
    """Characters that the terminal or file has not are written as JSON writes them."""
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        text = "".join(each if each.isascii() else json.dumps(each)[1:-1] for each in text)
    stream.write(text + "\n")


def _json(value: Plain, depth: int = 0) -> str:
    """Written here, because json.dumps knows no exact decimals."""
    inner, outer = "  " * (depth + 1), "  " * depth
    if isinstance(value, dict) and value:
        parts = [
            f"{inner}{json.dumps(key, ensure_ascii=False)}: {_json(each, depth + 1)}" for key, each in value.items()
        ]
        return "{\n" + ",\n".join(parts) + f"\n{outer}}}"
    if isinstance(value, list) and value:
        if all(isinstance(each, int) for each in value):
            return json.dumps(value)
        return "[\n" + ",\n".join(inner + _json(each, depth + 1) for each in value) + f"\n{outer}]"
    return f"{value:f}" if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def _lines(value: Plain, depth: int = 0) -> Iterator[str]:
    indent = "  " * depth
    rows = value.items() if isinstance(value, dict) else enumerate(value, 1) if isinstance(value, list) else ()
    for key, each in rows:
        if isinstance(each, dict | list) and each and not _is_flat(each):
            yield f"{indent}{key}:"
            yield from _lines(each, depth + 1)
        else:
            yield f"{indent}{key}: {_short(each)}"


def _is_flat(value: Plain) -> bool:
    return isinstance(value, list) and not any(isinstance(each, dict | list) for each in value)


def _short(value: Plain) -> str:
    if isinstance(value, list):
        return ", ".join(_short(each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:f}" if isinstance(value, Decimal) else "-" if value is None else str(value)


def _octets(text: str) -> bytes:
    try:
        return bytes.fromhex(text.translate(HEX_FILLING))
    except ValueError as error:
        raise argparse.ArgumentTypeError("write pairs of hex digits") from error


def _key(text: str) -> bytes:
    """A key in hex; some makers print keys of 16 characters, which are taken as they are."""
    try:
        key = bytes.fromhex(text.translate(HEX_FILLING))
    except ValueError:
        key = text.encode()
    if len(key) not in KEY_SIZES:
        raise argparse.ArgumentTypeError("a key has 32 hex digits (64 for AES-256)")
    return key


def _registers(text: str) -> tuple[int, ...]:
    words = [part.strip() for part in text.split(",")]
    if not all(word.isdecimal() and int(word) <= 0xFFFF for word in words):
        raise argparse.ArgumentTypeError("write words from 0 to 65535 with commas between them")
    return tuple(int(word) for word in words)


def _port(text: str) -> int:
    return _number(text, 255)


def _step(text: str) -> int:
    return _number(text, 527_040)


def _number(text: str, most: int) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text}: write a whole number from 1 to {most}")
    return int(text)
