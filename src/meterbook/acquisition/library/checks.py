"""Is a meter-model document right? Every fault is told with its file, its line and what to do."""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from importlib import resources
from typing import Any

import jsonschema
import yaml

from meterbook.acquisition.library import words
from meterbook.kernel import signs
from meterbook.kernel.quantity import Dimension, Unit

MAX_WORDS = 125  # the most that one Modbus answer can carry (Modbus Application Protocol 1.1b3, 6.3 and 6.4)
WORDS = {"int16": 1, "uint16": 1, "int32": 2, "uint32": 2, "float32": 2, "int64": 4, "uint64": 4, "float64": 4}
LAST_ADDRESS = 65_535
LONGEST_PROBLEM = 200
DEEPEST = 10  # a sound document has four parts within each other
MODBUS, MBUS, JSON = "MODBUS", "MBUS", "JSON"  # the meters of all but Modbus name their values themselves
COUNTED = frozenset(
    {
        Dimension.ENERGY,
        Dimension.REACTIVE_ENERGY,
        Dimension.APPARENT_ENERGY,
        Dimension.VOLUME,
        Dimension.TIME,
        Dimension.COUNT,
    }
)
_ODD_NUMBER = re.compile(r"[-+]?0[0-9_]|.*:")  # octal by a leading zero, or hours:minutes

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in a document, and what to do about it.

    `what` and `remedy` are sentences in which `data` is named, so that they can be told in another language
    (`acquisition.type_texts`). `path` is where in the document: ("registers", 3, "scale").
    """

    file: str
    line: int
    what: str
    remedy: str
    path: Path = ()
    data: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.what % self.data}; {self.remedy % self.data}"


class DocumentInvalid(ValueError):
    """A meter-model document is faulty; `faults` lists everything that was found."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


@dataclass(frozen=True)
class Document:
    """A document's content and the line on which each part of it begins, by its path."""

    name: str
    content: Mapping[str, Any]
    lines: Mapping[Path, int]

    def fault(self, path: Path, what: str, remedy: str, **data: object) -> Fault:
        """This will make a fault at a part of the document, on its line or that of the nearest part around it."""
        near = path
        while near and near not in self.lines:
            near = near[:-1]
        return Fault(self.name, self.lines.get(near, 1), what, remedy, path, data)


def parse(text: str, name: str, *, further: Callable[[Document], Iterator[Fault]] = lambda _: iter(())) -> Document:
    """This will read a document and check it wholly: form first, then what the form cannot say.

    :param further: checks of parts that are described elsewhere
    :raises DocumentInvalid: with all faults of the stage that failed
    """
    document = _read(text, name)
    for stage in (_odd_keys(document.content, document), _form(document)):
        _raise(list(stage))
    _raise([*_unseen(document.content, document), *_values(document), *_doubles(document), *_overlaps(document)])
    _raise(list(further(document)))
    return document


def _read(text: str, name: str) -> Document:
    """The content with the line of each part; what is no YAML, or says a thing twice, is told."""
    try:
        _refuse_aliases(text, name)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader that is stricter
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        sign = {"sign": f"U+{error.character:04X}"}
        what, remedy = "the character %(sign)s", "take it out; the file is text in UTF-8"
        raise DocumentInvalid([Fault(name, line, what, remedy, data=sign)]) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        what, remedy = "not YAML: %(problem)s", "repair the indentation or the quotes"
        raise DocumentInvalid([Fault(name, line, what, remedy, data={"problem": error.problem})]) from error
    document = Document(name, content, dict(_lines(node, ())) if node is not None else {})
    _raise(list(_doubled_keys(node, document)))
    return document


