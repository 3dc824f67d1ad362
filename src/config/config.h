/*
 * The configuration of the server: one table (options.h) makes struct config, the
 * readers of signet.conf, environment and flags, and all that is written about them.
 *
 *	struct config_sources from = {.file = path, .text = text, .environment = environ,
 *	                              .flags = &flags};
 *	struct config c;
 *	if (!config_parse(a, &from, &c, err) || !config_check(&c, err))
 *		return false;
 *	listen_on(c.api_listen.v[0]);
 *
 * Pure: text in, values out. A flag wins over the environment, that over the file, that
 * over the default; a list is replaced as a whole, never mixed.
 *
 * signet.conf: a line is `name = value`; a # at the start or after a blank begins a
 * comment. A list is written by repeating the name or with blanks between its entries.
 * An empty value is "not set", where the default is that too, and else wrong; an empty
 * variable counts as none. A misspelt variable is an error where it is near a known one;
 * others may begin with SIGNET_ too (Kubernetes makes such).
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/option.h"
#include "config/options.h"

enum {
	CONFIG_TEXT_MAX = 1 << 20, /* of a file or a slice */
	CONFIG_LIST_MAX = 256,     /* entries of a list */
};

/* Who is told an option. */
enum config_role {
	CONFIG_PARENT = 1,
	CONFIG_CORE = 2,
	CONFIG_KEYS = 4,
	CONFIG_EDGE = 8,
	CONFIG_GATE = 16,
	CONFIG_ACME = 32,
	CONFIG_CLI = 64,   /* a command alone, no role */
	CONFIG_ONCE = 128, /* no role: read at the start, see config_keep_started() */
};

/* How a value is written; X(KIND, type of the field). */
#define CONFIG_KINDS(X)                                                                \
	X(TEXT, struct str)      /* one line */                                        \
	X(PATH, struct str)      /* a file's name, relative to where it starts */      \
	X(WORD, struct str)      /* letters, digits, "-_." */                          \
	X(CHOICE, struct str)    /* one of the words of its metavar */                 \
	X(URL, struct str)       /* http:// or https://, no final slash */             \
	X(EMAIL, struct str)     /* local@domain */                                    \
	X(NAME, struct str)      /* a host or domain, lower case, no final dot */      \
	X(HOST_PORT, struct str) /* host:port, [v6]:port */                            \
	X(NUMBER, int64_t)                                                             \
	X(BOOL, bool)                 /* yes|no, true|false, on|off */                 \
	X(DURATION, int64_t)          /* 30d 72h 10m 5s 100ms, held in ms */           \
	X(SIZE, int64_t)              /* 4096 64K 1M 2G, held in bytes */              \
	X(ADDRESSES, struct str_list) /* ADDR:PORT, good for ip_port_parse() */        \
	X(SERVERS, struct str_list)   /* ADDR or ADDR:PORT, likewise */                \
	X(NETWORKS, struct str_list)  /* CIDR or ADDR, good for ip_net_parse() */      \
	X(NAMES, struct str_list)     /* as NAME */                                    \
	X(PAIRS, struct str_list)     /* word=host: config_pair() */

#define CONFIG_KIND_ENUM(kind, type) CONFIG_##kind,
enum config_kind { CONFIG_KINDS(CONFIG_KIND_ENUM) };
#undef CONFIG_KIND_ENUM

/* Never made: it says which type a kind has. */
struct config_types {
#define CONFIG_KIND_TYPE(kind, type) type kind;
	CONFIG_KINDS(CONFIG_KIND_TYPE)
#undef CONFIG_KIND_TYPE
};

/* CONFIG_ID_api_listen …: an option's place in config_rows. */
#define CONFIG_ID(field, ...) CONFIG_ID_##field,
enum config_id { CONFIG_OPTIONS(CONFIG_ID) CONFIG_OPTION_COUNT };
#undef CONFIG_ID

struct config {
#define CONFIG_FIELD(field, name, kind, ...)                                           \
	__typeof__(((struct config_types *)0)->kind) field;
	CONFIG_OPTIONS(CONFIG_FIELD)
#undef CONFIG_FIELD
	/* Where each value comes from: "default", "FILE:LINE", "SIGNET_…", "--…". */
	struct str origin[CONFIG_OPTION_COUNT];
};

struct config_row {
	const char *name; /* "api.listen" */
	enum config_kind kind;
	const char *fallback; /* the default as text */
	unsigned roles;       /* enum config_role, added up */
	int64_t min, max;
	const char *metavar, *help;
	size_t offset; /* in struct config */
};

extern const struct config_row config_rows[CONFIG_OPTION_COUNT];

/* What option_parse() fills by config_flag_table(): raw values, checked later. */
struct config_flags {
	struct str value[CONFIG_OPTION_COUNT];
	struct option_list list[CONFIG_OPTION_COUNT]; /* of those that are lists */
};

/* The options as flags, for a struct that holds a struct config_flags at `offset`. */
struct option_table config_flag_table(struct arena *a, size_t offset);

struct config_sources {
	struct str file, text;            /* its name and bytes; no name, no file */
	const char *const *environment;   /* NAME=VALUE, NULL at the end; may be NULL */
	const struct config_flags *flags; /* may be NULL */
};

/* Reads all sources; an error names the place and, for an unknown name, the nearest
 * known. The views of *out live in `a` or the sources. */
NODISCARD bool config_parse(struct arena *a, const struct config_sources *from,
                            struct config *out, struct err *err);
/* The rules between options; an error names those and where they were set. */
NODISCARD bool config_check(const struct config *c, struct err *err);

/* Every mistake, in the order of the sources: as config_parse() and config_check() say it,
 * who end at the first. */
struct config_mistakes {
	struct err *v;
	size_t n, cap;
};

/* As config_parse(), with the default where a value cannot be read. */
void config_parse_all(struct arena *a, const struct config_sources *from,
                      struct config *out, struct config_mistakes *mistakes);
/* False where there is any. The rules between options are looked at where all values could
 * be read: a value that is wrong would break them too. */
NODISCARD bool config_check_all(struct arena *a, const struct config_sources *from,
                                struct config *out, struct config_mistakes *mistakes);

/* Of a configuration that is read again: gives the options that need a restart the values
 * they were started with, whose views it then shares. The ids of those that would change
 * go to `changed`, of CONFIG_OPTION_COUNT entries; how many. */
size_t config_keep_started(const struct config *started, struct config *fresh,
                           enum config_id *changed);

/* What a role is told: a line "name=value" for each option of this role. */
struct str config_slice(struct arena *a, const struct config *c, enum config_role role);
/* The other end: options that are not in it have their defaults. */
NODISCARD bool config_parse_slice(struct arena *a, struct str slice, struct config *out,
                                  struct err *err);

/* The value as it would be written in signet.conf; "" where it is not set. */
struct str config_value(struct arena *a, const struct config *c, enum config_id id);
/* "SIGNET_API_LISTEN" and "api-listen" of a row. */
struct str config_variable(struct arena *a, const struct config_row *row);
struct str config_flag(struct arena *a, const struct config_row *row);
bool config_is_list(enum config_kind kind);

/* The host of `key` in a list of PAIRS, or nothing. */
struct str config_pair(const struct str_list *pairs, struct str key);
/* store.path, keys.master_key and token.keys, or what stands for them in data_dir. */
struct str config_store_path(struct arena *a, const struct config *c);
struct str config_master_key_path(struct arena *a, const struct config *c);
struct str config_token_keys_path(struct arena *a, const struct config *c);
