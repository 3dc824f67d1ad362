/* What says who is at the other end. The first byte chooses the reader: a PROXY header
 * (also read by growing pieces), the name of a ClientHello, or lines "name: value" that
 * a proxy has forwarded. What is found must come from the bytes. */
#include "fuzz.h"
#include "net/forwarded.h"
#include "net/proxy.h"
#include "net/tls.h"

#include <string.h>

static void read_proxy(struct str bytes)
{
	struct proxy_header whole, part = {.length = 16};
	enum http_read r = proxy_header_read(bytes, &whole), s = HTTP_MORE;
	size_t n = 0;

	/* As a connection reads: never more than is known to be needed. */
	while (s == HTTP_MORE && n < bytes.n) {
		n = part.length < bytes.n ? part.length : bytes.n;
		s = proxy_header_read(str_slice(bytes, 0, n), &part);
		need(part.length <= PROXY_HEADER_MAX || s == HTTP_BAD);
		need(s != HTTP_MORE || part.length > n || n == bytes.n);
		if (n == bytes.n)
			break;
	}
	need(r == s);
	if (r != HTTP_OK)
		return;
	need(whole.length <= bytes.n && whole.length == part.length);
	need(whole.client.length == 0 || whole.client.length == 4 ||
	     whole.client.length == 16);
	need(!whole.is_local || whole.client.length == 0);
}

static void read_name(struct str bytes)
{
	char text[TLS_NAME_MAX + 1];
	struct str name;

	if (!tls_name_read(bytes, text, &name))
		return;
	need(name.n && name.n == strlen(text) && name.n == bytes.n - 5);
	for (size_t i = 0; i < name.n; i++)
		need(text[i] == char_lower(bytes.p[5 + i]));
}

static void read_forwarded(struct str bytes)
{
	static struct http_head head;
	const struct ip_net trusted = {
	        {{10}, 4},
                8
        };
	const struct ip peer =
	                        {
	                                {10, 0, 0, 1},
                                        4
        },
	                other = {{192, 0, 2, 1}, 4};
	struct forwarded f;
	struct str line, name;

	head.field_count = 0;
	while (head.field_count < HTTP_FIELDS_MAX && str_cut(&bytes, '\n', &line)) {
		struct str value = line;

		if (!str_cut(&value, ':', &name))
			continue;
		head.fields[head.field_count++] =
		        (struct http_field){name, str_trim(value)};
	}
	f = forwarded_read(&head, other, &trusted, 1);
	need(ip_eq(f.client, other) && !f.is_forwarded && !f.has_scheme);
	f = forwarded_read(&head, peer, &trusted, 1);
	need(f.client.length == 4 || f.client.length == 16);
	need(f.has_scheme || !f.is_https);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str rest = {(const char *)bytes + 1, n - 1};

	if (n == 0 || n > 16 * 1024)
		return 0;
	switch (bytes[0]) {
	case 'p':
		read_proxy(rest);
		break;
	case 'n':
		read_name(rest);
		break;
	default:
		read_forwarded(rest);
	}
	return 0;
}
