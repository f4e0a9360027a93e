/* The worker's half of `gatehouse diff`: reads both sides, matches, measures, and sends numbers. It decides nothing; what the
 * numbers mean is judged by the trusted process (judge.c). */
#include "scan/diff/adapter.h"
#include "scan/diff/fields.h"
#include "scan/diff/match.h"
#include "scan/tool_side.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TRY_ROWS = 256 };

struct side {
	struct gh_tool *t;
	enum gh_diff_side which;
	struct gh_diff_model model;
	struct gh_diff_fields fields;
	struct gh_arena arena;
	struct gh_src_fd src; /* the file that is open */
	uint32_t open;	      /* its number; UINT32_MAX: none */
	struct gh_span last;  /* shard that was asked for last */
	unsigned troubles;
	struct gh_err *err;
};

struct diff {
	struct gh_tool *t;
	struct side side[2];
	struct gh_limits lim;
	struct gh_diff_bench *bench;
	uint64_t done;
};

/* ---- saying --------------------------------------------------------------------------------------------------- */

/* Texts of a record, one after the other. */
static void put(struct gh_buf *b, struct gh_span s, size_t max)
{
	gh_buf_span(b, gh_span_cut(s, 0, max));
	gh_buf_ch(b, '\0');
}

static void say_trouble(struct side *s, struct gh_span name, const char *why)
{
	enum { TROUBLES = 100 };
	gh_auto_buf b = gh_buf(GH_TOOL_TEXT);
	uint64_t a[] = { s->which };
	if (s->troubles++ >= TROUBLES)
		return;
	put(&b, name, 1000);
	put(&b, gh_span_str(why), 600);
	gh_tool_say(s->t, GH_DIFF_R_TROUBLE, a, 1, gh_buf_view(&b));
}

static void on_trouble(void *arg, uint32_t file, const char *why)
{
	struct side *s = arg;
	say_trouble(s, gh_span_str(s->t->file[file].name), why);
}

static struct gh_span folder(struct gh_span name)
{
	size_t n = name.n;
	while (n > 0 && name.p[n - 1] != '/')
		n--;
	return gh_span_cut(name, 0, n);
}

static void on_shard(void *arg, uint32_t file, struct gh_span target)
{
	struct side *s = arg;
	struct gh_span dir = folder(gh_span_str(s->t->file[file].name));
	char why[300];
	if (gh_span_eq(s->last, target))
		return;
	s->last = gh_keep(&s->arena, target);
	for (size_t i = 0; i < s->t->nfile; i++) {
		struct gh_span name = gh_span_str(s->t->file[i].name);
		if (s->t->file[i].tag == s->which && name.n == dir.n + target.n &&
		    gh_span_eq(gh_span_cut(name, 0, dir.n), dir) &&
		    gh_span_eq(gh_span_cut(name, dir.n, target.n), target))
			return;
	}
	(void)snprintf(why, sizeof why, "it needs '%s', which is not here", gh_safe(target).s);
	say_trouble(s, gh_span_str(s->t->file[file].name), why);
}

static void on_field(void *arg, enum gh_diff_section sec, enum gh_diff_change c, struct gh_span key,
		     struct gh_span before, struct gh_span after)
{
	struct diff *d = arg;
	gh_auto_buf b = gh_buf(GH_TOOL_TEXT);
	uint64_t a[] = { sec, c };
	put(&b, key, 300);
	put(&b, before, GH_DIFF_SHOWN);
	put(&b, after, GH_DIFF_SHOWN);
	gh_tool_say(d->t, GH_DIFF_R_FIELD, a, 2, gh_buf_view(&b));
}

static void on_counts(void *arg, const char *what, const uint64_t n[5])
{
	struct diff *d = arg;
	uint64_t a[6] = { GH_DIFF_S_TOKENIZER, n[0], n[1], n[2], n[3], n[4] };
	gh_tool_say(d->t, GH_DIFF_R_COUNTS, a, 6, gh_span_str(what));
}

static void on_tick(void *arg, uint64_t bytes)
{
	struct diff *d = arg;
	d->done += bytes;
	gh_tool_tick(d->t, d->done);
}

/* ---- reading -------------------------------------------------------------------------------------------------- */

