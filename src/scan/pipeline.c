#include "scan/identify.h"
#include "scan/pipe_int.h"
#include "format/formats.h"
#include "base/utf8.h"
#include "wire/language.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	NAME_MAX_TEXT = 160,
	FREE_MIN = 8,
	FREE_LOOKS = 1 << 18,
	PAD_MAX =
		64 << 10 /* bytes between two tensors in a file of raw data: alignment to pages, whatever their size */
};

/* ---- one source, one format ---------------------------------------------------------------------------------- */

struct gap {
	struct gh_range at;
	bool overlap;
};
struct gaps {
	struct gap v[32];
	size_t n;
	bool more; /* than are kept */
};

static void on_gap(void *arg, bool overlap, uint64_t off, uint64_t len)
{
	struct gaps *g = arg;
	g->more = g->n == sizeof g->v / sizeof g->v[0];
	if (!g->more)
		g->v[g->n++] = (struct gap){ { off, len }, overlap };
}

static void tell_checks(struct gh_frame *f, const struct gh_event *ev)
{
	for (size_t i = 0; i < gh_checks_n; i++)
		if ((gh_checks[i]->events & 1u << ev->kind) != 0 && gh_checks[i]->end == NULL) {
			f->scene.state = &f->state[i];
			f->scene.common = &f->p->common[i];
			gh_checks[i]->on(&f->scene, ev);
		}
}

/* How many bytes from the start are text. A script is read line by line: what follows it does not matter to a shell, nor does
 * Python read behind a zero. */
static size_t text_prefix(struct gh_span s)
{
	size_t n = 0;
	while (n < s.n && (s.p[n] >= ' ' ? s.p[n] != 0x7f : s.p[n] == '\n' || s.p[n] == '\t' || s.p[n] == '\r'))
		n++;
	for (unsigned cut = 0; cut < 4 && n > 0 && !gh_utf8_valid(gh_span_cut(s, 0, n)); cut++)
		n--;
	return gh_utf8_valid(gh_span_cut(s, 0, n)) ? n : 0;
}

/* Scripts and source code where no loader looks: whoever knows of them runs the file itself, or takes them out. */
static void look_for_source(struct gh_frame *f, struct gh_range at, const struct gh_member *m)
{
	enum { SOURCE_MIN = 16, SOURCE_HEAD = 256 << 10 };
	struct gh_event ev = { .kind = GH_EV_MEMBER, .at = at, .u.member = m };
	tell_checks(f, &ev);
	struct gh_span head = gh_src_window(m->src, 0, at.len < SOURCE_HEAD ? (size_t)at.len : SOURCE_HEAD);
	head.n = text_prefix(head);
	const char *language = head.n < SOURCE_MIN ? NULL : gh_lang_of(head, (struct gh_span){ 0 });
	if (language == NULL)
		return;
	struct gh_src_sub sub;
	struct gh_code code = { .language = gh_lang_code(language),
				.name = m->name,
				.src = gh_src_sub(&sub, f->src, at.off, head.n) };
	ev = (struct gh_event){ .kind = GH_EV_CODE, .at = { at.off, head.n }, .u.code = &code };
	tell_checks(f, &ev);
}

/* Look for a format in bytes that no loader reads. */
static void look_inside(struct gh_frame *f, struct gh_range at, const char *what)
{
	struct gh_src_sub sub;
	char name[64];
	(void)snprintf(name, sizeof name, "%s at byte %llu", what, (unsigned long long)at.off);
	struct gh_member m = { .how = GH_MEMBER_HIDDEN,
			       .name = gh_span_str(name),
			       .src = gh_src_sub(&sub, f->src, at.off, at.len) };
	look_for_source(f, at, &m);
	(void)gh_pipe_member(f, &m, at);
}

