"""The comparison with reference data finds copies, also of a part, and facts that differ."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
import yaml

from tools.check_data import __main__ as command
from tools.check_data import agreement, forbidden

ROWS = [f"{n},2013-10-02 {n % 24:02}:15,meter {n * 7919 % 1013},{n * 104_729 % 9_973}.5" for n in range(200)]
CONTENT = "\n".join(ROWS) + "\n"
COPYLEFT = "".join(f"boiler {n * 3571 % 997} gave {n * 15_485_863 % 7_919} liters at {n % 60}\n" for n in range(200))
SOURCES = """\
# Sources
## interval/
| file | what | taken from | licence | rows |
|---|---|---|---|---|
| open.csv | free | somewhere | G CC BY 4.0 | 3 |
| sub/{closed,other}.csv (+ extra.txt) | not stated | elsewhere | A | 3 |
| copyleft.csv.gz | strong | elsewhere | **R** GPL-3 repo | 3 |
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    (data / "interval/sub").mkdir(parents=True)
    (data / "SOURCES.md").write_text(SOURCES)
    (data / "interval/open.csv").write_text("a,b\n1,2\n")
    (data / "interval/sub/closed.csv").write_text(CONTENT)
    (data / "interval/copyleft.csv.gz").write_bytes(gzip.compress(COPYLEFT.encode()))
    return data


def ours(tmp_path: Path, content: bytes) -> list[str]:
    root = tmp_path / "tree"
    root.mkdir()
    (root / "mine.txt").write_bytes(content)
    return forbidden.compare(forbidden.forbidden_files(tmp_path / "data"), [root / "mine.txt"], root)


class TestForbiddenFiles:
    def test_are_those_marked_a_or_r(self, folder: Path) -> None:
        marked = forbidden.forbidden_files(folder)

        assert {path.name: letter for path, letter in marked.items()} == {"closed.csv": "A", "copyleft.csv.gz": "R"}

    def test_need_a_table(self, folder: Path) -> None:
        (folder / "SOURCES.md").write_text("nothing\n")

        with pytest.raises(forbidden.SourcesUnreadable):
            forbidden.forbidden_files(folder)


@pytest.mark.usefixtures("folder")
class TestCompare:
    def test_finds_a_copy(self, tmp_path: Path) -> None:
        assert ours(tmp_path, CONTENT.encode()) == ["mine.txt is closed.csv (marked A). Remove it."]

    def test_finds_a_copy_of_what_is_compressed_there(self, tmp_path: Path) -> None:
        found = ours(tmp_path, COPYLEFT.encode())

        assert "mine.txt is copyleft.csv (marked R). Remove it." in found

    def test_finds_a_compressed_copy(self, tmp_path: Path) -> None:
        root = tmp_path / "tree"
        root.mkdir()
        (root / "mine.gz").write_bytes(gzip.compress(CONTENT.encode()))
        marked = forbidden.forbidden_files(tmp_path / "data")

        found = forbidden.compare(marked, [root / "mine.gz"], root)

        assert "mine.gz is closed.csv (marked A). Remove it." in found

    def test_finds_a_part_between_other_lines(self, tmp_path: Path) -> None:
        part = "own first line\n" + "\n".join(f"    {row}" for row in ROWS[40:90]) + "\nown last line\n"

        assert "mine.txt holds parts of closed.csv (marked A). Remove them." in ours(tmp_path, part.encode())

    def test_lets_other_content_pass(self, tmp_path: Path) -> None:
        assert ours(tmp_path, b"a,b\n" + b"0,0\n" * 500) == []


class TestRegisters:
    def test_agree(self, tmp_path: Path) -> None:
        assert registers(tmp_path, address=72, scale="1/10", unit="KWH") == ([], 1)

    def test_agree_in_another_unit(self, tmp_path: Path) -> None:
        assert registers(tmp_path, address=72, scale="100", unit="WH") == ([], 1)

    @pytest.mark.parametrize(("address", "scale"), [(72, "1/100"), (74, "1/10")])
    def test_differ(self, tmp_path: Path, address: int, scale: str) -> None:
        problems, agreed = registers(tmp_path, address=address, scale=scale, unit="KWH")

        assert (len(problems), agreed) == (1, 0)


class TestShares:
    @pytest.mark.parametrize(("published", "problems"), [(["3.34", "3.33", "3.33"], 0), (["3.33", "3.33", "3.34"], 1)])
    def test_are_compared(self, tmp_path: Path, published: list[str], problems: int) -> None:
        case = {
            "id": "one",
            "kind": "allocate_largest_remainder",
            "inputs": {"amount": "10.00", "weights": ["1", "1", "1"], "scale": 2},
            "expected": {"shares": published},
        }
        (tmp_path / "billing_cases.json").write_text(json.dumps({"cases": [case]}))

        assert len(agreement.shares(tmp_path)[0]) == problems


class TestCommand:
    @pytest.mark.parametrize("arguments", [[], [""], ["/nowhere"]])
    def test_says_what_it_needs(self, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        assert command.main(arguments) == 2
        assert "folder" in capsys.readouterr().err


def registers(root: Path, *, address: int, scale: str, unit: str) -> tuple[list[str], int]:
    register = {"code": "energy", "function": 4, "address": address, "type": "int32", "scale": scale, "unit": unit}
    model = {"protocol": "MODBUS", "source": "maker/one.go", "word_order": "little", "registers": [register]}
    library = root / agreement.LIBRARY
    library.mkdir(parents=True)
    (library / "one.yaml").write_text(yaml.safe_dump(model))
    known = {"fc": 4, "address": 72, "type": "int32", "word_order": "little", "scale": 0.1, "unit": "kWh"}
    entry = {"protocol": "modbus", "source": {"path": "one.go"}, "registers": [known]}
    (root / "meter_register_maps.json").write_text(json.dumps({"meters": [entry]}))
    return agreement.registers(root, root)
