/* fmt_lightgbm.c - text models of LightGBM (.txt): "tree", settings as key=value, for each tree a block of arrays, "end of
 * trees", the importance of features, the parameters of the training.
 *
 * Prediction follows children, features and categories of a tree without a check, and a loader jumps to trees by the sizes that
 * the head declares. So numbers are counted and bounded while they flow by: lines of any length, memory by the number of
 * leaves. Source: LightGBM's src/io/tree.cpp (Tree::ToString and its constructor) and src/boosting/gbdt_model_text.cpp. */
#include <stdlib.h>

#include "format/formats.h"
#include "format/seq.h"

enum { KEY_MAX = 64, WORD_MAX = 64, LINE_SEEN = 64 << 10, LEAVES_MAX = 1 << 24 };

/* What an array of a tree has for each of its elements. */
enum rule { ANY, FEATURE, CHILD, DECISION, THRESHOLD, BOUNDARY, SIZES };
/* How many elements it has. */
enum count { FREE, NODES, LEAVES, CATS, BITS };

static const struct array {
	const char *key;
	uint8_t rule, count;
} arrays[] = {
	{ "split_feature", FEATURE, NODES },  { "split_gain", ANY, NODES },	  { "threshold", THRESHOLD, NODES },
	{ "decision_type", DECISION, NODES }, { "left_child", CHILD, NODES },	  { "right_child", CHILD, NODES },
	{ "leaf_value", ANY, LEAVES },	      { "leaf_weight", ANY, LEAVES },	  { "leaf_count", ANY, LEAVES },
	{ "internal_value", ANY, NODES },     { "internal_weight", ANY, NODES },  { "internal_count", ANY, NODES },
	{ "cat_boundaries", BOUNDARY, CATS }, { "cat_threshold", ANY, BITS },	  { "leaf_const", ANY, LEAVES },
	{ "num_features", ANY, LEAVES },      { "leaf_features", FEATURE, FREE }, { "leaf_coeff", ANY, FREE },
	{ "tree_sizes", SIZES, FREE },
};

struct tree {
	bool open, small; /* small: one leaf, no nodes */
	uint64_t leaves, cats, bits, boundary;
	unsigned seen; /* bits: places in arrays[] */
	uint64_t got[sizeof arrays / sizeof arrays[0]];
};

struct lgb {
	struct gh_seq s;
	struct tree t;
	uint64_t features; /* 1 + max_feature_idx */
	uint8_t *cat;	   /* of the tree in hand: may the threshold of node i be the number of a category? */
	size_t cap;
	struct gh_recs size;   /* a: the number of the tree, b: its declared size */
	uint64_t declared;     /* sum of them */
	uint64_t trees, start; /* where the tree in hand begins */
	bool ended;
};

static enum gh_match probe(const struct gh_probe *p)
{
	struct gh_span h = p->head;
	if (!gh_span_starts(h, "tree\nversion=v") && !gh_span_starts(h, "tree\r\nversion=v"))
		return GH_NO;
	return GH_STRONG;
}

/* ---- words ------------------------------------------------------------------------------------------------------------ */

static bool integer(const char *w, int64_t *out)
{
	char *end;
	size_t n = strlen(w);
	if (n == 0 || n > 18)
		return false;
	*out = strtoll(w, &end, 10);
	return *end == '\0' && w[0] != '+' && w[0] != ' ';
}

static bool is_number(const char *w)
{
	char *end;
	(void)strtod(w, &end);
	return w[0] != '\0' && *end == '\0' && strchr(w, 'x') == NULL && strchr(w, 'X') == NULL;
}

/* The next word of a line; false at its end. *cut: it was longer than any number. */
static bool word(struct gh_cur *c, char out[WORD_MAX], bool *cut)
{
	size_t n = 0;
	const uint8_t *p;
	*cut = false;
	while (gh_cur_left(c) > 0 && (p = gh_cur_peek(c, 1)) != NULL && (*p == ' ' || *p == '\r'))
		c->at++;
	while (gh_cur_left(c) > 0 && (p = gh_cur_peek(c, 1)) != NULL && *p != ' ' && *p != '\n' && *p != '\r') {
		*cut = *cut || n == WORD_MAX - 1 || *p == 0;
		if (n < WORD_MAX - 1)
			out[n++] = (char)*p;
		c->at++;
	}
	out[n] = '\0';
	return n != 0;
}

