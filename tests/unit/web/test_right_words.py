"""Every right has words of its own, and the form of a key knows which ones count for single things."""

from __future__ import annotations

from meterbook.api import entry, root
from meterbook.identity import registry
from meterbook.identity.values import ScopeKind
from meterbook.web.keys import forms
from meterbook.web.people import words


def test_every_right_and_its_part_has_words() -> None:
    assert registry.known() - set(words.RIGHTS) == set()
    assert {each.partition(":")[0] for each in registry.known()} - set(words.AREAS) == set()


def test_rights_of_single_things_are_those_of_the_interface() -> None:
    guards = [
        guard
        for _prefix, router in root.api._routers
        for path in router.path_operations.values()
        for operation in path.operations
        for guard in operation.auth_callbacks
        if isinstance(guard, entry.Entry) and guard.by_single
    ]

    assert len(guards) >= 10
    assert {each.permission for each in guards} == forms.SINGLE_RIGHTS[ScopeKind.METER]
    assert forms.SINGLE_RIGHTS[ScopeKind.ACCOUNT] <= forms.SINGLE_RIGHTS[ScopeKind.METER]
