"""Values that lie inside an object of a component, which is there only while it holds something."""

from __future__ import annotations

from typing import Any, cast

from meterbook.web.tariffs.editor.fields import Node


class Inner(dict[str, Any]):
    """The object under a key: written into its parent with its first value, taken away with its last.

    It holds nothing itself, so that a document never contains one of these. With `is_kept` an empty object stays.
    """

    def __init__(self, parent: Node, key: str, *, is_kept: bool = False) -> None:
        super().__init__()
        self._parent, self._key, self._is_kept = parent, key, is_kept

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 - as of a mapping
        """This will return a value of the object."""
        return self._held().get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in self._held()

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - as of a mapping
        return self._held()[key]

    def __setitem__(self, key: str, value: object) -> None:
        if not isinstance(self._parent.get(self._key), dict):
            self._parent[self._key] = {}
        self._parent[self._key][key] = value

    def pop(self, key: str, *default: Any) -> Any:  # noqa: ANN401 - as of a mapping
        """This will take a value away, and the object with its last one."""
        held = self._held()
        found = held.pop(key, *default)
        if not held and not self._is_kept and self._key in self._parent:
            self._parent.pop(self._key)
        return found

    def _held(self) -> Node:
        found = self._parent.get(self._key)
        return cast("Node", found) if isinstance(found, dict) else {}


class Item(Inner):
    """An object of a list under a key, or the one that would be added behind its last, such as a further step.

    It stays the same object when others are taken out of the list before it.
    """

    def __init__(self, parent: Node, key: str, number: int = 0) -> None:
        super().__init__(parent, key)
        listed = self._list()
        self._own = listed[number] if number < len(listed) and isinstance(listed[number], dict) else None

    def __setitem__(self, key: str, value: object) -> None:
        if self._own is None:
            self._own = {}
            self._parent[self._key] = [*self._list(), self._own]
        self._own[key] = value

    def pop(self, key: str, *default: Any) -> Any:  # noqa: ANN401 - as of a mapping
        """This will take a value away, and the object with its last one."""
        found = self._held().pop(key, *default)
        if self._own is not None and not self._own:
            rest = [each for each in self._list() if each is not self._own]
            self._own = None
            if rest:
                self._parent[self._key] = rest
            else:
                self._parent.pop(self._key, None)
        return found

    def _list(self) -> list[Node]:
        found = self._parent.get(self._key)
        return found if isinstance(found, list) else []

    def _held(self) -> Node:
        return self._own if self._own is not None else {}
