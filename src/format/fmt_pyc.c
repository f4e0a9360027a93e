/* Python bytecode files: a header (CPython Lib/importlib/_bootstrap_external.py) and one marshalled code object. */
#include "format/formats.h"
#include "wire/pymarshal.h"

enum { MEMORY = 48 << 20, MOST = 8 << 20 };

enum { A_BROKEN, A_VERSION, A_TRAILING };
static const struct gh_rule rules[] = {
	[A_BROKEN] = { "GH-PYB-0001", GH_HIGH, GH_INCOMPLETE, "Python bytecode that cannot be read",
		       "Interpreters load bytecode without checking it.", "Remove it; Python makes it from the source.",
		       "CWE-20" },
	[A_VERSION] = { "GH-PYB-0002", GH_LOW, GH_REVIEW, "Python bytecode of a version that is not known",
			"Its layout was guessed.", "Remove it; Python makes it from the source.", "CWE-20" },
	[A_TRAILING] = { "GH-PYB-0003", GH_MEDIUM, GH_REVIEW, "Bytes behind the code object of a bytecode file",
			 "Room for content that no interpreter looks at.",
			 "Remove it; Python makes it from the source.", "CWE-506" },
	GH_RULES_END
};

static enum gh_match probe(const struct gh_probe *p)
{
	const char *version;
	unsigned header;
	struct gh_span h = p->head;
	if (h.n < 24 || h.p[2] != '\r' || h.p[3] != '\n')
		return GH_NO;
	enum gh_pym_layout layout = gh_pym_layout(gh_le16(h.p), &header, &version);
	/* A code object follows; its first field is a small number of arguments. */
	bool code = (h.p[header] & 0x7f) == 'c' && gh_le32(h.p + header + 1) < 256;
	return !code ? GH_NO : layout == GH_PYM_AUTO ? GH_WEAK : GH_STRONG;
}

/* How far the bytes are one sound code object; 0 when they are not. */
static uint64_t sound(struct gh_walk *w, unsigned header, enum gh_pym_layout layout, const char **why)
{
	gh_auto_arena scratch = { .max = MEMORY };
	struct gh_pym m = { 0 };
	size_t n = 0;
	uint8_t *p = w->src->size > MOST ? NULL : gh_alloc(&scratch, (size_t)w->src->size, 1);
	*why = "too large";
	while (p != NULL && n < w->src->size) {
		struct gh_span win = gh_src_window(w->src, n, GH_WINDOW_MAX);
		if (win.n == 0)
			return 0;
		memcpy(p + n, win.p, win.n);
		n += win.n;
	}
	if (p == NULL)
		return 0;
	enum gh_rc rc = gh_pym_read(&m, gh_span_cut((struct gh_span){ p, n }, header, n), layout, &scratch);
	*why = m.why != NULL ? m.why : "too large";
	return rc == GH_OK && m.obj[0].kind == GH_PYM_CODE ? header + (uint64_t)m.used : 0;
}

static enum gh_rc walk(struct gh_walk *w)
{
	const char *version, *why;
	unsigned header;
	struct gh_span h = gh_src_window(w->src, 0, 24);
	if (h.n < 24)
		return gh_fail(w->err, GH_E_NOTTHIS, "no bytecode");
	unsigned magic = gh_le16(h.p);
	enum gh_pym_layout layout = gh_pym_layout((uint16_t)magic, &header, &version);
	uint64_t end = sound(w, header, layout, &why);
	if (w->src->fail != GH_OK)
		return gh_fail(w->err, w->src->fail, "bytecode");
	if (end == 0 && w->weak)
		return gh_fail(w->err, GH_E_NOTTHIS, "no bytecode");
	if (layout == GH_PYM_AUTO)
		gh_anomaly(w, &rules[A_VERSION], 0, 2, "magic number %u", magic);
	struct gh_code code = { .language = "python-bytecode", .name = w->name, .src = w->src };
	enum gh_rc rc = gh_emit(w, GH_EV_CODE, 0, w->src->size, &code);
	if (rc != GH_OK)
		return rc;
	if (end == 0) {
		gh_anomaly(w, &rules[A_BROKEN], 0, w->src->size, "%s", why);
		return gh_fail(w->err, GH_E_MALFORMED, "bytecode: %s", why);
	}
	gh_claim(w, 0, header, GH_CLAIM_STRUCT);
	gh_claim(w, header, end - header, GH_CLAIM_STRUCT);
	if (end < w->src->size)
		gh_anomaly(w, &rules[A_TRAILING], end, w->src->size - end, "%llu bytes",
			   (unsigned long long)(w->src->size - end));
	return GH_OK;
}

const struct gh_fmt gh_fmt_pyc = {
	.name = "python-bytecode",
	.about = "Python bytecode files (.pyc) of CPython 2.6 to 3.14",
	.exts = "pyc pyo",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
