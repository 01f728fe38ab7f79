"""Stand in for the outside world: six platforms, the faults they have, and a wall to look at.

Layout::

    facebook.py … sms.py   one stand-in per channel; each ends with ``STAND_IN`` and is discovered
    dialects/              what several stand-ins speak: Graph API, LinkedIn's Rest.li, AWS
    engine/                HTTP, state on disk, faults, development doors; knows no platform
"""

from sandbox.platforms.engine.outside import Outside

__all__ = ["Outside"]