static void line_end(struct gh_cur *c)
{
	const uint8_t *p;
	while (gh_cur_left(c) > 0 && (p = gh_cur_peek(c, 1)) != NULL) {
		c->at++;
		if (*p == '\n')
			return;
	}
}

/* ---- one array ---------------------------------------------------------------------------------------------------------- */

static uint64_t nodes(const struct tree *t) { return t->leaves > 0 ? t->leaves - 1 : 0; }

static bool element(struct lgb *g, const struct array *a, uint64_t i, const char *w)
{
	struct tree *t = &g->t;
	int64_t v = 0;
	if (a->rule == ANY)
		return is_number(w);
	if (a->rule == THRESHOLD) {
		if (i < g->cap)
			g->cat[i] = integer(w, &v) && v >= 0 && (uint64_t)v < t->cats;
		return is_number(w);
	}
	if (!integer(w, &v))
		return false;
	switch ((enum rule)a->rule) {
	case FEATURE: return v >= 0 && (uint64_t)v < g->features;
	case DECISION: return v >= 0 && v < 256 && ((v & 1) == 0 || (i < g->cap && g->cat[i]));
	case CHILD: /* a node behind its parent, or the complement of a leaf */
		return v >= 0 ? (uint64_t)v > i && (uint64_t)v < nodes(t) : (uint64_t)(-(v + 1)) < t->leaves;
	case BOUNDARY: {
		bool up = v >= 0 && (i == 0 ? v == 0 : (uint64_t)v >= t->boundary);
		t->boundary = up ? (uint64_t)v : t->boundary;
		return up;
	}
	case SIZES:
		if (v <= 0 || (uint64_t)v > g->s.w->src->size - g->declared)
			return false;
		g->declared += (uint64_t)v;
		return gh_recs_add(&g->size, (struct gh_rec){ i, (uint64_t)v, 0 });
	case ANY:
	case THRESHOLD: break;
	}
	return true;
}

static enum gh_rc read_array(struct lgb *g, size_t k)
{
	const struct array *a = &arrays[k];
	char w[WORD_MAX];
	bool cut = false;
	uint64_t n = 0;
	for (; word(&g->s.c, w, &cut); n++)
		if (cut || !element(g, a, n, w)) {
			gh_seq_say(&g->s, GH_SEQ_VALUE, gh_cur_off(&g->s.c), "tree %llu: %s: element %llu: \"%s\"",
				   (unsigned long long)g->trees, a->key, (unsigned long long)n,
				   gh_safe(gh_span_str(w)).s);
			return gh_fail(g->s.w->err, GH_E_MALFORMED, "%s", a->key);
		}
	if (g->t.seen & 1u << k)
		return gh_seq_fail(&g->s, GH_SEQ_TWICE, "an array comes twice");
	g->t.seen |= 1u << k;
	g->t.got[k] = n;
	if (a->rule == BOUNDARY)
		g->t.bits = g->t.boundary;
	line_end(&g->s.c);
	return GH_OK;
}

/* ---- trees ------------------------------------------------------------------------------------------------------------ */

static enum gh_rc close_tree(struct lgb *g, uint64_t end)
{
	static const char *const needed[] = { "split_feature", "threshold", "decision_type", "left_child",
					      "right_child" };
	struct tree *t = &g->t;
	if (!t->open)
		return GH_OK;
	for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++) {
		uint64_t want[] = { t->got[k], nodes(t), t->leaves, t->cats + (t->cats != 0), t->bits };
		bool need = strcmp(arrays[k].key, "leaf_value") == 0;
		for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
			need = need || (!t->small && strcmp(arrays[k].key, needed[i]) == 0);
		need = need || (t->cats != 0 && (arrays[k].count == CATS || arrays[k].count == BITS));
		bool seen = (t->seen & 1u << k) != 0;
		/* A tree of one leaf has no nodes; some writers leave their arrays out, some leave them empty. */
		if ((need && !seen) || (seen && t->got[k] != want[arrays[k].count] && t->got[k] != 0) ||
		    (seen && t->got[k] == 0 && need && want[arrays[k].count] != 0))
			return gh_seq_fail(&g->s, GH_SEQ_VALUE,
					   "an array of a tree has not as many elements as it needs");
	}
	if (g->trees < g->size.n && gh_recs_at(&g->size, (size_t)g->trees)->b != end - g->start)
		gh_seq_say(&g->s, GH_SEQ_ODD, g->start, "tree %llu has %llu bytes, declared are %llu",
			   (unsigned long long)g->trees, (unsigned long long)(end - g->start),
			   (unsigned long long)gh_recs_at(&g->size, (size_t)g->trees)->b);
	g->trees++;
	*t = (struct tree){ 0 };
	return GH_OK;
}

