"""Implements `ports.Studio` with the imaging package, loaded on first use only."""

from __future__ import annotations

from chalicelib.domain.channels import MediaRule
from chalicelib.domain.errors import ContentRejected
from chalicelib.domain.ports import CardFacts, Picture


class ImagingStudio:
    """Pictures in this process; imported nowhere that does not prepare media."""

    def __init__(self, community: str) -> None:
        self._community = community

    def sanitise(self, data: bytes) -> Picture:
        """Return a safe copy; `ContentRejected` with what to do about it."""
        from chalicelib.gateways import imaging

        try:
            picture = imaging.sanitise(data)
        except imaging.UnreadableImage as error:
            raise ContentRejected(error.detail) from error
        return Picture(picture.jpeg, picture.width, picture.height)

    def fit(self, data: bytes, rule: MediaRule) -> Picture:
        """Return the picture within a channel's ratio, width and bytes."""
        from chalicelib.gateways import imaging

        fitted = imaging.fit(
            data,
            min_ratio=rule.min_ratio,
            max_ratio=rule.max_ratio,
            min_width=rule.min_width,
            max_width=rule.max_width,
            max_bytes=rule.max_bytes,
        )
        return Picture(fitted.jpeg, fitted.width, fitted.height)

    def card(self, facts: CardFacts, shape: str, photo: bytes | None) -> Picture:
        """Return the celebration card."""
        from chalicelib.gateways import imaging

        card = imaging.Card(
            name=facts.name,
            title=facts.title,
            level=facts.level,
            level_label=facts.level_label,
            date_label=facts.date_label,
            headline=facts.headline,
            community=self._community,
            photo=photo,
        )
        form = imaging.Shape[shape.upper()]
        return Picture(imaging.render_card(card, form), form.width, form.height)
