/* Asking a condition. One pass over the tree from the leaves up; bodies of quantifiers once per record. */
#include "policy/expr.h"

#include "policy/units.h"
#include "wire/version.h"

struct asking {
	const struct expr *e;
	struct expr_asking *q;
	struct gh_fval v[EXPR_NODES];
	int64_t most
		[EXPR_NODES]; /* of count() that is not known exactly: at least v[].i, at most this; -1: not even that */
	bool lacked[EXPR_NODES]; /* of leaves in a body: not known for a record that mattered */
};

static struct gh_fval answer(bool v) { return (struct gh_fval){ .known = true, .i = v }; }
static const struct gh_fval unknown;

/* ---- two values ----------------------------------------------------------------------------------------------------------- */
static int64_t rank(const struct gh_fact *row, struct gh_fval v) { return gh_word_rank(row->words, (unsigned)v.i); }

static bool ordered(enum expr_op op, int c)
{
	switch (op) {
	case OP_EQ: return c == 0;
	case OP_NE: return c != 0;
	case OP_LT: return c < 0;
	case OP_LE: return c <= 0;
	case OP_GT: return c > 0;
	default: return c >= 0;
	}
}

/* A number between lo and hi with b: what holds for all of them. */
static struct gh_fval between(enum expr_op op, int64_t lo, int64_t hi, int64_t b)
{
	bool at_lo = ordered(op, (lo > b) - (lo < b)), at_hi = ordered(op, (hi > b) - (hi < b));
	if (op == OP_EQ || op == OP_NE)
		return lo == hi || b < lo || b > hi ? answer(at_lo) : unknown;
	return at_lo == at_hi ? answer(at_lo) : unknown;
}

static struct gh_fval compare(const struct expr_node *n, const struct expr_node *left, struct gh_fval a,
			      struct gh_fval b)
{
	enum expr_op op = (enum expr_op)n->op;
	bool same = op == OP_EQ || op == OP_NE;
	if (!a.known || !b.known)
		return unknown;
	if (left->type == GH_T_STRING)
		return answer(gh_span_eq(a.s, b.s) == (op == OP_EQ));
	if (left->type == GH_T_VERSION) {
		int c = gh_version_cmp(GH_VERSION_SEMVER, a.s, b.s);
		return c == GH_VERSION_APART ? unknown : answer(ordered(op, c)); /* not a version: cannot be told */
	}
	if (left->type == GH_T_WORD && !same) {
		a.i = rank(&gh_fact_rows[left->row], a);
		b.i = rank(&gh_fact_rows[left->row], b);
	}
	return answer(ordered(op, (a.i > b.i) - (a.i < b.i)));
}

static bool equal(enum gh_fact_type t, struct gh_fval a, struct gh_fval b)
{
	if (t == GH_T_STRING)
		return gh_span_eq(a.s, b.s);
	if (t == GH_T_VERSION)
		return gh_version_cmp(GH_VERSION_SEMVER, a.s, b.s) == 0;
	return a.i == b.i;
}

static bool among(const struct asking *k, unsigned row, struct gh_span s)
{
	const struct gh_flist *l = facts_list(k->q->facts, row);
	for (size_t i = 0; i < l->n; i++)
		if (gh_span_eq(l->cell[i].s, s))
			return true;
	return false;
}

static void spend(const struct asking *k, uint64_t n) { *k->q->steps -= n < *k->q->steps ? n : *k->q->steps; }

static struct gh_fval within(const struct asking *k, const struct expr_node *n)
{
	struct gh_fval a = k->v[n->a];
	if (!a.known)
		return unknown;
	if (n->b != EXPR_NONE) {
		unsigned row = k->e->node[n->b].row;
		spend(k, facts_list(k->q->facts, row)->n);
		return k->v[n->b].known ? answer(among(k, row, a.s)) : unknown;
	}
	spend(k, n->n);
	enum gh_fact_type t = (enum gh_fact_type)k->e->node[n->a].type;
	if (t == GH_T_VERSION && !gh_version_valid(GH_VERSION_SEMVER, a.s))
		return unknown;
	for (uint16_t i = 0; i < n->n; i++)
		if (equal(t, a, k->e->konst[n->first + i]))
			return answer(true);
	return answer(false);
}

static struct gh_fval contains(const struct asking *k, const struct expr_node *n)
{
	struct gh_fval a = k->v[n->a], b = k->v[n->b];
	if (!a.known || !b.known)
		return unknown;
	if (k->e->node[n->a].type == GH_T_STRINGS) {
		spend(k, facts_list(k->q->facts, k->e->node[n->a].row)->n);
		return answer(among(k, k->e->node[n->a].row, b.s));
	}
	spend(k, a.s.n / 64);
	return answer(b.s.n == 0 || memmem(a.s.p, a.s.n, b.s.p, b.s.n) != NULL);
}

static struct gh_fval like(const struct asking *k, const struct expr_node *n)
{
	struct gh_fval a = k->v[n->a], b = k->v[n->b];
	if (!a.known)
		return unknown;
	spend(k, a.s.n * (b.s.n + 1) / 16);
	return answer(gh_glob(b.s, a.s));
}

static struct gh_fval join(const struct expr_node *n, struct gh_fval a, struct gh_fval b)
{
	bool or = n->kind == N_OR; /* what decides alone: true for or, false for and */
	if ((a.known && (a.i != 0) == or) || (b.known && (b.i != 0) == or))
		return answer(or);
	return a.known && b.known ? answer(!or) : unknown;
}

