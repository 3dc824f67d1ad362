/*
 * Every option of the server, one row each: the field of struct config, the name in
 * signet.conf, how its value is written, its default as it would be written there (""
 * is "not set"), the roles that are told, the least and the largest value of a number,
 * what stands for the value in help (of a CHOICE: the choices), and what it means.
 *
 * The variable and the flag follow from the name: api.listen is SIGNET_API_LISTEN and
 * --api-listen. A DURATION is held in milliseconds, a SIZE in bytes. With CONFIG_ONCE among
 * the roles it keeps the value of the start until the next one, whatever SIGHUP reads.
 */
#pragma once

#define CONFIG_MINUTE_MS INT64_C(60000)
#define CONFIG_HOUR_MS   (60 * CONFIG_MINUTE_MS)
#define CONFIG_DAY_MS    (24 * CONFIG_HOUR_MS)
#define CONFIG_ALL                                                                     \
	(CONFIG_PARENT | CONFIG_CORE | CONFIG_KEYS | CONFIG_EDGE | CONFIG_GATE |       \
	 CONFIG_ACME)

/* clang-format off */
#define CONFIG_OPTIONS(X)                                                              \
X(data_dir, "data_dir", PATH, "/var/lib/signet", CONFIG_ALL | CONFIG_ONCE, 0, 0,       \
  "DIRECTORY",                                                                         \
  "where everything that must survive a restart is kept")                              \
X(log_format, "log.format", CHOICE, "text", CONFIG_ALL | CONFIG_ONCE, 0, 0,            \
  "text|json",                                                                         \
  "how a line of the log is written")                                                  \
X(log_level, "log.level", CHOICE, "info", CONFIG_ALL | CONFIG_ONCE, 0, 0,              \
  "error|warning|info|debug",                                                          \
  "the least grave lines that are logged")                                             \
X(clock_test, "clock.test", BOOL, "no", CONFIG_PARENT | CONFIG_CORE, 0, 0, "yes|no",   \
  "let operators move the clock by POST /v1/test/clock; for tests alone")              \
X(user_core, "user.core", WORD, "", CONFIG_PARENT | CONFIG_ONCE, 0, 0, "USER",         \
  "the user, by name or number, that the role core runs as where the server is "       \
  "started as root; not set: root stays")                                              \
X(user_keys, "user.keys", WORD, "", CONFIG_PARENT | CONFIG_ONCE, 0, 0, "USER",         \
  "the user of the role keys")                                                         \
X(user_edge, "user.edge", WORD, "", CONFIG_PARENT | CONFIG_ONCE, 0, 0, "USER",         \
  "the user of the role edge")                                                         \
X(user_gate, "user.gate", WORD, "", CONFIG_PARENT | CONFIG_ONCE, 0, 0, "USER",         \
  "the user of the role gate")                                                         \
X(user_acme, "user.acme", WORD, "", CONFIG_PARENT | CONFIG_ONCE, 0, 0, "USER",         \
  "the user of the role acme")                                                         \
X(api_listen, "api.listen", ADDRESSES, "127.0.0.1:8025",                               \
  CONFIG_PARENT | CONFIG_CORE | CONFIG_ONCE,                                           \
  0, 0, "ADDR:PORT", "where the API listens")                                          \
X(api_tls_certificate, "api.tls_certificate", PATH, "",                                \
  CONFIG_PARENT | CONFIG_CORE | CONFIG_ONCE,                                           \
  0, 0, "FILE",                                                                        \
  "the certificate chain of the API, PEM, its own first; not set: HTTP without TLS")   \
X(api_tls_key, "api.tls_key", PATH, "", CONFIG_PARENT | CONFIG_CORE | CONFIG_ONCE, 0,  \
  0, "FILE",                                                                           \
  "the private key of that certificate, PEM")                                          \
X(api_public_url, "api.public_url", URL, "", CONFIG_CORE, 0, 0, "URL",                 \
  "the address of the API as its users write it, for links and mails")                 \
X(api_rate_per_minute, "api.rate_per_minute", NUMBER, "600", CONFIG_CORE, 1, 10000000, \
  "N", "how many requests a minute one API key may make")                              \
X(api_body_max, "api.body_max", SIZE, "1M", CONFIG_CORE | CONFIG_ONCE, 1024,           \
  64 << 20, "SIZE",                                                                    \
  "the largest body of a request")                                                     \
X(instance_name, "instance.name", TEXT, "Signet", CONFIG_CORE, 0, 0, "NAME",           \
  "what this platform is called in mails and on pages")                                \
X(instance_mx, "instance.mx", NAMES, "", CONFIG_CORE | CONFIG_GATE, 0, 0, "HOST",      \
  "the two hosts that take the bounces of the customers' domains")                     \