class _Loader(yaml.SafeLoader):
    """Tells the line of a number or date that is none, and does not take 0072 for 58, as YAML 1.1 does."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: ANN401 - YAML's
        """This will return the value of a part of the document."""
        is_number = node.tag == "tag:yaml.org,2002:int"
        if is_number and isinstance(node, yaml.ScalarNode) and _ODD_NUMBER.match(node.value):
            what = f"{node.value} is read in another base"
            raise yaml.constructor.ConstructorError(None, None, what, node.start_mark)
        try:
            return super().construct_object(node, deep=deep)
        except ValueError as error:
            raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from error


def _raise(faults: list[Fault]) -> None:
    if faults:
        raise DocumentInvalid(sorted(faults, key=lambda fault: fault.line))


def _refuse_aliases(text: str, name: str) -> None:
    """An alias can refer to its own surroundings, or blow a small document up to gigabytes. So can depth."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise DocumentInvalid([Fault(name, line, "an alias", "write the part out in full")])
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:  # each further bracket takes more time than the one before
            what, remedy = "too many parts within each other", "repair the indentation or the quotes"
            raise DocumentInvalid([Fault(name, line, what, remedy)])


def _lines(node: yaml.Node, path: Path) -> Iterator[tuple[Path, int]]:
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*path, key.value))
            yield (*path, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _lines(value, (*path, index))


def _doubled_keys(node: yaml.Node | None, document: Document, path: Path = ()) -> Iterator[Fault]:
    """YAML itself lets the later of two equal keys win in silence."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                line = key.start_mark.line + 1
                what, remedy = "%(key)s is given twice", "remove one of them"
                yield Fault(document.name, line, what, remedy, (*path, key.value), {"key": key.value})
            seen.add(key.value)
            yield from _doubled_keys(value, document, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _doubled_keys(value, document, (*path, index))


@functools.cache
def schema() -> Mapping[str, Any]:
    """This will return the JSON Schema of a meter-model document."""
    text = (resources.files("meterbook.acquisition.library") / "schema.json").read_text(encoding="utf-8")
    content: Mapping[str, Any] = json.loads(text)
    return content


@functools.cache
def _validator() -> Any:  # noqa: ANN401 - a class that jsonschema makes
    """To JSON 1.0 is an integer; here it would go on as a float."""
    drafted = jsonschema.Draft202012Validator
    types = drafted.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    return jsonschema.validators.extend(drafted, type_checker=types)(schema())  # type: ignore[no-untyped-call]


def _odd_keys(content: object, document: Document, path: Path = ()) -> Iterator[Fault]:
    """YAML takes the language code `no` for a truth value, and 1 for a number."""
    if isinstance(content, dict):
        for key, value in content.items():
            if not isinstance(key, str):
                what, remedy = "the name %(key)s is read as something else than a text", "put it in quotes"
                yield document.fault(path, what, remedy, key=key)
            yield from _odd_keys(value, document, (*path, str(key)))
    elif isinstance(content, list):
        for index, value in enumerate(content):
            yield from _odd_keys(value, document, (*path, index))


def _unseen(content: object, document: Document, path: Path = ()) -> Iterator[Fault]:
    """Two types must not look alike and be different."""
    if isinstance(content, str):
        found = signs.find(content)
        if found is not None:
            what, remedy = "an invisible sign %(sign)s at place %(place)s of the text", "take it out, or type it anew"
            yield document.fault(path, what, remedy, sign=found.shown, place=found.place)
    elif isinstance(content, dict):
        for key, value in content.items():
            yield from _unseen(value, document, (*path, key))
    elif isinstance(content, list):
        for index, value in enumerate(content):
            yield from _unseen(value, document, (*path, index))


def _form(document: Document) -> Iterator[Fault]:
    for error in _validator().iter_errors(document.content):
        path = tuple(error.absolute_path)
        place = ".".join(str(part) for part in path) or "document"
        named = re.match(r"'([^']*)' is a required", error.message)
        if named is not None:  # the place is that of what is missing, so that it can be filled in there
            path = (*path, named[1])
        shape = error.schema if isinstance(error.schema, dict) else {}
        if named is not None:  # what the part is, says more than of what it is a part
            shape = shape.get("properties", schema()["properties"]).get(named[1], {}) or shape
            shape = shape if "description" in shape else error.schema
        hint = shape.get("description")
        yield document.fault(
            path,
            "%(place)s: %(problem)s",
            str(hint or "see the schema of meter models"),
            place=place,
            problem=_shortened(error.message),
            rule=error.validator,
            name=named[1] if named else "",
            value=_shortened(str(error.instance)),
        )


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_PROBLEM else f"{text[:LONGEST_PROBLEM]} …"


def _values(document: Document) -> Iterator[Fault]:
    for index, entry in enumerate(document.content["registers"]):
        path: Path = ("registers", index)
        unit = entry["unit"]
        if unit not in Unit.__members__:
            units = ", ".join(Unit.__members__)
            yield document.fault(
                (*path, "unit"), "unknown unit %(unit)s", "write one of %(units)s", unit=unit, units=units
            )
        elif entry["kind"] == "CUMULATIVE" and Unit[unit].dimension not in COUNTED:
            what = "%(unit)s is measured at an instant, no counter adds it up"
            yield document.fault((*path, "unit"), what, "make the kind INSTANT, or correct the unit", unit=unit)
        if entry.get("wrap") is not None and entry["kind"] != "CUMULATIVE":
            yield document.fault((*path, "wrap"), "only a counter wraps", "remove wrap, or make the kind CUMULATIVE")
        if document.content["protocol"] == MODBUS:
            yield from _places(document, path, entry)


def _places(document: Document, path: Path, entry: Mapping[str, Any]) -> Iterator[Fault]:
    """What only a register at an address has."""
    if Fraction(entry.get("scale", "1")) <= 0:
        yield document.fault((*path, "scale"), "the scale is not above zero", "write the factor from raw to unit")
    if entry["address"] + WORDS[entry["type"]] - 1 > LAST_ADDRESS:
        yield document.fault((*path, "address"), "ends behind address 65535", "correct the address")
    if WORDS[entry["type"]] > document.content.get("limits", {}).get("words", MAX_WORDS):
        yield document.fault((*path, "type"), "wider than limits.words", "raise limits.words or correct the type")
    for each in entry.get("sentinels", ()):
        lowest, highest = words.bounds(entry["type"]) or (1, 0)
        if not lowest <= each <= highest:
            what = "%(type)s never holds %(raw)s" if lowest <= highest else "%(type)s is no whole number"
            remedy = "correct it, or leave sentinels out"
            yield document.fault((*path, "sentinels"), what, remedy, type=entry["type"], raw=each)


def _doubles(document: Document) -> Iterator[Fault]:
    entries = document.content["registers"]
    codes: dict[str, int] = {}
    series: dict[str, int] = {}
    records: dict[str, int] = {}
    for index, entry in enumerate(entries):
        for key, value, seen in (
            ("code", entry["code"], codes),
            ("series", entry.get("series", entry["code"]), series),
            *((("record", entry["record"], records),) if "record" in entry else ()),
        ):
            if value in seen:
                line = document.lines[("registers", seen[value])]
                what = "%(key)s %(value)s is taken by the register of line %(line)s"
                remedy = "give each register its own %(key)s"
                yield document.fault(("registers", index, key), what, remedy, key=key, value=value, line=line)
                break
            seen[value] = index


def _overlaps(document: Document) -> Iterator[Fault]:
    if document.content["protocol"] != MODBUS:
        return
    spans = sorted(
        (entry["function"], entry["address"], entry["address"] + WORDS[entry["type"]], index)
        for index, entry in enumerate(document.content["registers"])
    )
    for (function, _, end, before), (other, start, _, index) in itertools.pairwise(spans):
        if function == other and start < end:
            code = document.content["registers"][before]["code"]
            yield document.fault(
                ("registers", index, "address"),
                "address %(start)s lies inside register %(code)s, which ends at %(end)s",
                "correct one of the two addresses or types",
                start=start,
                code=code,
                end=end - 1,
            )
