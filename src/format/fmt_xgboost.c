/* fmt_xgboost.c - the binary model of XGBoost before 3.1 (".model", ".bin"): structures as they lay in memory, little-endian.
 *
 * "binf" or nothing; the learner's parameters (136 bytes); two texts, the objective and the booster; the booster's
 * parameters; for trees: each tree's parameters, its nodes and their statistics, then a group number for each tree; then, as
 * the parameters say, attributes (pairs of texts) and metrics. Texts and vectors have a count of 64 bits.
 * Source: xgboost's src/learner.cc (LearnerModelParamLegacy), src/gbm/gbtree_model.h, include/xgboost/tree_model.h. */
#include "format/formats.h"
#include "format/held.h"

enum {
	MAGIC = 4,
	LEARNER = 136,
	BOOSTER = 160,
	TREE = 148,
	NODE = 20,
	STAT = 16,
	LINEAR = 136,
	NAME_LEN = 64,
	SAY = 16,
};

enum { A_COUNT, A_TREE, A_BOOSTER, A_LEFT, A_SIGN, RULES = A_SIGN + GH_SIGNS };

#define AGAIN "Do not load; have the model saved again as JSON or UBJSON"
static const struct gh_rule rules[RULES + 1] = {
	[A_COUNT] = { "GH-XGB-0001", GH_HIGH, GH_UNSAFE, "A count or length that does not fit the file",
		      "The loader allocates what is declared, or reads beyond the end.", AGAIN, "CWE-789 CWE-125" },
	[A_TREE] = { "GH-XGB-0002", GH_HIGH, GH_UNSAFE, "A node of a tree points outside the tree",
		     "Prediction follows these numbers without checking them: memory outside the tree is read.", AGAIN,
		     "CWE-129 CWE-125" },
	[A_BOOSTER] = { "GH-XGB-0003", GH_MEDIUM, GH_INCOMPLETE, "A booster that is not known",
			"Its part of the file could not be checked.", AGAIN, "CWE-20" },
	[A_LEFT] = { "GH-XGB-0004", GH_INFO, GH_CLEAN, "A parameter of the objective stands at the end",
		     "None: count:poisson keeps one there.", "None needed.", "" },
	GH_SIGN_RULES("GH-XGB", A_SIGN),
	[RULES] = GH_RULES_END,
};

struct xgb {
	struct gh_walk *w;
	struct gh_cur c;
	struct gh_held held;
	unsigned said;
};

/* A text at s: its count, and letters that such names are made of. 0: there is none. */
static size_t name_at(struct gh_span s, struct gh_span *name)
{
	if (s.n < 8)
		return 0;
	uint64_t n = gh_le64(s.p);
	if (n < 3 || n > NAME_LEN || n > s.n - 8)
		return 0;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = s.p[8 + i];
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != ':' && c != '_' && c != '-' &&
		    c != '@' && c != '.' && !(c >= 'A' && c <= 'Z'))
			return 0;
	}
	*name = (struct gh_span){ s.p + 8, (size_t)n };
	return 8 + (size_t)n;
}

static bool is_booster(struct gh_span s)
{
	return gh_span_is(s, "gbtree") || gh_span_is(s, "dart") || gh_span_is(s, "gblinear");
}

/* Two names in their places: no magic is needed then. */
static enum gh_match probe(const struct gh_probe *p)
{
	struct gh_span objective, booster;
	size_t at = gh_span_starts(p->head, "binf") ? MAGIC : 0;
	at += LEARNER;
	size_t n = name_at(gh_span_cut(p->head, at, p->head.n), &objective);
	if (n == 0 || name_at(gh_span_cut(p->head, at + n, p->head.n), &booster) == 0 || !is_booster(booster))
		return GH_NO;
	return GH_STRONG;
}

static enum gh_rc broken(struct xgb *x, unsigned a, const char *what)
{
	if (x->w->src->fail != GH_OK)
		return gh_fail(x->w->err, x->w->src->fail, "the bytes could not be read");
	gh_anomaly(x->w, &rules[a], x->c.bad ? x->w->src->size : gh_cur_off(&x->c), 0, "%s", what);
	return gh_fail(x->w->err, a == A_BOOSTER ? GH_E_UNREAD : GH_E_MALFORMED, "%s", what);
}

static enum gh_rc vector(struct xgb *x, unsigned each, const char *what, uint64_t *n)
{
	*n = gh_cur_u64le(&x->c);
	return x->c.bad || *n > gh_cur_left(&x->c) / each ? broken(x, A_COUNT, what) : GH_OK;
}

static enum gh_rc text(struct xgb *x, struct gh_span key)
{
	uint64_t n = 0, off;
	enum gh_rc rc = vector(x, 1, "a text longer than the file", &n);
	off = gh_cur_off(&x->c);
	if (rc == GH_OK)
		rc = gh_held_text(&x->held, key, off, n);
	gh_cur_seek(&x->c, rc == GH_OK ? off + n : off);
	return rc;
}

static enum gh_rc numbers(struct xgb *x, struct gh_span name, uint64_t n)
{
	uint64_t off = gh_cur_off(&x->c);
	struct gh_tensor t = { .name = name, .dtype = "F32", .bits = 32, .ndim = 1, .dim = &n, .src = x->w->src };
	enum gh_rc rc = gh_held_tensor(&x->held, &t, off, 4 * n);
	gh_cur_seek(&x->c, off + 4 * n);
	return rc;
}

