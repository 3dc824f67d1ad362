#include "auth/dkim_sign.h"

#include "auth/dkim_verify.h"
#include "base/base64.h"
#include "base/buf.h"
#include "dns/name.h"

enum {
	LINE_MAX_COLUMNS = 78, /* RFC 5322 §2.1.1 */
	FIELD_MAX = 64 * 1024,
};

/* How often a field is named in h=. */
enum how {
	AS_IT_IS, /* as often as it occurs */
	SEALED,   /* once more where it occurs */
	ALWAYS,   /* once more in any case: nobody may add one */
};

/*
 * What is signed where h= is not given. A field that a relay may rightly add (a missing
 * Date or Message-ID, what a list puts in) is sealed only where it occurs.
 */
static const struct {
	const char *name;
	enum how how;
} table[] = {
        {"From",                      ALWAYS  },
        {"To",                        ALWAYS  },
        {"Subject",                   ALWAYS  },
        {"Date",                      SEALED  },
        {"Message-ID",                SEALED  },
        {"Reply-To",                  ALWAYS  },
        {"Cc",                        ALWAYS  },
        {"MIME-Version",              ALWAYS  },
        {"Content-Type",              ALWAYS  },
        {"Content-Transfer-Encoding", ALWAYS  },
        {"Content-Disposition",       AS_IT_IS},
        {"Content-ID",                AS_IT_IS},
        {"Content-Language",          AS_IT_IS},
        {"In-Reply-To",               ALWAYS  },
        {"References",                ALWAYS  },
        {"Sender",                    SEALED  },
        {"List-Id",                   SEALED  },
        {"List-Unsubscribe",          SEALED  },
        {"List-Unsubscribe-Post",     SEALED  },
        {"List-Help",                 AS_IT_IS},
        {"List-Subscribe",            AS_IT_IS},
        {"List-Post",                 AS_IT_IS},
        {"List-Owner",                AS_IT_IS},
        {"List-Archive",              AS_IT_IS},
        {"Feedback-ID",               SEALED  },
        {"Auto-Submitted",            AS_IT_IS},
        {"Precedence",                AS_IT_IS},
};

/* More fields of one name than this are no letter but an attempt to make h= long. */
enum { SAME_NAME_MAX = 100 };

/* The field as it grows, folded by the message's own line end. */
struct writer {
	struct buf *b;
	struct str line_end;
	size_t column;
};

static void put(struct writer *w, struct str text)
{
	buf_add(w->b, text);
	w->column += text.n;
}

static void fold(struct writer *w)
{
	buf_add(w->b, w->line_end);
	buf_add_char(w->b, ' ');
	w->column = 1;
}

/* A part that is not divided: on this line where it fits, behind a space if wanted. */
static void put_part(struct writer *w, struct str part, bool spaced)
{
	if (w->column + spaced + part.n > LINE_MAX_COLUMNS)
		fold(w);
	else if (spaced)
		put(w, STR(" "));
	put(w, part);
}

static void put_tag(struct arena *a, struct writer *w, const char *name,
                    struct str value)
{
	put_part(w, arena_printf(a, "%s=%.*s;", name, STR_ARG(value)), true);
}

static void put_time(struct arena *a, struct writer *w, const char *name, int64_t at)
{
	if (at != DKIM_NO_TIME)
		put_tag(a, w, name, arena_printf(a, "%lld", (long long)at));
}

/* The names of h=, divided at the colons. */
static void put_names(struct writer *w, struct str names)
{
	struct str mark = STR(" h=");
	struct str rest = names;
	struct str name;

	while (str_cut(&rest, ':', &name)) {
		if (w->column + mark.n + name.n + 1 > LINE_MAX_COLUMNS) {
			fold(w);
			mark = mark.n ? STR("h=") : mark;
		}
		put(w, mark);
		put(w, name);
		put(w, rest.p ? STR(":") : STR(";"));
		mark = STR_NONE;
	}
}

/* b= on a line of its own, as base64 that may be divided anywhere. */
static void put_signature(struct writer *w, struct str base64)
{
	while (base64.n) {
		struct str line = str_slice(base64, 0, LINE_MAX_COLUMNS - w->column);

		put(w, line);
		base64 = str_from(base64, line.n);
		if (base64.n)
			fold(w);
	}
}

