"""Codes for signing in that were asked for, in a file of their own beside `models`, which names them."""

from __future__ import annotations

from django.db import models

from meterbook.foundation import models as foundation_models


class SignInCode(foundation_models.Guarded):
    """That a browser asked for a code by mail, for whatever address: only afterwards it shows whether one is made."""

    id = models.BigAutoField(primary_key=True)
    token_hash = models.CharField(max_length=64, unique=True)  # of what that browser keeps
    email = models.EmailField(max_length=254)
    source = models.CharField(max_length=45, blank=True)
    digest = models.CharField(max_length=64, blank=True, default="")  # empty: none was made, so none can be right
    tries_left = models.PositiveSmallIntegerField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"code for {self.email}"
