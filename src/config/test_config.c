/* The configuration: texts and what is read from them, or why not. */
#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_str(struct str got, const char *want)
{
	char *text = strndup(got.n ? got.p : "", got.n);

	assert_string_equal(text, want);
	free(text);
}

/* The option of this name. */
static enum config_id id_of(const char *name)
{
	for (size_t i = 0; i < CONFIG_OPTION_COUNT; i++)
		if (strcmp(config_rows[i].name, name) == 0)
			return (enum config_id)i;
	fail_msg("no option %s", name);
	return CONFIG_OPTION_COUNT;
}

/* Reads a file, one variable and flags up to NULL; true where that succeeds. */
static bool read_all(struct arena *a, const char *text, const char *variable,
                     const char *const *argv, struct config *c, struct err *err)
{
	struct config_flags *flags = ARENA_NEW(a, struct config_flags);
	struct option_table table = config_flag_table(a, 0);
	const char *environment[] = {"PATH=/bin", variable, NULL};
	struct config_sources from = {STR("s.conf"), str_c(text), environment, flags};
	struct option_list arguments = {0};
	int argc = 0;

	while (argv && argv[argc])
		argc++;
	return option_parse(a, &table, 1, flags, argc, argv, &arguments, err) &&
	       config_parse(a, &from, c, err);
}

static void test_names(void **state)
{
	AUTO(arena) a = {0};
	const struct config_row *row = &config_rows[CONFIG_ID_api_rate_per_minute];

	(void)state;
	assert_str(config_variable(&a, row), "SIGNET_API_RATE_PER_MINUTE");
	assert_str(config_flag(&a, row), "api-rate-per-minute");
	/* A name, a variable or a flag stands for one option. */
	for (size_t i = 0; i < CONFIG_OPTION_COUNT; i++) {
		struct str variable = config_variable(&a, &config_rows[i]);

		assert_true(config_rows[i].roles != 0);
		for (size_t k = 0; k < i; k++)
			assert_false(
			        str_eq(variable, config_variable(&a, &config_rows[k])));
	}
}

static void test_defaults(void **state)
{
	AUTO(arena) a = {0};
	struct config c;
	struct err err;

	(void)state;
	assert_true(read_all(&a, "", NULL, NULL, &c, &err));
	assert_true(config_check(&c, &err));
	assert_str(c.data_dir, "/var/lib/signet");
	assert_str(c.api_listen.v[0], "127.0.0.1:8025");
	assert_int_equal(c.api_listen.n, 1);
	assert_int_equal(c.retention_checks, INT64_C(30) * 86400 * 1000);
	assert_int_equal(c.api_body_max, 1 << 20);
	assert_false(c.clock_test);
	assert_true(c.demo_enabled);
	assert_str(c.origin[CONFIG_ID_data_dir], "default");
	assert_str(config_store_path(&a, &c), "/var/lib/signet/signet.db");
	assert_str(config_master_key_path(&a, &c), "/var/lib/signet/keys/master.key");
	for (size_t i = 0; i < CONFIG_OPTION_COUNT; i++)
		assert_str(config_value(&a, &c, (enum config_id)i),
		           config_rows[i].fallback);
}

