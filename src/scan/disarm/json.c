/* json.c - configuration as JSON: keys that make loaders run code of the repository are left out, chat templates are
 * replaced, an index of shards names the new files. Everything else stays as it is spelt; a file in which nothing has to
 * change is copied. */
#include "format/json_src.h"
#include "scan/disarm/job.h"
#include "scan/disarm/template.h"

#include <stdio.h>

enum { LEVELS = 64 };

/* Keys that make a loader import, fetch or call something. */
static const struct {
	const char *key, *why;
} active[] = {
	{ "auto_map", "makes loaders run Python files of the repository" },
	{ "_auto_class", "makes loaders run Python files of the repository" },
	{ "trust_remote_code", "lets loaders run Python files of the repository" },
	{ "custom_pipelines", "makes loaders run Python files of the repository" },
	{ "_target_", "names a class or function that a loader calls" },
	{ "_partial_", "belongs to a call that a loader makes" },
	{ "_custom_init_isolate_", "belongs to a call that a loader makes" },
};

struct fix {
	struct gh_dis_job *j;
	struct gh_json_src x;
	struct gh_dis_marks marks;
	bool cells, nbformat, weight_map; /* seen at the top */
	bool tpl;			  /* so was a chat template */
	uint64_t changes;
	bool more[LEVELS + 2]; /* something stands before, on this level */
	struct gh_span vetted;
	const char *family;
	struct gh_buf out;
};

static enum gh_json_tok next(struct fix *f) { return gh_json_src_next(&f->x); }

static void begin(struct fix *f)
{
	gh_json_src(&f->x, f->j->src, 0, f->j->src->size, f->j->arena);
	f->x.j.max_depth = LEVELS;
	f->x.j.accept_nan = true;
}

/* First pass: what kind of document it is, and all markers in it. False: no JSON that can be written again. */
static bool look(struct fix *f)
{
	struct gh_json *t = &f->x.j;
	begin(f);
	bool key_is_template = false;
	for (;;) {
		enum gh_json_tok tok = next(f);
		if (tok == GH_JSON_BAD)
			return false;
		if (tok == GH_JSON_END)
			return !gh_json_left(t) && t->duplicates == 0 && t->lone == 0 && !t->bom;
		if (tok == GH_JSON_STRING && key_is_template)
			gh_dis_mark_text(&f->marks, t->text);
		else if (tok == GH_JSON_STRING)
			gh_dis_mark_token(&f->marks, t->text);
		if (tok != GH_JSON_KEY)
			continue;
		key_is_template = gh_json_is(t, "chat_template") || gh_json_is(t, "template");
		if (t->depth != 1)
			continue;
		f->cells = f->cells || gh_json_is(t, "cells");
		f->nbformat = f->nbformat || gh_json_is(t, "nbformat");
		f->weight_map = f->weight_map || gh_json_is(t, "weight_map");
		f->tpl = f->tpl || gh_json_is(t, "chat_template");
	}
}

/* ---- writing ------------------------------------------------------------------------------------------------------- */

static enum gh_rc flush(struct fix *f)
{
	enum gh_rc rc = f->out.full ? GH_E_NOMEM : gh_dis_write(f->j, f->out.p, f->out.n);
	f->out.n = 0;
	return rc;
}

static void indent(struct fix *f, unsigned depth)
{
	gh_buf_ch(&f->out, '\n');
	for (unsigned i = 0; i < depth; i++)
		gh_buf_str(&f->out, "  ");
}

/* The comma and the line before an item of this level. */
static void separate(struct fix *f, unsigned depth)
{
	if (depth == 0)
		return;
	if (f->more[depth])
		gh_buf_ch(&f->out, ',');
	f->more[depth] = true;
	indent(f, depth);
}

/* A token as it is spelt. */
static enum gh_rc spelt(struct fix *f)
{
	enum gh_rc rc = flush(f);
	return rc == GH_OK ? gh_dis_pass(f->j, f->j->src, f->x.j.off, f->x.j.len) : rc;
}

static const char *why_active(const struct gh_json *t)
{
	for (size_t i = 0; i < sizeof active / sizeof active[0]; i++)
		if (gh_json_is(t, active[i].key))
			return active[i].why;
	return NULL;
}

/* Past the value of the key that was just read. Its length in bytes. */
static uint64_t skip(struct fix *f)
{
	enum gh_json_tok tok = next(f);
	uint64_t from = f->x.j.off;
	if (tok == GH_JSON_OBJECT || tok == GH_JSON_ARRAY)
		(void)gh_json_src_skip(&f->x);
	return f->x.j.off + f->x.j.len - from;
}

