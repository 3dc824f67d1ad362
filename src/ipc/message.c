#include "ipc/message.h"

#include <string.h>

static const struct ipc_row rows[] = {
#define X(name, code, from, to, max, fields)                                           \
	{#name, (enum ipc_type)(code), (from), (to), (max), (fields)},
        IPC_MESSAGES(X)
#undef X
};

const struct ipc_row *ipc_find(unsigned type)
{
	for (size_t i = 0; i < LEN(rows); i++)
		if ((unsigned)rows[i].type == type)
			return &rows[i];
	return NULL;
}

const char *ipc_role_state_name(enum ipc_role_state state)
{
	static const char *const names[IPC_ROLE_STATE_COUNT] = {
	        [IPC_ROLE_STARTING] = "starting", [IPC_ROLE_UP] = "up",
	        [IPC_ROLE_SLOW] = "slow",         [IPC_ROLE_WAITING] = "waiting",
	        [IPC_ROLE_DRAINING] = "draining", [IPC_ROLE_ENDED] = "ended",
	};

	need(state < IPC_ROLE_STATE_COUNT);
	return names[state];
}

static bool has_fields(struct str body, const char *fields)
{
	struct ipc_reader r = {body, false};

	for (; *fields; fields++)
		if (*fields == 'u')
			(void)ipc_get_u64(&r);
		else
			(void)ipc_get_str(&r);
	return ipc_get_end(&r);
}

const char *ipc_check(enum role from, enum role to, unsigned type, struct str body)
{
	const struct ipc_row *row = ipc_find(type);

	if (!row)
		return "an unknown type of message";
	if (!(row->from & ROLE_BIT(from)) || !(row->to & ROLE_BIT(to)))
		return "a message that this role may not send here";
	if (body.n > row->max)
		return "a message that is too long";
	if (!has_fields(body, row->fields))
		return "a message whose fields do not add up";
	return NULL;
}

/* The header as it lies in a packet. */
struct wire {
	uint16_t type, zero;
	uint32_t id;
};

void ipc_encode(struct ipc_header h, uint8_t out[IPC_HEADER_BYTES])
{
	struct wire w = {(uint16_t)h.type, 0, h.id};

	need(h.type <= UINT16_MAX);
	memcpy(out, &w, IPC_HEADER_BYTES);
}

bool ipc_decode(struct str packet, struct ipc_header *h, struct str *body)
{
	struct wire w;

	_Static_assert(sizeof(w) == IPC_HEADER_BYTES, "no padding");
	if (packet.n < sizeof(w))
		return false;
	memcpy(&w, packet.p, sizeof(w));
	*h = (struct ipc_header){w.type, w.id};
	*body = str_from(packet, sizeof(w));
	return w.zero == 0;
}

void ipc_put_u64(struct buf *body, uint64_t n)
{
	char bytes[sizeof(n)];

	memcpy(bytes, &n, sizeof(n));
	buf_add(body, (struct str){bytes, sizeof(bytes)});
}

void ipc_put_str(struct buf *body, struct str s)
{
	uint32_t n = (uint32_t)s.n;
	char bytes[sizeof(n)];

	need(s.n <= UINT32_MAX);
	memcpy(bytes, &n, sizeof(n));
	buf_add(body, (struct str){bytes, sizeof(bytes)});
	buf_add(body, s);
}

static struct str take(struct ipc_reader *r, size_t n)
{
	struct str head = {r->rest.p, n};

	if (r->bad || n > r->rest.n) {
		r->bad = true;
		return STR_NONE;
	}
	r->rest = str_from(r->rest, n);
	return head;
}

uint64_t ipc_get_u64(struct ipc_reader *r)
{
	uint64_t n = 0;
	struct str bytes = take(r, sizeof(n));

	if (bytes.n)
		memcpy(&n, bytes.p, sizeof(n));
	return n;
}

struct str ipc_get_str(struct ipc_reader *r)
{
	uint32_t n = 0;
	struct str bytes = take(r, sizeof(n));

	if (bytes.n)
		memcpy(&n, bytes.p, sizeof(n));
	return take(r, n);
}

bool ipc_get_end(const struct ipc_reader *r)
{
	return !r->bad && r->rest.n == 0;
}
