/* pycheck.c - the check "python-code": source and bytecode of Python that a reader found, wherever it stands. */
#include <stdio.h>

#include "check/checks.h"
#include "check/pybytes.h"
#include "check/pycode.h"
#include "format/format.h"
#include "wire/pymarshal.h"

enum { SCRATCH = 72 << 20, BYTECODE_MAX = 8 << 20 };

struct report {
	struct gh_scene *s;
	struct gh_range at;
};

static void find(void *arg, enum gh_pycode_rule rule, uint32_t off, uint32_t len, const char *text)
{
	struct report *r = arg;
	struct gh_range at = r->at;
	if (off <= at.len) {
		at.off += off;
		at.len = len <= r->at.len - off ? len : 0;
	}
	r->s->find(r->s, &gh_pycode_rules[rule], at, text);
}

/* The whole source in memory of the arena. */
static struct gh_span whole(struct gh_src *src, size_t most, struct gh_arena *a)
{
	if (src->size > most)
		return (struct gh_span){ 0 };
	uint8_t *p = gh_alloc(a, (size_t)src->size + 1, 1);
	size_t n = 0;
	while (p != NULL && n < src->size) {
		struct gh_span w = gh_src_window(src, n, GH_WINDOW_MAX);
		if (w.n == 0)
			return (struct gh_span){ 0 };
		memcpy(p + n, w.p, w.n);
		n += w.n;
	}
	return (struct gh_span){ p, n };
}

static enum gh_pycode_kind kind_of(const struct gh_code *c)
{
	if (strcmp(c->language, "ipython") == 0)
		return GH_PYCODE_CELL;
	return gh_span_ends(c->name, ".pth") ? GH_PYCODE_PTH : GH_PYCODE_SOURCE;
}

static void on_code(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_code *c = ev->u.code;
	bool bytecode = strcmp(c->language, "python-bytecode") == 0;
	if (!bytecode && strcmp(c->language, "python") != 0 && strcmp(c->language, "ipython") != 0)
		return;
	gh_auto_arena scratch = { .max = SCRATCH };
	struct report r = { .s = s, .at = ev->at };
	struct gh_pycode_sink sink = { find, &r };
	struct gh_span text = whole(c->src, bytecode ? BYTECODE_MAX : GH_PY_SOURCE_MAX, &scratch);
	if (text.p == NULL && c->src->size != 0) {
		find(&r, GH_PYC_LIMIT, 0, 0, "more text than fits the memory set aside");
		return;
	}
	if (bytecode)
		gh_pybytes_judge(text, &sink, &scratch);
	else
		gh_pycode_source(text, kind_of(c), &sink, &scratch);
}

const struct gh_check gh_check_python_code = {
	.name = "python-code",
	.about = "what Python source and bytecode would do, followed through aliases, tables and decoders",
	.stage = GH_STAGE_CODE,
	.events = 1u << GH_EV_CODE,
	.on = on_code,
	.rules = gh_pycode_rules,
};
