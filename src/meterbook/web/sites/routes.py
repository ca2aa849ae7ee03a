"""Routes of the sites, below an organization."""

from __future__ import annotations

from django.urls import path

from meterbook.web.sites import changing, editing, photos, setup, tree, workbooks

urlpatterns = [
    path("", setup.sites, name="sites"),
    path("new", setup.new, name="site_new"),
    path("fields", changing.fields, name="place_fields"),
    path("fields/remove", changing.remove_field, name="place_field_remove"),
    path("workbooks/", workbooks.workbooks, name="buildings"),
    path("workbooks/template.xlsx", workbooks.template, name="building_template"),
    path("workbooks/export.xlsx", workbooks.export, name="building_export"),
    path("workbooks/<uuid:building>/", workbooks.workbook, name="building"),
    path("workbooks/<uuid:building>/run", workbooks.run, name="building_run"),
    path("workbooks/<uuid:building>/discard", workbooks.discard, name="building_discard"),
    path("<uuid:site>/", tree.tree, name="site_tree"),
    path("<uuid:site>/settings", changing.change, name="site_change"),
    path("<uuid:site>/edit", editing.editor, name="site_editor"),
    path("<uuid:site>/edit/add", editing.add, name="place_add"),
    path("points/<uuid:meter>/move", editing.move_point, name="point_move"),
    path("<uuid:site>/photos/<uuid:photo>", photos.show, name="place_photo"),
    path("<uuid:site>/photos/<uuid:photo>/remove", photos.remove, name="place_photo_remove"),
    path("<uuid:site>/places/<uuid:node>", tree.branch, name="site_branch"),
    path("<uuid:site>/places/<uuid:node>/change", editing.change, name="place_change"),
    path("<uuid:site>/places/<uuid:node>/move", editing.move, name="place_move"),
    path("<uuid:site>/places/<uuid:node>/archive", editing.archive, name="place_archive"),
    path("<uuid:site>/places/<uuid:node>/restore", editing.restore, name="place_restore"),
    path("<uuid:site>/places/<uuid:node>/delete", editing.delete, name="place_delete"),
    path("<uuid:site>/places/<uuid:node>/photos", photos.add, name="place_photo_add"),
]
