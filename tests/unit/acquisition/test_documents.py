"""The library of meter models, and what it says about faulty documents."""

from __future__ import annotations

from fractions import Fraction

import pytest

from meterbook.acquisition.contract.frames import Kind
from meterbook.acquisition.library import checks, documents
from meterbook.kernel.quantity import Dimension, Unit

SOUND = """\
code: test_meter
manufacturer: Maker
name: T1
service: ELECTRICITY
protocol: MODBUS
word_order: big
source: made for this test
registers:
  - code: energy_import
    caption: {en: Energy, es: Energía}
    function: 4
    address: 72
    type: float32
    unit: KWH
    kind: CUMULATIVE
    decimals: 2
  - code: power
    caption: {en: Power, es: Potencia}
    function: 4
    address: 74
    type: int16
    scale: "1/10"
    unit: W
    kind: INSTANT
    decimals: 1
"""


def faults(text: str) -> list[str]:
    """What the library says about a document."""
    with pytest.raises(checks.DocumentInvalid) as caught:
        documents.validate(text, "test_meter.yaml")
    return [str(fault) for fault in caught.value.faults]


ELECTRICITY = [each for each in documents.all_models() if each.service == "ELECTRICITY"]


WITHOUT_A_COUNTER = {
    "acrel_acr10r",
    "eastron_sdm630_mbus",
    "pq_plus_umd97",
    "schneider_acti9_smartlink",
    "schneider_pm2230",
}


class TestTheLibrary:
    @pytest.mark.spec("M-015/1")
    def test_holds_the_meters_of_all_published_tables(self) -> None:
        makers = {each.manufacturer for each in ELECTRICITY}

        assert len([each for each in ELECTRICITY if not each.is_named]) == 64
        assert len([each for each in documents.all_models() if each.is_mbus]) == 11
        assert {"ABB", "Carlo Gavazzi", "Eastron", "Janitza", "Schneider Electric", "Siemens", "Socomec"} <= makers
        assert all(each.source for each in ELECTRICITY)

    @pytest.mark.parametrize("code", documents.codes())
    def test_is_faultless_and_named_as_its_files(self, code: str) -> None:
        text = (documents.MODELS / f"{code}.yaml").read_text(encoding="utf-8")

        assert documents.validate(text, f"{code}.yaml") == documents.load(code)
        assert documents.load(code).code == code

    def test_knows_which_meters_count_on_the_secondary_side(self) -> None:
        secondary = {each.code for each in documents.all_models() if each.is_secondary}

        assert secondary == {"acrel_adl400", "pilot_spm91", "pilot_spm93"}
        assert not documents.load("acrel_adl400_primary").is_secondary

    def test_says_of_meters_that_no_maker_makes_that_they_are_simulated(self) -> None:
        simulated = {each.code for each in documents.all_models() if each.is_simulated}

        assert simulated == {"demo_gas_pulse", "demo_water_pulse"}
        assert documents.load("demo_water_pulse").register("volume").unit is Unit.M3

    @pytest.mark.parametrize("model", ELECTRICITY, ids=lambda model: model.code)
    def test_has_an_import_counter_or_says_that_it_has_none(self, model: documents.MeterModel) -> None:
        series = {register.series_code: register for register in model.registers}

        if model.code in WITHOUT_A_COUNTER:
            assert "energy_import" not in series
            assert any("no counter" in trap["en"] for trap in model.traps)
        else:
            assert series["energy_import"].unit is Unit.KWH
            assert series["energy_import"].is_energy

    @pytest.mark.parametrize("model", documents.all_models(), ids=lambda model: model.code)
    def test_calls_exactly_energies_and_volumes_counters(self, model: documents.MeterModel) -> None:
        for register in model.registers:
            is_counted = register.unit.dimension in checks.COUNTED - {Dimension.TIME, Dimension.COUNT}
            is_counted = is_counted and ".storage" not in register.record  # what it was at a key date counts no more
            assert (register.kind is Kind.CUMULATIVE) == is_counted, register.code

    def test_knows_where_the_sdm630_keeps_its_energy(self) -> None:
        register = documents.load("eastron_sdm630").register("energy_import")

        assert (register.function, register.address, register.words, register.type) == (4, 72, 2, "float32")
        assert (register.word_order, register.scale, register.decimals) == ("big", Fraction(1), 2)

    def test_knows_that_the_em24_sends_the_low_word_first(self) -> None:
        register = documents.load("carlo_gavazzi_em24").register("energy_import")

        assert (register.address, register.type, register.word_order) == (66, "int32", "little")
        assert register.scale == Fraction(1, 10)

    @pytest.mark.parametrize(
        ("code", "function", "address", "words", "kind", "scale"),
        [
            ("abb_b23", 3, 0x5000, 4, "uint64", "1/100"),
            ("schneider_iem3155", 3, 3203, 4, "int64", "1/1000"),  # 3204 in the maker's table, which counts from 1
            ("janitza_b23", 3, 19_068, 2, "float32", "1/1000"),
            ("siemens_pac2200", 4, 801, 4, "float64", "1/1000"),
        ],
    )
    def test_knows_where_each_model_keeps_its_energy(
        self, code: str, function: int, address: int, words: int, kind: str, scale: str
    ) -> None:
        register = documents.load(code).register("energy_import")

        assert (register.function, register.address, register.words) == (function, address, words)
        assert (register.type, register.scale, register.unit) == (kind, Fraction(scale), Unit.KWH)

    def test_knows_with_which_number_a_meter_says_that_it_has_no_value(self) -> None:
        abb, eastron = documents.load("abb_b23"), documents.load("eastron_sdm630")

        assert abb.register("energy_import").absent == 2**64 - 1
        assert abb.register("power_l2").absent == 2**31 - 1
        assert eastron.register("power_l2").absent is None

    def test_names_the_known_models_when_one_is_unknown(self) -> None:
        with pytest.raises(documents.ModelUnknown, match="eastron_sdm630"):
            documents.load("nobody")

    def test_never_opens_a_file_outside_itself(self) -> None:
        with pytest.raises(documents.ModelUnknown):
            documents.load("../schema")