X(instance_spf, "instance.spf", TEXT, "", CONFIG_CORE, 0, 0, "MECHANISMS",             \
  "the SPF mechanisms that authorize the addresses which send, as "                    \
  "include:_spf.mail.example")                                                         \
X(instance_dmarc_rua, "instance.dmarc_rua", EMAIL, "", CONFIG_CORE, 0, 0, "ADDRESS",   \
  "where DMARC reports of the customers' domains are to go")                           \
X(instance_tracking, "instance.tracking", PAIRS, "", CONFIG_CORE | CONFIG_EDGE, 0, 0,  \
  "REGION=HOST", "the host of each region that the customers' tracking names point to") \
X(instance_region, "instance.region", WORD, "us", CONFIG_CORE, 0, 0, "REGION",         \
  "the region of an account that names none")                                          \
X(instance_bounce_target, "instance.bounce_target", NAME, "",                          \
  CONFIG_CORE | CONFIG_GATE, 0, 0, "HOST",                                             \
  "the host that delegated return paths point to")                                     \
X(instance_verify_target, "instance.verify_target", NAME, "", CONFIG_CORE, 0, 0,       \
  "HOST", "the host that proofs of ownership point to")                                \
X(instance_dkim_zone, "instance.dkim_zone", NAME, "", CONFIG_CORE, 0, 0, "DOMAIN",     \
  "the zone that delegated DKIM keys stand in")                                        \
X(instance_profile, "instance.profile", TEXT, "standard", CONFIG_CORE, 0, 0,           \
  "NAME|FILE", "the record layout of new domains")                                     \
X(dns_servers, "dns.servers", SERVERS, "", CONFIG_CORE | CONFIG_ONCE, 0, 0,            \
  "ADDR[:PORT]",                                                                       \
  "send every DNS question to this server instead of resolving from the root")         \
X(dns_root_hints, "dns.root_hints", PATH, "", CONFIG_CORE | CONFIG_ONCE, 0, 0, "FILE", \
  "resolve from the root servers of this file")                                        \
X(dns_trust_anchor, "dns.trust_anchor", PATH, "", CONFIG_CORE | CONFIG_ONCE, 0, 0,     \
  "FILE",                                                                              \
  "validate DNSSEC from the anchors of this file")                                     \
X(dns_timeout, "dns.timeout", DURATION, "5s", CONFIG_CORE | CONFIG_ONCE, 1,            \
  10 * CONFIG_MINUTE_MS,                                                               \
  "DURATION", "how long one DNS question may take")                                    \
X(dns_resolvers, "dns.resolvers", SERVERS, "", CONFIG_CORE, 0, 0, "ADDR[:PORT]",       \
  "public resolvers that are asked too, to tell what the world sees by now")           \
X(dns_concurrency, "dns.concurrency", NUMBER, "100", CONFIG_CORE | CONFIG_ONCE, 1,     \
  5000, "N",                                                                           \
  "how many domains are checked at a time")                                            \
X(mail_relay, "mail.relay", HOST_PORT, "", CONFIG_CORE | CONFIG_GATE, 0, 0,            \
  "HOST:PORT", "the SMTP server that takes the mail; not set: none is sent")           \
X(mail_from, "mail.from", EMAIL, "", CONFIG_CORE, 0, 0, "ADDRESS",                     \
  "the sender of the platform's own mails")                                            \
X(mail_support, "mail.support", EMAIL, "", CONFIG_CORE, 0, 0, "ADDRESS",               \
  "where customers find help, named in those mails")                                   \
X(keys_master_key, "keys.master_key", PATH, "",                                        \
  CONFIG_PARENT | CONFIG_KEYS | CONFIG_ONCE, 0, 0,                                     \
  "FILE", "the key that seals all others, made at the first start; not set: "          \
  "keys/master.key in data_dir")                                                       \
X(keys_pool, "keys.pool", NUMBER, "64", CONFIG_KEYS, 0, 100000, "N",                   \
  "how many RSA keys are made ahead")                                                  \
X(keys_rsa_bits, "keys.rsa_bits", NUMBER, "2048", CONFIG_CORE | CONFIG_KEYS, 1024,     \
  4096, "BITS", "the length of new RSA keys")                                          \
X(keys_sign_per_minute, "keys.sign_per_minute", NUMBER, "6000",                        \
  CONFIG_CORE | CONFIG_KEYS, 1, 100000000, "N",                                        \
  "how many signatures a minute one grant allows")                                     \
X(edge_listen, "edge.listen", ADDRESSES, "",                                           \
  CONFIG_PARENT | CONFIG_EDGE | CONFIG_ONCE, 0, 0,                                     \
  "ADDR:PORT", "where tracked links are answered; not set: nowhere")                   \
