#include "base/clock.h"

#include <sys/timex.h>

static int64_t fixed_at = -1;
static int64_t shift_ms;

static int64_t read_us(clockid_t id)
{
	struct timespec t;

	need(clock_gettime(id, &t) == 0);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_now(void)
{
	return fixed_at >= 0 ? fixed_at : read_us(CLOCK_REALTIME) / 1000 + shift_ms;
}

int64_t clock_monotonic_ms(void)
{
	return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_coarse_ms(void)
{
	return read_us(CLOCK_MONOTONIC_COARSE) / 1000;
}

int64_t clock_monotonic_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

int64_t clock_cpu_us(void)
{
	return read_us(CLOCK_PROCESS_CPUTIME_ID);
}

enum clock_sync clock_sync(void)
{
	struct timex t = {0}; /* no modes: changes nothing, needs no right */
	int state = ntp_adjtime(&t);

	if (state < 0)
		return CLOCK_SYNC_UNKNOWN;
	return state == TIME_ERROR || (t.status & STA_UNSYNC) ? CLOCK_UNSYNCED
	                                                      : CLOCK_SYNCED;
}

void clock_set(int64_t now)
{
	fixed_at = now;
}

void clock_shift(int64_t ms)
{
	shift_ms += ms;
}

struct tm clock_calendar(int64_t at)
{
	time_t seconds = (time_t)(at / 1000);
	struct tm tm = {0};

	/* It fails for years beyond int alone. */
	need(gmtime_r(&seconds, &tm));
	return tm;
}

struct str clock_format(struct arena *a, int64_t at)
{
	time_t seconds = (time_t)(at / 1000);
	struct tm tm;
	char text[32];

	if (!gmtime_r(&seconds, &tm) ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return STR("invalid time");
	return arena_dup(a, str_c(text));
}

bool clock_parse(struct str text, int64_t *out)
{
	static const char form[] = "0000-00-00T00:00:00Z";
	static const unsigned least[] = {1970, 1, 1, 0, 0, 0};
	static const unsigned most[] = {9999, 12, 31, 23, 59, 59};
	unsigned v[LEN(least)] = {0};
	size_t field = 0;
	struct tm tm, again;
	time_t seconds;

	if (text.n != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (form[i] != '0' ? text.p[i] != form[i] : !char_is_digit(text.p[i]))
			return false;
		if (form[i] == '0')
			v[field] = v[field] * 10 + (unsigned)(text.p[i] - '0');
		else if (v[field] < least[field] || v[field] > most[field])
			return false;
		else
			field++;
	}
	tm = (struct tm){.tm_year = (int)v[0] - 1900,
	                 .tm_mon = (int)v[1] - 1,
	                 .tm_mday = (int)v[2],
	                 .tm_hour = (int)v[3],
	                 .tm_min = (int)v[4],
	                 .tm_sec = (int)v[5]};
	seconds = timegm(&tm);
	/* The 31st of a shorter month became another day. */
	if (!gmtime_r(&seconds, &again) || again.tm_mday != (int)v[2])
		return false;
	*out = (int64_t)seconds * 1000;
	return true;
}
