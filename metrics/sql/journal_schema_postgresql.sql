-- The journal's tables in PostgreSQL, and the triggers that let facts only be added, each after the last.
--
-- Takes    a schema, first in the search path, without these tables
-- Does     schema 1; statements are separated by empty lines

CREATE TABLE journal_schema (version INTEGER NOT NULL);

CREATE TABLE journal_fact (
    number BIGINT PRIMARY KEY,
    at TEXT COLLATE "C" NOT NULL,
    author TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    because TEXT COLLATE "C" NOT NULL,
    previous TEXT COLLATE "C" NOT NULL,
    hash TEXT COLLATE "C" NOT NULL
);

CREATE INDEX journal_fact_subject ON journal_fact (subject, kind, number);

CREATE INDEX journal_fact_kind ON journal_fact (kind, subject, number);

CREATE INDEX journal_fact_author ON journal_fact (author, number);

CREATE TABLE journal_draft (
    author TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    text TEXT COLLATE "C" NOT NULL,
    at TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (author, subject)
);

CREATE FUNCTION journal_fact_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The journal only grows: a fact is never changed or removed.';
END $$;

CREATE FUNCTION journal_fact_follows() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.number IS DISTINCT FROM (SELECT coalesce(max(number), 0) + 1 FROM journal_fact)
        OR NEW.previous IS DISTINCT FROM
            coalesce((SELECT hash FROM journal_fact ORDER BY number DESC LIMIT 1), '')
    THEN
        RAISE EXCEPTION 'The journal only grows: a fact follows the last one.';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER journal_fact_no_change BEFORE UPDATE OR DELETE ON journal_fact
FOR EACH ROW EXECUTE FUNCTION journal_fact_kept();

CREATE TRIGGER journal_fact_no_truncate BEFORE TRUNCATE ON journal_fact
FOR EACH STATEMENT EXECUTE FUNCTION journal_fact_kept();

CREATE TRIGGER journal_fact_in_order BEFORE INSERT ON journal_fact
FOR EACH ROW EXECUTE FUNCTION journal_fact_follows();

-- ALWAYS: a session that plays a replica would else pass by.
ALTER TABLE journal_fact ENABLE ALWAYS TRIGGER journal_fact_no_change;

ALTER TABLE journal_fact ENABLE ALWAYS TRIGGER journal_fact_no_truncate;

ALTER TABLE journal_fact ENABLE ALWAYS TRIGGER journal_fact_in_order;