class TestADocument:
    def test_is_read_when_it_is_sound(self) -> None:
        model = documents.validate(SOUND, "test_meter.yaml")

        assert [register.code for register in model.registers] == ["energy_import", "power"]
        assert (model.max_words, model.max_gap) == (125, 0)
        assert model.register("power").scale == Fraction(1, 10)

    @pytest.mark.parametrize(
        ("old", "new", "line", "says", "remedy"),
        [
            (
                "address: 74",
                "address: 73",
                20,
                "address 73 lies inside register energy_import",
                "correct one of the two",
            ),
            ("type: int16", "type: float16", 21, "'float16' is not one of", "write one of the types"),
            (
                "- code: power",
                "- code: energy_import",
                17,
                "code energy_import is taken by the register of line 9",
                "own",
            ),
            ("unit: W", "unit: WATT", 23, "unknown unit WATT", "write one of WH, KWH"),
            ("decimals: 1", "decimals: 1\n    wrap: 100", 26, "only a counter wraps", "remove wrap"),
            ('scale: "1/10"', "scale: 0.1", 22, "0.1 is not of type 'string'", "as a text"),
            ('scale: "1/10"', 'scale: "0"', 22, "not above zero", "factor from raw to unit"),
            ("es: Potencia", "fr: Puissance", 18, "'es' is a required property", "caption in en and es"),
            ("address: 74", "address: 65536", 20, "65536 is greater than the maximum", "counted from 0"),
            ("function: 4\n    address: 74", "function: 6\n    address: 74", 19, "6 is not one of [3, 4]", "write 3"),
            ("name: T1", "name: T1\nname: T2", 4, "name is given twice", "remove one"),
            ("name: T1", "name: [T1", 4, "not YAML", "repair"),
            ("kind: INSTANT", "kind: INSTANT\n    colour: red", 17, "'colour' was unexpected", "optional are series"),
            ("name: T1", "name: &a T1\nsource: *a", 4, "an alias", "write the part out"),
            ("name: T1", "name: T\x00", 3, "the character U+0000", "UTF-8"),
            ("name: T1", "name: T\udcff", 3, "the character U+DCFF", "UTF-8"),
            ("name: T1", "name: 2020-13-45", 3, "month must be in 1..12", "quotes"),
            ("address: 74", "address: !!int x", 20, "invalid literal", "repair"),
            ("address: 74", "address: 0112", 20, "0112 is read in another base", "repair"),
            ("address: 74", "address: 1:14", 20, "1:14 is read in another base", "repair"),
            ("address: 74", "address: 74.0", 20, "74.0 is not of type 'integer'", "counted from 0"),
            ("unit: KWH", "unit: KWH\n    wrap: 9223372036854775808", 15, "greater than the maximum", "stored integer"),
            ("unit: KWH", "unit: KW", 14, "KW is measured at an instant", "make the kind INSTANT"),
        ],
    )
    def test_is_refused_with_line_and_remedy(self, old: str, new: str, line: int, says: str, remedy: str) -> None:
        assert old in SOUND

        told = faults(SOUND.replace(old, new, 1))

        assert len(told) == 1
        assert told[0].startswith(f"test_meter.yaml, line {line}: ")
        assert says in told[0]
        assert remedy in told[0]

    def test_is_told_all_its_faults_at_once(self) -> None:
        told = faults(SOUND.replace("unit: W", "unit: WATT").replace("address: 74", "address: 73"))

        assert len(told) == 2

    def test_may_use_one_address_under_both_functions(self) -> None:
        other = SOUND.replace("function: 4\n    address: 74", "function: 3\n    address: 72")

        assert documents.validate(other, "test_meter.yaml").register("power").function == 3

    @pytest.mark.parametrize("text", ["", "[]", "just a text", "registers: []"])
    def test_is_refused_when_it_is_something_else(self, text: str) -> None:
        assert faults(text)
