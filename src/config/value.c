#include "config/value.h"

#include "base/ip.h"
#include "base/utf8.h"

enum {
	NAME_MAX_LEN = 253,
	LABEL_MAX_LEN = 63,
	LOCAL_MAX_LEN = 64,
	SHOWN_MAX = 80, /* bytes of a wrong value that its error repeats */
};

struct unit {
	const char *name;
	int64_t worth;
};

/* How a kind is measured. */
struct measure {
	const char *what;
	struct unit units[7]; /* largest first; at the end what the value is held in */
};

static const struct measure durations = {
        "a duration (as 5s, 10m, 72h, 30d)",
        {{"d", CONFIG_DAY_MS},
          {"h", CONFIG_HOUR_MS},
          {"m", CONFIG_MINUTE_MS},
          {"s", 1000},
          {"ms", 1}},
};

static const struct measure sizes = {
        "a size (as 64K, 1M)",
        {{"G", INT64_C(1) << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {"", 1}},
};

static bool wrong(struct arena *a, struct str text, struct err *err, const char *what)
{
	struct str shown = utf8_printable(a, str_slice(text, 0, SHOWN_MAX));

	return err_set(err, ERR_USAGE, "\"%.*s%s\" is not %s", STR_ARG(shown),
	               text.n > SHOWN_MAX ? "…" : "", what);
}

/* Whether `text` is a host or domain name in its ASCII form, without final dot. */
static bool is_name(struct str text)
{
	struct str rest = text;
	struct str label, last = STR_NONE;
	uint64_t number;

	if (text.n == 0 || text.n > NAME_MAX_LEN)
		return false;
	while (str_cut(&rest, '.', &label)) {
		if (label.n == 0 || label.n > LABEL_MAX_LEN || label.p[0] == '-' ||
		    label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++)
			if (!char_is_alnum(label.p[i]) && label.p[i] != '-' &&
			    label.p[i] != '_')
				return false;
		last = label;
	}
	/* A name that ends in a number is a mistyped address. */
	return !str_parse_uint(last, UINT64_MAX, &number);
}

static bool read_name(struct arena *a, struct str text, struct str *out,
                      struct err *err)
{
	struct str name = text;

	if (str_ends(name, STR(".")))
		name.n--;
	if (!str_is_ascii(name))
		return wrong(a, text, err, "a host name in its ASCII form (xn--…)");
	if (!is_name(name))
		return wrong(a, text, err, "a host name");
	*out = arena_lower(a, name);
	return true;
}

static bool is_word(struct str text)
{
	if (text.n == 0 || text.n > LABEL_MAX_LEN || text.p[0] == '-')
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (!char_is_alnum(text.p[i]) && text.p[i] != '-' && text.p[i] != '_' &&
		    text.p[i] != '.')
			return false;
	return true;
}

static bool is_choice(const char *choices, struct str text)
{
	struct str rest = str_c(choices);
	struct str word;

	while (str_cut(&rest, '|', &word))
		if (str_eq(word, text))
			return true;
	return false;
}

static bool is_port(struct str text)
{
	uint64_t port;

	return text.n <= 5 && str_parse_uint(text, UINT16_MAX, &port) && port > 0;
}

/* An address with its port, or a name with one. */
static bool is_host_port(struct str text)
{
	ptrdiff_t colon = str_find_char(text, ':');
	struct ip ip;
	uint16_t port;

	if (ip_port_parse(text, 0, &ip, &port))
		return true;
	return colon > 0 && is_name(str_slice(text, 0, (size_t)colon)) &&
	       is_port(str_from(text, (size_t)colon + 1));
}

/* Printable ASCII that needs no quoting wherever a URL is written. */
static bool is_url_text(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] <= ' ' || text.p[i] >= 0x7f ||
		    str_find_char(STR("\"<>\\^`{|}@?#"), text.p[i]) >= 0)
			return false;
	return true;
}

/* http(s)://HOST[:PORT][/PATH], RFC 3986 without user, query and fragment. */
static bool is_url(struct str text)
{
	struct str host;
	struct ip ip;
	uint16_t port;

	if (str_starts(text, STR("https://")))
		text = str_from(text, 8);
	else if (str_starts(text, STR("http://")))
		text = str_from(text, 7);
	else
		return false;
	return is_url_text(text) && str_cut(&text, '/', &host) &&
	       (is_name(host) || is_host_port(host) ||
	        (ip_port_parse(host, 80, &ip, &port) &&
	         (ip.length == 4 || host.p[0] == '[')));
}

