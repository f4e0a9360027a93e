#include "scan/pipeline.h"

#include "check/check.h"
#include "scan/coverage.h"
#include "scan/findings.h"
#include "scan/identify.h"
#include "scan/rules.h"
#include "scan/spool.h"
#include "wire/program.h"

#include <stdio.h>
#include <stdlib.h>

enum { PATH_MAX_TEXT = 600, NAME_MAX_TEXT = 160, HITS_MAX = 64, FREE_MIN = 8 };

/* Where embedded programs were seen in the root, and which places are accounted for as members of their own. */
struct places {
	struct gh_range *v;
	size_t n, cap;
};

struct gh_pipe {
	struct gh_limits lim;
	const struct gh_pipe_host *host;
	struct gh_arena arena; /* findings, paths: lives as long as the file's scan */
	struct gh_findings findings;
	struct gh_spool_budget budget;
	struct gh_spool *spools;
	uint64_t members;
	const char *told_limit; /* a budget is reported once */
	struct frame *root;
	struct gh_pipe_result *result;
	struct places hit, known;
	struct places pads; /* padding of the root that lies ahead, in order: checked as it flows by */
	size_t pad_next;
	uint64_t swept;	    /* bytes of the root that have flowed by */
};

/* One source being read, by one format. */
struct frame {
	struct gh_sink sink; /* first: events come in by it */
	struct gh_scene scene;
	struct gh_pipe *p;
	struct frame *up;
	struct gh_src *src;
	const struct gh_fmt *fmt;
	const char *path;   /* "" for the file itself */
	uint64_t base;	    /* place of this source in the root, when `placed` */
	bool placed;
	enum gh_member_how how;
	const char *role;
	struct gh_cover cover;
	struct places late; /* padding to be looked at after the walk */
	bool trial;	    /* findings are held back until it is clear that this is the format */
	struct gh_raised *held, **held_end;
	uint64_t calls, lacking; /* lacking: bytes of members that nothing understood */
};

static void place(struct gh_pipe *p, struct places *l, uint64_t off, uint64_t len)
{
	if (l->n != 0 && l->n == l->cap && l->cap >= 1 << 18)
		return;
	struct gh_range *v = gh_grow(&p->arena, l->v, &l->cap, l->n + 1, sizeof *v);
	if (v == NULL)
		return;
	l->v = v;
	l->v[l->n++] = (struct gh_range){ off, len };
}

/* ---- findings ------------------------------------------------------------------------------------------------ */

static void raise_at(struct frame *f, const struct gh_rule *rule, struct gh_range at, bool ranged, const char *path,
		     const char *detail)
{
	struct gh_pipe *p = f->p;
	for (struct frame *t = f; t != NULL; t = t->up) {
		if (!t->trial)
			continue;
		struct gh_raised *r = GH_NEW(&p->arena, struct gh_raised, 1);
		struct gh_span d = gh_keep(&p->arena, gh_span_str(detail));
		if (r == NULL || d.p == NULL)
			break; /* no memory to hold it back: better said too early than never */
		*r = (struct gh_raised){ .rule = rule, .at = at, .ranged = ranged, .member = path,
					 .detail = (const char *)d.p };
		*t->held_end = r;
		t->held_end = &r->next;
		return;
	}
	gh_findings_add(&p->findings, rule, at, ranged, path, detail);
}

static void find(struct frame *f, enum gh_scan_rule rule, struct gh_range at, const char *detail)
{
	raise_at(f, &gh_scan_rules[rule], at, true, f->path, detail);
}

static void scene_find(struct gh_scene *s, const struct gh_rule *rule, struct gh_range at, const char *text)
{
	struct frame *f = (struct frame *)((char *)s - offsetof(struct frame, scene));
	raise_at(f, rule, at, true, f->path, text);
}

static void commit(struct frame *f)
{
	struct gh_raised *next;
	f->trial = false;
	for (struct gh_raised *r = f->held; r != NULL; r = next) {
		next = r->next;
		raise_at(f, r->rule, r->at, r->ranged, r->member, r->detail);
	}
	f->held = NULL;
}

static void limit(struct frame *f, const char *what)
{
	if (f->p->told_limit == what)
		return;
	f->p->told_limit = what;
	find(f, GH_S_LIMIT, (struct gh_range){ 0 }, what);
}

/* ---- padding ------------------------------------------------------------------------------------------------- */

