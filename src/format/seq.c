#include "format/seq.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

enum { SAY = 16 };

#define AGAIN "Do not load; get the file again from its author and compare its digest"
const struct gh_rule gh_seq_rules[GH_SEQ_RULES + 1] = {
	[GH_SEQ_COUNT] = { "GH-SEQ-0001", GH_HIGH, GH_UNSAFE, "A count or length that does not fit the file",
			   "Loaders allocate what is declared, or read beyond the end of their memory.", AGAIN,
			   "CWE-789 CWE-125" },
	[GH_SEQ_CUT] = { "GH-SEQ-0002", GH_MEDIUM, GH_REVIEW, "The file ends within a structure",
			 "Loaders stop with an error, or go on with memory that was never filled.",
			 "Get the file again from its source.", "CWE-20 CWE-908" },
	[GH_SEQ_TYPE] = { "GH-SEQ-0003", GH_MEDIUM, GH_INCOMPLETE, "A type or part of the file that is not known",
			  "What follows could not be inspected.", "Have the model saved in a current format.",
			  "CWE-20" },
	[GH_SEQ_VALUE] = { "GH-SEQ-0004", GH_HIGH, GH_UNSAFE, "A number that no such file can have",
			   "Loaders compute addresses with it and do not check: memory outside their buffers is read "
			   "or written.",
			   AGAIN, "CWE-129 CWE-125 CWE-787" },
	[GH_SEQ_NAME] = { "GH-SEQ-0005", GH_MEDIUM, GH_REVIEW, "A name that is empty, too long or no text",
			  "Fixed buffers for names overflow; people read something else than is there.",
			  "Look at the name byte by byte.", "CWE-121 CWE-451" },
	[GH_SEQ_TWICE] = { "GH-SEQ-0006", GH_HIGH, GH_UNSAFE, "Two arrays have the same name",
			   "Which of them counts depends on the loader: what was checked is not what runs.", AGAIN,
			   "CWE-694" },
	[GH_SEQ_VERSION] = { "GH-SEQ-0007", GH_MEDIUM, GH_INCOMPLETE, "A version of the format that is not known",
			     "A loader of that version reads the file in its own way; nothing of it was inspected.",
			     "Have the model saved in a current format.", "CWE-20" },
	[GH_SEQ_ODD] = { "GH-SEQ-0008", GH_MEDIUM, GH_REVIEW, "Two statements of the file disagree",
			 "Loaders that believe one of them see another model than those that believe the other.",
			 "Have the model saved again by its author, and compare.", "CWE-436" },
	GH_SIGN_RULES("GH-SEQ", (int)GH_SEQ_SIGN),
	[GH_SEQ_RULES] = GH_RULES_END,
};

void gh_seq_open(struct gh_seq *s, struct gh_walk *w)
{
	*s = (struct gh_seq){ .w = w, .c = gh_cur(w->src, 0) };
	s->held = gh_held(w, gh_seq_rules, GH_SEQ_SIGN);
	s->names = gh_recs(w->arena, GH_RECS_MAX);
}

void gh_seq_say(struct gh_seq *s, enum gh_seq_rule rule, uint64_t off, const char *fmt, ...)
{
	char text[400];
	if (s->said[rule]++ >= SAY)
		return;
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	gh_anomaly(s->w, &gh_seq_rules[rule], off < s->w->src->size ? off : s->w->src->size, 0, "%s", text);
}

enum gh_rc gh_seq_fail(struct gh_seq *s, enum gh_seq_rule rule, const char *what)
{
	if (s->w->src->fail != GH_OK)
		return gh_fail(s->w->err, s->w->src->fail, "the bytes could not be read");
	if (s->steps > s->w->lim->steps)
		return gh_fail(s->w->err, GH_E_LIMIT, "too many parts");
	if (s->c.bad)
		rule = GH_SEQ_CUT;
	gh_seq_say(s, rule, s->c.bad ? s->w->src->size : gh_cur_off(&s->c), "%s", what);
	bool unread = rule == GH_SEQ_TYPE || rule == GH_SEQ_VERSION;
	return gh_fail(s->w->err, unread ? GH_E_UNREAD : GH_E_MALFORMED, "%s", what);
}

