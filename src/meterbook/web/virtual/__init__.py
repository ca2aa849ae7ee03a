"""Virtual meters: their list, their formulas, and the form in which a formula is written."""