/* What a file says, and how it would be written. */
static void test_values(void **state)
{
	/* clang-format off */
	static const struct {
		const char *text, *name, *value;
	} cases[] = {
		{"keys.pool = 12", "keys.pool", "12"},
		{"  keys.pool=12  # twelve\r", "keys.pool", "12"},
		{"\xef\xbb\xbfkeys.pool = 12", "keys.pool", "12"},
		{"#keys.pool = 12", "keys.pool", "64"},
		{"instance.name = A#1 # x", "instance.name", "A#1"},
		{"instance.name = a = b", "instance.name", "a = b"},
		{"demo.enabled = off", "demo.enabled", "no"},
		{"clock.test = true", "clock.test", "yes"},
		{"dns.timeout = 1500ms", "dns.timeout", "1500ms"},
		{"dns.timeout = 120s", "dns.timeout", "2m"},
		{"retention.checks = 48H", "retention.checks", "2d"},
		{"api.body_max = 2048K", "api.body_max", "2M"},
		{"api.body_max = 1500", "api.body_max", "1500"},
		{"api.listen = 127.0.0.1:1 [::1]:2\napi.listen = 127.0.0.1:3",
		 "api.listen", "127.0.0.1:1 [::1]:2 127.0.0.1:3"},
		{"instance.mx = MX1.mail.example. mx2.mail.example",
		 "instance.mx", "mx1.mail.example mx2.mail.example"},
		{"instance.mx = a.example\ninstance.mx =", "instance.mx", "a.example"},
		{"instance.tracking = us=E.us.example eu=e.eu.example",
		 "instance.tracking", "us=e.us.example eu=e.eu.example"},
		{"dns.servers = 192.0.2.1 [2001:db8::1]:5353",
		 "dns.servers", "192.0.2.1 [2001:db8::1]:5353"},
		{"api.public_url = https://api.example:8443/x/",
		 "api.public_url", "https://api.example:8443/x"},
		{"api.public_url = http://127.0.0.1:8025",
		 "api.public_url", "http://127.0.0.1:8025"},
		{"api.public_url = http://[::1]", "api.public_url", "http://[::1]"},
		{"mail.relay = mail.example:25", "mail.relay", "mail.example:25"},
		{"mail.relay = [::1]:25", "mail.relay", "[::1]:25"},
		{"mail.from = a.b+c@mail.example", "mail.from", "a.b+c@mail.example"},
		{"user.core =", "user.core", ""},
		{"edge.trusted_proxies = 192.0.2.0/24 2001:db8::/32 192.0.2.9",
		 "edge.trusted_proxies", "192.0.2.0/24 2001:db8::/32 192.0.2.9"},
		{"log.format = json", "log.format", "json"},
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(arena) a = {0};
		struct config c;
		struct err err = {0};

		if (!read_all(&a, cases[i].text, NULL, NULL, &c, &err))
			fail_msg("%s: %s", cases[i].text, err.text);
		assert_str(config_value(&a, &c, id_of(cases[i].name)), cases[i].value);
	}
}