static void report_gap(struct gh_frame *f, struct gap g)
{
	char text[160];
	if (g.overlap) {
		(void)snprintf(text, sizeof text, "%llu bytes belong to two structures", (unsigned long long)g.at.len);
		gh_pipe_find(f, GH_S_OVERLAP, g.at, text);
		return;
	}
	struct gh_span w = gh_src_window(f->src, g.at.off, g.at.len < GH_WINDOW_MAX ? (size_t)g.at.len : GH_WINDOW_MAX);
	bool zero = gh_pipe_nonzero(w) == SIZE_MAX, all = w.n == g.at.len;
	bool tail = g.at.off != 0 && g.at.off + g.at.len == f->src->size;
	char start[40] = "";
	for (size_t i = 0; i < 8 && i < w.n; i++)
		(void)snprintf(start + 3 * i, sizeof start - 3 * i, " %02x", w.p[i]);
	(void)snprintf(text, sizeof text, zero ? "%llu bytes%s, %szero" : "%llu bytes%s, starting%s",
		       (unsigned long long)g.at.len, tail ? " at the end" : "",
		       zero ? (all ? "all " : "the first MiB ") : start);
	gh_pipe_find(f, tail ? GH_S_TRAILING : GH_S_GAP, g.at, text);
	if (!zero || !all)
		look_inside(f, g.at, "unclaimed bytes");
}

static void report_end(struct gh_frame *f, enum gh_rc rc, const struct gh_err *err)
{
	char why[400];
	struct gh_range all = { 0, f->src->size };
	(void)gh_err_line(err, why, sizeof why);
	if (f->src->fail != GH_OK && rc != GH_OK && rc != GH_E_LIMIT) {
		/* The bytes stopped coming. For the file itself the trusted process says why; for a temporary file
		 * nobody else will. */
		if (f->up != f->p->root)
			gh_pipe_find(f, GH_S_IO, all, "a temporary file could not be read back");
		return;
	}
	switch (rc) {
	case GH_OK: break;
	case GH_E_MALFORMED: gh_pipe_find(f, GH_S_MALFORMED, all, why); break;
	case GH_E_LIMIT:
	case GH_E_NOMEM:
		if (f->p->budget.hit != NULL)
			gh_pipe_limit(f, f->p->budget.hit);
		else
			gh_pipe_find(f, GH_S_LIMIT, all, why[0] != '\0' ? why : "work or memory (--limit-memory)");
		break;
	case GH_E_UNREAD: gh_pipe_find(f, GH_S_UNREAD, all, why); break;
	case GH_E_NOTTHIS:
	case GH_E_DENIED:
	case GH_E_IO:
	case GH_E_ABSENT:
	case GH_E_EXISTS:
	case GH_E_BUG: gh_pipe_find(f, GH_S_BUG, all, why[0] != '\0' ? why : f->fmt->name); break;
	}
}

static void report_coverage(struct gh_frame *f, const struct gaps *gaps)
{
	for (size_t i = 0; i < gaps->n; i++)
		report_gap(f, gaps->v[i]);
	unsigned looked = 0;
	for (size_t i = 0; i < f->cover.n && looked < FREE_LOOKS; i++) {
		struct gh_claimed c = f->cover.v[i];
		if (c.kind != GH_CLAIM_FREE || c.end - c.off < FREE_MIN)
			continue;
		look_inside(f, (struct gh_range){ c.off, c.end - c.off }, "free text");
		looked++;
	}
	if (looked == FREE_LOOKS)
		gh_pipe_limit(f, "number of comments and extra fields in one file");
	if (gaps->more)
		gh_pipe_limit(f, "number of gaps and overlaps in one file");
	if (f->cover.full)
		gh_pipe_limit(f, "number of separate ranges in one file");
	if (f->cover.wild)
		gh_pipe_find(f, GH_S_BUG, (struct gh_range){ 0 }, "a reader claimed bytes outside the file");
}

/* What a walk came to. */
struct outcome {
	bool accepted;
	const struct gh_fmt *fmt; /* as which it was read in the end: see gh_walk_as() */
	uint64_t missing;	  /* bytes nobody understood */
};

