"""Loading the application: what most commands do before anything else."""

from __future__ import annotations

import gc
import os


def load() -> None:
    """This will set Django up, with all our packages.

    Nothing of what is loaded becomes garbage: the collector does not look for any meanwhile, nor ever walks over it.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meterbook.config.settings")
    import django

    gc.disable()
    try:
        django.setup()
    finally:
        gc.enable()
    gc.freeze()