static bool is_email(struct str text)
{
	ptrdiff_t at = str_find_char(text, '@');

	if (at <= 0 || at > LOCAL_MAX_LEN)
		return false;
	for (ptrdiff_t i = 0; i < at; i++)
		if (text.p[i] <= ' ' || text.p[i] >= 0x7f ||
		    str_find_char(STR("\"<>(),:;[]\\"), text.p[i]) >= 0)
			return false;
	return is_name(str_from(text, (size_t)at + 1));
}

/* `value` in the largest unit that divides it. */
static struct str format_measure(struct arena *a, int64_t value,
                                 const struct measure *m)
{
	size_t i = 0;

	while (value % m->units[i].worth != 0)
		i++;
	return arena_printf(a, "%lld%s", (long long)(value / m->units[i].worth),
	                    m->units[i].name);
}

static bool read_measure(struct arena *a, const struct config_row *row, struct str text,
                         const struct measure *m, int64_t *out, struct err *err)
{
	for (const struct unit *u = m->units; u->name; u++) {
		struct str unit = str_c(u->name);
		uint64_t n;

		if (text.n <= unit.n || !str_ends_nocase(text, unit) ||
		    !str_parse_uint(str_slice(text, 0, text.n - unit.n),
		                    (uint64_t)(row->max / u->worth), &n) ||
		    (int64_t)n * u->worth < row->min)
			continue;
		*out = (int64_t)n * u->worth;
		return true;
	}
	return wrong(a, text, err,
	             arena_printf(a, "%s from %s to %s", m->what,
	                          format_measure(a, row->min, m).p,
	                          format_measure(a, row->max, m).p)
	                     .p);
}

static bool read_number(struct arena *a, const struct config_row *row, struct str text,
                        int64_t *out, struct err *err)
{
	uint64_t n;

	if (!str_parse_uint(text, (uint64_t)row->max, &n) || (int64_t)n < row->min)
		return wrong(a, text, err,
		             arena_printf(a, "a number from %lld to %lld",
		                          (long long)row->min, (long long)row->max)
		                     .p);
	*out = (int64_t)n;
	return true;
}

static bool read_bool(struct arena *a, struct str text, bool *out, struct err *err)
{
	*out = is_choice("yes|true|on", text);
	return *out || is_choice("no|false|off", text) ||
	       wrong(a, text, err, "yes or no");
}

static bool read_pair(struct arena *a, struct str text, struct str *out,
                      struct err *err)
{
	struct str rest = text;
	struct str key, name;

	str_cut(&rest, '=', &key);
	if (!rest.p || !is_word(key))
		return wrong(a, text, err, "a pair as us=host.example");
	if (!read_name(a, rest, &name, err))
		return false;
	*out = arena_printf(a, "%.*s=%.*s", STR_ARG(key), STR_ARG(name));
	return true;
}

static bool read_entry(struct arena *a, enum config_kind kind, struct str text,
                       struct str *out, struct err *err)
{
	struct ip_net net;
	struct ip ip;
	uint16_t port;

	*out = text;
	if (kind == CONFIG_NETWORKS)
		return ip_net_parse(text, &net) ||
		       wrong(a, text, err,
		             "a network as 192.0.2.0/24 or 2001:db8::/32");
	if (kind == CONFIG_NAMES)
		return read_name(a, text, out, err);
	if (kind == CONFIG_PAIRS)
		return read_pair(a, text, out, err);
	if (kind == CONFIG_SERVERS)
		return ip_port_parse(text, 53, &ip, &port) ||
		       wrong(a, text, err,
		             "an address as 192.0.2.1 or [2001:db8::1]:53");
	return ip_port_parse(text, 0, &ip, &port) ||
	       wrong(a, text, err,
	             "an address with its port as 127.0.0.1:8025 or [::1]:8025");
}

static bool read_list(struct arena *a, enum config_kind kind, struct str text,
                      struct str_list *list, struct err *err)
{
	struct str word, entry;

	while (str_cut_word(&text, &word)) {
		if (list->n >= CONFIG_LIST_MAX)
			return err_set(err, ERR_USAGE, "more than %d entries",
			               CONFIG_LIST_MAX);
		if (!read_entry(a, kind, word, &entry, err))
			return false;
		for (size_t i = 0; i < list->n; i++)
			if (str_eq(list->v[i], entry))
				return err_set(err, ERR_USAGE,
				               "\"%.*s\" is there twice",
				               STR_ARG(entry));
		*ARRAY_ADD(list, a) = entry;
	}
	return true;
}

