-- What happened to tracked links. Here and in what follows nothing refers to another table
-- by a constraint: events outlive what they are about, and each is written once.

-- An id is given by the reader of the journals and is never given twice. Numbers of type,
-- method and reasons are those of track/event.h and track/automated.h; verdict 0: person,
-- 1: machine, 2: undetermined. `source` names address and agent together.
CREATE TABLE track_events (
	id INTEGER PRIMARY KEY,
	account_id BIGINT NOT NULL,
	domain_id BIGINT,
	type SMALLINT NOT NULL,
	at BIGINT NOT NULL,
	message BIGINT NOT NULL,
	link BIGINT NOT NULL,
	verdict SMALLINT NOT NULL,
	reasons BIGINT NOT NULL,
	source BIGINT NOT NULL,
	method SMALLINT NOT NULL,
	tls BIGINT NOT NULL,
	answer BIGINT NOT NULL,
	hints BIGINT NOT NULL,
	host TEXT NOT NULL,
	text TEXT NOT NULL,
	ip TEXT NOT NULL,
	agent TEXT NOT NULL
);
CREATE INDEX track_events_account ON track_events (account_id, id);
CREATE INDEX track_events_domain ON track_events (domain_id, id);
CREATE INDEX track_events_message ON track_events (message, id);

-- What is known of a message by its events: the id is the message's own number. For each
-- type and verdict, how many there are, and on which day the message was counted.
CREATE TABLE track_messages (
	id INTEGER PRIMARY KEY,
	last_at BIGINT NOT NULL,
	open_person BIGINT NOT NULL,
	open_person_day BIGINT NOT NULL,
	open_machine BIGINT NOT NULL,
	open_machine_day BIGINT NOT NULL,
	open_undetermined BIGINT NOT NULL,
	open_undetermined_day BIGINT NOT NULL,
	click_person BIGINT NOT NULL,
	click_person_day BIGINT NOT NULL,
	click_machine BIGINT NOT NULL,
	click_machine_day BIGINT NOT NULL,
	click_undetermined BIGINT NOT NULL,
	click_undetermined_day BIGINT NOT NULL
);

-- Kept, never counted: how many events on a day (since 1970, UTC), and of how many messages
-- the first was on it. domain_id 0: of no domain.
CREATE TABLE track_counts (
	account_id BIGINT NOT NULL,
	domain_id BIGINT NOT NULL,
	day BIGINT NOT NULL,
	type SMALLINT NOT NULL,
	verdict SMALLINT NOT NULL,
	events BIGINT NOT NULL,
	messages BIGINT NOT NULL,
	PRIMARY KEY (account_id, domain_id, day, type, verdict)
);

-- How far each journal has been read, written with what was read from it.
CREATE TABLE track_cursors (
	id INTEGER PRIMARY KEY,
	journal TEXT NOT NULL UNIQUE,
	folder BIGINT NOT NULL,
	sequence BIGINT NOT NULL,
	segment BIGINT NOT NULL,
	position BIGINT NOT NULL,
	missing BIGINT NOT NULL
);

-- Who wants no more mail of a domain; 0: of none of the account.
CREATE TABLE unsubscribes (
	id INTEGER PRIMARY KEY,
	account_id BIGINT NOT NULL,
	domain_id BIGINT NOT NULL,
	address TEXT NOT NULL,
	message BIGINT NOT NULL,
	at BIGINT NOT NULL
);
CREATE UNIQUE INDEX unsubscribes_address ON unsubscribes (account_id, domain_id, address);
CREATE INDEX unsubscribes_account ON unsubscribes (account_id, id);
CREATE INDEX unsubscribes_domain ON unsubscribes (domain_id, id);

CREATE INDEX tracking_domains_host ON tracking_domains (name, account_id, id);

-- full, truncated, none; '': what the installation says.
ALTER TABLE accounts ADD COLUMN ip_policy TEXT NOT NULL DEFAULT '';
