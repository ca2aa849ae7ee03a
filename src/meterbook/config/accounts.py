"""Signing in: the part of the settings that django-allauth, passwords and sessions need."""

from __future__ import annotations

import os

# MB_OWN_ADDRESS: what `serve` tells the processes that it starts.
PUBLIC_ADDRESS = os.environ.get("MB_PUBLIC_ADDRESS") or os.environ.get("MB_OWN_ADDRESS", "http://127.0.0.1:8000")

INSTALLED_APPS = ["allauth", "allauth.account", "allauth.mfa"]
MIDDLEWARE = [
    "allauth.account.middleware.AccountMiddleware",
    "meterbook.web.session.SessionLifetimeMiddleware",
    "meterbook.web.session.NewPasswordMiddleware",
]

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
_VALIDATORS = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "meterbook.identity.password_policy.LengthValidator"},
    {"NAME": f"{_VALIDATORS}.CommonPasswordValidator"},
    {"NAME": "meterbook.identity.password_policy.VariationValidator"},
    {"NAME": "meterbook.identity.password_policy.PatternValidator"},
    {
        "NAME": f"{_VALIDATORS}.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
]

# A list of passwords that were found in breaches, ordered by hash.
BREACHED_PASSWORDS = os.environ.get("MB_BREACHED_PASSWORDS", "")
if BREACHED_PASSWORDS:
    AUTH_PASSWORD_VALIDATORS.append({"NAME": "meterbook.identity.breached.BreachedValidator"})

# Names and limits of the session cookie. Both limits run on real time, also in a demo.
SESSION_IDLE_SECONDS = int(os.environ.get("MB_SESSION_IDLE_MINUTES", "480")) * 60
SESSION_ABSOLUTE_SECONDS = int(os.environ.get("MB_SESSION_ABSOLUTE_HOURS", "168")) * 3600
SESSION_COOKIE_AGE = SESSION_ABSOLUTE_SECONDS
SESSION_COOKIE_NAME = "meterbook_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# `web.security` sets it too on all that comes encrypted.
SESSION_COOKIE_SECURE = PUBLIC_ADDRESS.startswith("https://")
CSRF_COOKIE_NAME = "meterbook_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE

ACCOUNT_ADAPTER = "meterbook.web.account_adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "meterbook.web.account_forms.LoginForm",
    "change_password": "meterbook.web.account_forms.ChangePasswordForm",
    "set_password": "meterbook.web.account_forms.SetPasswordForm",
    "reset_password": "meterbook.web.account_forms.ResetPasswordForm",
    "reset_password_from_key": "meterbook.web.account_forms.ResetPasswordKeyForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
# Users are made by an administrator, who vouches for the address.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_CHANGE_EMAIL = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SESSION_COOKIE_SECURE else "http"
# at most 10 guesses in 15 minutes an account, whoever guesses, and 30 from one address. An address that the
# person signed in from before has 10 of its own beside those, so that whoever guesses locks nobody out from there.
# Who goes on guessing waits longer: up to an hour after 20, up to six after 40.
ACCOUNT_RATE_LIMITS = {
    # What is right is taken back (web.guesses): a whole office may come from one address.
    "login": None,
    "login_failed": "10/15m/key,20/h/key,40/6h/key",
    "login_failed_here": "30/15m/ip",
    "login_known": "10/15m/key",
    "reset_password": "20/h/ip,5/h/key",
    "reset_password_from_key": "20/h/ip",
    "change_password": "5/m/user",
    "reauthenticate": "10/15m/user",
    "open_invitation": "60/15m/ip",
    "use_link": "30/15m/ip",
    "provider": "30/15m/ip",
    # Documents that are checked by their code, without signing in.
    "check_document": "60/15m/ip",
    # Codes for signing in that are mailed. Wrong ones count as wrong passwords do (login_failed).
    "ask_code": "20/h/ip,5/h/key,10/d/key",
}
# What is counted is counted for all processes together, and outlives a restart.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "identity_guesscount",
        # Far more than one attack leaves in the time of a limit: the store drops what still counts only beyond that.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("MB_TRUSTED_PROXIES", "0"))

MFA_ADAPTER = "meterbook.web.account_adapter.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "meterbook.web.second_step_forms.AuthenticateForm",
    "reauthenticate": "meterbook.web.second_step_forms.ReauthenticateForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Meterbook"
# Clocks of phones differ; a code of the half minute before or after counts too.
MFA_TOTP_TOLERANCE = 1
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
# Browsers offer WebAuthn on plain HTTP for the own machine only; that is how a new installation begins.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SESSION_COOKIE_SECURE
