"""Measure what the product promises, as ratios and counts; nothing here is ever asserted."""
