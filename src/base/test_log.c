/* The lines of the log: no value can forge a field or a line. */
#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Standard error goes into a pipe while a test runs. */
static int old_stderr, from_log;

static int set_up(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	old_stderr = dup(STDERR_FILENO);
	assert_true(dup2(fds[1], STDERR_FILENO) >= 0);
	close(fds[1]);
	from_log = fds[0];
	clock_set(1000123);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	dup2(old_stderr, STDERR_FILENO);
	close(old_stderr);
	close(from_log);
	clock_set(-1);
	return 0;
}

static struct str read_log(struct arena *a)
{
	char text[32 * 1024];
	ssize_t n = read(from_log, text, sizeof(text));

	return n > 0 ? arena_dup(a, (struct str){text, (size_t)n}) : STR_NONE;
}

#define FRONT "time=1970-01-01T00:16:40.123Z level=info role=keys event=a.b"

static void test_text(void **state)
{
	static const struct {
		struct str value;
		const char *line;
	} cases[] = {
	        {STR_INIT("plain"),                FRONT " v=plain\n"                 },
	        {STR_INIT("a.example:25"),         FRONT " v=a.example:25\n"          },
	        {STR_INIT(""),                     FRONT " v=\"\"\n"                  },
	        {STR_INIT("two words"),            FRONT " v=\"two words\"\n"         },
	        {STR_INIT("x role=core"),          FRONT " v=\"x role=core\"\n"       },
	        {STR_INIT("a\"b\\c"),              FRONT " v=\"a\\\"b\\\\c\"\n"       },
	        {STR_INIT("x\ntime=1 level=info"),
	         FRONT " v=\"x\\x0atime=1 level=info\"\n"                             },
	        {STR_INIT("\0\x1b[1m\xff"),        FRONT " v=\"\\x00\\x1b[1m\\xff\"\n"},
	};

	(void)state;
	log_open("keys", LOG_AS_TEXT, LOG_INFO);
	for (size_t i = 0; i < LEN(cases); i++) {
		AUTO(arena) a = {0};

		log_info("a.b", LOG_STR("v", cases[i].value));
		assert_string_equal(arena_cstr(&a, read_log(&a)), cases[i].line);
	}
}

static void test_json(void **state)
{
	AUTO(arena) a = {0};
	AUTO_JSON json_t *line = NULL;
	struct err err;
	struct str text;

	(void)state;
	log_open("core", LOG_AS_JSON, LOG_INFO);
	log_error("a.b", LOG_CSTR("v", "x\n\"y\""), LOG_NUM("n", -5));
	text = read_log(&a);
	assert_true(str_ends(text, STR("}\n")));
	assert_int_equal(str_find_char(text, '\n'), text.n - 1);
	assert_true(json_parse(text, &line, &err));
	assert_string_equal(json_string_value(json_object_get(line, "level")), "error");
	assert_int_equal(json_integer_value(json_object_get(line, "n")), -5);
}

static void test_level_and_size(void **state)
{
	AUTO(arena) a = {0};
	struct str big = {arena_alloc(&a, 100000), 100000};
	enum log_level level;
	enum log_format format;

	(void)state;
	log_open("core", LOG_AS_TEXT, LOG_WARNING);
	log_info("quiet", LOG_NUM("n", 1));
	assert_int_equal(read_log(&a).n, 0);
	log_warning("loud");
	assert_true(str_ends(read_log(&a), STR("event=loud\n")));
	/* What does not fit is left out, the event is not. */
	log_warning("loud", LOG_STR("v", big));
	assert_true(str_ends(read_log(&a), STR("event=loud\n")));
	assert_true(log_level_parse(STR("warning"), &level) && level == LOG_WARNING);
	assert_false(log_level_parse(STR("loud"), &level));
	assert_true(log_format_parse(STR("json"), &format) && format == LOG_AS_JSON);
	assert_false(log_format_parse(STR("xml"), &format));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_text, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_json, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_level_and_size, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
