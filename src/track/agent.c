#include "track/agent.h"

#include "base/json.h"

#include <string.h>

/*
 * The pieces of all rows are one automaton (Aho and Corasick, 1975): a state stands for
 * the longest beginning of any piece that the text so far ends with. `next` is complete, so
 * a step is one look into a table; `best` is the first row that ends here, or in a shorter
 * piece that ends here too.
 */
enum { STATES_MAX = 8000, CLASSES_MAX = 64, NONE = UINT16_MAX, PIECE_MAX = 64 };

struct agents {
	struct arena a;
	struct agent_row *rows;
	struct str *is; /* the whole User-Agent of a row, or empty */
	size_t row_count;
	uint8_t class_of[256]; /* 0: in no piece */
	size_t class_count;
	uint16_t (*next)[CLASSES_MAX];
	uint16_t *best;
	size_t state_count;
};

static const char *const kinds[AGENT_KIND_COUNT] = {
#define X(name, word) [AGENT_##name] = word,
        AGENT_KINDS(X)
#undef X
};

const char *agent_kind_name(enum agent_kind kind)
{
	return kinds[kind];
}

static bool parse_kind(struct str word, enum agent_kind *out)
{
	for (int i = 0; i < AGENT_KIND_COUNT; i++)
		if (str_eq(word, str_c(kinds[i]))) {
			*out = (enum agent_kind)i;
			return true;
		}
	return false;
}

static bool class_for(struct agents *t, char c, uint8_t *class)
{
	uint8_t *of = &t->class_of[(uint8_t)char_lower(c)];

	if (*of == 0 && t->class_count == CLASSES_MAX)
		return false;
	if (*of == 0)
		*of = (uint8_t)t->class_count++;
	*class = *of;
	return true;
}

/* While it is built, `next` is 0 where there is no way. */
static bool add_piece(struct agents *t, struct str piece, size_t row)
{
	uint16_t state = 0;

	if (piece.n == 0 || piece.n > PIECE_MAX)
		return false;
	for (size_t i = 0; i < piece.n; i++) {
		uint8_t class = 0;

		if (!class_for(t, piece.p[i], &class) || t->state_count == STATES_MAX)
			return false;
		if (!t->next[state][class]) {
			t->best[t->state_count] = NONE;
			t->next[state][class] = (uint16_t)t->state_count++;
		}
		state = t->next[state][class];
	}
	if (row < t->best[state])
		t->best[state] = (uint16_t)row;
	return true;
}

/* Gives each state its way for every class, by the state of its longest ending. States are
 * taken by length, so that one is complete before it is copied from. */
static void complete(struct agents *t)
{
	AUTO(arena) work = {0};
	uint16_t *ending = ARENA_ARRAY(&work, uint16_t, t->state_count);
	uint16_t *queue = ARENA_ARRAY(&work, uint16_t, t->state_count);
	size_t done = 0, n = 0;

	queue[n++] = 0;
	while (done < n) {
		uint16_t s = queue[done++];
		uint16_t f = ending[s];

		if (t->best[f] < t->best[s])
			t->best[s] = t->best[f];
		for (size_t c = 0; c < t->class_count; c++) {
			uint16_t to = t->next[s][c];

			if (!to) {
				t->next[s][c] = s ? t->next[f][c] : 0;
				continue;
			}
			ending[to] = s ? t->next[f][c] : 0;
			queue[n++] = to;
		}
	}
}

static bool parse_pieces(struct agents *t, const json_t *object, const char *path,
                         size_t row, struct err *err)
{
	bool is_whole = json_has(object, "is");
	const char *name = is_whole ? "is" : "contains";
	json_t *pieces;

	if (!json_get_array(object, path, name, &pieces, err))
		return false;
	for (size_t i = 0; i < json_array_size(pieces); i++) {
		struct str piece = str_c(json_string_value(json_array_get(pieces, i)));

		if (is_whole && piece.n && !t->is[row].n)
			t->is[row] = arena_dup(&t->a, piece);
		else if (is_whole || !add_piece(t, piece, row))
			return err_set(err, ERR_INPUT,
			               "%s.%s[%zu]: no such piece of a "
			               "User-Agent is possible",
			               path, name, i);
	}
	return true;
}

static bool parse_row(struct agents *t, const json_t *object, const char *path,
                      size_t row, struct err *err)
{
	static const char *const members[] = {"id", "name",     "kind",
	                                      "is", "contains", NULL};
	struct agent_row *r = &t->rows[row];
	struct str kind;

	if (!json_check_members(object, path, members, err) ||
	    !json_get_text(&t->a, object, path, "id", &r->id, err) ||
	    !json_get_text(&t->a, object, path, "name", &r->name, err) ||
	    !json_get_text(&t->a, object, path, "kind", &kind, err))
		return false;
	if (!parse_kind(kind, &r->kind))
		return err_set(err, ERR_INPUT, "%s.kind: unknown kind", path);
	return parse_pieces(t, object, path, row, err);
}

static bool parse(struct agents *t, struct str json, struct err *err)
{
	AUTO_JSON json_t *root = NULL;

	if (!json_parse(json, &root, err))
		return false;
	t->row_count = json_array_size(root);
	if (t->row_count == 0 || t->row_count >= NONE)
		return err_set(err, ERR_INPUT, "$: no array of agents");
	t->rows = ARENA_ARRAY(&t->a, struct agent_row, t->row_count);
	t->is = ARENA_ARRAY(&t->a, struct str, t->row_count);
	t->best = ARENA_ARRAY(&t->a, uint16_t, STATES_MAX);
	t->next = arena_array(&t->a, STATES_MAX, sizeof(*t->next));
	t->best[0] = NONE;
	t->state_count = 1;
	t->class_count = 1;
	for (size_t i = 0; i < t->row_count; i++)
		if (!parse_row(t, json_array_get(root, i),
		               arena_printf(&t->a, "$[%zu]", i).p, i, err))
			return false;
	complete(t);
	return true;
}

bool agents_load(struct str json, struct agents **out, struct err *err)
{
	struct arena a = {0};
	struct agents *t = ARENA_NEW(&a, struct agents);

	t->a = a;
	if (!parse(t, json, err)) {
		agents_free(t);
		return err_add(err, "agents");
	}
	*out = t;
	return true;
}

void agents_free(struct agents *agents)
{
	struct arena a;

	if (!agents)
		return;
	a = agents->a;
	arena_done(&a);
}

const struct agent_row *agent_look(const struct agents *agents, struct str agent)
{
	uint16_t best = NONE;
	uint16_t state = 0;

	for (size_t i = 0; i < agent.n; i++) {
		uint8_t c = (uint8_t)char_lower(agent.p[i]);

		state = agents->next[state][agents->class_of[c]];
		if (agents->best[state] < best)
			best = agents->best[state];
	}
	for (size_t i = 0; i < agents->row_count && i < best; i++)
		if (agents->is[i].n && str_eq(agents->is[i], agent))
			best = (uint16_t)i;
	return best == NONE ? NULL : &agents->rows[best];
}
