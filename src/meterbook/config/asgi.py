import gc
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meterbook.config.settings")
application = get_asgi_application()
# What was loaded stays: the collector of garbage need not walk over all of it whenever a request makes many objects.
gc.collect()
gc.freeze()
