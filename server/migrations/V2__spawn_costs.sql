-- What it costs in a browser to spawn a unit on a Web Worker.

ALTER TABLE cells ADD COLUMN spawn_costs TEXT;  -- JSON: on a new worker and on a waiting one
