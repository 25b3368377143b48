-- Which engine carries a job and made a point. What is there already is native.
ALTER TABLE jobs ADD COLUMN engine @text@ NOT NULL DEFAULT 'native';
ALTER TABLE points ADD COLUMN engine @text@ NOT NULL DEFAULT 'native';
