"""Files somebody has, read as observations; or the cell to mend, by file, line and column."""

from metrics.ingest.naming import slug
from metrics.ingest.profile import ColumnProfile, Profile, profile
from metrics.ingest.pushed import Pushed, Refusal, pushed, refusals
from metrics.ingest.reading import read, sentence
from metrics.ingest.readings import FileRead, Progress, Readings, Reject
from metrics.ingest.sheet import sheet
from metrics.ingest.worded import Worded, WordedRow, a_day, a_number, worded

__all__ = [
    "ColumnProfile",
    "FileRead",
    "Profile",
    "Progress",
    "Pushed",
    "Readings",
    "Refusal",
    "Reject",
    "Worded",
    "WordedRow",
    "a_day",
    "a_number",
    "profile",
    "pushed",
    "read",
    "refusals",
    "sentence",
    "sheet",
    "slug",
    "worded",
]
