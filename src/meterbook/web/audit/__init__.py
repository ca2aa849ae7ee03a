"""The audit trail as people read it: the list, an entry in words, and the check of the chain."""