static const struct {
	const char *text, *error;
} file_errors_cases[] = {
        {"\nkeys.pol = 1",
         "s.conf:2: keys.pol: unknown option, did you mean keys.pool?"                                     },
        {"completely.other = 1",                  "s.conf:1: completely.other: unknown option"             },
        {"keys.pool",                             "s.conf:1: the line is not NAME = VALUE"                 },
        {"= 1",                                   "s.conf:1: the line is not NAME = VALUE"                 },
        {"keys.pool = 1\nkeys.pool = 2",          "s.conf:2: keys.pool: given twice"                       },
        {"keys.pool = -1",
         "s.conf:1: keys.pool: \"-1\" is not a number from 0 to 100000"                                    },
        {"keys.pool =",                           "s.conf:1: keys.pool: the value is empty, not N"         },
        {"data_dir =",                            "s.conf:1: data_dir: the value is empty, not DIRECTORY"  },
        {"api.listen =",                          "s.conf:1: api.listen: the value is empty, not ADDR:PORT"},
        {"keys.rsa_bits = 512",
         "s.conf:1: keys.rsa_bits: \"512\" is not a number from 1024 to 4096"                              },
        {"clock.test = maybe",                    "s.conf:1: clock.test: \"maybe\" is not yes or no"       },
        {"dns.timeout = 5",
         "s.conf:1: dns.timeout: \"5\" is not a duration (as 5s, 10m, 72h, "
         "30d) from 1ms to 10m"                                                                            },
        {"dns.timeout = 11m",
         "s.conf:1: dns.timeout: \"11m\" is not a duration (as 5s, 10m, 72h, "
         "30d) from 1ms to 10m"                                                                            },
        {"dns.timeout = 9223372036854775807d",
         "s.conf:1: dns.timeout: \"9223372036854775807d\" is not a duration "
         "(as 5s, 10m, 72h, 30d) from 1ms to 10m"                                                          },
        {"api.body_max = 1T",
         "s.conf:1: api.body_max: \"1T\" is not a size (as 64K, 1M) from 1K to "
         "64M"                                                                                             },
        {"api.listen = 8025",
         "s.conf:1: api.listen: \"8025\" is not an address with its port as "
         "127.0.0.1:8025 or [::1]:8025"                                                                    },
        {"api.listen = 127.0.0.1",
         "s.conf:1: api.listen: \"127.0.0.1\" is not an address with its port "
         "as 127.0.0.1:8025 or [::1]:8025"                                                                 },
        {"api.listen = 127.0.0.1:1 127.0.0.1:1",
         "s.conf:1: api.listen: \"127.0.0.1:1\" is there twice"                                            },
        {"edge.trusted_proxies = 192.0.2.0/33",
         "s.conf:1: edge.trusted_proxies: \"192.0.2.0/33\" is not a network as "
         "192.0.2.0/24 or 2001:db8::/32"                                                                   },
        {"edge.click_path =",
         "s.conf:1: edge.click_path: the value is empty, not WORD"                                         },
        {"instance.mx = mx1..example",
         "s.conf:1: instance.mx: \"mx1..example\" is not a host name"                                      },
        {"instance.mx = 192.0.2.1",
         "s.conf:1: instance.mx: \"192.0.2.1\" is not a host name"                                         },
        {"instance.mx = b\xc3\xbc.example",
         "s.conf:1: instance.mx: \"b\xc3\xbc.example\" is not a host name in "
         "its ASCII form (xn--…)"                                                                        },
        {"instance.tracking = edge.example",
         "s.conf:1: instance.tracking: \"edge.example\" is not a pair as "
         "us=host.example"                                                                                 },
        {"api.public_url = api.example",
         "s.conf:1: api.public_url: \"api.example\" is not a URL as "
         "https://api.mail.example"                                                                        },
        {"api.public_url = https://a.example/?x",
         "s.conf:1: api.public_url: \"https://a.example/?x\" is not a URL as "
         "https://api.mail.example"                                                                        },
        {"mail.relay = mail.example",
         "s.conf:1: mail.relay: \"mail.example\" is not a host with its port "
         "as mail.example:25"                                                                              },
        {"mail.from = Signet <a@b.example>",
         "s.conf:1: mail.from: \"Signet <a@b.example>\" is not a mail address "
         "as postmaster@mail.example"                                                                      },
        {"log.format = xml",                      "s.conf:1: log.format: \"xml\" is not one of text|json"  },
        {"user.core = a b",                       "s.conf:1: user.core: \"a b\" is not a word"             },
        {"instance.name = a\x01",
         "s.conf:1: instance.name: \"a\\001\" is not one line of printable "
         "text"                                                                                            },
};

static void test_file_errors(void **state)
{
	/* clang-format off */
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < LEN(file_errors_cases); i++) {
		AUTO(arena) a = {0};
		struct config c;
		struct err err;

		assert_false(
		        read_all(&a, file_errors_cases[i].text, NULL, NULL, &c, &err));
		assert_string_equal(err.text, file_errors_cases[i].error);
		assert_int_equal(err.kind, ERR_INPUT);
	}
}

static void test_other_errors(void **state)
{
	static const struct {
		const char *variable;
		const char *argv[3];
		const char *error;
	} cases[] = {
	        {"SIGNET_KEYS_POOL=x",
	         {NULL},
	         "SIGNET_KEYS_POOL: \"x\" is not a number from 0 to 100000"       },
	        {"SIGNET_KEY_POOL=1",
	         {NULL},
	         "SIGNET_KEY_POOL: unknown option, did you mean SIGNET_KEYS_POOL?"},
	        {NULL,
	         {"--keys-pool", "x"},
	         "--keys-pool: \"x\" is not a number from 0 to 100000"            },
	        {NULL,
	         {"--key-pool", "1"},
	         "--key-pool: unknown option, did you mean --keys-pool?"          },
	        {NULL,
	         {"--api-listen=x"},
	         "--api-listen: \"x\" is not an address with its port as "
	         "127.0.0.1:8025 "
	         "or [::1]:8025"	                                          },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(arena) a = {0};
		struct config c;
		struct err err;

		assert_false(
		        read_all(&a, "", cases[i].variable, cases[i].argv, &c, &err));
		assert_string_equal(err.text, cases[i].error);
		assert_int_equal(err.kind, ERR_USAGE);
	}
}

