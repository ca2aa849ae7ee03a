"""Organizations, the people who sign in, and what they may do where and when."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower, Now

from meterbook.foundation import models as foundation_models
from meterbook.identity import code_models, values

NO_DELETE = ("SELECT", "INSERT", "UPDATE")
SignInCode = code_models.SignInCode


class Organization(foundation_models.Guarded):
    """A tenant of the platform: the owner of rows. Guarded by its own id."""

    id = models.AutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=60, unique=True)
    language = models.CharField(max_length=10)
    modules = ArrayField(models.CharField(max_length=30), default=list)
    # Where sites differ from that: {id of the site: {module: is it on}}. Here, and not at the sites, because every
    # request reads this row anyway.
    site_modules = models.JSONField(default=dict, db_default={})
    # Built-in roles whose holders must sign in with a second factor.
    second_factor_roles = ArrayField(models.CharField(max_length=30), default=list)
    # What the organization lets one person both do and approve (`values.TwoPeople`); at first nothing.
    alone_allowed = ArrayField(models.CharField(max_length=20), default=list, db_default=[])
    # Whether people who are no more than tenants may sign in with a code that is mailed to them.
    tenants_use_codes = models.BooleanField(default=True, db_default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    privileges = NO_DELETE

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """What Django and allauth ask of a user model; users are made by `identity.operations` only."""

    def get_by_natural_key(self, username: str | None) -> User:
        """This will find a user by e-mail address, in any letter case."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser, foundation_models.Guarded):
    """A person who signs in. Belongs to no organization: grants say where they may do what."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=200)
    # Empty: the language of the organization.
    language = models.CharField(max_length=10, blank=True, default="")
    theme = models.CharField(max_length=10, default=values.Theme.AUTO.value)
    is_active = models.BooleanField(default=True)
    # The password was made by the program, works for one sign-in and has not been used yet.
    has_one_time_password = models.BooleanField(default=False)
    must_change_password = models.BooleanField(default=False)
    # When the person was first asked for a second factor; the time of grace runs from then.
    second_factor_asked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    privileges = NO_DELETE

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_in_small_letters"),
            models.CheckConstraint(
                condition=models.Q(theme__in=[each.value for each in values.Theme]), name="user_theme_known"
            ),
            models.CheckConstraint(
                condition=models.Q(has_one_time_password=False) | models.Q(must_change_password=True),
                name="user_one_time_password_is_replaced",
            ),
        )

    def __str__(self) -> str:
        return self.name or self.email


class Role(foundation_models.TenantModel):
    """A role that an organization made itself. The built-in ones are code (`registry.ROLE_PATTERNS`)."""

    name = models.CharField(max_length=100)
    permissions = ArrayField(models.CharField(max_length=60))

    class Meta:
        constraints = (models.UniqueConstraint(fields=["organization_id", "name"], name="role_name_once"),)

    def __str__(self) -> str:
        return self.name


class Grant(foundation_models.TenantModel):
    """That a user may do something somewhere in [starts_at, ends_at).

    Something: a built-in role, a role of the organization, or one action. A grant is never removed: revoking sets
    its end, so that it stays known who could do what when.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT)
    role_code = models.CharField(max_length=30, blank=True, default="")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, null=True, blank=True)
    action = models.CharField(max_length=60, blank=True, default="")
    scope_kind = models.CharField(max_length=20)
    # The id of a site, a metering point or an account; no foreign key, because all of them are above identity.
    scope_id = models.BigIntegerField(null=True, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    # Of a monitor: the switch of M-003, by which an administrator lets one change the configuration.
    may_configure = models.BooleanField(default=False, db_default=False)

    privileges = NO_DELETE

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=(
                    models.Q(role_code__in=[each.value for each in values.RoleCode], role=None, action="")
                    | models.Q(role_code="", role__isnull=False, action="")
                    | (models.Q(role_code="", role=None) & ~models.Q(action=""))
                ),
                name="grant_gives_one_thing",
            ),
            models.CheckConstraint(
                condition=models.Q(scope_kind=values.ScopeKind.ORGANIZATION.value, scope_id=None)
                | models.Q(scope_kind__in=values.SINGLE_KINDS, scope_id__isnull=False),
                name="grant_scope_complete",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gte=models.F("starts_at")),
                name="grant_ends_after_start",
            ),
        )
        indexes = (
            models.Index(fields=["user", "starts_at"], name="grant_of_user"),
            models.Index(fields=["organization_id", "user"], name="grant_of_organization"),
        )

    def __str__(self) -> str:
        what = self.role_code or self.action or str(self.role_id)
        return f"{what} for {self.user_id}"


