-- The journal's tables in SQLite, and the triggers that let facts only be added, each after the last.
--
-- Takes    an empty database
-- Does     schema 1; statements are separated by empty lines

CREATE TABLE journal_schema (version INTEGER NOT NULL);

CREATE TABLE journal_fact (
    number INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    author TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    because TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
);

CREATE INDEX journal_fact_subject ON journal_fact (subject, kind);

CREATE INDEX journal_fact_kind ON journal_fact (kind, subject);

CREATE INDEX journal_fact_author ON journal_fact (author);

CREATE TABLE journal_draft (
    author TEXT NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (author, subject)
);

CREATE TRIGGER journal_fact_no_update BEFORE UPDATE ON journal_fact
BEGIN
    SELECT RAISE(ABORT, 'The journal only grows: a fact is never changed.');
END;

CREATE TRIGGER journal_fact_no_delete BEFORE DELETE ON journal_fact
BEGIN
    SELECT RAISE(ABORT, 'The journal only grows: a fact is never removed.');
END;

-- INSERT OR REPLACE removes a row without asking the trigger above; this one is always asked.
CREATE TRIGGER journal_fact_in_order BEFORE INSERT ON journal_fact
WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM journal_fact)
    OR NEW.previous IS NOT coalesce((SELECT hash FROM journal_fact ORDER BY number DESC LIMIT 1), '')
BEGIN
    SELECT RAISE(ABORT, 'The journal only grows: a fact follows the last one.');
END;
