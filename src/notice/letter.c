#include "notice/letter.h"

#include "base/base64.h"
#include "base/buf.h"
#include "base/clock.h"

#include <string.h>

enum {
	LETTER_MAX = 8 * 1024 * 1024,
	BASE64_LINE = 76, /* RFC 2045 §6.8 */
	/* An encoded word has 75 characters at most (RFC 2047 §2), and ends between
	 * characters: 42 bytes become 56 digits. */
	WORD_BYTES = 42,
};

/* RFC 5322 §3.2.3, without the dot. */
static bool is_atom(char c)
{
	return char_is_alnum(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

bool notice_is_address(struct str text)
{
	ptrdiff_t at = str_find_char(text, '@');
	bool after_dot = true;

	if (at <= 0 || text.n > NOTICE_ADDRESS_MAX || (size_t)at > 64 ||
	    (size_t)at + 1 == text.n)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		bool is_dot = c == '.' || i == (size_t)at;

		if (is_dot && after_dot)
			return false;
		if (!is_dot && i < (size_t)at && !is_atom(c))
			return false;
		if (!is_dot && i > (size_t)at && !char_is_alnum(c) && c != '-')
			return false;
		after_dot = is_dot;
	}
	return !after_dot;
}

/* A text of a header field: ASCII as it is with controls made blanks, else encoded words
 * (RFC 2047), a line each. */
static void add_words(struct arena *a, struct buf *b, struct str text)
{
	bool first = true;

	if (str_is_ascii(text)) {
		for (size_t i = 0; i < text.n; i++)
			buf_add_char(b, text.p[i] < ' ' || text.p[i] == 0x7f
			                        ? ' '
			                        : text.p[i]);
		return;
	}
	while (text.n) {
		size_t n = text.n < WORD_BYTES ? text.n : WORD_BYTES;

		while (n < text.n && n > 1 && ((unsigned char)text.p[n] & 0xc0) == 0x80)
			n--;
		buf_printf(b, "%s=?utf-8?B?%.*s?=", first ? "" : "\r\n ",
		           STR_ARG(base64_encode(a, str_slice(text, 0, n))));
		text = str_from(text, n);
		first = false;
	}
}

/* RFC 5322 §3.3. */
static void add_date(struct buf *b, int64_t now)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed",
	                                   "Thu", "Fri", "Sat"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct tm tm = clock_calendar(now);

	buf_printf(b, "Date: %s, %02d %s %d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday],
	           tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour,
	           tm.tm_min, tm.tm_sec);
}

/* A display name in quotes or encoded words; the address. */
static void add_from(struct arena *a, struct buf *b, const struct notice_head *head)
{
	struct str name = head->from_name;

	buf_add(b, STR("From: "));
	if (name.n && str_is_ascii(name)) {
		buf_add_char(b, '"');
		for (size_t i = 0; i < name.n; i++)
			if (name.p[i] >= ' ' && name.p[i] != '"' && name.p[i] != '\\')
				buf_add_char(b, name.p[i]);
		buf_add(b, STR("\" "));
	} else if (name.n) {
		add_words(a, b, name);
		buf_add_char(b, ' ');
	}
	buf_printf(b, "<%.*s>\r\n", STR_ARG(head->from));
}

static void add_part(struct arena *a, struct buf *b, const struct notice_head *head,
                     const char *type, struct str text)
{
	buf_printf(b,
	           "--=_%.*s\r\n"
	           "Content-Type: %s; charset=utf-8\r\n"
	           "Content-Transfer-Encoding: base64\r\n\r\n",
	           STR_ARG(head->id), type);
	buf_add(b, base64_encode_lines(a, text, BASE64_LINE, STR("\r\n")));
	buf_add(b, STR("\r\n"));
}

static bool check_addresses(const struct notice_head *head, struct err *err)
{
	const struct str all[] = {head->from, head->to, head->reply_to};

	for (size_t i = 0; i < LEN(all); i++)
		if ((i < 2 || all[i].n) && !notice_is_address(all[i]))
			return err_set(err, ERR_USAGE, "%.*s: no address",
			               STR_ARG(all[i]));
	return true;
}

bool notice_letter(struct arena *a, const struct notice_head *head,
                   const struct notice *notice, struct str *out, struct err *err)
{
	AUTO(buf) b = {.max = LETTER_MAX};
	struct str domain;

	if (!check_addresses(head, err))
		return false;
	domain = str_from(head->from, (size_t)str_find_char(head->from, '@') + 1);
	add_from(a, &b, head);
	buf_printf(&b, "To: <%.*s>\r\n", STR_ARG(head->to));
	if (head->reply_to.n)
		buf_printf(&b, "Reply-To: <%.*s>\r\n", STR_ARG(head->reply_to));
	buf_add(&b, STR("Subject: "));
	add_words(a, &b, notice->subject);
	buf_add(&b, STR("\r\n"));
	add_date(&b, head->now);
	buf_printf(&b,
	           "Message-ID: <%.*s@%.*s>\r\n"
	           "Auto-Submitted: auto-generated\r\n"
	           "MIME-Version: 1.0\r\n"
	           "Content-Type: multipart/alternative; boundary=\"=_%.*s\"\r\n\r\n",
	           STR_ARG(head->id), STR_ARG(domain), STR_ARG(head->id));
	add_part(a, &b, head, "text/plain", notice->text);
	add_part(a, &b, head, "text/html", notice->html);
	buf_printf(&b, "--=_%.*s--\r\n", STR_ARG(head->id));
	if (b.overflowed)
		return err_set(err, ERR_INPUT, "the letter is too long");
	*out = arena_dup(a, buf_str(&b));
	return true;
}
