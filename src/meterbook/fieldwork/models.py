"""Jobs for people in the field, swap tests with their samples, and photos of both."""

from __future__ import annotations

from django.db import models

from meterbook.acquisition import models as acquisition_models
from meterbook.fieldwork import values
from meterbook.foundation import models as foundation_models
from meterbook.identity import models as identity_models
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models


class Job(foundation_models.TenantModel):
    """Something to be done at a site. `source_id` is what it came from (an alarm), open once for each.

    `assigned_to` None: whoever does jobs at the site. `assignments` counts how often it was given to somebody.
    """

    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT)
    node = models.ForeignKey(site_models.SiteNode, on_delete=models.PROTECT, null=True, blank=True)
    meter_point = models.ForeignKey(metering_models.MeterPoint, on_delete=models.PROTECT, null=True, blank=True)
    kind = models.CharField(max_length=12)
    words = models.CharField(max_length=values.MOST_WORDS, blank=True)
    due_on = models.DateField(null=True, blank=True)
    assigned_to = models.ForeignKey(
        identity_models.User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    assignments = models.IntegerField(default=0, db_default=0)
    state = models.CharField(max_length=12)
    origin = models.CharField(max_length=12)
    source_id = models.UUIDField(null=True, blank=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=200)
    begun_at = models.DateTimeField(null=True, blank=True)
    begun_by = models.ForeignKey(
        identity_models.User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=values.MOST_WORDS, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=[each.value for each in values.JobState]), name="job_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=[each.value for each in values.JobKind]), name="job_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(origin__in=[each.value for each in values.Origin]), name="job_origin_known"
            ),
            models.UniqueConstraint(
                fields=["organization_id", "origin", "source_id"],
                condition=models.Q(source_id__isnull=False),
                name="job_of_source_once",
            ),
        )
        indexes = (models.Index(fields=["organization_id", "state", "due_on"], name="job_by_state"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.words}".strip()


class SwapTest(foundation_models.TenantModel):
    """A unit was switched off to see which meter falls. `meters` says who was looked at, as it stood when it began.

    `findings` are what each of them did, `fell` the codes of the meter points that fell; both are kept as evidence.
    """

    site = models.ForeignKey(site_models.Site, on_delete=models.PROTECT)
    node = models.ForeignKey(site_models.SiteNode, on_delete=models.PROTECT)
    bus = models.ForeignKey(acquisition_models.Bus, on_delete=models.PROTECT, null=True, blank=True)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, blank=True)
    state = models.CharField(max_length=8)
    meters = models.JSONField(default=list)
    began_at = models.DateTimeField()
    began_by = models.CharField(max_length=200)
    before_until = models.DateTimeField(null=True, blank=True)
    off_at = models.DateTimeField(null=True, blank=True)
    off_until = models.DateTimeField(null=True, blank=True)
    on_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    verdict = models.CharField(max_length=8, blank=True)
    findings = models.JSONField(default=list)
    fell = models.JSONField(default=list)
    seen_at = models.DateTimeField(null=True, blank=True)
    seen_by = models.CharField(max_length=200, blank=True)
    seen_note = models.CharField(max_length=values.MOST_WORDS, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=[each.value for each in values.SwapState]), name="swap_test_state_known"
            ),
            models.UniqueConstraint(
                fields=["node"],
                condition=models.Q(state__in=[each.value for each in values.RUNNING]),
                name="swap_test_running_once",
            ),
        )
        indexes = (models.Index(fields=["organization_id", "-began_at"], name="swap_test_newest"),)

    def __str__(self) -> str:
        return f"{self.node} {self.began_at:%Y-%m-%d %H:%M} UTC"


class SwapSamples(foundation_models.TenantTable):
    """What meters showed while a test ran: [[series id, instant, value], ...], only what was new then."""

    id = models.BigAutoField(primary_key=True)
    swap_test = models.ForeignKey(SwapTest, on_delete=models.PROTECT)
    taken_at = models.DateTimeField()
    values = models.JSONField()

    privileges = foundation_models.APPEND
    append_only = True

    class Meta:
        indexes = (models.Index(fields=["swap_test", "id"], name="swap_samples_of_test"),)

    def __str__(self) -> str:
        return f"{self.swap_test_id} {self.taken_at}"


class FieldPhoto(foundation_models.TenantModel):
    """A photo of a job or of a swap test: a JPEG, written anew; never changed."""

    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, blank=True)
    swap_test = models.ForeignKey(SwapTest, on_delete=models.PROTECT, null=True, blank=True)
    content = models.BinaryField()
    author = models.CharField(max_length=200)
    recorded_at = models.DateTimeField()

    privileges = foundation_models.APPEND
    append_only = True

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(job__isnull=False, swap_test__isnull=True)
                | models.Q(job__isnull=True, swap_test__isnull=False),
                name="field_photo_of_one",
            ),
        )

    def __str__(self) -> str:
        return f"{self.job_id or self.swap_test_id} {self.recorded_at}"
