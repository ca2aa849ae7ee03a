"""What gateways sign and send: the published example, signatures, limits, sequences, codes."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbook.acquisition.push import batch, codes, sequences, signing
from tools.lint.findings import ROOT

PAGE = (ROOT / "docs/reference/push.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^```(\S+)\n(.*?)\n```$", PAGE, re.MULTILINE | re.DOTALL))


class TestPublishedExample:
    @pytest.mark.spec("M-018/1")
    def test_is_what_the_product_signs(self) -> None:
        body, secret = BLOCKS["json"].encode(), signing.decode(BLOCKS["secret"])
        _version, method, path, gateway, key, time, boot, sequence, _digest = BLOCKS["canonical"].splitlines()
        stamp = signing.Stamp(gateway, key, int(time), boot, int(sequence))

        text = signing.canonical(method, path, stamp, body)

        assert text.decode() == BLOCKS["canonical"]
        for algorithm in signing.Algorithm:
            signature = BLOCKS[algorithm.value]
            public = secret if algorithm is signing.Algorithm.HMAC else signing.public_half(secret)
            assert signing.sign(algorithm, secret, text) == signature
            assert signing.is_genuine(algorithm, public, text, signature)
        assert batch.read(body).size == 2


class TestSignature:
    @pytest.mark.parametrize("algorithm", list(signing.Algorithm))
    def test_fits_one_text_and_one_key(self, algorithm: signing.Algorithm) -> None:
        secret, other = signing.new_secret(), signing.new_secret()
        public, stranger = secret, other
        if algorithm is signing.Algorithm.ED25519:
            public, stranger = signing.public_half(secret), signing.public_half(other)
        signature = signing.sign(algorithm, secret, b"text")

        assert signing.is_genuine(algorithm, public, b"text", signature)
        assert not signing.is_genuine(algorithm, public, b"texu", signature)
        assert not signing.is_genuine(algorithm, stranger, b"text", signature)
        assert not signing.is_genuine(algorithm, public, b"text", "no base64")
        assert not signing.is_genuine(algorithm, public, b"text", "")

    def test_is_read_from_headers_of_the_right_shape_only(self) -> None:
        good = signing.Stamp("g", "k", 1, signing.new_boot(), 1, "s").headers()

        assert signing.read(good).sequence == 1
        for name, value in (
            ("Meterbook-Sequence", "0"),
            ("Meterbook-Sequence", "-1"),
            ("Meterbook-Sequence", "1.0"),
            ("Meterbook-Sequence", "²"),
            ("Meterbook-Sequence", "9" * 40),
            ("Meterbook-Time", ""),
            ("Meterbook-Boot", "F" * 32),
            ("Meterbook-Boot", "f" * 31),
            ("Meterbook-Key", "k" * 300),
        ):
            with pytest.raises(signing.HeadersInvalid):
                signing.read({**good, name: value})


class TestBatch:
    def test_comes_back_as_it_was_written(self) -> None:
        group = batch.Group("A-17", "energy_import", 2, [1, 2], [-5, 2**61], "KWH")
        written = batch.Batch(readings=(group,), latest=(replace(group, at=[3], value=[4]),), status={"rssi": -61})

        body = batch.write(written)

        assert batch.read(batch.unpack(body, "gzip")) == written
        assert batch.write(written) == body

    def test_of_too_many_rows_is_refused(self) -> None:
        many = batch.Group("A", "b", 0, [1] * (batch.MOST_ROWS + 1), [1] * (batch.MOST_ROWS + 1))

        with pytest.raises(batch.BatchTooLarge):
            batch.read(batch.unpack(batch.write(batch.Batch(readings=(many,))), "gzip"))

    @pytest.mark.parametrize(("at", "value"), [(2**52, 1), (-(2**52), 1), (1, 2**62), (1, -(2**62))])
    def test_of_numbers_beyond_64_bits_of_microseconds_is_refused(self, at: int, value: int) -> None:
        group = batch.Group("A-17", "energy_import", 2, [at], [value])

        with pytest.raises(batch.BatchUnreadable, match="too large"):
            batch.read(batch.unpack(batch.write(batch.Batch(readings=(group,))), "gzip"))

    @given(st.binary(max_size=200))
    def test_of_any_bytes_is_refused_by_name(self, raw: bytes) -> None:
        for encoding in ("", "gzip"):
            with pytest.raises((batch.BatchUnreadable, batch.BatchTooLarge)):
                batch.read(batch.unpack(raw, encoding))


class TestReceived:
    @given(st.lists(st.integers(1, 40), max_size=60))
    def test_knows_what_came_and_what_is_missing(self, came: list[int]) -> None:
        received = sequences.Received()

        for each in came:
            received = received.with_one(each)

        assert [each for each in range(1, 41) if received.has(each)] == sorted(set(came))
        assert received.highest == max(came, default=0)

    def test_gives_up_the_oldest_of_too_many_gaps(self) -> None:
        received = sequences.Received()
        for each in range(2, 1000, 2):
            received = received.with_one(each)

        assert len(received.gaps) == sequences.MOST_GAPS
        assert received.gaps[-1] == (997, 997)


class TestHeard:
    @given(st.lists(st.integers(1, 60), max_size=80))
    def test_takes_each_count_once(self, counts: list[int]) -> None:
        heard, taken = sequences.Heard(), []

        for each in counts:
            after = heard.hear(each)
            if after is not None:
                heard = after
                taken.append(each)

        assert sorted(taken) == sorted(set(counts))

    def test_takes_nothing_from_before_its_window(self) -> None:
        heard = sequences.Heard().hear(1000)

        assert heard is not None
        assert heard.hear(1000 - sequences.WINDOW) is None
        assert heard.bits < 2**63


class TestCode:
    def test_is_known_however_it_is_typed(self) -> None:
        code = codes.new()

        assert codes.digest(code) == codes.digest(f"  {code.lower().replace('-', ' ')} ")
        assert codes.digest("OOOO-IIII-LLLL-UUUU") == codes.digest("0000-1111-1111-VVVV")
        for wrong in ("", "7K2M", code + "0", "7K2M-QX4D-9ZPA-3V8!"):
            with pytest.raises(codes.CodeInvalid):
                codes.digest(wrong)