/* A whole number behind the key, no more than `max`. */
static enum gh_rc whole(struct lgb *g, int64_t max, uint64_t *out)
{
	char w[WORD_MAX];
	bool cut;
	int64_t v = -1;
	if (!word(&g->s.c, w, &cut) || cut || !integer(w, &v) || v < 0 || v > max)
		return gh_seq_fail(&g->s, GH_SEQ_VALUE, "a number that cannot be right");
	*out = (uint64_t)v;
	line_end(&g->s.c);
	return GH_OK;
}

static enum gh_rc leaves(struct lgb *g)
{
	GH_TRY(whole(g, LEAVES_MAX, &g->t.leaves), g->s.w->err, "num_leaves");
	/* Each leaf has a value of two bytes and more. */
	if (g->t.leaves == 0 || !gh_seq_fits(&g->s, g->t.leaves, 2))
		return gh_seq_fail(&g->s, GH_SEQ_COUNT, "more leaves than the file holds");
	g->t.small = g->t.leaves == 1;
	uint8_t *room = g->t.leaves <= g->cap ? g->cat : gh_grow(g->s.w->arena, g->cat, &g->cap, g->t.leaves, 1);
	if (room == NULL)
		return gh_fail(g->s.w->err, GH_E_LIMIT, "no memory for a tree");
	g->cat = room;
	memset(g->cat, 0, g->t.leaves);
	return GH_OK;
}

/* key=value. Values that are no arrays are the author's text: shown to the checks. */
static enum gh_rc setting(struct lgb *g, struct gh_span key)
{
	struct gh_seq *s = &g->s;
	for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++)
		if (gh_span_is(key, arrays[k].key) && g->t.open == (arrays[k].rule != SIZES))
			return read_array(g, k);
	if (g->t.open && gh_span_is(key, "num_leaves"))
		return leaves(g);
	if (g->t.open && gh_span_is(key, "num_cat"))
		return whole(g, INT32_MAX, &g->t.cats);
	uint64_t from = gh_cur_off(&s->c);
	if (!g->t.open && gh_span_is(key, "max_feature_idx")) {
		GH_TRY(whole(g, INT32_MAX - 1, &g->features), s->w->err, "max_feature_idx");
		g->features++;
		return GH_OK;
	}
	line_end(&s->c);
	uint64_t len = gh_cur_off(&s->c) - from;
	struct gh_span text = gh_src_window(s->w->src, from, len < LINE_SEEN ? (size_t)len : LINE_SEEN);
	struct gh_text ev = { .role = "metadata", .key = key, .text = text };
	if (s->held.signs_left > 0 && gh_signs_report(s->w, gh_seq_rules, GH_SEQ_SIGN, key, text, from, len) != 0)
		s->held.signs_left--;
	return text.n == 0 ? GH_OK : gh_emit(s->w, GH_EV_TEXT, from, text.n, &ev);
}

/* Behind the trees: importance of features, parameters, categories of pandas. Texts, none of which is followed. */
enum part { BETWEEN, IMPORTANCE, PARAMETERS };

/* Does a line belong to the part that we are in? It may begin another one. */
static bool belongs(struct gh_span head, enum part *in)
{
	const uint8_t *nl = memchr(head.p, '\n', head.n);
	struct gh_span all = { head.p, nl == NULL ? head.n : (size_t)(nl - head.p) };
	all.n -= all.n > 0 && all.p[all.n - 1] == '\r';
	if (gh_span_is(all, "end of parameters") && *in == PARAMETERS) {
		*in = BETWEEN;
		return true;
	}
	if (*in == PARAMETERS)
		return all.n == 0 || all.p[0] == '[';
	if (gh_span_is(all, "feature_importances:") || gh_span_is(all, "feature importances:")) {
		*in = IMPORTANCE;
		return true;
	}
	if (gh_span_is(all, "parameters:")) {
		*in = PARAMETERS;
		return true;
	}
	return all.n == 0 || gh_span_starts(all, "pandas_categorical:") ||
	       (*in == IMPORTANCE && memchr(all.p, '=', all.n) != NULL);
}

