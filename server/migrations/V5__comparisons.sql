-- Comparisons of threads with tasks, and which experiments each is made of.

CREATE TABLE comparisons (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order in which they came
    id          TEXT NOT NULL UNIQUE,               -- unguessable, for links
    state       TEXT NOT NULL CHECK (state IN
                  ('queued', 'running', 'done', 'cancelled', 'failed', 'interrupted')),
    reason      TEXT,
    request     TEXT NOT NULL,                      -- JSON: what was asked for
    machine     TEXT NOT NULL,                      -- JSON: the card of the machine that measured
    parts       TEXT NOT NULL,                      -- JSON: the plan
    created_at  TEXT NOT NULL,                      -- RFC 3339, UTC
    finished_at TEXT,
    imported_at TEXT,                               -- where it comes from another machine
    result      TEXT                                -- JSON: the whole table, once it is final,
                                                    -- so that it outlives its experiments
) STRICT;

ALTER TABLE experiments ADD COLUMN comparison TEXT;  -- the id of the one that asked for it
ALTER TABLE experiments ADD COLUMN part TEXT;        -- the key of its part there

CREATE INDEX experiments_by_comparison ON experiments (comparison, seq);