/* Who wins, and what is said of it. */
static void test_precedence(void **state)
{
	static const char *const argv[] = {"--keys-pool", "3", "--api-listen=[::1]:3",
	                                   "--api-listen=[::1]:4", NULL};
	static const char *const none[] = {NULL};
	static const char text[] = "keys.pool = 1\napi.listen = [::1]:1\n";
	AUTO(arena) a = {0};
	struct config c;
	struct err err;

	(void)state;
	assert_true(read_all(&a, text, "SIGNET_KEYS_POOL=2", argv, &c, &err));
	assert_int_equal(c.keys_pool, 3);
	assert_str(c.origin[CONFIG_ID_keys_pool], "--keys-pool");
	assert_str(config_value(&a, &c, CONFIG_ID_api_listen), "[::1]:3 [::1]:4");
	assert_true(read_all(&a, text, "SIGNET_KEYS_POOL=2", none, &c, &err));
	assert_int_equal(c.keys_pool, 2);
	assert_str(c.origin[CONFIG_ID_keys_pool], "SIGNET_KEYS_POOL");
	assert_str(c.origin[CONFIG_ID_api_listen], "s.conf:2");
	assert_true(read_all(&a, text, "SIGNET_API_LISTEN=[::1]:5", none, &c, &err));
	assert_str(config_value(&a, &c, CONFIG_ID_api_listen), "[::1]:5");
	assert_int_equal(c.keys_pool, 1);
	/* An empty variable is none, and what is far from ours is not ours. */
	assert_true(read_all(&a, text, "SIGNET_KEYS_POOL=", none, &c, &err));
	assert_int_equal(c.keys_pool, 1);
	assert_true(read_all(&a, text, "SIGNET_SERVICE_HOST=x", none, &c, &err));
	assert_true(read_all(&a, text, "SIGNET_CONFIG=/x", none, &c, &err));
}

static const struct {
	const char *text, *error;
} check_cases[] = {
        {"instance.mx = a.example",                            "instance.mx (s.conf:1): name two hosts, or none"},
        {"instance.mx = a.example b.example",                  NULL                                             },
        {"instance.mx = a.example b.example c.example",
         "instance.mx (s.conf:1): name two hosts, or none"                                                      },
        {"api.tls_certificate = /c",
         "api.tls_certificate (s.conf:1): a certificate needs its key: set "
         "api.tls_key too"                                                                                      },
        {"api.tls_key = /k",                                   "api.tls_key (s.conf:1): a key needs its certificate: set "
                             "api.tls_certificate too"                              },
        {"api.tls_key = /k\napi.tls_certificate = /c",         NULL                                             },
        {"instance.tracking = eu=a.example",
         "instance.region (default): instance.tracking names no host for this "
         "region"                                                                                               },
        {"instance.tracking = us=a.example us=b.example",
         "instance.tracking (s.conf:1): a region has two hosts"                                                 },
        {"instance.tracking = us=a.example eu=b.example",      NULL                                             },
        {"edge.listen = [::1]:80\nedge.tls_listen = [::1]:80",
         "edge.tls_listen (s.conf:2): api.listen or edge.listen has this address "
         "already"                                                                                              },
        {"edge.open_path = click",
         "edge.click_path (default): edge.click_path, edge.open_path and "
         "edge.unsubscribe_path need a word each, and none that is in use "
         "(healthz, robots.txt, a dot in front)"                                                                },
        {"edge.open_path = .well-known",
         "edge.click_path (default): edge.click_path, edge.open_path and "
         "edge.unsubscribe_path need a word each, and none that is in use "
         "(healthz, robots.txt, a dot in front)"                                                                },
        {"edge.click_path = c\nedge.open_path = o",            NULL                                             },
        {"acme.eab_id = x",
         "acme.eab_id (s.conf:1): acme.eab_id and acme.eab_key need each other"                                 },
        {"dns.servers = ::1\ndns.root_hints = /h",
         "dns.root_hints (s.conf:2): dns.servers and dns.root_hints exclude "
         "each other"                                                                                           },
        {"mail.relay = a.example:25",
         "mail.relay (s.conf:1): mails need a sender: set mail.from too"                                        },
        {"edge.listen = 127.0.0.1:8025",
         "edge.listen (s.conf:1): api.listen has this address already"                                          },
        {"edge.listen = [::1]:1\ngate.listen = [::1]:1",
         "gate.listen (s.conf:2): api.listen or edge.listen has this address "
         "already"                                                                                              },
        {"edge.listen = [::1]:1\ngate.listen = [::1]:2",       NULL                                             },
};

