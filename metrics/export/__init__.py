"""The deck in files that people carry away."""
