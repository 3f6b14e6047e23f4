"""What the deck looks like: the 6-12 chart as SVG, the grid of cards, one stylesheet for screen and paper."""