/* How sure it is that the bytes are of this format. */
enum trust {
	SURE,	 /* a loader would take them for it */
	WEAK,	 /* the reader decides */
	CONTEST, /* several unrelated formats match: only those count that are whole, or that act */
	QUIET,	 /* plain data may look like anything for a few bytes: only a whole structure, or a call, counts */
};

static bool accepted(enum trust trust, const struct gh_frame *f, enum gh_rc rc, const struct gaps *gaps)
{
	switch (trust) {
	case SURE:
	case WEAK: break;
	case CONTEST: /* a refinement has seen more than first bytes: broken or not, it is what it says */
		if (f->fmt->over == NULL || rc == GH_E_NOTTHIS)
			return rc == GH_OK || f->calls != 0 || f->imports != 0;
		break;
	case QUIET: return (rc == GH_OK && gaps->n == 0) || f->calls != 0;
	}
	return rc != GH_E_NOTTHIS || f->calls != 0;
}

static struct outcome walk_as(struct gh_frame *sf, const struct gh_fmt *fmt, enum trust trust)
{
	struct gh_pipe *p = sf->p;
	struct outcome out = { .accepted = true, .fmt = fmt, .missing = sf->src->size };
	if (fmt->walk == NULL) {
		char text[200];
		(void)snprintf(text, sizeof text, "%s: %s", fmt->name, fmt->about);
		gh_pipe_find(sf, GH_S_NOT_READ, (struct gh_range){ 0, sf->src->size }, text);
		return out;
	}
	struct gh_frame *f = calloc(1, sizeof *f); /* not on the stack: readers nest */
	if (f == NULL) {
		gh_pipe_limit(sf, "memory (--limit-memory)");
		return out;
	}
	*f = *sf;
	f->sink.ops = &gh_pipe_sink_ops;
	f->up = sf;
	f->fmt = fmt;
	f->scene.format = fmt->name;
	f->scene.find = gh_pipe_scene_find;
	f->scene.arena = &p->arena;
	f->cover = (struct gh_cover){ .size = sf->src->size };
	f->trial = trust != SURE;
	f->held_end = &f->held;
	f->late = (struct gh_places){ 0 };
	f->calls = f->imports = f->lacking = 0;
	struct gh_arena arena = { .max = p->lim.arena };
	struct gh_err err = { 0 };
	struct gh_walk w = { .src = sf->src,
			     .arena = &arena,
			     .sink = &f->sink,
			     .lim = &p->lim,
			     .name = f->scene.name,
			     .role = f->scene.role,
			     .weak = trust == WEAK || trust == QUIET,
			     .err = &err };
	size_t pads = p->pads.n, facts = p->facts.n;
	struct gh_looked_at stage[GH_STAGES];
	memcpy(stage, p->stage, sizeof stage);
	struct gh_weights_mark mark = { 0 };
	gh_malware_mark(f, &mark);
	enum gh_rc rc = fmt->walk(&w);
	for (size_t i = 0; i < gh_checks_n; i++)
		if (gh_checks[i]->end != NULL) {
			f->scene.state = &f->state[i];
			f->scene.common = &f->p->common[i];
			f->scene.stage = gh_checks[i]->stage;
			gh_checks[i]->end(&f->scene);
		}
	gh_arena_free(&arena);
	struct gaps gaps = { 0 };
	out.missing = gh_cover_finish(&f->cover, on_gap, &gaps) + f->lacking;
	if (out.missing > sf->src->size)
		out.missing = sf->src->size;
	if (rc != GH_OK && out.missing == 0)
		out.missing = 1; /* claimed in full, but not read to its end: never complete */
	out.fmt = f->fmt;
	out.accepted = accepted(trust, f, rc, &gaps);
	if (out.accepted) {
		gh_pipe_commit(f);
		report_end(f, rc, &err);
		if (rc == GH_OK)
			report_coverage(f, &gaps);
		gh_pipe_late_padding(f);
	} else {
		gh_facts_rewind(&p->facts, facts);
		memcpy(p->stage, stage, sizeof stage);
		p->pads.n = pads;
		if (p->pad_next > pads)
			p->pad_next = pads;
	}
	gh_malware_settle(f, &mark, out.accepted);
	gh_cover_free(&f->cover);
	gh_pipe_show_keep(sf, f);
	free(f);
	return out;
}

