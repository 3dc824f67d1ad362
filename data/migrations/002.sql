-- Keys whose fate is open: asked for and not stored with a domain yet, or to be dropped. A
-- key that stays here is one that a crash has left over.
CREATE TABLE unsettled_keys (
	key_ref TEXT PRIMARY KEY,
	since BIGINT NOT NULL
);
CREATE INDEX unsettled_keys_age ON unsettled_keys (since);

-- Letters of the platform on their way to the relay.
CREATE TABLE mail_queue (
	id INTEGER PRIMARY KEY,
	sender TEXT NOT NULL,
	recipient TEXT NOT NULL,
	letter TEXT NOT NULL,
	tries BIGINT NOT NULL,
	next_at BIGINT NOT NULL,
	created_at BIGINT NOT NULL
);
CREATE INDEX mail_queue_due ON mail_queue (next_at, id);
