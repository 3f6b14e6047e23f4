-- A journal of schema 1 in SQLite with two facts, as the first version of this program wrote it.

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

CREATE TRIGGER journal_fact_in_order BEFORE INSERT ON journal_fact
WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM journal_fact)
    OR NEW.previous IS NOT coalesce((SELECT hash FROM journal_fact ORDER BY number DESC LIMIT 1), '')
BEGIN
    SELECT RAISE(ABORT, 'The journal only grows: a fact follows the last one.');
END;

INSERT INTO journal_schema (version) VALUES (1);

INSERT INTO journal_fact VALUES
    (1, '2026-05-11T12:00:00.000000+00:00', 'dana', 'owner.assigned', 'orders', '{"person":"ravi"}', 'he knows it', '',
     '471c73f286a2a4296a21a01a4ad97c5babe4f61f1d51a669bf5053028ce9f984'),
    (2, '2026-05-11T12:00:00.000000+00:00', 'ravi', 'answer.given', 'orders', '{"text":"a fair"}', '',
     '471c73f286a2a4296a21a01a4ad97c5babe4f61f1d51a669bf5053028ce9f984',
     '607fdbd3cdd1f98b0fcbe62172463e82a613720b710664f465d00129cfd19faf');