static struct str choose_names(struct arena *a, const struct dkim_message *m,
                               const struct dkim_sign_options *options)
{
	AUTO(buf) b = {.max = FIELD_MAX};

	if (options->names.n)
		return options->names;
	for (size_t i = 0; i < LEN(table); i++) {
		size_t n = dkim_message_count(m, str_c(table[i].name));

		if (n > SAME_NAME_MAX)
			n = SAME_NAME_MAX;
		n += table[i].how == ALWAYS || (table[i].how == SEALED && n);
		while (n--)
			buf_printf(&b, "%s%s", b.n ? ":" : "", table[i].name);
	}
	return arena_dup(a, buf_str(&b));
}

static bool check_message(const struct dkim_message *m, struct err *err)
{
	size_t n = dkim_message_count(m, STR("From"));

	if (m->has_mbox_line)
		return err_set(err, ERR_INPUT,
		               "the message begins with the \"From \" line of a "
		               "mailbox file");
	if (n == 0)
		return err_set(err, ERR_INPUT, "the message has no From");
	if (n > 1)
		return err_set(err, ERR_INPUT,
		               "the message has %zu From fields; one is allowed", n);
	return true;
}

/* Everything up to the value of b=. */
static void write_unsigned(struct arena *a, struct writer *w,
                           const struct dkim_sign_options *o,
                           enum key_algorithm algorithm, struct str names,
                           struct dkim_body_hash *body)
{
	struct str hash = {(const char *)body->digest, SHA256_BYTES};

	put(w, STR("DKIM-Signature: v=1;"));
	put_tag(a, w, "a", str_c(dkim_algorithm_name(algorithm)));
	put_tag(a, w, "c",
	        arena_printf(a, "%s/%s", dkim_canon_name(o->header_canon),
	                     dkim_canon_name(o->body_canon)));
	put_tag(a, w, "d", o->domain);
	put_tag(a, w, "s", o->selector);
	if (o->identity.n)
		put_tag(a, w, "i", o->identity);
	put_time(a, w, "t", o->signed_at);
	put_time(a, w, "x", o->expires_at);
	put_names(w, names);
	put_tag(a, w, "bh", base64_encode(a, hash));
	fold(w);
	put(w, STR("b="));
}

bool dkim_sign(struct arena *a, struct dkim_message *m,
               const struct dkim_sign_options *options, const struct signer *signer,
               struct str *field, struct err *err)
{
	AUTO(buf) b = {.max = FIELD_MAX};
	struct writer w = {.b = &b, .line_end = m->line_end};
	uint8_t digest[SHA256_BYTES];
	struct dkim_body_hash body;
	struct signature s;
	struct str names;

	if (!check_message(m, err))
		return false;
	names = choose_names(a, m, options);
	dkim_message_body_hash(m, options->body_canon, DKIM_NO_LIMIT, &body);
	write_unsigned(a, &w, options, signer->algorithm, names, &body);
	dkim_message_digest(m, options->header_canon, names, SIZE_MAX, buf_str(&b),
	                    digest);
	if (!signer->sign(signer->context, digest, &s, err))
		return false;
	put_signature(&w, base64_encode(a, (struct str){(const char *)s.bytes, s.n}));
	put(&w, w.line_end);
	if (b.overflowed)
		return err_set(err, ERR_INPUT, "the signature is longer than %d kB",
		               FIELD_MAX / 1024);
	*field = arena_dup(a, buf_str(&b));
	return true;
}

static bool check_name_list(struct str names, struct err *err)
{
	bool has_from = false;
	struct str name;

	while (str_cut(&names, ':', &name)) {
		for (size_t i = 0; i < name.n; i++)
			if (name.p[i] <= ' ' || name.p[i] > '~' || name.p[i] == ';')
				return err_set(err, ERR_USAGE,
				               "\"%.*s\" is no name of a header field",
				               STR_ARG(name));
		if (name.n == 0)
			return err_set(err, ERR_USAGE,
			               "an empty name among the header fields to sign");
		has_from = has_from || str_eq_nocase(name, STR("from"));
	}
	return has_from ? true
	                : err_set(err, ERR_USAGE,
	                          "the header fields to sign leave out From");
}

