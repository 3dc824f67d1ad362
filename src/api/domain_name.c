#include "api/domain_name.h"

#include "auth/suffixes.h"
#include "base/ip.h"
#include "base/utf8.h"
#include "dns/name.h"
#include "plan/plan.h"

#include <idn2.h>
#include <stdlib.h>

/* Scripts that host names are written in. What is in no range counts as one script of its
 * own, so that it is never mixed with a known one. */
enum script {
	SCRIPT_COMMON = 0,
	SCRIPT_LATIN = 1,
	SCRIPT_GREEK = 2,
	SCRIPT_CYRILLIC = 4,
	SCRIPT_ARMENIAN = 8,
	SCRIPT_HEBREW = 16,
	SCRIPT_ARABIC = 32,
	SCRIPT_INDIC = 64,
	SCRIPT_THAI = 128,
	SCRIPT_GEORGIAN = 256,
	SCRIPT_HANGUL = 512,
	SCRIPT_KANA = 1024,
	SCRIPT_HAN = 2048,
	SCRIPT_BOPOMOFO = 4096,
	SCRIPT_CHEROKEE = 8192,
	SCRIPT_OTHER = 16384,
};

static const struct {
	uint32_t first, last;
	enum script script;
} ranges[] = {
        {0x00,    0x2f,    SCRIPT_COMMON  },
        {0x30,    0x39,    SCRIPT_COMMON  },
        {0x3a,    0x60,    SCRIPT_COMMON  },
        {0x61,    0x7a,    SCRIPT_LATIN   },
        {0xb7,    0xb7,    SCRIPT_COMMON  },
        {0xdf,    0x24f,   SCRIPT_LATIN   },
        {0x250,   0x2af,   SCRIPT_LATIN   },
        {0x300,   0x36f,   SCRIPT_COMMON  },
        {0x370,   0x3ff,   SCRIPT_GREEK   },
        {0x400,   0x52f,   SCRIPT_CYRILLIC},
        {0x530,   0x58f,   SCRIPT_ARMENIAN},
        {0x590,   0x5ff,   SCRIPT_HEBREW  },
        {0x600,   0x6ff,   SCRIPT_ARABIC  },
        {0x750,   0x77f,   SCRIPT_ARABIC  },
        {0x8a0,   0x8ff,   SCRIPT_ARABIC  },
        {0x900,   0xdff,   SCRIPT_INDIC   },
        {0xe00,   0xe7f,   SCRIPT_THAI    },
        {0x10a0,  0x10ff,  SCRIPT_GEORGIAN},
        {0x1100,  0x11ff,  SCRIPT_HANGUL  },
        {0x13a0,  0x13ff,  SCRIPT_CHEROKEE},
        {0x1e00,  0x1eff,  SCRIPT_LATIN   },
        {0x1f00,  0x1fff,  SCRIPT_GREEK   },
        {0x200c,  0x200d,  SCRIPT_COMMON  },
        {0x3005,  0x3007,  SCRIPT_HAN     },
        {0x3040,  0x30ff,  SCRIPT_KANA    },
        {0x3100,  0x312f,  SCRIPT_BOPOMOFO},
        {0x3130,  0x318f,  SCRIPT_HANGUL  },
        {0x3400,  0x4dbf,  SCRIPT_HAN     },
        {0x4e00,  0x9fff,  SCRIPT_HAN     },
        {0xa640,  0xa69f,  SCRIPT_CYRILLIC},
        {0xa720,  0xa7ff,  SCRIPT_LATIN   },
        {0xab70,  0xabbf,  SCRIPT_CHEROKEE},
        {0xac00,  0xd7af,  SCRIPT_HANGUL  },
        {0xf900,  0xfaff,  SCRIPT_HAN     },
        {0x20000, 0x3134f, SCRIPT_HAN     },
};

