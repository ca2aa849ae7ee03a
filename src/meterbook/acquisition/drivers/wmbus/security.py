"""Opening what is encrypted: AES-CBC of modes 5 and 7, AES-CTR of the extended link layer, and the key of mode 7."""

from __future__ import annotations

from cryptography.hazmat.primitives import cmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from meterbook.acquisition.contract.decoding import DecodeError

BLOCK = 16
FILLERS = b"\x2f\x2f"
KEY_SIZES = (16,)
FOR_ENCRYPTION, FOR_AUTHENTICATION = 0x00, 0x01


def cbc(key: bytes, vector: bytes, octets: bytes) -> bytes:
    """This will open whole blocks of AES-128-CBC; a rest that fills no block stays as it is."""
    size = len(octets) - len(octets) % BLOCK
    opener = Cipher(algorithms.AES(_checked(key)), modes.CBC(vector)).decryptor()
    return opener.update(octets[:size]) + opener.finalize() + octets[size:]


def ctr(key: bytes, vector: bytes, octets: bytes) -> bytes:
    """This will open AES-128-CTR."""
    opener = Cipher(algorithms.AES(_checked(key)), modes.CTR(vector)).decryptor()
    return opener.update(octets) + opener.finalize()


def mac(key: bytes, octets: bytes) -> bytes:
    """This will return the AES-CMAC (RFC 4493), 16 bytes."""
    maker = cmac.CMAC(algorithms.AES(_checked(key)))
    maker.update(octets)
    return maker.finalize()


def derived(key: bytes, purpose: int, counter: bytes, number: bytes) -> bytes:
    """This will derive the key of one telegram (EN 13757-7, 9.5): from message counter and meter number as sent."""
    return mac(key, bytes([purpose]) + counter + number + b"\x07" * 7)


def _checked(key: bytes) -> bytes:
    if len(key) not in KEY_SIZES:
        raise DecodeError(f"a key has 16 bytes, this one {len(key)}", place="key")
    return key
