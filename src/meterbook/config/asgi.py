import gc
import importlib
import os

from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meterbook.config.settings")
# Nobody waits longer for a page; without an end a bad plan would keep a processor after its reader has gone.
os.environ.setdefault("PGOPTIONS", "-c statement_timeout=120s")
# What is loaded stays: the collector of garbage need not look through it meanwhile, nor walk over all of it whenever a
# request makes many objects. Whoever is the first to ask shall not wait for the pages to be loaded.
gc.disable()
application = get_asgi_application()
importlib.import_module(settings.ROOT_URLCONF)
gc.enable()
gc.collect()
gc.freeze()
