"""Generate the reference pages that come from the code.

Each module here has a function ``render`` that returns the page ``docs/reference/<module>.md``.
"""
