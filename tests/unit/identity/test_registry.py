"""The permissions of all domains and the built-in roles."""

import pytest

from meterbook.identity import registry
from meterbook.identity.values import ROLE_CAPTIONS, RoleCode


class TestRegistry:
    def test_knows_the_permissions_of_the_installed_domains(self) -> None:
        assert {"identity:view_users", "audit:view", "sites:view", "alarms:acknowledge"} <= registry.known()

    @pytest.mark.parametrize("permission", ["metering", "Metering:view", "metering:view:all", "metering: view", ""])
    def test_refuses_another_shape(self, permission: str) -> None:
        with pytest.raises(registry.PermissionMisdeclared):
            registry.register(domain="metering", permissions=[permission])

    def test_refuses_a_permission_of_another_domain(self) -> None:
        with pytest.raises(registry.PermissionMisdeclared):
            registry.register(domain="sites", permissions=["audit:view"])

    def test_refuses_an_undeclared_permission_by_name(self) -> None:
        with pytest.raises(registry.PermissionUnknown, match="metering:fly"):
            registry.check("metering:fly")

    @pytest.mark.parametrize("package", ["meterbook.not_there_yet", "meterbook.kernel"])
    def test_passes_over_a_package_that_is_missing_or_declares_nothing(self, package: str) -> None:
        before = registry.known()

        registry.collect([package, "meterbook.sites"])

        assert registry.known() == before


class TestBuiltInRoles:
    def test_have_a_caption_and_patterns_each(self) -> None:
        assert set(ROLE_CAPTIONS) == set(registry.ROLE_PATTERNS) == set(RoleCode)

    def test_leave_no_permission_without_an_administrator(self) -> None:
        assert registry.of_role(RoleCode.ORGANIZATION_ADMIN) == registry.known()

    def test_gather_in_the_administrator_what_is_in_any_other(self) -> None:
        for role in RoleCode:
            assert registry.of_role(role) <= registry.of_role(RoleCode.ORGANIZATION_ADMIN)

    @pytest.mark.parametrize("role", [RoleCode.ANALYST, RoleCode.MONITOR, RoleCode.AUDITOR])
    def test_that_only_look_hold_only_view_permissions(self, role: RoleCode) -> None:
        verbs = {each.partition(":")[2].partition("_")[0] for each in registry.of_role(role)}

        assert verbs in ({"view"}, {"view", "see"})

    def test_show_the_trail_to_administrator_manager_and_auditor_only(self) -> None:
        holders = {role for role in RoleCode if "audit:view" in registry.of_role(role)}

        assert holders == {RoleCode.ORGANIZATION_ADMIN, RoleCode.MANAGER, RoleCode.AUDITOR}

    def test_let_nobody_but_the_administrator_change_users(self) -> None:
        holders = {role for role in RoleCode if "identity:edit_users" in registry.of_role(role)}

        assert holders == {RoleCode.ORGANIZATION_ADMIN}
