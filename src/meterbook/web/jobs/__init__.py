"""Jobs in the field: the list, one job, making it, doing it."""
