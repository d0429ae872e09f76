-- Who asked for an experiment or a comparison, and may cancel and delete it.

ALTER TABLE experiments ADD COLUMN owner TEXT;  -- a digest; NULL where nobody noted it:
ALTER TABLE comparisons ADD COLUMN owner TEXT;  -- those are everybody's

CREATE INDEX experiments_by_owner ON experiments (owner, seq);
