"""A building from a workbook, and back: `sheets` says what stands where, `book` reads, `planning` compares."""
