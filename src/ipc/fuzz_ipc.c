/* Packets between the roles: the header, the table, the fields of every message. What the
 * table allows can be read to its end and written again to the same bytes. */
#include "fuzz.h"
#include "ipc/message.h"

#include <string.h>

static void write_again(const struct ipc_row *row, struct str body)
{
	struct ipc_reader r = {body, false};
	AUTO(buf) again = {.max = IPC_BODY_MAX};

	for (const char *f = row->fields; *f; f++)
		if (*f == 'u')
			ipc_put_u64(&again, ipc_get_u64(&r));
		else
			ipc_put_str(&again, ipc_get_str(&r));
	need(ipc_get_end(&r));
	need(str_eq(buf_str(&again), body));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct ipc_header h;
	struct str body;
	uint8_t head[IPC_HEADER_BYTES];

	if (n > 2 * IPC_BODY_MAX ||
	    !ipc_decode((struct str){(const char *)bytes, n}, &h, &body))
		return 0;
	ipc_encode(h, head);
	need(memcmp(head, bytes, sizeof(head)) == 0);
	for (size_t from = 0; from < ROLE_COUNT; from++)
		for (size_t to = 0; to < ROLE_COUNT; to++)
			if (!ipc_check((enum role)from, (enum role)to, h.type, body))
				write_again(ipc_find(h.type), body);
	return 0;
}