/* ---- one source ---------------------------------------------------------------------------------------------- */

struct reading {
	const struct gh_fmt *as[GH_IDENT_MAX + 1];
	size_t n;
	unsigned strong;
	bool program;
	uint64_t missing;
};

static bool refined(const struct reading *r, const struct gh_fmt *fmt)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->as[i] == fmt || (r->as[i]->over != NULL && strcmp(r->as[i]->over, fmt->name) == 0))
			return true;
	return false;
}

/* Native programs: what looks like a program in them is they themselves. Other formats that are not read may hide one. */
static bool is_program(const struct gh_fmt *fmt)
{
	return fmt == &gh_fmt_elf || fmt == &gh_fmt_pe || fmt == &gh_fmt_macho;
}

static void attempt(struct gh_frame *sf, struct reading *r, const struct gh_fmt *fmt, enum gh_match match,
		    enum trust trust)
{
	if (refined(r, fmt))
		return;
	if (match == GH_WEAK && trust != QUIET) /* of raw weights, a few bytes may begin like anything */
		trust = sf->up == NULL && sf->p->ndeclared != 0 ? QUIET : WEAK;
	struct outcome o = walk_as(sf, fmt, trust);
	if (!o.accepted)
		return;
	r->as[r->n++] = o.fmt;
	r->strong += match == GH_STRONG;
	r->program = r->program || is_program(fmt);
	if (o.missing < r->missing)
		r->missing = o.missing;
}

static enum gh_match match_of(const struct gh_ident *id, const struct gh_fmt *fmt)
{
	for (size_t i = 0; i < id->n; i++)
		if (id->v[i].fmt == fmt)
			return id->v[i].match;
	return GH_WEAK; /* its loader is used whatever the bytes say */
}

/* The most general format that this one refines. */
static const struct gh_fmt *family(const struct gh_fmt *fmt)
{
	for (const struct gh_fmt *up; fmt->over != NULL && (up = gh_fmt_named(fmt->over)) != NULL;)
		fmt = up;
	return fmt;
}

/* Do several formats that have nothing to do with each other claim these bytes? */
static bool contested(const struct gh_ident *id)
{
	const struct gh_fmt *first = NULL;
	for (size_t i = 0; i < id->n; i++) {
		if (id->v[i].match != GH_STRONG)
			continue;
		if (first != NULL && family(id->v[i].fmt) != first)
			return true;
		first = family(id->v[i].fmt);
	}
	return false;
}

static void read_as_identified(struct gh_frame *sf, const struct gh_ident *id, struct reading *r, enum trust trust)
{
	for (size_t i = 0; i < id->n; i++) {
		enum gh_match match = id->v[i].match;
		if ((match == GH_WEAK && r->n != 0) || (match == GH_TEXT && (r->n != 0 || trust == QUIET)))
			continue;
		attempt(sf, r, id->v[i].fmt, match, trust);
	}
}

static void read_all(struct gh_frame *sf, const struct gh_ident *id, const struct gh_member *m, struct reading *r)
{
	bool quiet = m->raw || m->how == GH_MEMBER_HIDDEN || m->how == GH_MEMBER_NESTED;
	const struct gh_fmt *expect = m->expect == NULL ? NULL : gh_fmt_named(m->expect);
	if (expect != NULL)
		attempt(sf, r, expect, match_of(id, expect), SURE);
	if (!quiet && contested(id))
		read_as_identified(sf, id, r, CONTEST);
	if (r->n == 0 || expect != NULL) /* not contested, or nobody stood the test: then all of them are reported */
		read_as_identified(sf, id, r, quiet ? QUIET : SURE);
}

/* Is this the file itself, of no known format, and do other files explain its bytes? */
static bool declared_raw(const struct gh_frame *sf, const struct reading *r)
{
	return sf->up == NULL && r->n == 0 && sf->p->ndeclared != 0;
}