X(edge_tls_listen, "edge.tls_listen", ADDRESSES, "",                                   \
  CONFIG_PARENT | CONFIG_EDGE | CONFIG_ONCE, 0, 0,                                     \
  "ADDR:PORT", "where they are answered over TLS, with the certificate of each host")  \
X(edge_processes, "edge.processes", NUMBER, "1", CONFIG_PARENT | CONFIG_ONCE, 1, 64,   \
  "N",                                                                                 \
  "how many processes answer them")                                                    \
X(edge_trusted_proxies, "edge.trusted_proxies", NETWORKS, "",                          \
  CONFIG_EDGE | CONFIG_ONCE, 0, 0,                                                     \
  "NETWORK", "from where Forwarded and X-Forwarded-For are believed, as 192.0.2.0/24") \
X(edge_proxy_protocol, "edge.proxy_protocol", BOOL, "no", CONFIG_EDGE | CONFIG_ONCE,   \
  0, 0, "yes|no",                                                                      \
  "whether each connection begins with a header of the PROXY protocol, version 2")     \
X(edge_click_path, "edge.click_path", WORD, "click",                                   \
  CONFIG_CORE | CONFIG_EDGE | CONFIG_ONCE, 0, 0,                                       \
  "WORD", "the first part of the path of a tracked link")                              \
X(edge_open_path, "edge.open_path", WORD, "open",                                      \
  CONFIG_CORE | CONFIG_EDGE | CONFIG_ONCE, 0, 0,                                       \
  "WORD", "the first part of the path of the pixel")                                   \
X(edge_unsubscribe_path, "edge.unsubscribe_path", WORD, "unsubscribe",                 \
  CONFIG_CORE | CONFIG_EDGE | CONFIG_ONCE, 0, 0, "WORD",                               \
  "the first part of the path that unsubscribes")                                      \
X(edge_redirect_status, "edge.redirect_status", CHOICE, "302",                         \
  CONFIG_EDGE | CONFIG_ONCE, 0, 0,                                                     \
  "302|307", "the status of the answer to a tracked link")                             \
X(edge_pixel, "edge.pixel", PATH, "", CONFIG_EDGE | CONFIG_ONCE, 0, 0, "FILE",         \
  "the image that opens are counted by; not set: a transparent one")                   \
X(edge_certificates, "edge.certificates", NUMBER, "5000", CONFIG_EDGE | CONFIG_ONCE,   \
  1, 1000000,                                                                          \
  "N", "how many certificates a process keeps in memory")                              \
X(edge_ip, "edge.ip", CHOICE, "full", CONFIG_CORE | CONFIG_EDGE | CONFIG_ONCE, 0, 0,   \
  "full|truncated|none",                                                               \
  "what is kept of the addresses of recipients where an account says nothing")         \
X(edge_idle, "edge.idle", DURATION, "1m", CONFIG_EDGE | CONFIG_ONCE, 1000,             \
  CONFIG_HOUR_MS,                                                                      \
  "DURATION", "how long a connection may be silent between two requests")              \
X(journal_sync, "journal.sync", CHOICE, "each", CONFIG_EDGE | CONFIG_ONCE, 0, 0,       \
  "each|interval",                                                                     \
  "whether an answer waits until its event is on disk, or leaves before")              \
X(journal_interval, "journal.interval", DURATION, "100ms", CONFIG_EDGE | CONFIG_ONCE,  \
  1,                                                                                   \
  CONFIG_MINUTE_MS, "DURATION",                                                        \
  "how often the disk is waited for where answers do not wait")                        \
X(journal_segment, "journal.segment", SIZE, "64M", CONFIG_EDGE | CONFIG_ONCE,          \
  1 << 20, 1 << 30,                                                                    \
  "SIZE",                                                                              \
  "how large a file of the journal becomes before the next is begun; under load the "  \
  "room of that is taken before")                                                      \
X(journal_retention, "journal.retention", DURATION, "7d", CONFIG_EDGE | CONFIG_ONCE,   \
  0,                                                                                   \
  36500 * CONFIG_DAY_MS, "DURATION",                                                   \
  "how long files of the journal are kept that are in the store already")              \
X(journal_full, "journal.full", CHOICE, "answer", CONFIG_EDGE | CONFIG_ONCE, 0, 0,     \
  "answer|refuse",                                                                     \
  "what a click gets while its event cannot be written: its redirect, or 503")         \
X(token_keys, "token.keys", PATH, "", CONFIG_PARENT, 0, 0, "FILE",                     \
  "the keys that seal tracked links, made at the first start; not set: token.keys in " \
  "data_dir")                                                                          \
X(gate_listen, "gate.listen", ADDRESSES, "",                                           \
  CONFIG_PARENT | CONFIG_GATE | CONFIG_ONCE, 0, 0,                                     \
  "ADDR:PORT", "where mail is submitted; not set: nowhere")                            \