static size_t nonzero_at(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != 0)
			return i;
	return SIZE_MAX;
}

static void bad_padding(struct frame *f, uint64_t off, uint64_t len, size_t at)
{
	char text[96];
	(void)snprintf(text, sizeof text, "%llu bytes of padding; byte %llu is not zero", (unsigned long long)len,
		       (unsigned long long)(off + at));
	find(f, GH_S_PADDING, (struct gh_range){ off, len }, text);
}

/* Zeros can be looked at now, when they flow by, or afterwards: a window now could pull a span from under the reader
 * that is claiming. */
static void check_padding(struct frame *f, uint64_t off, uint64_t len)
{
	struct gh_pipe *p = f->p;
	struct gh_span w = len <= GH_WINDOW_MAX ? gh_src_peek(f->src, off, (size_t)len) : (struct gh_span){ 0 };
	if (w.n == len) {
		size_t i = nonzero_at(w);
		if (i != SIZE_MAX)
			bad_padding(f, off, len, i);
	} else if (f->up == p->root && off >= p->swept && (p->pads.n == 0 || off >= p->pads.v[p->pads.n - 1].off))
		place(p, &p->pads, off, len);
	else
		place(p, &f->late, off, len);
}

static void late_padding(struct frame *f)
{
	for (size_t i = 0; i < f->late.n; i++) {
		struct gh_range r = f->late.v[i];
		for (uint64_t done = 0; done < r.len;) {
			struct gh_span w = gh_src_window(f->src, r.off + done, GH_WINDOW_MAX < r.len - done ?
									      (size_t)GH_WINDOW_MAX :
									      (size_t)(r.len - done));
			if (w.n == 0)
				break;
			size_t bad = nonzero_at(w);
			if (bad != SIZE_MAX) {
				bad_padding(f, r.off, r.len, (size_t)done + bad);
				break;
			}
			done += w.n;
		}
	}
}

static void swept_padding(struct gh_pipe *p, struct gh_span block, uint64_t off, uint64_t fresh)
{
	uint64_t end = off + block.n;
	while (p->pad_next < p->pads.n && p->root != NULL) {
		struct gh_range r = p->pads.v[p->pad_next];
		uint64_t from = r.off > fresh ? r.off : fresh, to = r.off + r.len < end ? r.off + r.len : end;
		if (from < to) {
			size_t bad = nonzero_at(gh_span_cut(block, from - off, to - from));
			if (bad != SIZE_MAX) {
				bad_padding(p->root, r.off, r.len, (size_t)(from - r.off) + bad);
				p->pad_next++;
				continue;
			}
		}
		if (r.off + r.len > end)
			return; /* goes on in the next block */
		p->pad_next++;
	}
}

/* ---- embedded programs --------------------------------------------------------------------------------------- */

void gh_pipe_swept(struct gh_pipe *p, struct gh_span block, uint64_t off, uint64_t fresh)
{
	struct gh_program found[HITS_MAX];
	size_t n = gh_program_find(block, found, HITS_MAX);
	for (size_t i = 0; i < n && p->hit.n < HITS_MAX; i++)
		/* The overlap shows places near the end of a block a second time. */
		if (p->hit.n == 0 || p->hit.v[p->hit.n - 1].off < off + found[i].at)
			place(p, &p->hit, off + found[i].at, 1);
	swept_padding(p, block, off, fresh);
	p->swept = off + block.n;
}

/* A source that lies in memory as a whole does not flow by: show it all the same. */
static void sweep_stable(struct gh_pipe *p, struct gh_src *src)
{
	for (uint64_t off = 0; off < src->size;) {
		uint64_t from = off < GH_SWEEP_OVERLAP ? 0 : off - GH_SWEEP_OVERLAP;
		struct gh_span w = gh_src_window(src, from, GH_WINDOW_MAX);
		if (w.n <= off - from)
			break;
		gh_pipe_swept(p, w, from, off);
		off = from + w.n;
	}
}

static void spool_sweep(void *arg, struct gh_spool *sp, struct gh_span block, uint64_t off)
{
	(void)arg;
	enum { MAX = sizeof sp->program / sizeof sp->program[0] };
	struct gh_program found[MAX];
	size_t n = gh_program_find(block, found, MAX);
	for (size_t i = 0; i < n && sp->nprogram < MAX; i++)
		if (sp->nprogram == 0 || sp->program[sp->nprogram - 1] < off + found[i].at)
			sp->program[sp->nprogram++] = off + found[i].at;
}