/* ---- one node ------------------------------------------------------------------------------------------------------------- */
static struct gh_fval leaf(const struct asking *k, const struct expr_node *n, size_t record)
{
	const struct expr_asking *q = k->q;
	switch ((enum expr_kind)n->kind) {
	case N_CONST: return k->e->konst[n->first];
	case N_FACT: return facts_get(q->facts, n->row, q->at, q->tier);
	case N_FIELD: return facts_get_field(q->facts, n->row, record, q->at);
	default: return facts_list(q->facts, n->row)->cell[record];
	}
}

static void one(struct asking *k, size_t i, size_t record)
{
	const struct expr_node *n = &k->e->node[i];
	struct gh_fval *v = k->v;
	spend(k, 1);
	switch ((enum expr_kind)n->kind) {
	case N_CMP:
		if (k->e->node[n->a].kind == N_COUNT && k->most[n->a] >= 0 && v[n->b].known)
			v[i] = between((enum expr_op)n->op, v[n->a].i, k->most[n->a], v[n->b].i);
		else
			v[i] = compare(n, &k->e->node[n->a], v[n->a], v[n->b]);
		break;
	case N_IN: v[i] = within(k, n); break;
	case N_CONTAINS: v[i] = contains(k, n); break;
	case N_LIKE: v[i] = like(k, n); break;
	case N_NOT: v[i] = v[n->a].known ? answer(v[n->a].i == 0) : unknown; break;
	case N_AND:
	case N_OR: v[i] = join(n, v[n->a], v[n->b]); break;
	case N_KNOWN: v[i] = answer(v[n->a].known); break;
	default: v[i] = leaf(k, n, record); break;
	}
}

/* ---- quantifiers ------------------------------------------------------------------------------------------------------------ */
static void witness(struct expr_asking *q, unsigned row, size_t record)
{
	if (q->match != NULL && q->nmatch < q->match_max)
		q->match[q->nmatch++] = (struct expr_match){ .row = (uint16_t)row, .record = (uint32_t)record };
	q->matches++;
}

static bool is_leaf(const struct expr_node *n) { return n->kind <= N_ELEM; }

/* The condition in [first, self) for one record. */
static struct gh_fval body(struct asking *k, const struct expr_node *n, size_t self, size_t record)
{
	for (size_t i = n->first; i < self; i++)
		one(k, i, record);
	struct gh_fval v = k->v[self - 1];
	for (size_t i = n->first; !v.known && i < self; i++)
		k->lacked[i] |= is_leaf(&k->e->node[i]) && !k->v[i].known;
	return v;
}

static struct gh_fval quantify(struct asking *k, size_t self)
{
	const struct expr_node *n = &k->e->node[self];
	const struct gh_flist *l = facts_list(k->q->facts, n->row);
	k->most[self] = -1;
	if (!k->q->facts->v[n->row].known)
		return unknown;
	bool all = n->kind == N_ALL;
	size_t held = 0, dark = 0, done = 0;
	for (; done < l->n && *k->q->steps != 0; done++) {
		struct gh_fval v = n->first == self ? answer(true) : body(k, n, self, done);
		dark += !v.known;
		held += v.known && v.i != 0;
		if (v.known && (v.i != 0) != all)
			witness(k->q, n->row, done);
		spend(k, 1);
	}
	if (done < l->n)
		return unknown;
	switch ((enum expr_kind)n->kind) {
	case N_COUNT:
		k->most[self] = (int64_t)(held + dark);
		return (struct gh_fval){ .known = dark == 0, .i = (int64_t)held };
	case N_ALL: return held + dark < l->n ? answer(false) : dark != 0 ? unknown : answer(true);
	default: break;
	}
	if (held == 0 && dark != 0)
		return unknown;
	return answer((held != 0) == (n->kind == N_ANY));
}

/* ---- why it cannot be told ------------------------------------------------------------------------------------------------ */
static void lacking(struct asking *k)
{
	const struct expr *e = k->e;
	bool why[EXPR_NODES] = { false };
	why[e->nnode - 1] = true;
	for (size_t i = e->nnode; i-- > 0;) {
		const struct expr_node *n = &e->node[i];
		bool quant = n->kind >= N_COUNT && n->kind <= N_NO;
		if (n->in != EXPR_NONE ? !(why[n->in] && k->lacked[i]) : (!why[i] || k->v[i].known))
			continue;
		if (is_leaf(n) || (quant && !k->q->facts->v[n->row].known)) {
			k->q->missing[k->q->nmissing++] = n->row;
			continue;
		}
		if (quant)
			continue; /* its body's leaves ask for themselves */
		why[n->a] = true;
		if (n->kind != N_NOT && n->kind != N_KNOWN && n->b != EXPR_NONE)
			why[n->b] = true;
	}
}

enum expr_answer expr_ask(const struct expr *e, struct expr_asking *q)
{
	struct asking k = { .e = e, .q = q };
	q->nmatch = q->matches = q->nmissing = 0;
	if (e->nnode == 0)
		return EXPR_TRUE; /* no condition: always */
	for (size_t i = 0; i < e->nnode; i++) {
		const struct expr_node *n = &e->node[i];
		if (n->in != EXPR_NONE)
			continue;
		if (n->kind >= N_COUNT && n->kind <= N_NO)
			k.v[i] = quantify(&k, i);
		else
			one(&k, i, 0);
	}
	struct gh_fval v = k.v[e->nnode - 1];
	if (*q->steps == 0)
		return EXPR_UNKNOWN;
	if (!v.known) {
		lacking(&k);
		return EXPR_UNKNOWN;
	}
	return v.i != 0 ? EXPR_TRUE : EXPR_FALSE;
}
