/* Facts about signatures and statements of others. The rows of the catalog say which there are, who signed each and whether that was
 * verified when it was stored; what is in them comes from main, which can open them, and only adds to a row that is here. */
#include "catalog/gate_int.h"

#include "catalog/evidence.h"

#include <string.h>

static bool is(const char *a, const char *b) { return strcmp(a, b) == 0; }

static void forget(struct gh_facts *f, const char *name)
{
	unsigned row = gh_fact_named(gh_span_str(name));
	f->v[row] = (struct gh_fval){ 0 };
	f->list[row] = (struct gh_flist){ 0 };
}

static struct gh_flist take(struct gh_facts *f, const char *name)
{
	struct gh_flist l = f->list[gh_fact_named(gh_span_str(name))];
	forget(f, name);
	return l;
}

/* Column of a field in the records of its list. */
static unsigned column(const char *list, const char *field)
{
	return gh_fact_named(gh_span_str(field)) - gh_fact_named(gh_span_str(list)) - 1;
}

struct statements { /* one of the two lists */
	const char *name, *kind, *who;
	struct gh_flist read; /* what main read in them */
	bool *used;
	size_t n;
};

static bool begin(struct statements *s, struct gh_facts *f, struct gh_arena *a)
{
	s->read = take(f, s->name);
	s->used = GH_NEW(a, bool, s->read.n + 1);
	gh_facts_put_none(f, s->name);
	return s->used != NULL;
}

/* One record: kind and signer by the row; the rest from the record of main about such a document. Which of several of one signer and
 * kind does not matter: all of them are in the list. */
static void add(struct statements *s, const struct gh_evidence *e, const char *kind, struct gh_facts *f)
{
	size_t k = gh_facts_add(f, s->name);
	gh_facts_field_str(f, s->kind, k, kind);
	gh_facts_field_str(f, s->who, k, e->signer);
	struct gh_flist *own = &f->list[gh_fact_named(gh_span_str(s->name))];
	unsigned w = s->read.width, of_kind = column(s->name, s->kind), of_who = column(s->name, s->who);
	s->n++;
	if (k == SIZE_MAX || own->width != w)
		return;
	for (size_t i = 0; i < s->read.n; i++) {
		const struct gh_fval *from = &s->read.cell[i * w];
		if (s->used[i] || !gh_span_is(from[of_kind].s, kind) || !gh_span_is(from[of_who].s, e->signer))
			continue;
		s->used[i] = true;
		for (unsigned c = 0; c < w; c++)
			if (!own->cell[k * w + c].known)
				own->cell[k * w + c] = from[c];
		return;
	}
}

/* The newest verified one: who signed, and how. */
static void put_signature(const struct statements *s, const struct gh_evidence *e, struct gh_facts *f)
{
	const struct gh_flist *l = &f->list[gh_fact_named(gh_span_str(s->name))];
	const struct gh_fval *issuer = &l->cell[(l->n - 1) * l->width + column(s->name, "evidence.verified.issuer")];
	bool by_issuer = issuer->known && issuer->s.n > 0;
	gh_facts_put_str(f, "signature.identity", e->signer);
	if (by_issuer)
		gh_facts_put_span(f, "signature.issuer", issuer->s);
	gh_facts_put_str(f, "signature.method",
			 by_issuer				 ? "sigstore"
			 : strncmp(e->signer, "sha256:", 7) == 0 ? "key"
								 : "certificate");
}

/* Lists that main made: empty when nobody said anything of the kind, not known when it did not read what stands here. */
static void settle(struct gh_facts *f, const char *name, bool any, bool same)
{
	if (!any) {
		forget(f, name);
		gh_facts_put_none(f, name);
	} else if (!same)
		forget(f, name);
}

void gate_put_evidence(struct gh_catalog *c, const struct gh_version *v, struct gh_facts *f, struct gh_arena *a)
{
	struct gh_evidence *e;
	struct gh_err err = { 0 };
	struct statements good = { .name = "evidence.verified",
				   .kind = "evidence.verified.kind",
				   .who = "evidence.verified.signer" },
			  other = { .name = "evidence.unverified",
				    .kind = "evidence.unverified.kind",
				    .who = "evidence.unverified.claimed" };
	size_t n;
	bool is_signed = false, reports = false, vex = false, tests = false;
	if (!begin(&good, f, a) || !begin(&other, f, a) ||
	    gh_evidence_list(c->db, a, &v->id, NULL, &e, &n, &err) != GH_OK) {
		static const char *const all[] = { "evidence.verified", "evidence.unverified", "evidence.findings",
						   "evidence.vex", "evidence.tests" };
		for (size_t i = 0; i < sizeof all / sizeof *all; i++)
			forget(f, all[i]); /* not known: rules that need it fail closed */
		return;
	}
	for (size_t i = 0; i < n; i++) {
		/* Our own documents are no statements of others: a rule that asks for a vendor's bill of materials means his. */
		if (gh_evidence_internal(e[i].kind) || is(e[i].signer, GH_EVIDENCE_SELF))
			continue;
		const char *kind = gh_evidence_foreign(e[i].kind) ? e[i].kind : "other";
		add(e[i].trusted ? &good : &other, &e[i], kind, f);
		reports |= is(kind, "sarif") || is(kind, "vex") || is(kind, "test-result");
		vex |= e[i].trusted && is(kind, "vex");
		tests |= e[i].trusted && is(kind, "test-result");
		if (e[i].trusted && is(kind, "signature") && !is_signed && !f->bad) {
			is_signed = true;
			put_signature(&good, &e[i], f);
		}
	}
	gh_facts_put_bool(f, "signature.verified", is_signed);
	bool same = good.n == good.read.n && other.n == other.read.n;
	settle(f, "evidence.findings", reports, same);
	settle(f, "evidence.vex", vex, same);
	settle(f, "evidence.tests", tests, same);
}
