"""Classes of the API are compiled when they are first used: compiling them all took seconds of each start."""

from __future__ import annotations

from meterbook.api import root


def test_no_class_of_an_operation_is_compiled_at_the_start() -> None:
    operations = [
        operation
        for _prefix, router in root.api._routers
        for path in router.path_operations.values()
        for operation in path.operations
    ]
    classes = {
        each
        for operation in operations
        for each in (*operation.models, *operation.response_models.values())
        if each is not None
    }

    assert len(classes) > len(operations) > 300
    assert [each for each in classes if not each.model_config.get("defer_build")] == []
