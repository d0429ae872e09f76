-- What the outcome of each sample says in numbers.

ALTER TABLE samples ADD COLUMN readings TEXT;  -- JSON: numbers by name, the unit last
