"""What people decide in a week, as rules: who may, what must be said, what stands. No storage.

Facts are read from a journal and replayed; a later fact about the same subject takes the place of
an earlier one.
"""