/* Of what raw data turned out to be: a document that nothing runs is what it was read as; a pickle was judged by its calls;
 * anything else has no business there. One that is not like the others decides. */
static enum gh_scan_rule carried(const struct reading *r)
{
	static const char *const inert[] = { "json", "text", "sentencepiece", "png",  "jpeg", "gif",
					     "webp", "bmp",  "ini",	      "toml", "yaml", "safetensors-index" };
	static const char *const loaded[] = { "pickle", "pytorch-zip" };
	size_t quiet = 0, load = 0;
	for (size_t i = 0; i < r->n; i++) {
		for (size_t k = 0; k < sizeof inert / sizeof inert[0]; k++)
			quiet += strcmp(r->as[i]->name, inert[k]) == 0;
		for (size_t k = 0; k < sizeof loaded / sizeof loaded[0]; k++)
			load += strcmp(r->as[i]->name, loaded[k]) == 0;
	}
	return r->missing != 0 || quiet + load != r->n ? GH_S_NOT_RAW : load != 0 ? GH_S_RAW_LOADED : GH_S_RAW_TEXT;
}

static void judge_identity(struct gh_frame *sf, const struct gh_ident *id, const struct gh_member *m,
			   const struct reading *r)
{
	char text[200], names[120] = "";
	struct gh_range all = { 0, sf->src->size };
	bool named = m->how == GH_MEMBER_FILE && !m->raw;
	for (size_t i = 0; i < r->n; i++) {
		(void)snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "",
			       r->as[i]->name);
		named = named && gh_name_disagrees(m->name, r->as[i]);
	}
	if (declared_raw(sf, r))
		return;
	if (r->n == 0) {
		if (m->how == GH_MEMBER_FILE && !m->raw && sf->src->size != 0 && sf->src->fail == GH_OK)
			gh_pipe_find(sf, GH_S_NOT_UNDERSTOOD, all, "no reader recognises the content");
		else if (m->how == GH_MEMBER_STREAM && sf->src->size != 0 && sf->src->fail == GH_OK)
			gh_pipe_find(sf, GH_S_NOT_UNDERSTOOD, all, "no reader recognises the expanded content");
		return;
	}
	if (r->strong > 1 || id->overflow) {
		(void)snprintf(text, sizeof text, "reads as %s", names);
		gh_pipe_find(sf, GH_S_POLYGLOT, all, text);
	}
	if (m->raw || m->how == GH_MEMBER_HIDDEN) {
		(void)snprintf(text, sizeof text, "the bytes are a whole file: %s", names);
		gh_pipe_find(sf, m->raw ? carried(r) : GH_S_HIDDEN, all, text);
	} else if (m->how == GH_MEMBER_NESTED) {
		(void)snprintf(text, sizeof text, "%s%s%s", names, m->role != NULL ? ", as " : "",
			       m->role != NULL ? m->role : "");
		gh_pipe_find(sf, GH_S_NESTED, all, text);
	} else if (named) {
		(void)snprintf(text, sizeof text, "content is %s", names);
		gh_pipe_find(sf, GH_S_NAME, all, text);
	}
}

/* "archive.tar > data.pkl", in the frame itself: paths of a million members are not kept. */
static void name_path(struct gh_frame *sf, const struct gh_member *m)
{
	gh_auto_buf b = gh_buf(GH_PATH_TEXT);
	sf->path = sf->path_text;
	if (sf->up == NULL)
		return;
	if (sf->up->path[0] != '\0')
		gh_buf_fmt(&b, "%.400s > ", sf->up->path);
	if (m->name.n == 0)
		gh_buf_str(&b, m->how == GH_MEMBER_STREAM ? "content" : "unnamed");
	else
		gh_buf_safe(&b, m->name, NAME_MAX_TEXT);
	(void)snprintf(sf->path_text, sizeof sf->path_text, "%s", gh_buf_cstr(&b));
}