static bool read_text(struct arena *a, const struct config_row *row, struct str text,
                      struct str *out, struct err *err)
{
	*out = text;
	if (text.n == 0 || row->kind == CONFIG_TEXT || row->kind == CONFIG_PATH)
		return true;
	if (row->kind == CONFIG_NAME)
		return read_name(a, text, out, err);
	if (row->kind == CONFIG_CHOICE)
		return is_choice(row->metavar, text) ||
		       wrong(a, text, err,
		             arena_printf(a, "one of %s", row->metavar).p);
	if (row->kind == CONFIG_WORD)
		return is_word(text) || wrong(a, text, err, "a word");
	if (row->kind == CONFIG_EMAIL)
		return is_email(text) ||
		       wrong(a, text, err, "a mail address as postmaster@mail.example");
	if (row->kind == CONFIG_HOST_PORT)
		return is_host_port(text) ||
		       wrong(a, text, err, "a host with its port as mail.example:25");
	while (str_ends(*out, STR("/")))
		out->n--;
	return is_url(*out) || wrong(a, text, err, "a URL as https://api.mail.example");
}

/* Without control characters and broken UTF-8, which no value has. */
static bool is_line(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (((unsigned char)text.p[i] < ' ' && text.p[i] != '\t') ||
		    text.p[i] == 0x7f)
			return false;
	return utf8_is_valid(text);
}

bool config_value_read(struct arena *a, const struct config_row *row, struct str text,
                       struct config *c, struct err *err)
{
	void *field = (char *)c + row->offset;

	text = str_trim(text);
	if (!is_line(text))
		return wrong(a, text, err, "one line of printable text");
	if (text.n == 0 && row->fallback[0])
		return err_set(err, ERR_USAGE, "the value is empty, not %s",
		               row->metavar);
	switch (row->kind) {
	case CONFIG_NUMBER:
		return read_number(a, row, text, field, err);
	case CONFIG_DURATION:
		return read_measure(a, row, text, &durations, field, err);
	case CONFIG_SIZE:
		return read_measure(a, row, text, &sizes, field, err);
	case CONFIG_BOOL:
		return read_bool(a, text, field, err);
	case CONFIG_ADDRESSES:
	case CONFIG_SERVERS:
	case CONFIG_NETWORKS:
	case CONFIG_NAMES:
	case CONFIG_PAIRS:
		return read_list(a, row->kind, text, field, err);
	case CONFIG_TEXT:
	case CONFIG_PATH:
	case CONFIG_WORD:
	case CONFIG_CHOICE:
	case CONFIG_URL:
	case CONFIG_EMAIL:
	case CONFIG_NAME:
	case CONFIG_HOST_PORT:
		return read_text(a, row, text, field, err);
	}
	need(!"config kind");
	return false;
}

void config_value_clear(const struct config_row *row, struct config *c)
{
	if (config_is_list(row->kind))
		*(struct str_list *)(void *)((char *)c + row->offset) =
		        (struct str_list){0};
}

struct str config_value(struct arena *a, const struct config *c, enum config_id id)
{
	const struct config_row *row = &config_rows[id];
	const void *field = (const char *)c + row->offset;

	switch (row->kind) {
	case CONFIG_NUMBER:
		return arena_printf(a, "%lld", (long long)*(const int64_t *)field);
	case CONFIG_DURATION:
		return format_measure(a, *(const int64_t *)field, &durations);
	case CONFIG_SIZE:
		return format_measure(a, *(const int64_t *)field, &sizes);
	case CONFIG_BOOL:
		return *(const bool *)field ? STR("yes") : STR("no");
	case CONFIG_ADDRESSES:
	case CONFIG_SERVERS:
	case CONFIG_NETWORKS:
	case CONFIG_NAMES:
	case CONFIG_PAIRS:
		return arena_words(a, field);
	case CONFIG_TEXT:
	case CONFIG_PATH:
	case CONFIG_WORD:
	case CONFIG_CHOICE:
	case CONFIG_URL:
	case CONFIG_EMAIL:
	case CONFIG_NAME:
	case CONFIG_HOST_PORT:
		return *(const struct str *)field;
	}
	need(!"config kind");
	return STR_NONE;
}
