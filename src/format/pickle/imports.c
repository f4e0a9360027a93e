/* imports.c - opcodes that ask for a name: GLOBAL, STACK_GLOBAL, INST's first half, the extension registry. */
#include "format/pickle/imports.h"

#include "format/pickle/ops.h"
#include "format/pickle/text.h"

enum { NAME_MAX_BYTES = 4096 };

/* One module and name, asked of find_class. Names from Python 2 are mapped below protocol 3. */
bool pkl_find_class(struct pkl *m, struct gh_span module, struct gh_span name, bool exact, gh_val *out)
{
	struct gh_span to_module = module, to_name = name;
	/* Only while it is to be found out whether this is a pickle at all, and not plain text such as a list of files: no
	 * finder has a module with a slash in its name, so the stream ends here for every unpickler. */
	if (m->until_call && m->proto < 2 && module.n != 0 && memchr(module.p, '/', module.n) != NULL)
		return pkl_break(m, "no module has such a name");
	if (m->proto < 3)
		(void)pkl_compat(module, name, &to_module, &to_name);
	/* Copied first: the spans may point into the source, which the event's consumer may move. */
	*out = gh_val_make_global(m->h, module, name, to_module, to_name);
	if (m->h->full)
		return pkl_limit(m, "no memory left for names");
	const struct gh_global *g = gh_val_names(*out);
	m->imports_stdlib = m->imports_stdlib || (m->mute && pkl_stdlib(module));
	struct gh_call c = {
		.how = GH_CALL_IMPORT,
		.module = g->to_module,
		.name = g->to_name,
		.as_module = g->module,
		.as_name = g->name,
		.resolved = exact,
		.callee = *out,
		.args = GH_NONE,
		.kwargs = GH_NONE,
	};
	if (!exact)
		*out = GH_UNKNOWN;
	return pkl_emit_call(m, &c);
}

/* Two lines of text. pickle.py accepts an empty name and asks for it; the C reader does not. */
static bool two_lines(struct pkl *m, bool ascii, struct gh_span out[2])
{
	for (int i = 0; i < 2; i++) {
		struct pkl_line l;
		if (!pkl_line(m, &l, true))
			return false;
		struct gh_span s = { l.p, (size_t)l.len };
		bool bad = false;
		if (ascii)
			bad = !pkl_ascii(s);
		else
			(void)pkl_utf8(s, false, true, &bad);
		if (s.n == 0) {
			pkl_differs(m, PKL_PART_PY, "an empty name is asked for");
			bad = (m->dialect & PKL_PY) == 0;
		}
		if (bad)
			return pkl_break(m, "a name that cannot be read");
		out[i] = gh_heap_keep(m->h, s); /* the second line may move the window */
		if (out[i].p == NULL)
			return pkl_limit(m, "no memory left for names");
	}
	return true;
}

bool pkl_op_global(struct pkl *m, uint64_t arg)
{
	struct gh_span s[2];
	gh_val v;
	(void)arg;
	if (!two_lines(m, false, s) || !pkl_find_class(m, s[0], s[1], true, &v))
		return false;
	return pkl_push(m, v);
}

/* INST <module> <name>: the C reader looks for the mark first, pickle.py imports first. */
bool pkl_op_inst(struct pkl *m, uint64_t arg)
{
	struct gh_span s[2];
	gh_val cls;
	size_t at = 0;
	bool py = (m->dialect & PKL_PY) != 0;
	(void)arg;
	if (m->nmark == 0)
		pkl_differs(m, PKL_PART_PY, "INST without a mark still imports");
	if (!py && !pkl_marker(m, &at))
		return false;
	if (!two_lines(m, true, s) || !pkl_find_class(m, s[0], s[1], true, &cls))
		return false;
	if (py && !pkl_marker(m, &at))
		return false;
	return pkl_instantiate(m, cls, at, at);
}

/* A string operand as text; *exact is false when it is not known or too long to be a name. */
static bool name_operand(struct pkl *m, gh_val v, struct gh_span *out, bool *exact)
{
	if (pkl_kind(m, v) == GH_V_STR) {
		struct gh_span s = gh_val_text(m->h, v, NAME_MAX_BYTES);
		*exact = *exact && s.p != NULL && gh_val_len(m->h, v) <= NAME_MAX_BYTES;
		*out = s.p == NULL ? (struct gh_span){ 0 } : s;
		return true;
	}
	if (!pkl_opaque(m, v) || (m->dialect & PKL_INERT) != 0)
		return pkl_break(m, "STACK_GLOBAL needs two strings");
	*exact = false;
	*out = (struct gh_span){ 0 };
	return true;
}

bool pkl_op_stack_global(struct pkl *m, uint64_t arg)
{
	gh_val module = GH_ABSENT, name, v;
	struct gh_span s[2];
	bool exact = true;
	(void)arg;
	if (!pkl_pop(m, &name) || !pkl_pop(m, &module))
		return false;
	if (!name_operand(m, module, &s[0], &exact))
		return false;
	if (!name_operand(m, name, &s[1], &exact))
		return false;
	return pkl_find_class(m, s[0], s[1], exact, &v) && pkl_push(m, v);
}

/* The registry stands outside the file, and the stream itself may have filled it (copyreg.add_extension). */
static bool extension(struct pkl *m, int64_t code)
{
	if (code <= 0)
		return pkl_break(m, "an extension code below one");
	if ((m->dialect & PKL_INERT) != 0 && code > 1000)
		return pkl_break(m, "an unregistered extension code"); /* the test registers the first thousand */
	struct gh_call c = {
		.how = GH_CALL_EXT,
		.resolved = false,
		.callee = GH_UNKNOWN,
		.args = gh_val_make_int(m->h, code),
		.kwargs = GH_NONE,
	};
	return pkl_emit_call(m, &c) && pkl_push(m, GH_UNKNOWN);
}

bool pkl_op_ext1(struct pkl *m, uint64_t arg) { return extension(m, (int64_t)arg); }
bool pkl_op_ext2(struct pkl *m, uint64_t arg) { return extension(m, (int64_t)arg); }
bool pkl_op_ext4(struct pkl *m, uint64_t arg) { return extension(m, (int32_t)(uint32_t)arg); }