/* The root is plain data, as other files say: what lies between their ranges must be zeros. Returns the bytes that are
 * left over. */
static uint64_t read_declared(struct gh_frame *sf)
{
	const struct gh_pipe *p = sf->p;
	uint64_t at = 0, missing = 0;
	for (size_t i = 0; i <= p->ndeclared; i++) {
		struct gh_range r = i < p->ndeclared ? p->declared[i] : (struct gh_range){ sf->src->size, 0 };
		if (r.off < at || r.off > sf->src->size || r.len > sf->src->size - r.off)
			return sf->src->size; /* not as agreed */
		if (r.off != at && r.off - at <= PAD_MAX && i < p->ndeclared)
			gh_pipe_check_padding(sf, at, r.off - at);
		else if (r.off != at) {
			report_gap(sf, (struct gap){ { at, r.off - at }, false });
			missing += r.off - at;
		}
		at = r.off + r.len;
		if (sf->src->fail == GH_OK)
			gh_src_advance(sf->src, at);
	}
	gh_pipe_late_padding(sf);
	return missing;
}

void gh_pipe_read(struct gh_pipe *p, struct gh_frame *up, const struct gh_member *m, struct gh_range at)
{
	struct gh_frame *sf = calloc(1, sizeof *sf);
	if (sf == NULL) {
		if (up != NULL) { /* of the file itself nothing counts as understood then */
			gh_pipe_limit(up, "memory (--limit-memory)");
			up->lacking += at.len;
		}
		return;
	}
	*sf = (struct gh_frame){
		.p = p,
		.up = up,
		.src = m->src,
		.scene = { .format = "unknown", /* until a reader takes it: checks hear of it all the same */
			   .name = m->name,
			   .role = m->role,
			   .depth = up == NULL ? 0 : up->scene.depth + 1,
			   .arena = &p->arena,
			   .find = gh_pipe_scene_find,
			   .looked = gh_pipe_scene_looked,
			   .data = p->host->data,
			   .src = m->src },
	};
	sf->held_end = &sf->held;
	name_path(sf, m);
	if (up == NULL)
		p->root = sf;
	if (m->how == GH_MEMBER_FILE || m->how == GH_MEMBER_STREAM)
		for (struct gh_frame *t = up; t != NULL && t->src == up->src; t = t->up)
			t->container = true;
	sf->placed = gh_src_within(m->src, p->root->src, &sf->base);
	gh_pipe_show_ahead(sf, m);
	gh_malware_open(sf, m, at);
	struct reading r = { .missing = m->src->size };
	struct gh_arena arena = { .max = 2 * GH_PROBE_BYTES };
	struct gh_ident id;
	if (sf->scene.depth > p->lim.depth)
		gh_pipe_limit(up, "containers within containers (--limit-depth)");
	else {
		enum gh_rc rc = gh_identify(m->src, &arena, &id);
		gh_arena_free(&arena);
		if (rc == GH_OK) {
			read_all(sf, &id, m, &r);
			judge_identity(sf, &id, m, &r);
			if (!r.program)
				gh_pipe_report_spool_hits(sf);
			if (r.n != 0)
				sf->scene.format = r.as[0]->name;
			gh_pipe_show_rest(sf, m);
		} else if (up != NULL || rc == GH_E_LIMIT)
			gh_pipe_find(sf, GH_S_IO, (struct gh_range){ 0, m->src->size }, "the bytes could not be had");
	}
	if (r.program && sf->placed)
		gh_pipe_place(p, &p->known, sf->base, m->src->size);
	if (r.n == 0 && m->raw)
		r.missing = 0; /* plain data, as the container says */
	else if (declared_raw(sf, &r))
		r.missing = read_declared(sf);
	if (up == NULL)
		sf->lacking = r.missing;
	else if (r.missing != 0 && m->how != GH_MEMBER_HIDDEN && m->how != GH_MEMBER_NESTED) {
		uint64_t off;
		up->lacking += gh_src_within(m->src, up->src, &off) ? r.missing : at.len;
	}
	if (up == NULL) {
		struct gh_pipe_result *out = p->result;
		out->understood = m->src->size - r.missing;
		for (size_t i = 0; i < r.n; i++)
			(void)snprintf(out->format + strlen(out->format), sizeof out->format - strlen(out->format),
				       "%s%s", i ? "+" : "", r.as[i]->name);
		if (r.n == 0)
			(void)snprintf(out->format, sizeof out->format, "%s",
				       m->src->size == 0   ? "empty"
				       : p->ndeclared != 0 ? "raw-weights"
							   : "unknown");
		gh_src_advance(m->src, m->src->size); /* the rest flows by: it is swept too */
		if (m->src->stable)
			gh_pipe_sweep_stable(p, m->src);
		gh_malware_close(sf, m, r.n == 0);
		if (!r.program)
			gh_pipe_report_hits(sf);
		if (p->lost)
			gh_pipe_limit(sf, "places in one file that need a second look");
		p->root = NULL;
	} else
		gh_malware_close(sf, m, r.n == 0);
	free(sf);
}

