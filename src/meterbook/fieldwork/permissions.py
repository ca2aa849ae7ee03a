"""Rights of work in the field."""

MANAGE_JOBS = "fieldwork:manage_jobs"
DO_JOBS = "fieldwork:do_jobs"

PERMISSIONS = (MANAGE_JOBS, DO_JOBS)
