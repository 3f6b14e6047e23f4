"""One file a statement; each says what it takes and returns."""