static void embedded(struct frame *f, uint64_t off)
{
	char text[96];
	(void)snprintf(text, sizeof text, "a complete ELF, PE or Mach-O header stands at byte %llu", (unsigned long long)off);
	find(f, GH_S_EMBEDDED, (struct gh_range){ off, 1 }, text);
}

/* A program that is a member (or the file) of its own was identified there; any other is hidden in somebody's data. */
static void report_hits(struct frame *root)
{
	struct gh_pipe *p = root->p;
	for (size_t i = 0; i < p->hit.n; i++) {
		bool own = false;
		for (size_t k = 0; k < p->known.n && !own; k++)
			own = p->hit.v[i].off >= p->known.v[k].off && p->hit.v[i].off < p->known.v[k].off + p->known.v[k].len;
		if (!own)
			embedded(root, p->hit.v[i].off);
	}
}

/* ---- events from a reader ------------------------------------------------------------------------------------ */

static void read_source(struct gh_pipe *p, struct frame *up, const struct gh_member *m, struct gh_range at);

static enum gh_rc on_member(struct frame *f, const struct gh_member *m, struct gh_range at)
{
	struct gh_pipe *p = f->p;
	if (p->members >= p->lim.members) {
		limit(f, "number of members (--limit-members)");
		f->lacking += at.len;
		return GH_E_LIMIT;
	}
	p->members++;
	read_source(p, f, m, at);
	return GH_OK;
}

static enum gh_rc on_event(struct gh_sink *s, const struct gh_event *ev)
{
	struct frame *f = (struct frame *)s;
	enum gh_rc rc = GH_OK;
	switch (ev->kind) {
	case GH_EV_CLAIM:
		gh_cover_add(&f->cover, ev->at.off, ev->at.len, ev->u.claim);
		if (ev->u.claim == GH_CLAIM_PAD)
			check_padding(f, ev->at.off, ev->at.len);
		break;
	case GH_EV_ANOMALY: raise_at(f, ev->u.anomaly.rule, ev->at, true, f->path, ev->u.anomaly.text); break;
	case GH_EV_CALL: f->calls++; break;
	default: break;
	}
	for (size_t i = 0; i < gh_checks_n; i++)
		if ((gh_checks[i]->events & 1u << ev->kind) != 0)
			gh_checks[i]->on(&f->scene, ev);
	if (ev->kind == GH_EV_MEMBER)
		rc = on_member(f, ev->u.member, ev->at);
	return rc;
}

static struct gh_spool *spool_open(struct gh_sink *s, uint64_t packed)
{
	struct gh_pipe *p = ((struct frame *)s)->p;
	struct gh_spool *sp = gh_spool_new(&p->budget, packed);
	if (sp != NULL) {
		sp->next = p->spools;
		p->spools = sp;
	}
	return sp;
}

static void forget(struct gh_pipe *p, struct gh_spool *sp)
{
	for (struct gh_spool **at = &p->spools; *at != NULL; at = &(*at)->next)
		if (*at == sp) {
			*at = sp->next;
			break;
		}
	gh_spool_free(sp);
}

static void spool_close(struct gh_spool *sp)
{
	if (sp != NULL)
		forget(sp->budget->owner, sp);
}

static const struct gh_sink_ops sink_ops = { on_event, spool_open, gh_spool_put, gh_spool_src, spool_close };

/* ---- one source, one format ---------------------------------------------------------------------------------- */

struct gap {
	struct gh_range at;
	bool overlap;
};
struct gaps {
	struct gap v[32];
	size_t n;
	uint64_t overlaps;
};

static void on_gap(void *arg, bool overlap, uint64_t off, uint64_t len)
{
	struct gaps *g = arg;
	g->overlaps += overlap;
	if (g->n < sizeof g->v / sizeof g->v[0])
		g->v[g->n++] = (struct gap){ { off, len }, overlap };
}

/* Look for a format in bytes that no loader reads. */
static void look_inside(struct frame *f, struct gh_range at, const char *what)
{
	struct gh_src_sub sub;
	char name[64];
	(void)snprintf(name, sizeof name, "%s at byte %llu", what, (unsigned long long)at.off);
	struct gh_member m = { .how = GH_MEMBER_HIDDEN, .name = gh_span_str(name),
			       .src = gh_src_sub(&sub, f->src, at.off, at.len) };
	(void)on_member(f, &m, at);
}

