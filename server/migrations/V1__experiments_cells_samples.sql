-- The history: what was asked for, how each cell ended, and every sample in columns,
-- so that any SQLite client can work with the figures.

CREATE TABLE experiments (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order in which they were accepted
    id            TEXT NOT NULL UNIQUE,               -- unguessable, for links
    workload      TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN
                    ('queued', 'running', 'done', 'cancelled', 'failed', 'interrupted')),
    reason        TEXT,
    spec          TEXT NOT NULL,                      -- JSON: the checked request
    machine       TEXT NOT NULL,                      -- JSON: the machine card
    created_at    TEXT NOT NULL,                      -- RFC 3339, UTC
    started_at    TEXT,
    finished_at   TEXT,
    outside_share REAL,                               -- from 0 to 1
    disturbed     INTEGER CHECK (disturbed IN (0, 1)),
    verdict       TEXT                                -- the first verdict, for the list
) STRICT;

CREATE INDEX experiments_by_state ON experiments (state, seq);
CREATE INDEX experiments_by_workload ON experiments (workload, seq);

CREATE TABLE cells (
    experiment INTEGER NOT NULL REFERENCES experiments (seq) ON DELETE CASCADE,
    cell       INTEGER NOT NULL,                      -- its place in the experiment, from 0
    executor   TEXT NOT NULL,
    params     TEXT NOT NULL,                         -- JSON
    state      TEXT NOT NULL CHECK (state IN
                 ('pending', 'running', 'done', 'refused', 'failed', 'cancelled', 'interrupted')),
    reason     TEXT,
    refusal    TEXT,                                  -- JSON: the limit that binds
    memory     TEXT,                                  -- JSON: of the first execution
    outcome    TEXT,                                  -- JSON: what the body returned
    browser    TEXT,                                  -- JSON: the browser that measured it
    PRIMARY KEY (experiment, cell)
) STRICT, WITHOUT ROWID;

CREATE TABLE samples (
    experiment           INTEGER NOT NULL,
    cell                 INTEGER NOT NULL,
    place                INTEGER NOT NULL,            -- in the order in which they were taken, from 0
    wall_ns              INTEGER NOT NULL,
    cpu_user_ns          INTEGER,
    cpu_system_ns        INTEGER,
    switches_voluntary   INTEGER,
    switches_involuntary INTEGER,
    batch                INTEGER NOT NULL,            -- executions timed together
    PRIMARY KEY (experiment, cell, place),
    FOREIGN KEY (experiment, cell) REFERENCES cells (experiment, cell) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