static enum script script_of(uint32_t c)
{
	for (size_t i = 0; i < LEN(ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return ranges[i].script;
	return SCRIPT_OTHER;
}

/* The character at the front, which is well-formed. */
static uint32_t decode(struct str s, size_t n)
{
	uint32_t c = (unsigned char)s.p[0];

	if (n == 1)
		return c;
	c &= 0xffU >> (n + 1);
	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)s.p[i] & 0x3f);
	return c;
}

bool label_is_mixed(struct str label)
{
	/* What is written together: Japanese, Chinese with Bopomofo, Korean; each also
	 * with Latin. */
	static const unsigned together[] = {
	        SCRIPT_LATIN | SCRIPT_HAN | SCRIPT_KANA,
	        SCRIPT_LATIN | SCRIPT_HAN | SCRIPT_BOPOMOFO,
	        SCRIPT_LATIN | SCRIPT_HAN | SCRIPT_HANGUL,
	};
	unsigned seen = 0;

	while (label.n) {
		size_t n = utf8_length(label);

		if (n == 0)
			return true;
		seen |= script_of(decode(label, n));
		label = str_from(label, n);
	}
	if ((seen & (seen - 1)) == 0)
		return false;
	for (size_t i = 0; i < LEN(together); i++)
		if ((seen & ~together[i]) == 0)
			return false;
	return true;
}

static bool has_mixed_label(struct arena *a, struct str name)
{
	struct str rest, label = STR_NONE;
	char *unicode = NULL;
	bool mixed = false;

	if (str_find(name, STR("xn--")) < 0)
		return false;
	if (idn2_to_unicode_8z8z(arena_cstr(a, name), &unicode, 0) != IDN2_OK)
		return true;
	rest = arena_dup(a, str_c(unicode));
	idn2_free(unicode);
	while (str_cut(&rest, '.', &label))
		mixed |= label_is_mixed(label);
	return mixed;
}

/* A name one label below a public suffix is its own organization; below any other, the
 * organization lies higher. */
static bool is_public_suffix(struct arena *a, const struct suffixes *suffixes,
                             struct str name)
{
	struct str below;

	if (!dns_name_join(a, STR("x"), name, &below))
		return false;
	return str_eq(suffixes_organization(a, suffixes, below), below);
}

static bool is_address(struct str text)
{
	struct ip ip;

	if (text.n > 2 && text.p[0] == '[' && text.p[text.n - 1] == ']')
		text = str_slice(text, 1, text.n - 2);
	return ip_parse(text, &ip);
}

/* Labels of host names begin and end with a letter or digit (RFC 1123 §2.1). */
static bool has_hyphen_at_end(struct str name)
{
	struct str label = STR_NONE;

	while (str_cut(&name, '.', &label))
		if (str_starts(label, STR("-")) || str_ends(label, STR("-")))
			return true;
	return false;
}

bool domain_name_check(struct arena *a, const struct suffixes *suffixes,
                       struct str text, struct str *out,
                       struct domain_name_error *error)
{
	struct err err;

	*error = (struct domain_name_error){.code = FIELD_DOMAIN_FORM};
	if (is_address(text)) {
		error->code = FIELD_IP;
	} else if (text.n > 253 && str_is_ascii(text)) {
		error->code = FIELD_TOO_LONG;
		error->detail = STR("A domain name has at most 253 characters.");
	} else if (!plan_domain(a, text, out, &err)) {
		error->detail = arena_dup(a, str_c(err.text));
	} else if (has_hyphen_at_end(*out)) {
		error->detail = STR("No label begins or ends with a hyphen.");
	} else if (is_public_suffix(a, suffixes, *out)) {
		error->code = FIELD_PUBLIC_SUFFIX;
	} else if (has_mixed_label(a, *out)) {
		error->code = FIELD_MIXED;
	} else {
		return true;
	}
	if (error->detail.n == 0)
		error->detail = str_c(field_error_row(error->code)->title);
	return false;
}