static void report_gap(struct frame *f, struct gap g)
{
	char text[160];
	if (g.overlap) {
		(void)snprintf(text, sizeof text, "%llu bytes belong to two structures", (unsigned long long)g.at.len);
		find(f, GH_S_OVERLAP, g.at, text);
		return;
	}
	struct gh_span w = gh_src_window(f->src, g.at.off, g.at.len < GH_WINDOW_MAX ? (size_t)g.at.len : GH_WINDOW_MAX);
	bool zero = nonzero_at(w) == SIZE_MAX, all = w.n == g.at.len;
	bool tail = g.at.off != 0 && g.at.off + g.at.len == f->src->size;
	char start[40] = "";
	for (size_t i = 0; i < 8 && i < w.n; i++)
		(void)snprintf(start + 3 * i, sizeof start - 3 * i, " %02x", w.p[i]);
	(void)snprintf(text, sizeof text, zero ? "%llu bytes%s, %szero" : "%llu bytes%s, starting%s",
		       (unsigned long long)g.at.len, tail ? " at the end" : "", zero ? (all ? "all " : "the first MiB ") : start);
	find(f, tail ? GH_S_TRAILING : GH_S_GAP, g.at, text);
	if (!zero || !all)
		look_inside(f, g.at, "unclaimed bytes");
}

static void report_end(struct frame *f, enum gh_rc rc, const struct gh_err *err)
{
	char why[400];
	struct gh_range all = { 0, f->src->size };
	(void)gh_err_line(err, why, sizeof why);
	if (f->src->fail != GH_OK && rc != GH_OK && rc != GH_E_LIMIT) {
		/* The bytes stopped coming. For the file itself the trusted process says why; for a temporary file
		 * nobody else will. */
		if (f->up != f->p->root)
			find(f, GH_S_IO, all, "a temporary file could not be read back");
		return;
	}
	switch (rc) {
	case GH_OK: break;
	case GH_E_MALFORMED: find(f, GH_S_MALFORMED, all, why); break;
	case GH_E_LIMIT:
	case GH_E_NOMEM:
		if (f->p->budget.hit != NULL)
			limit(f, f->p->budget.hit);
		else
			find(f, GH_S_LIMIT, all, why[0] != '\0' ? why : "work or memory (--limit-memory)");
		break;
	case GH_E_UNREAD: find(f, GH_S_UNREAD, all, why); break;
	case GH_E_NOTTHIS:
	case GH_E_DENIED:
	case GH_E_IO:
	case GH_E_BUG: find(f, GH_S_BUG, all, why[0] != '\0' ? why : f->fmt->name); break;
	}
}

static void report_coverage(struct frame *f, const struct gaps *gaps)
{
	for (size_t i = 0; i < gaps->n; i++)
		report_gap(f, gaps->v[i]);
	unsigned looked = 0;
	for (size_t i = 0; i < f->cover.n && looked < 256; i++) {
		struct gh_claimed c = f->cover.v[i];
		if (c.kind != GH_CLAIM_FREE || c.end - c.off < FREE_MIN)
			continue;
		look_inside(f, (struct gh_range){ c.off, c.end - c.off }, "free text");
		looked++;
	}
	if (f->cover.full)
		limit(f, "number of separate ranges in one file");
	if (f->cover.wild)
		find(f, GH_S_BUG, (struct gh_range){ 0 }, "a reader claimed bytes outside the file");
}

/* What a walk came to. */
struct outcome {
	bool accepted;
	uint64_t missing; /* bytes nobody understood */
};