static struct gh_src *open_file(void *arg, uint32_t file)
{
	struct side *s = arg;
	struct gh_err ignored = { 0 };
	if (s->open == file)
		return &s->src.src;
	if (s->open == GH_DIFF_SPOOLED)
		s->src.fd = -1; /* the temporary file stays open for the next time */
	if (s->open != UINT32_MAX)
		gh_src_fd_close(&s->src);
	s->open = UINT32_MAX;
	if (file == GH_DIFF_SPOOLED) {
		if (gh_src_fd(&s->src, s->model.spool, s->model.spooled) == NULL)
			return NULL;
	} else if (gh_tool_open(s->t, file, &s->src, &ignored) != GH_OK)
		return NULL;
	s->open = file;
	return &s->src.src;
}

/* Which file a loader would take when several hold the same tensors. */
static unsigned preference(const char *name)
{
	static const char *const order[] = { ".safetensors", ".gguf", ".bin", ".pt", ".pth" };
	for (unsigned i = 0; i < sizeof order / sizeof order[0]; i++)
		if (gh_span_ends(gh_span_str(name), order[i]))
			return i;
	return sizeof order / sizeof order[0];
}

static enum gh_rc read_file(struct side *s, uint32_t i)
{
	struct gh_span name = gh_span_str(s->t->file[i].name);
	struct gh_src *src = open_file(s, i);
	struct gh_err why = { 0 };
	char text[500];
	if (src == NULL)
		return gh_fail(s->err, GH_E_IO, "'%s' could not be opened", gh_safe(name).s);
	if (gh_diff_fields(&s->fields, src, name, &why) != GH_OK)
		say_trouble(s, name, gh_err_line(&why, text, sizeof text));
	GH_TRY(gh_diff_collect(&s->model, i, src, name, s->err), s->err, "'%s'", gh_safe(name).s);
	return GH_OK;
}

static enum gh_rc read_side(struct diff *d, enum gh_diff_side which, struct gh_err *err)
{
	struct side *s = &d->side[which];
	*s = (struct side){ .t = d->t, .which = which, .open = UINT32_MAX, .err = err };
	s->arena.max = d->t->memory / 5;
	s->model = (struct gh_diff_model){ .arena = &s->arena,
					   .lim = &d->lim,
					   .spill = gh_tool_spill,
					   .spool = -1,
					   .trouble = on_trouble,
					   .shard = on_shard };
	s->fields.arena = &s->arena;
	return GH_OK;
}

/* gh_tool_spill wants the tool, the callbacks want the side. */
static int spill(void *arg) { return gh_tool_spill(((struct side *)arg)->t); }

static enum gh_rc read_all(struct diff *d, enum gh_diff_side which, struct gh_err *err)
{
	GH_TRY(read_side(d, which, err), err, "reading");
	struct side *s = &d->side[which];
	s->model.spill = spill;
	s->model.arg = s;
	for (unsigned p = 0; p <= preference(""); p++)
		for (uint32_t i = 0; i < d->t->nfile; i++)
			if (d->t->file[i].tag == which && preference(d->t->file[i].name) == p)
				GH_TRY(read_file(s, i), err, "%s", which == GH_DIFF_BASE ? "BASE" : "CANDIDATE");
	bool full = s->fields.full;
	for (size_t i = 0; i < s->fields.nlist; i++)
		full = full || s->fields.list[i].full;
	if (full)
		say_trouble(s, GH_SPAN("settings"), "more, or longer ones, than can be compared");
	return GH_OK;
}

/* ---- comparing ------------------------------------------------------------------------------------------------ */

