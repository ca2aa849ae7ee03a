"""Kept views of lists: one's own, by name, and nobody else's."""

from __future__ import annotations

import uuid

import pytest

from meterbook.foundation import scoping
from meterbook.identity import models, saved_views
from meterbook.kernel.actor import Actor
from tests.factories import identity

ACTOR = Actor.system("test")


class TestSavedViews:
    def test_they_are_listed_by_name_for_their_page_and_person_only(self) -> None:
        organization = identity.organization()
        ada, ben = identity.user(organization=organization), identity.user(organization=organization)

        with scoping.scope([organization.pk], actor=ACTOR):
            saved_views.save_view(user_id=ada.pk, page="meters", name="Silent", query="state=silent")
            saved_views.save_view(user_id=ada.pk, page="meters", name="Gas", query="service=gas")
            saved_views.save_view(user_id=ada.pk, page="bills", name="October", query="month=2026-10")
            saved_views.save_view(user_id=ben.pk, page="meters", name="Silent", query="state=late")
            found = saved_views.list_views(user_id=ada.pk, page="meters")

        assert [(each.name, each.query) for each in found] == [("Gas", "service=gas"), ("Silent", "state=silent")]

    def test_a_name_that_is_there_takes_the_new_query(self) -> None:
        organization = identity.organization()
        ada = identity.user(organization=organization)

        with scoping.scope([organization.pk], actor=ACTOR):
            first = saved_views.save_view(user_id=ada.pk, page="meters", name="Silent", query="state=silent")
            saved_views.save_view(user_id=ada.pk, page="meters", name=" Silent  ", query="state=late")
            [found] = saved_views.list_views(user_id=ada.pk, page="meters")

        assert found == saved_views.SavedViewRow(first.public_id, "Silent", "state=late")

    @pytest.mark.parametrize(("name", "query"), [("  ", "a=1"), ("x" * 81, "a=1"), ("Fine", "q" * 2_001)])
    def test_what_cannot_be_kept_is_refused(self, name: str, query: str) -> None:
        organization = identity.organization()
        ada = identity.user(organization=organization)

        with scoping.scope([organization.pk], actor=ACTOR), pytest.raises(saved_views.ViewUnusable):
            saved_views.save_view(user_id=ada.pk, page="meters", name=name, query=query)

    def test_nobody_keeps_more_than_fifty(self) -> None:
        organization = identity.organization()
        ada = identity.user(organization=organization)

        with scoping.scope([organization.pk], actor=ACTOR):
            for number in range(saved_views.MOST_VIEWS):
                saved_views.save_view(user_id=ada.pk, page="meters", name=f"View {number}", query="")
            with pytest.raises(saved_views.ViewUnusable):
                saved_views.save_view(user_id=ada.pk, page="meters", name="One more", query="")

    def test_renaming_keeps_the_query_and_refuses_a_name_that_is_taken(self) -> None:
        organization = identity.organization()
        ada = identity.user(organization=organization)

        with scoping.scope([organization.pk], actor=ACTOR):
            kept = saved_views.save_view(user_id=ada.pk, page="meters", name="Silent", query="state=silent")
            saved_views.save_view(user_id=ada.pk, page="meters", name="Gas", query="service=gas")
            saved_views.rename_view(user_id=ada.pk, public_id=kept.public_id, name="Dead")
            with pytest.raises(saved_views.ViewUnusable):
                saved_views.rename_view(user_id=ada.pk, public_id=kept.public_id, name="Gas")
            found = saved_views.list_views(user_id=ada.pk, page="meters")

        assert [(each.name, each.query) for each in found] == [("Dead", "state=silent"), ("Gas", "service=gas")]

    def test_a_view_of_somebody_else_is_not_there(self) -> None:
        organization = identity.organization()
        ada, ben = identity.user(organization=organization), identity.user(organization=organization)

        with scoping.scope([organization.pk], actor=ACTOR):
            kept = saved_views.save_view(user_id=ada.pk, page="meters", name="Silent", query="")
            with pytest.raises(saved_views.ViewNotFound):
                saved_views.delete_view(user_id=ben.pk, public_id=kept.public_id)
            with pytest.raises(saved_views.ViewNotFound):
                saved_views.rename_view(user_id=ben.pk, public_id=kept.public_id, name="Mine")
            with pytest.raises(saved_views.ViewNotFound):
                saved_views.delete_view(user_id=ada.pk, public_id=uuid.uuid4())
            saved_views.delete_view(user_id=ada.pk, public_id=kept.public_id)

            assert not models.SavedView.objects.filter(organization_id=organization.pk).exists()