/* Children lie in the tree, behind their parent; leaves have none. */
static enum gh_rc nodes(struct xgb *x, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *p = gh_cur_take(&x->c, NODE);
		if (p == NULL)
			return broken(x, A_COUNT, "a tree longer than the file");
		uint32_t left = gh_le32(p + 4), right = gh_le32(p + 8);
		bool wild = left != UINT32_MAX && (left >= n || right >= n);
		if (wild && x->said++ < SAY)
			gh_anomaly(x->w, &rules[A_TREE], gh_cur_off(&x->c) - NODE, NODE,
				   "node %u of %u: children %d and %d", i, n, (int32_t)left, (int32_t)right);
	}
	if ((uint64_t)n * STAT > gh_cur_left(&x->c))
		return broken(x, A_COUNT, "statistics longer than the file");
	gh_cur_skip(&x->c, (uint64_t)n * STAT);
	return GH_OK;
}

static enum gh_rc tree(struct xgb *x)
{
	const uint8_t *p = gh_cur_take(&x->c, TREE);
	if (p == NULL)
		return broken(x, A_COUNT, "more trees than the file holds");
	uint32_t n = gh_le32(p + 4), leaf = gh_le32(p + 20);
	if (n == 0 || n > gh_cur_left(&x->c) / (NODE + STAT))
		return broken(x, A_COUNT, "a tree of more nodes than the file holds");
	enum gh_rc rc = nodes(x, n);
	uint64_t count = 0;
	if (rc == GH_OK && leaf != 0)
		rc = vector(x, 4, "a vector of leaves longer than the file", &count);
	return rc == GH_OK && count != 0 ? numbers(x, GH_SPAN("leaves"), count) : rc;
}

static enum gh_rc trees(struct xgb *x, bool dart)
{
	const uint8_t *p = gh_cur_take(&x->c, BOOSTER);
	if (p == NULL)
		return broken(x, A_COUNT, "no parameters of the booster");
	uint32_t n = gh_le32(p);
	if (n > gh_cur_left(&x->c) / TREE)
		return broken(x, A_COUNT, "more trees than the file holds");
	for (uint32_t i = 0; i < n; i++)
		GH_TRY(tree(x), x->w->err, "tree %u", i);
	if (4 * (uint64_t)n > gh_cur_left(&x->c))
		return broken(x, A_COUNT, "no groups of trees");
	gh_cur_skip(&x->c, 4 * (uint64_t)n);
	uint64_t weights = 0;
	enum gh_rc rc = dart && n != 0 ? vector(x, 4, "weights of trees longer than the file", &weights) : GH_OK;
	return rc == GH_OK && weights != 0 ? numbers(x, GH_SPAN("weight_drop"), weights) : rc;
}

static enum gh_rc linear(struct xgb *x)
{
	uint64_t n = 0;
	if (gh_cur_take(&x->c, LINEAR) == NULL)
		return broken(x, A_COUNT, "no parameters of the booster");
	enum gh_rc rc = vector(x, 4, "weights longer than the file", &n);
	return rc == GH_OK && n != 0 ? numbers(x, GH_SPAN("weight"), n) : rc;
}

/* Attributes: pairs of texts; metrics: texts. */
static enum gh_rc texts(struct xgb *x, struct gh_span key, unsigned each)
{
	uint64_t n = 0;
	enum gh_rc rc = vector(x, 8 * each, "more texts than the file holds", &n);
	for (uint64_t i = 0; i < n * each && rc == GH_OK; i++)
		rc = text(x, key);
	return rc;
}

static enum gh_rc read_all(struct xgb *x)
{
	struct gh_span head = gh_src_window(x->w->src, 0, 4);
	gh_cur_skip(&x->c, gh_span_starts(head, "binf") ? MAGIC : 0);
	const uint8_t *p = gh_cur_take(&x->c, LEARNER);
	if (p == NULL)
		return broken(x, A_COUNT, "no parameters");
	bool attributes = gh_le32(p + 12) != 0, metrics = gh_le32(p + 16) != 0;
	enum gh_rc rc = text(x, GH_SPAN("objective"));
	struct gh_span booster = { 0 };
	uint64_t at = gh_cur_off(&x->c);
	struct gh_span s = gh_src_window(x->w->src, at, NAME_LEN + 8);
	bool known = rc == GH_OK && name_at(s, &booster) != 0;
	bool is_linear = known && gh_span_is(booster, "gblinear"), dart = known && gh_span_is(booster, "dart");
	known = known && is_booster(booster);
	if (rc == GH_OK)
		rc = text(x, GH_SPAN("booster"));
	if (rc != GH_OK)
		return rc;
	if (!known)
		return broken(x, A_BOOSTER, "a booster that is not known");
	GH_TRY(is_linear ? linear(x) : trees(x, dart), x->w->err, "booster");
	if (attributes)
		GH_TRY(texts(x, GH_SPAN("attribute"), 2), x->w->err, "attributes");
	if (metrics)
		GH_TRY(texts(x, GH_SPAN("metric"), 1), x->w->err, "metrics");
	at = gh_cur_off(&x->c);
	s = gh_src_window(x->w->src, at, 8);
	if (s.n == 8 && gh_le64(s.p) <= NAME_LEN && gh_le64(s.p) == gh_cur_left(&x->c) - 8) {
		gh_anomaly(x->w, &rules[A_LEFT], at, gh_cur_left(&x->c), "a text");
		return text(x, GH_SPAN("objective"));
	}
	return GH_OK;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct xgb *x = GH_NEW(w->arena, struct xgb, 1);
	if (x == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	x->w = w;
	x->c = gh_cur(w->src, 0);
	x->held = gh_held(w, rules, A_SIGN);
	enum gh_rc rc = read_all(x);
	gh_held_claim(&x->held, gh_cur_off(&x->c) < w->src->size ? gh_cur_off(&x->c) : w->src->size);
	return rc;
}

const struct gh_fmt gh_fmt_xgboost = {
	.name = "xgboost-binary",
	.about = "Binary model of XGBoost before 3.1",
	.exts = "model bin bst xgb",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
