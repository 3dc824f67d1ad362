-- Certificates of tracking hosts, by the id of the tracking domain; and those that are to be
-- revoked, which outlive it.
CREATE TABLE certificates (
	id INTEGER PRIMARY KEY REFERENCES tracking_domains (id),
	account_id BIGINT NOT NULL,
	host TEXT NOT NULL,
	state TEXT NOT NULL,
	source TEXT NOT NULL,
	is_wanted SMALLINT NOT NULL,
	generation BIGINT NOT NULL,
	not_before BIGINT,
	not_after BIGINT,
	ordered_at BIGINT,
	is_ordered SMALLINT NOT NULL,
	attempts BIGINT NOT NULL,
	faults BIGINT NOT NULL,
	try_at BIGINT,
	next_at BIGINT,
	failed_at BIGINT,
	failure TEXT NOT NULL,
	is_told_expiring SMALLINT NOT NULL,
	issuer TEXT NOT NULL,
	serial TEXT NOT NULL,
	words TEXT NOT NULL,
	directory TEXT NOT NULL,
	leaf TEXT NOT NULL,
	updated_at BIGINT NOT NULL
);
CREATE INDEX certificates_account ON certificates (account_id, id);
CREATE INDEX certificates_ordered ON certificates (ordered_at)
	WHERE ordered_at IS NOT NULL;

CREATE TABLE revocations (
	id INTEGER PRIMARY KEY,
	host TEXT NOT NULL,
	directory TEXT NOT NULL,
	leaf TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	attempts BIGINT NOT NULL,
	next_at BIGINT NOT NULL,
	words TEXT NOT NULL
);
CREATE INDEX revocations_next ON revocations (next_at);
