"""AES-GCM as DLMS/COSEM uses it (Green Book 9.2.7), also for the encrypted P1 telegrams of DSMR meters."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import exceptions
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from meterbook.acquisition.contract.decoding import DecodeError, KeyNeeded, KeyWrong, Options, Plain
from meterbook.acquisition.contract.octets import Octets

TAG, TITLE = 12, 8
AUTHENTICATED, ENCRYPTED, BROADCAST, COMPRESSED = 0x10, 0x20, 0x40, 0x80
KEY_SIZES = {0: 16, 1: 16, 2: 32}


@dataclass(frozen=True)
class Sealed:
    """A ciphered APDU: who sealed it, how, and what. `header` is authenticated with it where the APDU says so."""

    title: bytes
    control: int
    counter: int
    content: bytes
    place: str
    header: bytes = b""

    @property
    def told(self) -> dict[str, Plain]:
        """The fields that are readable without a key."""
        how = "+".join(
            word
            for bit, word in (
                (AUTHENTICATED, "auth"),
                (ENCRYPTED, "enc"),
                (BROADCAST, "broadcast key"),
                (COMPRESSED, "compressed"),
            )
            if self.control & bit
        )
        return {
            "system_title": self.title.hex() or None,
            "security_control": f"{self.control:02x} ({how or 'plain'}, suite {self.control & 15})",
            "invocation_counter": self.counter,
        }


def read(octets: Octets, title: bytes, header: bytes = b"") -> Sealed:
    """This will read security control, invocation counter and content; all that is left belongs to it.

    :raises DecodeError: when it is too short to hold them
    """
    place, control = octets.place, octets.byte("security control")
    return Sealed(title, control, octets.number(4, "invocation counter"), octets.rest(), place, header)


def open_sealed(sealed: Sealed, options: Options, *, key_name: str = "encryption key") -> bytes:
    """This will check and decipher the content.

    Without an authentication key of its own the encryption key serves as both.

    :raises KeyNeeded: when a key or the system title is missing
    :raises KeyWrong: when the tag does not fit
    :raises DecodeError: when the content is too short, or compressed
    """
    if sealed.control & COMPRESSED:
        raise DecodeError(
            "the content is compressed (V.44), which nobody reads here", place=sealed.place, known=sealed.told
        )
    if not sealed.control & (AUTHENTICATED | ENCRYPTED):
        return sealed.content
    key = options.key
    if key is None:
        whose = f" of the meter with system title {sealed.title.hex()}" if sealed.title else ""
        raise KeyNeeded(f"the {key_name}{whose} is needed; give it with --key", place=sealed.place, known=sealed.told)
    if len(key) != KEY_SIZES.get(sealed.control & 15, 16):
        raise KeyWrong(
            f"security suite {sealed.control & 15} takes a key of {KEY_SIZES.get(sealed.control & 15, 16)} bytes,"
            f" this one has {len(key)}",
            place="--key",
            known=sealed.told,
        )
    if len(sealed.title) != TITLE:
        raise KeyNeeded(
            "the system title of the sender (8 bytes) is needed and not in the frame; give it with --system-title",
            place=sealed.place,
            known=sealed.told,
        )
    return _opened(sealed, key, options.authentication_key or key)


def _opened(sealed: Sealed, key: bytes, authentication_key: bytes) -> bytes:
    nonce = sealed.title + sealed.counter.to_bytes(4, "big")
    if not sealed.control & AUTHENTICATED:
        counter = modes.CTR(nonce + (2).to_bytes(4, "big"))  # GCM without a tag: counter mode that starts at 2
        plain = Cipher(algorithms.AES(key), counter).decryptor()
        return plain.update(sealed.content) + plain.finalize()
    if len(sealed.content) < TAG:
        raise DecodeError(f"the tag has {TAG} bytes, {len(sealed.content)} are there", place=sealed.place)
    content, tag = sealed.content[:-TAG], sealed.content[-TAG:]
    associated = bytes([sealed.control]) + authentication_key + sealed.header
    if not sealed.control & ENCRYPTED:
        associated, content, open_text = associated + content, b"", content
    else:
        open_text = b""
    cipher = Cipher(algorithms.AES(key), modes.GCM(nonce, tag, min_tag_length=TAG)).decryptor()
    cipher.authenticate_additional_data(associated)
    try:
        return open_text + cipher.update(content) + cipher.finalize()
    except exceptions.InvalidTag as error:
        raise KeyWrong(
            "authentication fails: the key or the authentication key is not that of this meter,"
            " or the frame was damaged",
            place=sealed.place,
            known=sealed.told,
        ) from error