X(acme_directory, "acme.directory", URL, "",                                           \
  CONFIG_PARENT | CONFIG_CORE | CONFIG_ACME | CONFIG_ONCE, 0, 0, "URL",                \
  "the ACME directory of the authority that certifies tracking hosts; setting it "     \
  "accepts its terms of service; not set: certificates are uploaded")                                                    \
X(acme_contact, "acme.contact", EMAIL, "", CONFIG_CORE | CONFIG_ACME, 0, 0, "ADDRESS", \
  "the address that this authority is told")                                           \
X(acme_eab_id, "acme.eab_id", TEXT, "", CONFIG_ACME, 0, 0, "ID",                       \
  "the id of the account at the authority, where it wants one (external account "      \
  "binding)")                                                                          \
X(acme_eab_key, "acme.eab_key", PATH, "", CONFIG_ACME | CONFIG_ONCE, 0, 0, "FILE",     \
  "the file with the key of that account, base64url as the authority gave it")         \
X(acme_caa_names, "acme.caa_names", NAMES, "letsencrypt.org", CONFIG_CORE, 0, 0,       \
  "NAME", "by which of these names CAA records allow this authority")                  \
X(acme_orders_per_hour, "acme.orders_per_hour", NUMBER, "100", CONFIG_CORE, 1,         \
  1000000, "N", "how many certificates are asked for in an hour")                      \
X(acme_uacme, "acme.uacme", PATH, "/usr/bin/uacme", CONFIG_ACME | CONFIG_ONCE, 0, 0,   \
  "FILE",                                                                              \
  "the program uacme")                                                                 \
X(acme_ca_file, "acme.ca_file", PATH, "", CONFIG_CORE | CONFIG_ONCE, 0, 0, "FILE",     \
  "certificates in PEM that may certify tracking hosts, beside those that the "        \
  "system trusts")                                                                     \
X(tracking_blocklists, "tracking.blocklists", NAMES, "", CONFIG_CORE, 0, 0, "ZONE",    \
  "the DNS block-lists that tracking hosts are looked up in")                          \
X(tracking_fallback_host, "tracking.fallback_host", NAME, "", CONFIG_CORE, 0, 0,       \
  "HOST", "the host of links whose own is not ready; not set: that of the region")     \
X(probe_private, "probe.private", BOOL, "no", CONFIG_CORE, 0, 0, "yes|no",             \
  "let the probes of tracking hosts connect to private addresses; for labs alone")     \
X(probe_timeout, "probe.timeout", DURATION, "10s", CONFIG_CORE | CONFIG_ONCE, 100,      \
  CONFIG_MINUTE_MS, "DURATION",                                                        \
  "how long a probe of a tracking host may take, at most half of it to connect")       \
X(watch_jitter, "watch.jitter", NUMBER, "10", CONFIG_CORE, 0, 50, "PERCENT",           \
  "by how much the time to the next check is varied, so that they spread")             \
X(watch_batch, "watch.batch", NUMBER, "10", CONFIG_CORE, 1, 100000, "N",               \
  "how many due domains are taken up before the API has its turn again")               \
X(retention_checks, "retention.checks", DURATION, "30d", CONFIG_CORE, CONFIG_HOUR_MS,  \
  36500 * CONFIG_DAY_MS, "DURATION", "how long the results of checks are kept")        \
X(retention_events, "retention.events", DURATION, "400d", CONFIG_CORE, CONFIG_HOUR_MS, \
  36500 * CONFIG_DAY_MS, "DURATION", "how long events are kept")                       \
X(retention_audit, "retention.audit", DURATION, "730d", CONFIG_CORE, CONFIG_HOUR_MS,   \
  36500 * CONFIG_DAY_MS, "DURATION", "how long the audit trail is kept")               \
X(compliance_required, "compliance.required", BOOL, "no", CONFIG_CORE, 0, 0, "yes|no", \
  "whether a verified domain waits for an operator's review before it sends")          \
X(compliance_questionnaire, "compliance.questionnaire", PATH, "", CONFIG_CORE, 0, 0,   \
  "FILE", "the questions of the review; not set: the built-in ones")                   \
X(demo_enabled, "demo.enabled", BOOL, "yes", CONFIG_CORE, 0, 0, "yes|no",              \
  "whether accounts get a demo domain that sends to their own members")                \
X(store_path, "store.path", PATH, "", CONFIG_CORE | CONFIG_ONCE, 0, 0, "FILE",         \
  "the database; not set: signet.db in data_dir")                                      \
X(doctor_blocklists, "doctor.blocklists", NAMES, "", CONFIG_CLI, 0, 0, "ZONE",         \
  "the DNS block-lists that `signet doctor` asks for the own addresses")
/* clang-format on */
