#include "check/pybytes.h"

#include "check/pyrules.h"
#include "wire/pymarshal.h"

enum { NAMES = 2000, TOLD = 600 };

struct names {
	struct gh_span v[NAMES];
	unsigned n;
	bool more;
};

static void collect(const struct gh_pym *m, uint32_t seq, struct names *out)
{
	const struct gh_pym_obj *o = &m->obj[seq];
	for (uint32_t i = 0; i < o->nkids; i++) {
		const struct gh_pym_obj *k = &m->obj[m->kid[o->kids + i]];
		bool text = k->kind == GH_PYM_STR || k->kind == GH_PYM_BYTES;
		if (!text || k->text.n == 0 || k->text.n > 100)
			continue;
		if (out->n == NAMES) {
			out->more = true;
			return;
		}
		out->v[out->n++] = k->text;
	}
}

static bool dangerous(enum gh_pycap cap)
{
	switch (cap) {
	case GH_PYCAP_PROCESS:
	case GH_PYCAP_INTERACTIVE:
	case GH_PYCAP_CODE:
	case GH_PYCAP_MEMORY:
	case GH_PYCAP_INSTALL:
	case GH_PYCAP_PERSIST:
	case GH_PYCAP_DUP:
	case GH_PYCAP_NETWORK:
	case GH_PYCAP_FETCH:
	case GH_PYCAP_DESERIALISE: return true;
	default: return false;
	}
}

/* "os" and "system" among the names and constants of one code object. */
static bool reaches(struct gh_span module, struct gh_span name, struct gh_buf *said)
{
	char path[220];
	struct gh_span p = { (const uint8_t *)path, module.n + 1 + name.n };
	if (p.n > sizeof path)
		return false;
	memcpy(path, module.p, module.n);
	path[module.n] = '.';
	memcpy(path + module.n + 1, name.p, name.n);
	const struct gh_py_group *g = gh_py_find(p);
	if (g == NULL || !dangerous((enum gh_pycap)g->cap) || gh_span_is(p, "builtins.compile"))
		return false;
	if (said->n != 0 && memmem(said->p, said->n, p.p, p.n) != NULL)
		return true;
	gh_buf_str(said, said->n != 0 ? ", " : "");
	gh_buf_safe(said, p, 60);
	return true;
}

static bool known_module(struct gh_span s)
{
	static const char *const modules[] = {
		"os",	       "posix",		 "nt",		"subprocess", "pty",	   "socket",   "ctypes",
		"marshal",     "types",		 "runpy",	"code",	      "builtins",  "pickle",   "requests",
		"urllib",      "urllib.request", "http.client", "pip",	      "importlib", "commands", "dill",
		"cloudpickle", "joblib",	 "torch",	"asyncio",    "winreg",	   "paramiko", "smtplib",
		"ftplib",      "httpx",		 "aiohttp",	"webbrowser", "timeit",	   "pdb",      "sh",
		"pexpect",     "platform"
	};
	for (size_t i = 0; i < sizeof modules / sizeof modules[0]; i++)
		if (gh_span_is(s, modules[i]))
			return true;
	return false;
}

static bool judge_code(const struct gh_pym *m, const struct gh_pym_obj *o, struct names *n, struct gh_buf *said)
{
	bool bad = false;
	n->n = 0;
	collect(m, o->names, n);
	unsigned names = n->n;
	collect(m, o->consts, n);
	for (unsigned i = 0; i < n->n; i++) {
		if (i < names)
			bad = reaches(GH_SPAN("builtins"), n->v[i], said) || bad;
		if (!known_module(n->v[i]))
			continue;
		for (unsigned k = 0; k < n->n; k++)
			if (k != i)
				bad = reaches(n->v[i], n->v[k], said) || bad;
	}
	return bad;
}

void gh_pybytes_judge(struct gh_span in, const struct gh_pycode_sink *sink, struct gh_arena *scratch)
{
	struct gh_pym *m = GH_NEW(scratch, struct gh_pym, 1);
	struct names *n = GH_NEW(scratch, struct names, 1);
	unsigned header = 0;
	const char *version = "unknown";
	enum gh_pym_layout layout = GH_PYM_AUTO;
	if (in.n >= 8 && in.p[2] == '\r' && in.p[3] == '\n')
		layout = gh_pym_layout(gh_le16(in.p), &header, &version);
	enum gh_rc rc = m == NULL || n == NULL ? GH_E_LIMIT
					       : gh_pym_read(m, gh_span_cut(in, header, in.n), layout, scratch);
	if (rc != GH_OK) {
		sink->find(sink->arg, GH_PYC_LIMIT, 0, (uint32_t)in.n, "bytecode that cannot be read");
		return;
	}
	gh_auto_buf said = gh_buf(TOLD);
	bool bad = false;
	unsigned codes = 0;
	for (size_t i = 0; i < m->n; i++)
		if (m->obj[i].kind == GH_PYM_CODE) {
			codes++;
			bad = judge_code(m, &m->obj[i], n, &said) || bad;
		}
	gh_auto_buf b = gh_buf(TOLD + 100);
	gh_buf_fmt(&b, "Python %s, %u code objects", version, codes);
	if (bad)
		gh_buf_fmt(&b, ": %s", gh_buf_cstr(&said));
	sink->find(sink->arg, bad ? GH_PYC_BYTECODE_BAD : GH_PYC_BYTECODE, 0, (uint32_t)in.n, gh_buf_cstr(&b));
	if (n->more)
		sink->find(sink->arg, GH_PYC_LIMIT, 0, (uint32_t)in.n, "more names than are kept");
}
