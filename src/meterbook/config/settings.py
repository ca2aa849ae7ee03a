"""Settings of Meterbook. What differs between installations comes from the environment (reference/configuration)."""

from __future__ import annotations

import os
from pathlib import Path

from meterbook.config import accounts, logs, secret_key
from meterbook.config.accounts import *  # noqa: F403 - sessions, passwords, allauth
from meterbook.foundation.server import connections as server_connections

BASE = Path(__file__).resolve().parent.parent
DATA_DIR = server_connections.data_dir(os.environ)

SECRET_KEY = secret_key.load(os.environ, DATA_DIR)
VAULT_KEY = secret_key.load(os.environ, DATA_DIR, name="vault_key")
DEBUG = os.environ.get("MB_DEBUG", "") == "1"
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000  # the form of a long tariff has some 25 of them for each charge
ALLOWED_HOSTS = os.environ.get("MB_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
PUBLIC_ADDRESS = accounts.PUBLIC_ADDRESS
# What the environment says cannot be changed on a page.
IS_PUBLIC_ADDRESS_FIXED = bool(os.environ.get("MB_PUBLIC_ADDRESS"))
# The public id of the organization whose administrators set up the installation; empty: the first one.
OPERATOR = os.environ.get("MB_OPERATOR", "")
IS_HTTPS = os.environ.get("MB_HTTPS", "") == "1"
CERTIFICATE = Path(os.environ.get("MB_TLS_CERTIFICATE", ""))
# Whether `serve` started so that Settings > Encryption chooses for the next start.
IS_HTTPS_BY_PAGE = os.environ.get("MB_HTTPS_BY_PAGE", "") == "1"
IS_CERTIFICATE_GIVEN = bool(os.environ.get("MB_TLS_CERTIFICATE"))
CSRF_TRUSTED_ORIGINS = [PUBLIC_ADDRESS]
IS_DEMO = os.environ.get("MB_DEMO", "") == "1"
# Networks beside the public ones in which an organization's mail server may stand, and another address of Telegram.
MAIL_NETWORKS = os.environ.get("MB_MAIL_NETWORKS", "127.0.0.0/8" if IS_DEMO else "")
# The same for the provider of single sign-on.
SIGN_IN_NETWORKS = os.environ.get("MB_SIGN_IN_NETWORKS", "127.0.0.0/8" if IS_DEMO else "")
TELEGRAM_ADDRESS = os.environ.get("MB_TELEGRAM_ADDRESS", "")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    *accounts.INSTALLED_APPS,
    "procrastinate.contrib.django",
    "meterbook.foundation",
    "meterbook.identity",
    "meterbook.audit",
    "meterbook.installation",
    "meterbook.sites",
    "meterbook.ledger",
    "meterbook.tariffs",
    "meterbook.rules",
    "meterbook.notifications",
    "meterbook.documents",
    "meterbook.metering",
    "meterbook.acquisition",
    "meterbook.customers",
    "meterbook.billing",
    "meterbook.fieldwork",
    "meterbook.alarms",
    "meterbook.monitoring",
    "meterbook.journeys",
    "meterbook.web",
    "meterbook.config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "meterbook.web.static_files.StaticFilesMiddleware",
    "meterbook.web.security.SecureCookiesMiddleware",
    "meterbook.web.security.ContentSecurityPolicyMiddleware",
    "meterbook.web.guesses.RetryAfterMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "meterbook.web.language.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "meterbook.web.seeing.SeeingMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    *accounts.MIDDLEWARE,
]

ROOT_URLCONF = "meterbook.config.urls"
ASGI_APPLICATION = "meterbook.config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "meterbook.web.context.shell",
            ],
        },
    },
]

DATABASES = server_connections.databases(os.environ)
DATABASE_ROUTERS: list[str] = []
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "identity.User"

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [BASE / "locale"]
FORMAT_MODULE_PATH = "meterbook.config.formats"

LOGGING_CONFIG = "meterbook.config.logs.configure"
LOGGING = logs.LOGGING

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE / "web" / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

SECURE_CONTENT_TYPE_NOSNIFF = True
# A year, ASVS 5.0 V3.4.1; Django sends it only on what really came encrypted, to us or to a trusted proxy.
SECURE_HSTS_SECONDS = 31_536_000
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if accounts.ALLAUTH_TRUSTED_PROXY_COUNT else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "meterbook.web.errors.csrf_failure"

PROCRASTINATE_IMPORT_PATHS = ["meterbook.jobs.declarations"]
PROCRASTINATE_AUTODISCOVER = False