static struct outcome walk_as(struct frame *sf, const struct gh_fmt *fmt, bool weak, bool quiet)
{
	struct gh_pipe *p = sf->p;
	struct outcome out = { .accepted = true, .missing = sf->src->size };
	if (fmt->walk == NULL) {
		char text[200];
		(void)snprintf(text, sizeof text, "%s: %s", fmt->name, fmt->about);
		find(sf, GH_S_NOT_READ, (struct gh_range){ 0, sf->src->size }, text);
		return out;
	}
	struct frame *f = calloc(1, sizeof *f); /* not on the stack: readers nest */
	if (f == NULL) {
		limit(sf, "memory (--limit-memory)");
		return out;
	}
	*f = *sf;
	f->sink.ops = &sink_ops;
	f->up = sf;
	f->fmt = fmt;
	f->scene.format = fmt->name;
	f->scene.find = scene_find;
	f->scene.arena = &p->arena;
	f->cover = (struct gh_cover){ .size = sf->src->size };
	f->trial = weak || quiet;
	f->held_end = &f->held;
	f->late = (struct places){ 0 };
	f->calls = f->lacking = 0;
	struct gh_arena arena = { .max = p->lim.arena };
	struct gh_err err = { 0 };
	struct gh_walk w = { .src = sf->src, .arena = &arena, .sink = &f->sink, .lim = &p->lim, .name = f->scene.name,
			     .role = f->role, .weak = weak || quiet, .err = &err };
	size_t pads = p->pads.n;
	enum gh_rc rc = fmt->walk(&w);
	gh_arena_free(&arena);
	struct gaps gaps = { 0 };
	out.missing = gh_cover_finish(&f->cover, on_gap, &gaps) + f->lacking;
	if (out.missing > sf->src->size)
		out.missing = sf->src->size;
	if (rc != GH_OK && out.missing == 0)
		out.missing = 1; /* claimed in full, but not read to its end: never complete */
	/* Plain data may look like anything for a few bytes; only a whole structure, or a call, counts there. */
	out.accepted = quiet ? f->calls != 0 || (rc == GH_OK && gaps.n == 0) : rc != GH_E_NOTTHIS || f->calls != 0;
	if (out.accepted) {
		commit(f);
		report_end(f, rc, &err);
		if (rc == GH_OK)
			report_coverage(f, &gaps);
		late_padding(f);
	} else {
		p->pads.n = pads;
		if (p->pad_next > pads)
			p->pad_next = pads;
	}
	gh_cover_free(&f->cover);
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

static void attempt(struct frame *sf, struct reading *r, const struct gh_fmt *fmt, enum gh_match match, bool quiet)
{
	if (refined(r, fmt))
		return;
	struct outcome o = walk_as(sf, fmt, match == GH_WEAK, quiet);
	if (!o.accepted)
		return;
	r->as[r->n++] = fmt;
	r->strong += match == GH_STRONG;
	r->program = r->program || fmt->walk == NULL;
	if (o.missing < r->missing)
		r->missing = o.missing;
}

static void read_all(struct frame *sf, const struct gh_ident *id, const struct gh_member *m, struct reading *r)
{
	bool quiet = m->raw || m->how == GH_MEMBER_HIDDEN || m->how == GH_MEMBER_NESTED;
	for (size_t i = 0; i < id->n; i++) {
		enum gh_match match = id->v[i].match;
		if ((match == GH_WEAK && r->n != 0) || (match == GH_TEXT && (r->n != 0 || quiet)))
			continue;
		attempt(sf, r, id->v[i].fmt, match, quiet);
	}
	const struct gh_fmt *expect = m->expect == NULL ? NULL : gh_fmt_named(m->expect);
	if (expect != NULL && !refined(r, expect))
		attempt(sf, r, expect, GH_WEAK, false);
}

static void judge_identity(struct frame *sf, const struct gh_ident *id, const struct gh_member *m, const struct reading *r)
{
	char text[200], names[120] = "";
	struct gh_range all = { 0, sf->src->size };
	bool named = m->how == GH_MEMBER_FILE && !m->raw;
	for (size_t i = 0; i < r->n; i++) {
		(void)snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "", r->as[i]->name);
		named = named && gh_name_disagrees(m->name, r->as[i]);
	}
	if (r->n == 0) {
		if (m->how == GH_MEMBER_FILE && !m->raw && sf->src->size != 0 && sf->src->fail == GH_OK)
			find(sf, GH_S_NOT_UNDERSTOOD, all, "no reader recognises the content");
		else if (m->how == GH_MEMBER_STREAM && sf->src->size != 0 && sf->src->fail == GH_OK)
			find(sf, GH_S_NOT_UNDERSTOOD, all, "no reader recognises the expanded content");
		return;
	}
	if (r->strong > 1 || id->overflow) {
		(void)snprintf(text, sizeof text, "reads as %s", names);
		find(sf, GH_S_POLYGLOT, all, text);
	}
	if (m->raw || m->how == GH_MEMBER_HIDDEN) {
		(void)snprintf(text, sizeof text, "the bytes are a whole file: %s", names);
		find(sf, m->raw ? GH_S_NOT_RAW : GH_S_HIDDEN, all, text);
	} else if (named) {
		(void)snprintf(text, sizeof text, "content is %s", names);
		find(sf, GH_S_NAME, all, text);
	}
}

