-- Long histories: each way of listing them has an index that gives the newest first, and the
-- oldest are found without looking at all the others.

DROP INDEX experiments_by_workload;
DROP INDEX experiments_by_state;
DROP INDEX experiments_by_owner;

CREATE INDEX experiments_by_workload ON experiments (comparison, workload, seq);
CREATE INDEX experiments_by_state ON experiments (comparison, state, seq);
CREATE INDEX experiments_by_both ON experiments (comparison, workload, state, seq);
CREATE INDEX experiments_by_owner ON experiments (comparison, owner, seq);
CREATE INDEX experiments_by_owner_workload ON experiments (comparison, owner, workload, seq);
CREATE INDEX experiments_by_owner_state ON experiments (comparison, owner, state, seq);
CREATE INDEX experiments_by_all ON experiments (comparison, owner, workload, state, seq);
CREATE INDEX experiments_by_end ON experiments (finished_at);
CREATE INDEX experiments_never_begun ON experiments (finished_at) WHERE started_at IS NULL;
CREATE INDEX experiments_done ON experiments (seq) WHERE state = 'done';
CREATE INDEX experiments_unfinished ON experiments (seq) WHERE state IN ('queued', 'running');
