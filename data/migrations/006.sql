-- Tracking domains have a life of their own: looked at on a schedule, with two lights
-- that say whether links open by HTTP and by HTTPS.
ALTER TABLE tracking_domains ADD COLUMN environment TEXT NOT NULL DEFAULT 'production';
ALTER TABLE tracking_domains ADD COLUMN http_allowed SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE tracking_domains ADD COLUMN aasa TEXT NOT NULL DEFAULT '';
ALTER TABLE tracking_domains ADD COLUMN assetlinks TEXT NOT NULL DEFAULT '';
ALTER TABLE tracking_domains ADD COLUMN http TEXT NOT NULL DEFAULT 'unknown';
ALTER TABLE tracking_domains ADD COLUMN https TEXT NOT NULL DEFAULT 'unknown';
ALTER TABLE tracking_domains ADD COLUMN is_dangling SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE tracking_domains ADD COLUMN is_listed SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE tracking_domains ADD COLUMN status_since BIGINT;
ALTER TABLE tracking_domains ADD COLUMN checked_at BIGINT;
ALTER TABLE tracking_domains ADD COLUMN verified_at BIGINT;
ALTER TABLE tracking_domains ADD COLUMN changed_at BIGINT;
ALTER TABLE tracking_domains ADD COLUMN next_at BIGINT;
ALTER TABLE tracking_domains ADD COLUMN fault_streak BIGINT NOT NULL DEFAULT 0;
-- What the last look saw, as JSON.
ALTER TABLE tracking_domains ADD COLUMN seen TEXT NOT NULL DEFAULT '';

UPDATE tracking_domains SET mode = 'managed' WHERE mode = 'cname';
UPDATE tracking_domains SET status_since = created_at, changed_at = created_at;
UPDATE tracking_domains SET status = 'waiting' WHERE status <> 'verified';
UPDATE tracking_domains SET status = 'pending', next_at = 1 WHERE status = 'verified';

-- The same as tracking_domains.next_at, narrow: all of it is read when the core starts.
CREATE TABLE tracking_schedule (
	tracking_id INTEGER PRIMARY KEY REFERENCES tracking_domains (id),
	next_at BIGINT NOT NULL
);
INSERT INTO tracking_schedule (tracking_id, next_at)
	SELECT id, next_at FROM tracking_domains WHERE next_at IS NOT NULL;