/* A key that must not stay: left out, or its value replaced. True: it was dealt with. */
static bool judged(struct fix *f, enum gh_rc *rc)
{
	struct gh_json *t = &f->x.j;
	const char *why = why_active(t);
	unsigned depth = t->depth;
	*rc = GH_OK;
	if (why != NULL) {
		struct gh_span key = gh_keep(f->j->arena, t->text);
		gh_dis_say(f->j, GH_DIS_ACT_DROPPED, key, "key", skip(f), "%s", why);
	} else if (depth == 1 && gh_json_is(t, "chat_template")) {
		uint64_t n = skip(f);
		if (f->vetted.p == NULL) {
			gh_dis_say(f->j, GH_DIS_ACT_DROPPED, GH_SPAN("chat_template"), "chat template", n,
				   "its family is not known for sure: give one when you serve the model");
		} else {
			gh_dis_say(f->j, GH_DIS_ACT_REPLACED, GH_SPAN("chat_template"), "chat template", n,
				   "by the vetted one for %s", f->family);
			separate(f, depth);
			gh_buf_str(&f->out, "\"chat_template\": ");
			gh_buf_json(&f->out, f->vetted);
		}
	} else {
		return false;
	}
	f->changes++;
	return true;
}

/* A file name in an index of shards: the one it has after conversion. */
static bool renamed(struct fix *f)
{
	static const char *const ends[] = { ".bin", ".pt", ".pth" };
	const struct gh_json *t = &f->x.j;
	char was[256], now[300];
	bool pickled = false;
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		pickled = pickled || gh_span_ends(t->text, ends[i]);
	if (!pickled || t->text.n != t->full || t->text.n >= sizeof was || memchr(t->text.p, 0, t->text.n) != NULL)
		return false;
	memcpy(was, t->text.p, t->text.n);
	was[t->text.n] = '\0';
	if (!gh_dis_converted_name(was, now, sizeof now))
		return false;
	gh_buf_json(&f->out, gh_span_str(now));
	f->changes++;
	return true;
}

static enum gh_rc write_all(struct fix *f)
{
	struct gh_json *t = &f->x.j;
	bool in_map = false, after_key = false;
	begin(f);
	for (;;) {
		enum gh_rc rc = GH_OK;
		enum gh_json_tok tok = next(f);
		unsigned depth = t->depth;
		switch (tok) {
		case GH_JSON_BAD: return gh_fail(f->j->err, GH_E_IO, "the file changed while it was read");
		case GH_JSON_END: gh_buf_ch(&f->out, '\n'); return flush(f);
		case GH_JSON_KEY:
			if (judged(f, &rc))
				break;
			separate(f, depth);
			in_map = f->weight_map && (depth == 2 ? in_map : gh_json_is(t, "weight_map"));
			rc = spelt(f);
			gh_buf_str(&f->out, ": ");
			after_key = true;
			continue;
		case GH_JSON_OBJECT_END:
		case GH_JSON_ARRAY_END:
			if (f->more[depth + 1])
				indent(f, depth);
			gh_buf_ch(&f->out, tok == GH_JSON_OBJECT_END ? '}' : ']');
			break;
		default:
			if (!after_key)
				separate(f, depth);
			after_key = false;
			if (tok == GH_JSON_OBJECT || tok == GH_JSON_ARRAY) {
				gh_buf_ch(&f->out, tok == GH_JSON_OBJECT ? '{' : '[');
				f->more[depth + 1] = false;
			} else if (tok != GH_JSON_STRING || !in_map || depth != 2 || !renamed(f)) {
				rc = spelt(f);
			}
			break;
		}
		if (rc != GH_OK)
			return rc;
	}
}

enum gh_rc gh_dis_json(struct gh_dis_job *j)
{
	struct fix *f = GH_NEW(j->arena, struct fix, 1);
	if (f == NULL)
		return gh_fail(j->err, GH_E_LIMIT, "memory (--limit-memory)");
	f->j = j;
	f->out = gh_buf(1 << 20);
	j->out->outcome = GH_DIS_COPY;
	j->out->written = NULL;
	if (!look(f))
		return GH_OK; /* nothing that could be written again: its scan says what it is worth */
	if (f->cells && f->nbformat) {
		j->out->outcome = GH_DIS_DROPPED;
		return gh_fail(j->err, GH_OK, "a notebook is code");
	}
	if (f->tpl)
		f->vetted = gh_dis_template(&f->marks, (struct gh_span){ 0 }, &f->family);
	enum gh_rc rc = write_all(f);
	gh_buf_free(&f->out);
	if (f->changes != 0) {
		j->out->outcome = GH_DIS_REWRITTEN;
		j->out->written = "json";
	}
	return rc;
}

/* ---- template files -------------------------------------------------------------------------------------------------- */

enum gh_rc gh_dis_template_file(struct gh_dis_job *j)
{
	struct gh_dis_marks m = { 0 };
	const char *family;
	gh_dis_mark_src(&m, j->src, 0, j->src->size);
	struct gh_span t = gh_dis_template(&m, (struct gh_span){ 0 }, &family);
	if (t.p == NULL) {
		j->out->outcome = GH_DIS_DROPPED;
		return gh_fail(j->err, GH_OK,
			       "a chat template whose family is not known for sure: give one when you serve the model");
	}
	gh_dis_say(j, GH_DIS_ACT_REPLACED, j->name, "chat template", j->src->size, "by the vetted one for %s", family);
	enum gh_rc rc = gh_dis_write(j, t.p, t.n);
	return rc == GH_OK ? gh_dis_write(j, "\n", 1) : rc;
}
