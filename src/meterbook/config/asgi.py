import gc
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meterbook.config.settings")
# Nobody waits longer for a page; without an end a bad plan would keep a processor after its reader has gone.
os.environ.setdefault("PGOPTIONS", "-c statement_timeout=120s")
application = get_asgi_application()
# What was loaded stays: the collector of garbage need not walk over all of it whenever a request makes many objects.
gc.collect()
gc.freeze()