/* Query and key weights of llama-like models have another order of rows in GGUF: find out which. */
static uint64_t find_head(struct diff *d, const struct gh_diff_tensor *b, const struct gh_diff_tensor *c)
{
	static const uint16_t usual[] = { 128, 64, 96, 80, 256, 32, 16, 112, 160, 192, 48, 8, 4 };
	struct gh_diff_measure m;
	uint64_t rows = c->ndim > 0 ? c->dim[0] : 0;
	if (b->gguf == c->gguf || (strstr(c->is.key, "attn_q.") == NULL && strstr(c->is.key, "attn_k.") == NULL))
		return 0;
	if (gh_diff_measure(d->bench, b, c, 0, TRY_ROWS, &m) != GH_OK || gh_diff_cosine(&m.sum) > 0.9)
		return 0;
	uint64_t heads = gh_diff_number(&d->side[0].fields, "num_attention_heads");
	uint64_t hidden = gh_diff_number(&d->side[0].fields, "hidden_size");
	uint64_t best = heads != 0 && hidden % heads == 0 ? hidden / heads : 0;
	for (size_t i = 0; i <= sizeof usual / sizeof usual[0]; i++) {
		uint64_t h = i == 0 ? best : usual[i - 1];
		if (h < 4 || h % 2 != 0 || rows == 0 || rows % h != 0)
			continue;
		if (gh_diff_measure(d->bench, b, c, h, TRY_ROWS, &m) == GH_OK && gh_diff_cosine(&m.sum) > 0.9)
			return h;
	}
	return 0;
}

static void shape(struct gh_buf *b, const struct gh_diff_tensor *t)
{
	for (unsigned i = 0; t != NULL && i < t->ndim; i++)
		gh_buf_fmt(b, "%s%llu", i != 0 ? "x" : "", (unsigned long long)t->dim[i]);
	gh_buf_ch(b, '\0');
}

static struct gh_span file_name(const struct gh_tool *t, const struct gh_diff_tensor *x)
{
	if (x == NULL)
		return (struct gh_span){ 0 };
	return x->file == GH_DIFF_SPOOLED ? GH_SPAN("(compressed)") : gh_span_str(t->file[x->file].name);
}

static void say_tensor(struct diff *d, const struct gh_diff_tensor *b, const struct gh_diff_tensor *c,
		       enum gh_diff_match how, const struct gh_diff_measure *m)
{
	const struct gh_diff_tensor *x = c != NULL ? c : b;
	gh_auto_buf t = gh_buf(GH_TOOL_TEXT);
	uint64_t a[GH_TOOL_NUMBERS] = {
		[GH_DIFF_N_MATCH] = how,
		[GH_DIFF_N_FLAGS] = m->flags | (x->is.buffer ? GH_DIFF_F_BUFFER : 0u) |
				    (b != NULL && x->renamed ? GH_DIFF_F_RENAMED : 0u),
		[GH_DIFF_N_ROWS] = m->rows,
		[GH_DIFF_N_COLS] = m->cols,
		[GH_DIFF_N_BASE] = b != NULL ? b->elements : 0,
		[GH_DIFF_N_CAND] = c != NULL ? c->elements : 0,
		[GH_DIFF_N_SAME] = m->sum.same,
		[GH_DIFF_N_BB] = gh_diff_bits(m->sum.bb),
		[GH_DIFF_N_CC] = gh_diff_bits(m->sum.cc),
		[GH_DIFF_N_BC] = gh_diff_bits(m->sum.bc),
		[GH_DIFF_N_DD] = gh_diff_bits(m->sum.dd),
		[GH_DIFF_N_MAX] = gh_diff_bits(m->sum.max),
		[GH_DIFF_N_RANK] = m->rank | (m->rank != 0 ? (uint64_t)GH_DIFF_SKETCH << 32 : 0),
		[GH_DIFF_N_TOP] = gh_diff_bits(m->top),
		[GH_DIFF_N_OUTSIDE] = m->outside,
		[GH_DIFF_N_LAYER] = x->is.layer | (uint64_t)x->is.part << 32,
	};
	put(&t, c != NULL ? c->name : b->name, 600);
	put(&t, b != NULL ? b->name : (struct gh_span){ 0 }, 600);
	put(&t, file_name(d->t, c), 600);
	put(&t, file_name(d->t, b), 600);
	put(&t, gh_span_str(c != NULL ? c->dtype : ""), 32);
	put(&t, gh_span_str(b != NULL ? b->dtype : ""), 32);
	shape(&t, c);
	shape(&t, b);
	gh_tool_say(d->t, GH_DIFF_R_TENSOR, a, GH_TOOL_NUMBERS, gh_buf_view(&t));
}

