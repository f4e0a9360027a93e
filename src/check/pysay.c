/* pysay.c - findings about Python code: one per place, the worst. */
#include <stdio.h>

#include "check/pycode_int.h"

const char *pyc_when(enum gh_pywhere where)
{
	static const char *const when[] = { "in a function", "when run as a program", "when an object is made or used",
					    "when imported" };
	return when[where];
}

void pyc_say(struct pyc *c, enum gh_pycode_rule rule, uint32_t node, const char *text)
{
	const struct gh_pyn *n = node < c->t->n ? &c->t->node[node] : NULL;
	uint32_t off = c->nested ? c->off : n == NULL ? 0 : n->off;
	uint32_t len = c->nested ? c->len : n == NULL || n->end <= n->off ? 0 : n->end - n->off;
	enum gh_verdict effect = gh_pycode_rules[rule].effect;
	struct pyc_found *f = NULL;
	for (unsigned i = 0; i < c->nfound; i++)
		if (c->found[i].off == off) {
			enum gh_verdict had = gh_pycode_rules[c->found[i].rule].effect;
			if (had >= effect && (c->found[i].rule == rule || had > GH_CLEAN))
				return;
			if (had < effect)
				f = &c->found[i];
		}
	if (f == NULL && c->nfound == GH_PYCODE_FINDINGS) {
		for (unsigned i = 0; i < c->nfound && f == NULL; i++)
			if (gh_pycode_rules[c->found[i].rule].effect < effect)
				f = &c->found[i];
		if (f == NULL)
			return;
	}
	struct gh_span kept = gh_keep(c->a, gh_span_str(text));
	if (f == NULL)
		f = &c->found[c->nfound++];
	*f = (struct pyc_found){ (uint8_t)rule, off, len,
				 kept.p == NULL ? gh_pycode_rules[rule].title : (const char *)kept.p };
}

static void put_value(struct gh_buf *b, struct gh_pyv v, unsigned level)
{
	if (v.kind == GH_PYV_ALT && v.n != 0)
		v = v.v[0];
	if (v.kind == GH_PYV_STR || v.kind == GH_PYV_BYTES) {
		gh_buf_ch(b, '\'');
		gh_buf_safe(b, gh_pyv_text(v), 70);
		gh_buf_ch(b, '\'');
	} else if (v.kind == GH_PYV_REF) {
		gh_buf_safe(b, gh_pyv_text(v), 50);
	} else if (v.kind == GH_PYV_INT) {
		gh_buf_fmt(b, "%lld", (long long)v.i);
	} else if (v.kind == GH_PYV_SEQ && level == 0) {
		gh_buf_ch(b, '[');
		for (uint32_t i = 0; i < v.n && i < 6; i++) {
			gh_buf_str(b, i == 0 ? "" : ", ");
			put_value(b, v.v[i], 1);
		}
		gh_buf_str(b, v.n > 6 ? ", …]" : "]");
	} else {
		gh_buf_str(b, "…");
	}
}

void pyc_say_call(struct pyc *c, enum gh_pycode_rule rule, const struct gh_pycall *call, const char *why)
{
	static const char *const how[] = { "", "@", "a special method is ", "handed on: " };
	gh_auto_buf b = gh_buf(1000);
	gh_buf_str(&b, how[call->how]);
	struct gh_span path = call->path;
	if (gh_span_starts(path, "builtins."))
		path = gh_span_cut(path, 9, path.n);
	gh_buf_safe(&b, path, 80);
	if (call->how == GH_PYH_CALL || call->narg != 0) {
		gh_buf_ch(&b, '(');
		for (unsigned i = 0; i < call->narg && i < 4; i++) {
			gh_buf_str(&b, i == 0 ? "" : ", ");
			put_value(&b, call->arg[i], 0);
		}
		gh_buf_str(&b, call->nkw != 0 && call->narg != 0 ? ", …)" : call->nkw != 0 ? "…)" : ")");
	}
	gh_buf_fmt(&b, " %s", pyc_when(call->where));
	if (why != NULL)
		gh_buf_fmt(&b, ": %s", why);
	pyc_say(c, rule, call->node, gh_buf_cstr(&b));
}