static enum gh_rc epilogue(struct lgb *g)
{
	struct gh_seq *s = &g->s;
	enum part in = BETWEEN;
	while (gh_cur_left(&s->c) > 0) {
		uint64_t from = gh_cur_off(&s->c);
		if (!belongs(gh_src_window(s->w->src, from, LINE_SEEN), &in))
			return GH_OK; /* not claimed: a finding by itself */
		GH_TRY(setting(g, GH_SPAN("parameter")), s->w->err, "parameters");
		if (!gh_seq_step(s))
			return gh_seq_fail(s, GH_SEQ_COUNT, "parameters");
	}
	return GH_OK;
}

static enum gh_rc line(struct lgb *g)
{
	struct gh_seq *s = &g->s;
	uint8_t copy[KEY_MAX];
	uint64_t from = gh_cur_off(&s->c);
	struct gh_span head = gh_src_window(s->w->src, from, KEY_MAX);
	const uint8_t *nl = memchr(head.p, '\n', head.n), *eq = memchr(head.p, '=', head.n);
	size_t len = nl != NULL ? (size_t)(nl - head.p) : head.n;
	len -= len > 0 && head.p[len - 1] == '\r';
	struct gh_span all = { head.p, len };
	if (len == 0 || gh_span_is(all, "average_output") || (from == 0 && gh_span_is(all, "tree"))) {
		gh_cur_skip(&s->c, nl != NULL ? (uint64_t)(nl - head.p) + 1 : len);
		return GH_OK;
	}
	if (gh_span_is(all, "end of trees")) {
		g->ended = true;
		gh_cur_skip(&s->c, nl != NULL ? (uint64_t)(nl - head.p) + 1 : len);
		return close_tree(g, from);
	}
	if (eq == NULL || (nl != NULL && eq > nl))
		return gh_seq_fail(s, GH_SEQ_TYPE, "a line that is neither a setting nor an array");
	struct gh_span key = { copy, (size_t)(eq - head.p) };
	memcpy(copy, head.p, key.n);
	if (gh_span_is(key, "Tree")) {
		GH_TRY(close_tree(g, from), s->w->err, "tree");
		g->start = from;
		g->t.open = true;
		gh_cur_skip(&s->c, 5);
		uint64_t number = 0;
		GH_TRY(whole(g, INT32_MAX, &number), s->w->err, "number of a tree");
		if (number != g->trees)
			gh_seq_say(s, GH_SEQ_ODD, from, "tree %llu comes as number %llu", (unsigned long long)number,
				   (unsigned long long)g->trees);
		return GH_OK;
	}
	gh_cur_skip(&s->c, key.n + 1);
	return setting(g, key);
}

static enum gh_rc read_all(struct lgb *g)
{
	struct gh_seq *s = &g->s;
	while (!g->ended && gh_cur_left(&s->c) > 0) {
		if (!gh_seq_step(s))
			return gh_seq_fail(s, GH_SEQ_COUNT, "lines");
		GH_TRY(line(g), s->w->err, "line at byte %llu", (unsigned long long)gh_cur_off(&s->c));
	}
	if (!g->ended)
		return gh_seq_fail(s, GH_SEQ_CUT, "the file ends within its trees");
	if (g->size.n != 0 && g->size.n != g->trees)
		gh_seq_say(s, GH_SEQ_ODD, 0, "%zu sizes for %llu trees", g->size.n, (unsigned long long)g->trees);
	return epilogue(g);
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct lgb *g = GH_NEW(w->arena, struct lgb, 1);
	if (g == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	gh_seq_open(&g->s, w);
	g->size = gh_recs(w->arena, GH_RECS_MAX);
	enum gh_rc rc = read_all(g);
	struct gh_package p = { .ecosystem = "PyPI", .name = GH_SPAN("lightgbm"), .producer = true };
	enum gh_rc told = rc == GH_OK ? gh_emit(w, GH_EV_PACKAGE, 0, 0, &p) : GH_OK;
	return gh_seq_end(&g->s, rc != GH_OK ? rc : told);
}

const struct gh_fmt gh_fmt_lightgbm = {
	.name = "lightgbm",
	.about = "Text model of LightGBM: trees as arrays",
	.exts = "txt model lgb lgbm",
	.over = "text",
	.probe = probe,
	.walk = walk,
	.rules = gh_seq_rules,
};