/* ---- the pipe ------------------------------------------------------------------------------------------------ */

void gh_pipe_declare(struct gh_pipe *p, const struct gh_range *v, size_t n)
{
	struct gh_range *kept = GH_NEW(&p->arena, struct gh_range, n);
	if (kept == NULL)
		return; /* then the file is not understood */
	memcpy(kept, v, n * sizeof *v);
	p->declared = kept;
	p->ndeclared = n;
}

static int spill(void *arg)
{
	struct gh_pipe *p = arg;
	return p->host->spill(p->host->arg);
}

struct gh_pipe *gh_pipe_new(const struct gh_limits *lim, const struct gh_pipe_host *host)
{
	struct gh_pipe *p = calloc(1, sizeof *p);
	if (p == NULL)
		return NULL;
	p->lim = *lim;
	p->host = host;
	p->arena.max = (size_t)24 << 20;
	p->findings = (struct gh_findings){ .host = host, .arena = &p->arena };
	p->facts.arena.max = lim->arena / 2;
	p->budget = (struct gh_spool_budget){ .expanded_left = lim->expanded,
					      .ratio = lim->ratio,
					      .owner = p,
					      .spill = spill,
					      .arg = p,
					      .sweep = gh_pipe_sweep_spool };
	return p;
}

static void say_stages(const struct gh_pipe *p)
{
	for (unsigned i = 0; i < GH_STAGES; i++) {
		const struct gh_looked_at *l = &p->stage[i];
		struct gh_fact f = { GH_FACT_STAGE, l->why == NULL ? "" : l->why, i, l->units, l->bytes };
		if (l->units != 0 || l->bytes != 0 || l->why != NULL)
			p->host->fact(p->host->arg, &f);
	}
}

void gh_pipe_run(struct gh_pipe *p, struct gh_src *root, struct gh_span name, struct gh_pipe_result *out)
{
	*out = (struct gh_pipe_result){ 0 };
	p->result = out;
	struct gh_member m = { .how = GH_MEMBER_FILE, .name = name, .src = root };
	gh_pipe_read(p, NULL, &m, (struct gh_range){ 0, root->size });
	gh_findings_close(&p->findings);
	if (p->host->fact != NULL) {
		gh_facts_close(&p->facts, p->host->fact, p->host->arg);
		say_stages(p);
	}
	out->members = p->members;
	out->expanded = p->budget.expanded;
	out->dropped = p->findings.dropped;
}

void gh_pipe_released(struct gh_pipe *p, struct gh_span span, uint64_t off, uint64_t below)
{
	gh_malware_flow(p, span, off, below);
}

void gh_pipe_free(struct gh_pipe *p)
{
	if (p == NULL)
		return;
	while (p->spools != NULL)
		gh_pipe_forget_spool(p, p->spools);
	gh_facts_free(&p->facts);
	gh_decoded_free(&p->decoded);
	gh_arena_free(&p->arena);
	free(p);
}
