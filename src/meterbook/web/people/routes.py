"""Routes of the people of an organization, below it."""

from __future__ import annotations

from django.urls import path

from meterbook.web.people import acts, inviting, listing, person, roles

urlpatterns = [
    path("", listing.people, name="people"),
    path("invite", inviting.invite, name="invite"),
    path("invitations/<uuid:invitation>/revoke", acts.revoke_invitation, name="revoke_invitation"),
    path("roles", roles.roles, name="roles"),
    path("roles/new", roles.new, name="role_new"),
    path("roles/second-step", roles.second_step, name="second_step_roles"),
    path("roles/two-people", roles.two_people, name="two_people"),
    path("<uuid:person>/", person.person, name="person"),
    path("<uuid:person>/roles", person.give, name="give_role"),
    path("<uuid:person>/roles/<uuid:grant>/end", acts.end_role, name="end_role"),
    path("<uuid:person>/out", acts.switch_off, name="switch_off"),
    path("<uuid:person>/in", acts.switch_on, name="switch_on"),
    path("<uuid:person>/password", acts.new_password, name="new_password"),
    path("<uuid:person>/second-step", acts.remove_second_step, name="remove_second_step"),
    path("<uuid:person>/sessions", acts.sign_out, name="sign_out_person"),
    path("<uuid:person>/configuring", acts.change_configuring, name="change_configuring"),
    path("<uuid:person>/see", acts.see_as, name="see_as"),
]