static enum gh_rc say_tensors(struct diff *d, bool adapter, struct gh_err *err)
{
	struct gh_diff_model *base = &d->side[0].model, *cand = &d->side[1].model;
	const struct gh_diff_measure none = { 0 };
	struct gh_diff_measure m;
	for (size_t i = 0; i < cand->n; i++) {
		const struct gh_diff_tensor *c = &cand->v[i], *b = c->partner;
		if (b == NULL && c->is.lora != 0 && adapter)
			continue; /* see adapter.c */
		if (b == NULL) {
			say_tensor(d, NULL, c, GH_DIFF_ADDED, &none);
			continue;
		}
		enum gh_rc rc = gh_diff_measure(d->bench, b, c, find_head(d, b, c), 0, &m);
		if (rc != GH_OK)
			return gh_fail(err, GH_E_IO, "tensor '%s' could not be read", gh_safe(c->name).s);
		say_tensor(d, b, c, c->how, &m);
	}
	for (size_t i = 0; i < base->n && !adapter; i++)
		if (!base->v[i].taken)
			say_tensor(d, &base->v[i], NULL, GH_DIFF_REMOVED, &none);
	return GH_OK;
}

static void on_module(void *arg, const struct gh_diff_module *m)
{
	struct diff *d = arg;
	gh_auto_buf b = gh_buf(GH_TOOL_TEXT);
	uint64_t a[] = { m->fit, m->rank, m->wanted, m->odd, gh_diff_bits(m->share) };
	put(&b, m->name, 600);
	put(&b, gh_span_str(m->why), 300);
	gh_tool_say(d->t, GH_DIFF_R_ADAPTER, a, 5, gh_buf_view(&b));
}

static void say_side(struct diff *d, enum gh_diff_side which, uint64_t adapter)
{
	struct side *s = &d->side[which];
	uint64_t a[] = { which, s->model.n, 0, adapter };
	gh_auto_buf b = gh_buf(GH_TOOL_TEXT);
	for (size_t i = 0; i < s->model.n; i++)
		if (__builtin_add_overflow(a[2], s->model.v[i].elements, &a[2]))
			a[2] = UINT64_MAX;
	put(&b, gh_span_str(s->model.formats), 100);
	put(&b, gh_diff_adapter_base(&s->fields), 300);
	gh_tool_say(d->t, GH_DIFF_R_SIDE, a, 4, gh_buf_view(&b));
}

enum gh_rc gh_diff_main(struct gh_tool *t, struct gh_err *err)
{
	struct gh_diff_args args;
	struct diff *d = GH_NEW(&t->arena, struct diff, 1);
	if (t->args.n != sizeof args || d == NULL)
		return gh_fail(err, GH_E_BUG, "arguments of the wrong size");
	memcpy(&args, t->args.p, sizeof args);
	d->t = t;
	d->lim = gh_limits_default;
	d->lim.expanded = args.expanded;
	d->lim.members = args.members;
	d->lim.ratio = args.ratio;
	d->lim.arena = t->memory / 4;
	d->bench = GH_NEW(&t->arena, struct gh_diff_bench, 1);
	if (d->bench == NULL)
		return gh_fail(err, GH_E_NOMEM, "memory (--limit-memory)");
	for (unsigned i = 0; i < 2; i++)
		GH_TRY(read_all(d, (enum gh_diff_side)i, err), err, "reading");
	/* An adapter beside an adapter is compared like any model. */
	bool second = gh_diff_is_adapter(&d->side[1].model), first = gh_diff_is_adapter(&d->side[0].model);
	bool adapter = second && !first;
	for (unsigned i = 0; i < 2; i++) {
		d->bench->side[i] = (struct gh_diff_bytes){ &d->side[i], open_file };
		say_side(d, (enum gh_diff_side)i, i != 1 || !second ? 0 : adapter ? 1 : 2);
	}
	d->bench->memory = t->memory / 4;
	d->bench->tick = on_tick;
	d->bench->tick_arg = d;
	GH_TRY(gh_diff_match(d->bench, &d->side[0].model, &d->side[1].model, err), err, "matching");
	GH_TRY(say_tensors(d, adapter, err), err, "comparing");
	if (adapter)
		gh_diff_adapter(d->bench, &d->side[0].model, &d->side[1].model, &d->side[1].fields, on_module, d);
	const struct gh_diff_fields_out out = { d, on_field, on_counts };
	gh_diff_fields_compare(&d->side[0].fields, &d->side[1].fields, adapter, &out);
	return GH_OK;
}
