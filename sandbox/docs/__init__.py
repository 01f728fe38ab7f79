"""Generate the parts of the documentation that come from the code.

A module's function ``render`` returns the page ``docs/reference/<module>.md``; ``told_in`` returns
a page that people write, with the module's own blocks in it made anew.
"""
