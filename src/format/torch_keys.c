#include "format/torch_keys.h"

#include "format/torch_quiet.h"

enum { KEY_MAX = 512 };

static enum gh_rc add_key(struct gh_walk *w, struct gh_torch_keys *k, struct gh_span text)
{
	struct gh_span *grown = gh_grow(w->arena, k->key, &k->cap, k->n + 1, sizeof *grown);
	struct gh_span kept = gh_keep(w->arena, text);
	if (grown == NULL || kept.p == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "more storage keys than memory allows");
	k->key = grown;
	k->key[k->n++] = kept;
	return GH_OK;
}

static enum gh_rc from_value(struct gh_walk *w, struct gh_pickle_result *r, struct gh_torch_keys *out)
{
	uint64_t n = gh_val_len(r->heap, r->value);
	for (uint64_t i = 0; i < n; i++) {
		gh_val v = gh_val_item(r->heap, r->value, i);
		enum gh_vkind kind = gh_val_kind(r->heap, v);
		if ((kind != GH_V_STR && kind != GH_V_BYTES) || gh_val_len(r->heap, v) > KEY_MAX)
			return GH_E_MALFORMED;
		struct gh_span text = gh_val_text(r->heap, v, KEY_MAX);
		if (text.p == NULL)
			return GH_E_MALFORMED;
		enum gh_rc rc = add_key(w, out, text);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

/* The opcodes of a pickled list of strings, and how many operand bytes to pass over; STRING: a counted text. */
static const struct op {
	uint8_t code, skip, counted;
} ops[] = {
	{ 0x80, 1, 0 }, /* PROTO */
	{ 0x95, 8, 0 }, /* FRAME */
	{ ']', 0, 0 },	/* EMPTY_LIST */
	{ '(', 0, 0 },	/* MARK */
	{ 'q', 1, 0 },	/* BINPUT */
	{ 'r', 4, 0 },	/* LONG_BINPUT */
	{ 0x94, 0, 0 }, /* MEMOIZE */
	{ 'a', 0, 0 },	/* APPEND */
	{ 'e', 0, 0 },	/* APPENDS */
	{ 'X', 0, 4 },	/* BINUNICODE */
	{ 0x8c, 0, 1 }, /* SHORT_BINUNICODE */
	{ 'T', 0, 4 },	/* BINSTRING */
	{ 'U', 0, 1 },	/* SHORT_BINSTRING */
};

static enum gh_rc from_opcodes(struct gh_walk *w, uint64_t from, uint64_t to, struct gh_torch_keys *out)
{
	struct gh_cur c = gh_cur(w->src, from);
	while (!c.bad && gh_cur_off(&c) < to) {
		uint8_t code = gh_cur_u8(&c);
		if (code == '.')
			return gh_cur_off(&c) == to ? GH_OK : GH_E_MALFORMED;
		size_t i = 0;
		while (i < sizeof ops / sizeof ops[0] && ops[i].code != code)
			i++;
		if (i == sizeof ops / sizeof ops[0])
			return GH_E_MALFORMED;
		gh_cur_skip(&c, ops[i].skip);
		if (ops[i].counted == 0)
			continue;
		uint32_t n = ops[i].counted == 4 ? gh_cur_u32le(&c) : gh_cur_u8(&c);
		const uint8_t *p = n <= KEY_MAX ? gh_cur_take(&c, n) : NULL;
		if (p == NULL)
			return GH_E_MALFORMED;
		enum gh_rc rc = add_key(w, out, (struct gh_span){ p, n });
		if (rc != GH_OK)
			return rc;
	}
	return GH_E_MALFORMED;
}

enum gh_rc gh_torch_keys_read(struct gh_walk *w, uint64_t from, uint64_t to, struct gh_pickle_result *r,
			      struct gh_torch_keys *out)
{
	*out = (struct gh_torch_keys){ 0 };
	if (gh_val_kind(r->heap, r->value) != GH_V_LIST)
		return GH_E_MALFORMED;
	uint64_t n = gh_val_len(r->heap, r->value);
	if (n <= GH_VAL_KEPT)
		return from_value(w, r, out);
	enum gh_rc rc = from_opcodes(w, from, to, out);
	return rc == GH_OK && out->n != n ? GH_E_MALFORMED : rc;
}

/* ---- a silent run -------------------------------------------------------------------------------------------- */

bool gh_torch_first_is(struct gh_walk *w, struct gh_src *src, const char *digits)
{
	struct gh_torch_quiet q;
	gh_torch_quiet_begin(&q, w, src);
	struct gh_pickle_result r;
	bool is = false;
	if (gh_pickle_run(&q.walk, 0, NULL, &r) == GH_OK && r.end == GH_PICKLE_STOP &&
	    gh_val_kind(r.heap, r.value) == GH_V_BIGINT) {
		struct gh_span t = gh_val_text(r.heap, r.value, 64);
		if (t.n != 0 && t.p[t.n - 1] == 'L') /* as protocols 0 and 1 spell a long */
			t.n--;
		is = gh_span_is(t, digits);
	}
	gh_torch_quiet_end(&q);
	return is;
}