static void test_check(void **state)
{
	/* clang-format off */
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < LEN(check_cases); i++) {
		AUTO(arena) a = {0};
		struct config c;
		struct err err;

		assert_true(read_all(&a, check_cases[i].text, NULL, NULL, &c, &err));
		assert_int_equal(config_check(&c, &err), check_cases[i].error == NULL);
		if (check_cases[i].error)
			assert_string_equal(err.text, check_cases[i].error);
	}
}

/* A role is told its own options and no others. */
static void test_slice(void **state)
{
	static const char text[] = "keys.pool = 7\nedge.listen = [::1]:1 [::1]:2\n"
	                           "instance.name = A # not a comment in a slice\n";
	static const char *const argv[] = {"--instance-name", "A # b", NULL};
	AUTO(arena) a = {0};
	struct config c, told;
	struct err err;
	struct str slice;

	(void)state;
	assert_true(read_all(&a, text, NULL, argv, &c, &err));
	slice = config_slice(&a, &c, CONFIG_EDGE);
	assert_true(str_find(slice, STR("edge.listen=[::1]:1 [::1]:2\n")) >= 0);
	assert_true(str_find(slice, STR("keys.")) < 0);
	assert_true(str_find(slice, STR("store.")) < 0);
	assert_true(config_parse_slice(&a, slice, &told, &err));
	assert_int_equal(told.edge_listen.n, 2);
	assert_int_equal(told.keys_pool, 64);
	slice = config_slice(&a, &c, CONFIG_CORE);
	assert_true(config_parse_slice(&a, slice, &told, &err));
	assert_str(told.instance_name, "A # b");
	assert_str(config_slice(&a, &c, CONFIG_KEYS),
	           "data_dir=/var/lib/signet\nlog.format=text\nlog.level=info\n"
	           "keys.master_key=\nkeys.pool=7\nkeys.rsa_bits=2048\n"
	           "keys.sign_per_minute=6000\n");
	assert_false(config_parse_slice(&a, STR("keys.pool=x\n"), &told, &err));
	assert_string_equal(err.text, "slice: keys.pool: \"x\" is not a number from 0 "
	                              "to 100000");
}

static void test_keep_started(void **state)
{
	AUTO(arena) a = {0};
	enum config_id changed[CONFIG_OPTION_COUNT];
	struct config started, fresh;
	struct err err;

	(void)state;
	assert_true(read_all(&a, "dns.timeout = 3s\ndns.servers = 192.0.2.1\n", NULL,
	                     NULL, &started, &err));
	assert_true(read_all(&a, "dns.timeout = 4s\napi.rate_per_minute = 7\n", NULL,
	                     NULL, &fresh, &err));
	assert_int_equal(config_keep_started(&started, &fresh, changed), 2);
	assert_int_equal(changed[0], CONFIG_ID_dns_servers);
	assert_int_equal(changed[1], CONFIG_ID_dns_timeout);
	assert_int_equal(fresh.dns_timeout, 3000);
	assert_int_equal(fresh.dns_servers.n, 1);
	assert_str(fresh.origin[CONFIG_ID_dns_timeout], "s.conf:1");
	assert_int_equal(fresh.api_rate_per_minute, 7);
	assert_int_equal(config_keep_started(&started, &fresh, changed), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_names),        cmocka_unit_test(test_defaults),
	        cmocka_unit_test(test_values),       cmocka_unit_test(test_file_errors),
	        cmocka_unit_test(test_other_errors), cmocka_unit_test(test_precedence),
	        cmocka_unit_test(test_check),        cmocka_unit_test(test_slice),
	        cmocka_unit_test(test_keep_started),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
