"""The arithmetic of fitting pictures: which size one gets, before anything is drawn.

    ratio and width allowed            as it is
    ratio outside, little to cut       cut to the nearest allowed ratio
    ratio outside, too much to cut     whole, in the middle of a canvas of that ratio
    then                               scaled to an allowed width

Previews and the drawing share it, so that a preview names the size that will be posted. A size is
width and height in pixels, a ratio width / height.
"""

from __future__ import annotations

from dataclasses import dataclass

Size = tuple[int, int]

MAX_CUT = 0.2
"""The largest part of a picture that may be cut away."""
MAX_CANVAS_SIDE = 2048
"""Very long strips would make a huge canvas: it is brought down before it is made."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Which ratios and widths are allowed."""

    min_ratio: float
    max_ratio: float
    min_width: int
    max_width: int

    def hold(self, size: Size) -> bool:
        """Return whether a picture may stay as it is."""
        return self._allows_ratio(size) and self.min_width <= size[0] <= self.max_width

    def framed(self, size: Size) -> Size:
        """Return the size a picture gets unless its bytes have to be saved on."""
        if self.hold(size):
            return size
        shape = self.shaped(size)
        return self.scaled(shape, self.nearest_width(shape))

    def shaped(self, size: Size) -> Size:
        """Return the size at which a picture has an allowed ratio, near its own scale."""
        if self._allows_ratio(size):
            return size
        return self._cut(size) if self.is_cut(size) else self._canvas(size)

    def is_cut(self, size: Size) -> bool:
        """Return whether a picture of another ratio is cut; otherwise it gets a canvas."""
        ratio, goal = _ratio(size), self._goal(size)
        return 1 - min(ratio, goal) / max(ratio, goal) <= MAX_CUT

    def nearest_width(self, size: Size) -> int:
        """Return the allowed width nearest to a picture's own."""
        return max(self.min_width, min(self.max_width, size[0]))

    def scaled(self, size: Size, width: int) -> Size:
        """Return a size at another width, its height rounded to where the ratio stays allowed."""
        height = max(1, round(width * size[1] / size[0]))
        while height > 1 and width / height < self.min_ratio:
            height -= 1
        while width / height > self.max_ratio:
            height += 1
        return width, height

    def _allows_ratio(self, size: Size) -> bool:
        return self.min_ratio <= _ratio(size) <= self.max_ratio

    def _goal(self, size: Size) -> float:
        return self.min_ratio if _ratio(size) < self.min_ratio else self.max_ratio

    def _cut(self, size: Size) -> Size:
        (width, height), goal = size, self._goal(size)
        if _ratio(size) < goal:
            return width, max(1, round(width / goal))
        return max(1, round(height * goal)), height

    def _canvas(self, size: Size) -> Size:
        (width, height), goal = size, self._goal(size)
        if _ratio(size) < goal:
            width = max(1, round(height * goal))
        else:
            height = max(1, round(width / goal))
        shrink = min(1.0, MAX_CANVAS_SIDE / max(width, height))
        return max(1, round(width * shrink)), max(1, round(height * shrink))


def _ratio(size: Size) -> float:
    return size[0] / size[1]