class Delegation(foundation_models.TenantModel):
    """That the people of a management company work in the landlord's organization, in [starts_at, ends_at).

    The row is the landlord's. It is never removed: revoking sets its end, so that it stays known who could do what.
    """

    manager = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    # As it was called when it was entrusted: row security shows the landlord no other organization.
    manager_name = models.CharField(max_length=200)
    scopes = ArrayField(models.CharField(max_length=20))
    # Ids of sites, which are above identity; None is the whole organization.
    site_ids = ArrayField(models.BigIntegerField(), null=True, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    given_by = models.CharField(max_length=200)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.CharField(max_length=200, blank=True)

    privileges = NO_DELETE

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gte=models.F("starts_at")),
                name="delegation_ends_after_start",
            ),
            models.CheckConstraint(
                condition=~models.Q(manager=models.F("organization_id")), name="delegation_to_another"
            ),
            models.CheckConstraint(condition=~models.Q(scopes=[]), name="delegation_of_something"),
        )
        indexes = (
            models.Index(fields=["organization_id", "starts_at"], name="delegation_of_landlord"),
            models.Index(fields=["manager", "starts_at"], name="delegation_to_manager"),
        )

    def __str__(self) -> str:
        return self.manager_name


class SavedView(foundation_models.TenantModel):
    """A list as somebody wants to see it again: the query of its address under a name. Personal, so not audited."""

    user = models.ForeignKey(User, on_delete=models.PROTECT)
    page = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    query = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organization_id", "user", "page", "name"], name="saved_view_name_once"),
        )

    def __str__(self) -> str:
        return self.name


class Invitation(foundation_models.TenantModel):
    """A role that waits for somebody: whoever brings the token may take it once. Only the token's hash is stored."""

    token_hash = models.CharField(max_length=64, unique=True)
    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=10, blank=True, default="")
    role_code = models.CharField(max_length=30, blank=True, default="")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, null=True, blank=True)
    # The id of a site, as in a grant; None reaches the whole organization.
    scope_id = models.BigIntegerField(null=True, blank=True)
    # The grant's own dates; without a start it begins when the invitation is accepted.
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    privileges = NO_DELETE

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=(
                    models.Q(role_code__in=[each.value for each in values.RoleCode], role=None)
                    | models.Q(role_code="", role__isnull=False)
                ),
                name="invitation_gives_one_role",
            ),
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="invitation_email_in_small_letters"),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None) | models.Q(revoked_at=None), name="invitation_ends_once"
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at=None, accepted_by=None)
                | models.Q(accepted_at__isnull=False, accepted_by__isnull=False),
                name="invitation_accepted_by_somebody",
            ),
        )
        indexes = (models.Index(fields=["organization_id", "expires_at"], name="invitation_of_organization"),)

    def __str__(self) -> str:
        return self.email


class PasswordLink(foundation_models.Guarded):
    """That whoever brings the token may choose the user's password, once. Only the token's hash is stored."""

    id = models.BigAutoField(primary_key=True)
    token_hash = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    privileges = NO_DELETE

    def __str__(self) -> str:
        return f"password of {self.user_id}"


class Session(foundation_models.Guarded):
    """A browser that somebody is signed in with. Gone when it is signed out; the session itself is Django's."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    session_key = models.CharField(max_length=40, unique=True)
    address = models.CharField(max_length=45, blank=True)
    agent = models.CharField(max_length=300, blank=True)
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user_id} from {self.address}"


class GuessCount(foundation_models.Guarded):
    """How often something was tried: the store of Django's cache, so that all processes count together."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.cache_key


class ApiKey(foundation_models.TenantModel):
    """What a program may do on behalf of its owner. Its secrets stand beside it: while one is exchanged, two work."""

    # Who answers for it: it never may do more than its owner may at that moment.
    owner = models.ForeignKey(User, on_delete=models.PROTECT)
    name = models.CharField(max_length=80)
    permissions = ArrayField(models.CharField(max_length=60))
    # Ids of sites, which are above identity; None is the whole organization.
    site_ids = ArrayField(models.BigIntegerField(), null=True, blank=True)
    # Single meter points and accounts, as (kind, id, id of its site); where there are some, all others are closed.
    singles = models.JSONField(default=list, db_default=[], blank=True)
    # From where it may be used, such as 192.0.2.0/24; empty is from anywhere.
    networks = ArrayField(models.CharField(max_length=50), default=list)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    used_from = models.CharField(max_length=50, blank=True, default="")
    # Real time: from when on the key would have all of its allowance again (`api_access.use_key`).
    free_at = models.DateTimeField(null=True, blank=True)

    privileges = NO_DELETE

    class Meta:
        indexes = (models.Index(fields=["organization_id", "name"], name="api_key_of_organization"),)

    def __str__(self) -> str:
        return self.name


class ApiSecret(foundation_models.TenantModel):
    """The hash of one secret of a key. The prefix finds it and may be shown; the secret itself is kept nowhere."""

    key = models.ForeignKey(ApiKey, on_delete=models.PROTECT)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    ends_at = models.DateTimeField(null=True, blank=True)

    privileges = NO_DELETE

    def __str__(self) -> str:
        return self.prefix


class KeptAnswer(foundation_models.TenantModel):
    """What a program was answered under an idempotency key, to be answered again. Kept for days, so not audited."""

    caller = models.CharField(max_length=40)
    token = models.CharField(max_length=100)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    media_type = models.CharField(max_length=100)
    body = models.BinaryField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["organization_id", "caller", "token"], name="kept_answer_once"),)
        indexes = (models.Index(fields=["organization_id", "created_at"], name="kept_answer_by_age"),)

    def __str__(self) -> str:
        return f"{self.caller} {self.token}"