static void report_spool_hits(struct frame *sf, const struct reading *r)
{
	for (struct gh_spool *sp = sf->p->spools; sp != NULL; sp = sp->next)
		if (&sp->src == sf->src && !r->program)
			for (unsigned i = 0; i < sp->nprogram; i++)
				embedded(sf, sp->program[i]);
}

static const char *path_of(struct gh_pipe *p, const struct frame *up, const struct gh_member *m)
{
	gh_auto_buf b = gh_buf(PATH_MAX_TEXT);
	if (up == NULL)
		return "";
	if (up->path[0] != '\0')
		gh_buf_fmt(&b, "%.400s > ", up->path);
	if (m->name.n == 0)
		gh_buf_str(&b, m->how == GH_MEMBER_STREAM ? "content" : "unnamed");
	else
		gh_buf_safe(&b, m->name, NAME_MAX_TEXT);
	struct gh_span kept = gh_keep(&p->arena, gh_buf_view(&b));
	return kept.p == NULL ? "" : (const char *)kept.p;
}

static void read_source(struct gh_pipe *p, struct frame *up, const struct gh_member *m, struct gh_range at)
{
	struct frame *sf = calloc(1, sizeof *sf);
	if (sf == NULL)
		return; /* the caller counts what is missing by the coverage it does not get */
	*sf = (struct frame){
		.p = p,
		.up = up,
		.src = m->src,
		.path = path_of(p, up, m),
		.how = m->how,
		.role = m->role,
		.scene = { .name = m->name, .role = m->role, .depth = up == NULL ? 0 : up->scene.depth + 1 },
	};
	sf->held_end = &sf->held;
	if (up == NULL)
		p->root = sf;
	sf->placed = gh_src_within(m->src, p->root->src, &sf->base);
	struct reading r = { .missing = m->src->size };
	struct gh_arena arena = { .max = 2 * GH_PROBE_BYTES };
	struct gh_ident id;
	if (sf->scene.depth > p->lim.depth)
		limit(up, "containers within containers (--limit-depth)");
	else {
		enum gh_rc rc = gh_identify(m->src, &arena, &id);
		gh_arena_free(&arena);
		if (rc == GH_OK) {
			read_all(sf, &id, m, &r);
			judge_identity(sf, &id, m, &r);
			report_spool_hits(sf, &r);
		} else if (up != NULL || rc == GH_E_LIMIT)
			find(sf, GH_S_IO, (struct gh_range){ 0, m->src->size }, "the bytes could not be had");
	}
	if (r.program && sf->placed)
		place(p, &p->known, sf->base, m->src->size);
	if (m->raw && r.n == 0)
		r.missing = 0; /* plain data, as the container says */
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
			(void)snprintf(out->format + strlen(out->format), sizeof out->format - strlen(out->format), "%s%s",
				       i ? "+" : "", r.as[i]->name);
		if (r.n == 0)
			(void)snprintf(out->format, sizeof out->format, m->src->size == 0 ? "empty" : "unknown");
		gh_src_advance(m->src, m->src->size); /* the rest flows by: it is swept too */
		if (m->src->stable)
			sweep_stable(p, m->src);
		if (!r.program)
			report_hits(sf);
		p->root = NULL;
	}
	free(sf);
}

/* ---- the pipe ------------------------------------------------------------------------------------------------ */

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
	p->budget = (struct gh_spool_budget){ .expanded_left = lim->expanded, .ratio = lim->ratio, .owner = p,
					      .spill = spill, .arg = p, .sweep = spool_sweep };
	return p;
}

void gh_pipe_run(struct gh_pipe *p, struct gh_src *root, struct gh_span name, struct gh_pipe_result *out)
{
	*out = (struct gh_pipe_result){ 0 };
	p->result = out;
	struct gh_member m = { .how = GH_MEMBER_FILE, .name = name, .src = root };
	read_source(p, NULL, &m, (struct gh_range){ 0, root->size });
	gh_findings_close(&p->findings);
	out->members = p->members;
	out->expanded = p->budget.expanded;
	out->dropped = p->findings.dropped;
}

void gh_pipe_free(struct gh_pipe *p)
{
	if (p == NULL)
		return;
	while (p->spools != NULL)
		forget(p, p->spools);
	gh_arena_free(&p->arena);
	free(p);
}