static bool check_identity(const struct dkim_sign_options *o, struct err *err)
{
	AUTO(arena) a = {0};
	struct str domain = o->identity;
	struct str name;

	for (size_t i = 0; i < o->identity.n; i++)
		if (o->identity.p[i] <= ' ' || o->identity.p[i] > '~' ||
		    o->identity.p[i] == ';')
			return err_set(err, ERR_USAGE,
			               "the identity has a byte that "
			               "may not stand in i=");
	for (ptrdiff_t at; (at = str_find_char(domain, '@')) >= 0;)
		domain = str_from(domain, (size_t)at + 1);
	if (domain.n == o->identity.n || !dns_name_make(&a, domain, &name))
		return err_set(err, ERR_USAGE, "the identity has no domain");
	if (!dns_name_is_within(name, o->domain))
		return err_set(err, ERR_USAGE,
		               "the identity's domain is not within %.*s",
		               STR_ARG(o->domain));
	return true;
}

bool dkim_sign_options_check(const struct dkim_sign_options *o, struct err *err)
{
	if (!dns_name_is_plain(o->domain) || dns_name_labels(o->domain) < 2)
		return err_set(err, ERR_USAGE,
		               "\"%.*s\" is no domain that can sign, with a dot and "
		               "without blanks or marks",
		               STR_ARG(o->domain));
	if (!dns_name_is_plain(o->selector))
		return err_set(err, ERR_USAGE, "\"%.*s\" is no selector",
		               STR_ARG(o->selector));
	if (o->expires_at != DKIM_NO_TIME && o->signed_at != DKIM_NO_TIME &&
	    o->expires_at <= o->signed_at)
		return err_set(err, ERR_USAGE,
		               "the signature expires before it is made");
	if (o->identity.n && !check_identity(o, err))
		return false;
	return o->names.n == 0 || check_name_list(o->names, err);
}

/* Verifies the field at this index of what will be sent. */
static bool check(struct arena *a, struct dkim_message *sent, size_t index,
                  const struct dkim_job *job, struct err *err)
{
	struct dkim_verdict verdict = {0};
	int64_t now = job->options->signed_at * 1000;

	dkim_signature_parse(a, sent->fields[index].raw, &verdict.signature);
	if (dkim_judge_alone(&verdict, now))
		dkim_judge(a, sent, index, &job->proof->key, &job->proof->verifier,
		           &verdict);
	if (verdict.result == DKIM_PASS)
		return true;
	return err_set(err, ERR_INPUT, "the signature for %.*s would not verify: %.*s",
	               STR_ARG(job->options->domain), STR_ARG(verdict.reason));
}

static bool sign_all(struct arena *a, const struct iov *letter,
                     const struct dkim_job *jobs, size_t job_count, struct iov *out,
                     struct err *err)
{
	struct dkim_message m;

	if (!dkim_message_parse(a, letter, &m, err))
		return false;
	for (size_t i = 0; i < job_count; i++) {
		struct str field;

		if (!dkim_sign(a, &m, jobs[i].options, jobs[i].signer, &field, err))
			return false;
		iov_add(a, out, field);
	}
	iov_add_all(a, out, letter);
	return true;
}

bool dkim_sign_checked(struct arena *a, const struct iov *letter,
                       const struct dkim_job *jobs, size_t job_count, struct iov *out,
                       struct err *err)
{
	struct iov made = {0};
	struct dkim_message sent;

	if (!sign_all(a, letter, jobs, job_count, &made, err) ||
	    !dkim_message_parse(a, &made, &sent, err))
		return false;
	for (size_t i = 0; i < job_count; i++)
		if (!check(a, &sent, i, &jobs[i], err))
			return false;
	iov_add_all(a, out, &made);
	return true;
}

bool dkim_proof_init(struct arena *a, struct str record, struct dkim_proof *out,
                     struct err *err)
{
	*out = (struct dkim_proof){0};
	dkim_key_parse(a, record, &out->key);
	if (out->key.status != DKIM_KEY_USABLE)
		return err_set(err, ERR_INPUT, "%s", dkim_key_reason(out->key.status));
	return verifier_init(&out->verifier, &out->key.key, err);
}

void dkim_proof_done(struct dkim_proof *proof)
{
	verifier_done(&proof->verifier);
}
