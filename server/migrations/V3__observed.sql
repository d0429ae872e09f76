-- What an execution of its own found out about the units of a cell.

ALTER TABLE cells ADD COLUMN observed TEXT;  -- JSON: delays, times alive, the first units
