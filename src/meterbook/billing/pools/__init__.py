"""Costs that several share: what a pool is (`definition`), how it is divided (`sharing`) and what says so (`sheets`).

Plain Python without Django and without a database. `recompute` stands alone: it is given out with the sheets.
"""