static bool clean_name(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return s.n != 0 && gh_utf8_valid(s);
}

enum gh_rc gh_seq_take_name(struct gh_seq *s, uint64_t len, bool once, struct gh_seq_name *out)
{
	uint64_t off = gh_cur_off(&s->c);
	out->n = 0;
	if (!gh_seq_fits(s, len, 1))
		return gh_seq_fail(s, GH_SEQ_COUNT, "a name longer than the file");
	if (len > GH_SEQ_NAME_MAX) {
		gh_seq_say(s, GH_SEQ_NAME, off, "a name of %llu bytes", (unsigned long long)len);
		gh_cur_skip(&s->c, len);
		return GH_OK;
	}
	const uint8_t *p = len == 0 ? NULL : gh_cur_take(&s->c, (size_t)len);
	if (p != NULL) {
		memcpy(out->p, p, (size_t)len);
		out->n = (size_t)len;
	}
	if (!clean_name(gh_seq_name(out)))
		gh_seq_say(s, GH_SEQ_NAME, off, "\"%s\"", gh_safe(gh_seq_name(out)).s);
	uint64_t h = gh_hash_end(gh_hash(GH_HASH_START, gh_seq_name(out)));
	if (once && !gh_recs_add(&s->names, (struct gh_rec){ h, off, 0 }))
		return gh_fail(s->w->err, GH_E_LIMIT, "more names than can be compared");
	return GH_OK;
}

enum gh_rc gh_seq_text(struct gh_seq *s, struct gh_span key, uint64_t len)
{
	uint64_t off = gh_cur_off(&s->c);
	if (!gh_seq_fits(s, len, 1))
		return gh_seq_fail(s, GH_SEQ_COUNT, "a text longer than the file");
	enum gh_rc rc = gh_held_text(&s->held, key, off, len);
	gh_cur_seek(&s->c, off + len);
	return rc;
}

enum gh_rc gh_seq_tensor(struct gh_seq *s, struct gh_span name, const struct gh_dtype *t, unsigned ndim,
			 const uint64_t *dim)
{
	uint64_t elements = 0, bytes = 0, off = gh_cur_off(&s->c);
	if (!gh_dtype_size(t, ndim, dim, 0, &elements, &bytes))
		return gh_seq_fail(s, GH_SEQ_VALUE, "a shape whose size overflows");
	if (!gh_seq_fits(s, bytes, 1))
		return gh_seq_fail(s, GH_SEQ_COUNT, "an array longer than the file");
	struct gh_tensor ev = {
		.name = name, .dtype = t->name, .bits = t->bits, .ndim = ndim, .dim = dim, .src = s->w->src
	};
	enum gh_rc rc = gh_held_tensor(&s->held, &ev, off, bytes);
	gh_src_advance(s->w->src, off + bytes);
	gh_cur_seek(&s->c, off + bytes);
	return rc;
}

enum gh_rc gh_seq_row(struct gh_seq *s, const char *name, const char *dtype, uint64_t n)
{
	return gh_seq_tensor(s, gh_span_str(name), gh_dtype_safetensors(gh_span_str(dtype)), 1, &n);
}

enum gh_rc gh_seq_end(struct gh_seq *s, enum gh_rc rc)
{
	uint64_t off = gh_cur_off(&s->c);
	gh_held_claim(&s->held, off < s->w->src->size ? off : s->w->src->size);
	gh_recs_sort(&s->names, 0);
	for (size_t i = 1; i < s->names.n; i++)
		if (gh_recs_at(&s->names, i)->a == gh_recs_at(&s->names, i - 1)->a)
			gh_seq_say(s, GH_SEQ_TWICE, gh_recs_at(&s->names, i)->b, "an array of this name came before");
	return rc;
}
