"""Commands for who operates and who develops the product."""
