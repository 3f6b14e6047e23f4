-- A salt for each fact: with it gone, nobody can guess a name from the hash of the fact that held it.
--
-- Takes    a journal of schema 1
-- Does     schema 2; facts told before have no salt

ALTER TABLE journal_fact ADD COLUMN salt TEXT COLLATE "C" NOT NULL DEFAULT '';
