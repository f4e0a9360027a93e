#include "check/tensor_family.h"
#include "check/tensor_quant.h"
#include "check/tensor_stat.h"
#include "check/weights.h"
#include "check/weights_columns.h"
#include "check/weights_hidden.h"
#include "check/weights_values.h"
#include "format/format.h"
#include "wire/bits.h"
#include "wire/starts.h"

#include <stdio.h>

enum { R_VALUES, R_PROGRAM, R_PAYLOAD, R_TEXT, R_BYTES, R_BLOB };
static const struct gh_rule rules[] = {
	[R_VALUES] = { "GH-WGT-0001", GH_MEDIUM, GH_REVIEW, "Weights that are not numbers or infinite",
		       "The model answers with nothing, or breaks off, always or when an input of the author's choice "
		       "comes.",
		       "Get the file again; if it is meant to be so, ask the author why.", "CWE-20 AML.T0018" },
	[R_PROGRAM] = { "GH-WGT-0002", GH_CRITICAL, GH_UNSAFE, "A program hidden in the bits of weights",
			"A few lines elsewhere put it together and run it; scanners of programs never see it.",
			"Do not use this model.", "CWE-506 AML.T0018 AML.T0011.001" },
	[R_PAYLOAD] = { "GH-WGT-0003", GH_CRITICAL, GH_UNSAFE,
			"An archive, a pickle or a script hidden in the bits of weights",
			"A few lines elsewhere put it together and run what it holds.", "Do not use this model.",
			"CWE-506 AML.T0018" },
	[R_TEXT] = { "GH-WGT-0004", GH_HIGH, GH_REVIEW, "Text hidden in the bits of weights",
		     "Addresses, keys or commands travel where nobody looks.",
		     "Do not use this model until you know why.", "CWE-506 AML.T0018" },
	[R_BYTES] = { "GH-WGT-0005", GH_HIGH, GH_UNSAFE, "A tensor whose bytes are an archive or a pickle",
		      "What is called weights is there to be taken out and unpacked or loaded.",
		      "Do not use this model.", "CWE-506 CWE-502 AML.T0018" },
	[R_BLOB] = { "GH-WGT-0006", GH_MEDIUM, GH_REVIEW, "An array of bytes that is or holds an archive or a pickle",
		     "Whoever unpacks or loads it takes the author's content, unseen.",
		     "Look at what it holds before using it.", "CWE-506 CWE-502 AML.T0018" },
	GH_RULES_END
};

/* Types that are plain numbers; what is not here has no low bits that would be free. */
static const struct type {
	const char *name;
	uint8_t width;
	uint8_t real; /* enum gh_float */
	bool floats;  /* weights, not counts and codes */
} types[] = {
	{ "F32", 4, GH_FLOAT_32, true },	   { "BF16", 2, GH_FLOAT_B16, true },
	{ "F16", 2, GH_FLOAT_16, true },	   { "F64", 8, GH_FLOAT_64, true },
	{ "C64", 4, GH_FLOAT_32, true },	   { "C128", 8, GH_FLOAT_64, true },
	{ "C32", 2, GH_FLOAT_16, true },	   { "F8_E4M3", 1, GH_FLOAT_NONE, true },
	{ "F8_E5M2", 1, GH_FLOAT_NONE, true },	   { "F8_E4M3FNUZ", 1, GH_FLOAT_NONE, true },
	{ "F8_E5M2FNUZ", 1, GH_FLOAT_NONE, true }, { "QINT8", 1, GH_FLOAT_NONE, false },
	{ "QUINT8", 1, GH_FLOAT_NONE, false },	   { "QINT32", 4, GH_FLOAT_NONE, false },
	{ "BOOL", 1, GH_FLOAT_NONE, false },	   { "I8", 1, GH_FLOAT_NONE, false },
	{ "U8", 1, GH_FLOAT_NONE, false },	   { "I16", 2, GH_FLOAT_NONE, false },
	{ "U16", 2, GH_FLOAT_NONE, false },	   { "I32", 4, GH_FLOAT_NONE, false },
	{ "U32", 4, GH_FLOAT_NONE, false },	   { "I64", 8, GH_FLOAT_NONE, false },
	{ "U64", 8, GH_FLOAT_NONE, false },
};

enum {
	LOOKS = 65536,		 /* tensors whose start is looked at closely, per reading */
	WINDOW = 512 << 10,	 /* bytes at a time: stays in a processor's cache */
	RUN = 2 * GH_BITS_AHEAD, /* elements of small tensors kept together */
	WAITING = 256,		 /* small tensors in them */
	LEAST = 64,		 /* elements: nothing that could be validated fits into fewer */
	COUNTED = 256,		 /* numbers of a tensor whose distribution says anything */
	AGAIN = 4, /* how often the bytes of a source may be looked at: broken files name them many times */
};

#define EXPANDED (UINT64_C(64) << 30)

struct place {
	struct gh_range at;
	struct gh_safe name;
	size_t start; /* element of the run */
	unsigned bits;
	bool text;    /* is a finding there: characters may be numbers that somebody stored */
	bool columns; /* these are the columns of a matrix, one behind the other */
};

/* Of one reading. */
struct state {
	struct gh_columns columns[2]; /* of the tensor in hand, by its last dimension and by its first */
	struct gh_deep deep;
	struct gh_family family;
	uint64_t stored, expanded; /* bytes looked at: stored as they are, expanded from something */
	unsigned looks;
	bool whole;	/* the tensor in hand is an archive from its first byte on: said */
	size_t n, room; /* elements of `run`; they are little-endian numbers of 8 bytes */
	uint8_t *run;
	size_t waiting, places;
	struct place *place;
};

static const struct type *type_of(const struct gh_tensor *t)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(t->dtype, types[i].name) == 0)
			return &types[i];
	return NULL;
}

/* Readers of arrays that hold data as often as weights. */
static bool holds_data(const char *format)
{
	static const char *const names[] = { "npy",	   "npz",      "pickle",  "joblib-zfile",
					     "skops",	   "arrow",    "parquet", "r-data",
					     "r-lazyload", "catboost", "ubjson",  "xgboost-binary" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(format, names[i]) == 0)
			return true;
	return false;
}

/* ---- carriers -------------------------------------------------------------------------------------------------------- */
static void say_where(const struct gh_bits *how, unsigned bits, char *out, size_t cap)
{
	if (how->from != 0 && how->from + 1u == bits)
		(void)snprintf(out, cap, "the sign bits");
	else if (how->from != 0)
		(void)snprintf(out, cap, "bits %u to %u", how->from, how->from + how->take - 1u);
	else
		(void)snprintf(out, cap, "the low %u bit%s", how->take, how->take == 1 ? "" : "s");
}

static void say_hidden(struct gh_scene *s, const struct place *p, const struct gh_bits *how, const struct gh_hidden *h,
		       size_t element)
{
	static const uint8_t rule[] = { [GH_HIDDEN_PROGRAM] = R_PROGRAM,
					[GH_HIDDEN_ARCHIVE] = R_PAYLOAD,
					[GH_HIDDEN_SCRIPT] = R_PAYLOAD,
					[GH_HIDDEN_TEXT] = R_TEXT };
	char where[48];
	say_where(how, p->bits, where, sizeof where);
	gh_find(s, &rules[rule[h->kind]], p->at, "tensor \"%s\": %s of the elements from %zu on%s hold %s%s%s%s%s",
		p->name.s, where, element + h->at * 8 / how->take, p->columns ? ", column by column," : "", h->name,
		h->machine[0] != '\0' ? " for " : "", h->machine, how->high_first ? ", highest bit first" : "",
		how->msb_first ? ", bytes filled from the top" : "");
}

/* Text that some way to take bits gives: told when no other gives something worse. Half of the bytes of a script are a text. */
struct text_seen {
	struct gh_bits how;
	struct gh_hidden h; /* kind GH_HIDDEN_NOTHING: none */
};

/* One way to take bits, in both ways to fill bytes. */
static bool look_one_way(struct gh_scene *s, const struct gh_words *w, const struct place *p, struct gh_bits how,
			 struct text_seen *text)
{
	uint8_t head[GH_HIDDEN_LOOK] __attribute__((uninitialized));
	struct gh_span glance = { head, gh_bits_take(w, &how, 0, head, GH_HIDDEN_GLANCE) };
	for (int msb = 0; msb < 2; msb++) {
		how.msb_first = msb != 0;
		if (msb != 0)
			gh_bits_turn(head, glance.n);
		if (!gh_hidden_glance(glance))
			continue;
		struct gh_span stream = { head, gh_bits_take(w, &how, 0, head, sizeof head) };
		struct gh_hidden h = gh_hidden_look(stream);
		if (h.kind == GH_HIDDEN_TEXT && p->text && text->h.kind == GH_HIDDEN_NOTHING)
			*text = (struct text_seen){ how, h };
		if (h.kind == GH_HIDDEN_NOTHING || h.kind == GH_HIDDEN_TEXT)
			continue;
		say_hidden(s, p, &how, &h, 0);
		return true;
	}
	return false;
}

/* All ways to take bits from the first element on. True: something worse than text was told. */
static bool look_every_way(struct gh_scene *s, const struct gh_words *w, const struct place *p, bool floats,
			   struct text_seen *text)
{
	static const uint8_t takes[] = { 8, 1, 2, 4, 3, 5, 6, 7, 16, 23, 24, 10, 12, 20, 32, 40, 48 };
	for (size_t i = 0; i < sizeof takes; i++) {
		bool same = takes[i] == 1 || takes[i] == 8; /* both orders are the same but for the filling of bytes */
		for (int high = 0; takes[i] < p->bits && high < (same ? 1 : 2); high++)
			if (look_one_way(s, w, p, (struct gh_bits){ .take = takes[i], .high_first = high != 0 }, text))
				return true;
	}
	if (!floats)
		return false;
	for (uint8_t from = 8; from + 16u <= p->bits && from <= 32; from += 8) /* each byte of the mantissa alone */
		if (look_one_way(s, w, p, (struct gh_bits){ .from = from, .take = 8 }, text))
			return true;
	return look_one_way(s, w, p, (struct gh_bits){ .from = (uint8_t)(p->bits - 1), .take = 1 }, text);
}

/* Everything that may start at the first element. */
static bool look_at_start(struct gh_scene *s, const struct gh_words *w, const struct place *p, bool floats)
{
	struct text_seen text = { .h.kind = GH_HIDDEN_NOTHING };
	if (look_every_way(s, w, p, floats, &text))
		return true;
	if (text.h.kind == GH_HIDDEN_NOTHING)
		return false;
	say_hidden(s, p, &text.how, &text.h, 0);
	return true;
}

/* ---- small tensors, one behind the other ------------------------------------------------------------------------------ */
static void append(struct gh_scene *s, struct state *st, const struct gh_words *w)
{
	size_t n = gh_words_n(w), left = RUN - st->n;
	n = n < left ? n : left;
	uint8_t *run = gh_grow(s->arena, st->run, &st->room, st->n + n, 8);
	if (run == NULL)
		return;
	st->run = run;
	for (size_t i = 0; i < n; i++) {
		uint64_t v = gh_word(w, i);
		for (unsigned k = 0; k < 8; k++)
			st->run[(st->n + i) * 8 + k] = (uint8_t)(v >> (8 * k));
	}
	st->n += n;
}

/* The first `count` of those that wait, with all that is there behind each. */
static void look_at_waiting(struct gh_scene *s, struct state *st, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct place *p = &st->place[i];
		struct gh_words w = { { st->run + p->start * 8, (st->n - p->start) * 8 }, 8, false };
		(void)look_at_start(s, &w, p, true);
	}
	size_t gone = count < st->waiting ? st->place[count].start : st->n;
	memmove(st->run, st->run + gone * 8, (st->n - gone) * 8);
	st->n -= gone;
	st->waiting -= count;
	memmove(st->place, st->place + count, st->waiting * sizeof st->place[0]);
	for (size_t i = 0; i < st->waiting; i++)
		st->place[i].start -= gone;
}

static void wait_for_more(struct gh_scene *s, struct state *st, const struct gh_words *w, const struct place *p)
{
	size_t n = gh_words_n(w);
	while (st->waiting != 0 && (st->n + n > RUN || st->waiting == WAITING)) {
		size_t count = 1; /* those that have enough behind them, at least one */
		while (count < st->waiting && st->n - st->place[count].start >= GH_BITS_AHEAD)
			count++;
		look_at_waiting(s, st, count);
	}
	struct place *place = gh_grow(s->arena, st->place, &st->places, st->waiting + 1, sizeof *place);
	if (place == NULL)
		return;
	st->place = place;
	if (n >= LEAST || st->n == 0) {
		st->place[st->waiting] = *p;
		st->place[st->waiting++].start = st->n;
	}
	append(s, st, w);
}

static void start_of_tensor(struct gh_scene *s, struct state *st, const struct gh_words *w, const struct place *p,
			    bool floats)
{
	if (st->looks >= LOOKS)
		return;
	st->looks += gh_words_n(w) >= LEAST;
	struct gh_words head = *w;
	head.bytes = gh_span_cut(w->bytes, 0, (uint64_t)GH_BITS_AHEAD * w->width);
	if (floats && gh_words_n(w) < GH_BITS_AHEAD) {
		wait_for_more(s, st, &head, p);
		return;
	}
	if (floats && st->waiting != 0) {
		append(s, st, &head);
		look_at_waiting(s, st, st->waiting);
	}
	if (gh_words_n(&head) >= LEAST)
		(void)look_at_start(s, &head, p, floats);
}

/* ---- all of a tensor --------------------------------------------------------------------------------------------------- */
/* May these bytes be looked at? What is stored as it is, AGAIN times in all. What was expanded before is bounded by the
 * budget for expanding; how often tensors may name that again, by EXPANDED. */
static bool afford(struct state *st, const struct gh_scene *s, const struct gh_src *src, uint64_t bytes)
{
	uint64_t off, most = EXPANDED, *spent = &st->expanded;
	if (s->src != NULL && (src == s->src || gh_src_within(src, s->src, &off))) {
		uint64_t size = s->src->size;
		most = size < UINT64_MAX / AGAIN ? size * AGAIN : UINT64_MAX;
		spent = &st->stored;
	}
	*spent = bytes < UINT64_MAX - *spent ? *spent + bytes : UINT64_MAX;
	return *spent <= most;
}

/* ---- numbers of one byte ------------------------------------------------------------------------------------------------ */
enum {
	ASKED = 4096, /* places of a tensor that are looked at closely; then one in FAR bytes */
	FAR = 64 << 10,
	LONG_TEXT = 4096, /* printable bytes that are no text are passed over in steps of this */
};

/* What whole bytes hold anywhere in a tensor: one file behind weights, one text among them. U8 is what arrays of bytes are
 * stored as: text is nothing unusual there, code is. */
struct inside {
	bool found, bytes;
	unsigned asked;
};

static void look_inside(struct gh_scene *s, struct inside *in, struct gh_span w, size_t fresh, uint64_t off,
			const struct place *p)
{
	enum gh_start k;
	for (size_t from = 0, at; !in->found && (k = gh_starts_next(w, from, &at)) != GH_START_NONE && at < fresh;) {
		struct gh_hidden h = gh_hidden_middle(gh_span_cut(w, at, GH_HIDDEN_LOOK));
		from = k == GH_START_TEXT ? at + LONG_TEXT : at + 1;
		from = in->asked++ < ASKED || from > at + FAR ? from : at + FAR;
		if (h.kind == GH_HIDDEN_NOTHING || (in->bytes && h.kind == GH_HIDDEN_TEXT))
			continue;
		bool archive = h.kind == GH_HIDDEN_ARCHIVE;
		in->found = true;
		gh_find(s, &rules[archive ? R_BLOB : R_TEXT], p->at, "tensor \"%s\": its bytes from %llu on are %s%s",
			p->name.s, (unsigned long long)(off + at), archive ? "a " : "", h.name);
	}
}

static void start_columns(struct gh_scene *s, struct state *st, const struct gh_tensor *t, const struct type *type,
			  uint64_t n)
{
	bool looked = type->floats && t->ndim == 2 && st->looks < LOOKS;
	for (size_t i = 0; i < 2; i++) {
		bool twice = i == 1 && looked && t->dim[0] == t->dim[1];
		gh_columns_start(&st->columns[i], s->arena, looked && !twice ? n : 0, looked ? t->dim[1 - i] : 0,
				 type->width, t->big_endian);
	}
}

/* ts: counts the numbers; NULL: nobody does. Returns whether all bytes were there. */
static bool all_of(struct gh_scene *s, struct state *st, const struct gh_event *ev, const struct type *type,
		   struct gh_tstat *ts)
{
	const struct gh_tensor *t = ev->u.tensor;
	uint64_t len = ev->at.len - ev->at.len % type->width;
	struct place p = { .at = ev->at,
			   .name = gh_safe(t->name),
			   .bits = type->width * 8u,
			   .text = type->floats && !holds_data(s->format) };
	struct gh_values v = { .type = holds_data(s->format) ? GH_FLOAT_NONE : (enum gh_float)type->real, .t = t };
	struct gh_bits_found found;
	struct inside in = { .found = st->whole || type->width != 1 || holds_data(s->format),
			     .bytes = strcmp(type->name, "U8") == 0 };
	bool hidden = false;
	uint64_t off = 0;
	start_columns(s, st, t, type, len / type->width);
	while (off < len) {
		size_t want = len - off < WINDOW ? (size_t)(len - off) : (size_t)WINDOW;
		struct gh_words w = { gh_src_window(t->src, ev->at.off + off, want), type->width, t->big_endian };
		if (w.bytes.n != want)
			break; /* the source says why */
		size_t n = gh_words_n(&w), fresh = off + want == len ? n : n - GH_BITS_AHEAD;
		if (!hidden && gh_bits_program(&w, fresh, &found)) {
			struct gh_hidden h = { GH_HIDDEN_PROGRAM, found.program.name, found.program.machine, 0 };
			say_hidden(s, &p, &found.how, &h, (size_t)(off / type->width) + found.at);
			hidden = true;
		}
		if (off == 0 && !hidden)
			start_of_tensor(s, st, &w, &p, type->floats);
		look_inside(s, &in, w.bytes, fresh, off, &p);
		w.bytes.n = fresh * type->width;
		if (v.type != GH_FLOAT_NONE)
			gh_values_add(&v, &w);
		if (ts != NULL)
			gh_tstat_add(ts, &w);
		for (size_t i = 0; i < 2 && !hidden; i++)
			gh_columns_add(&st->columns[i], &w, off / type->width);
		off += w.bytes.n;
	}
	if (ts != NULL)
		ts->most = v.most;
	p.columns = true;
	for (size_t i = 0; i < 2 && !hidden && off == len; i++) {
		struct gh_words first = gh_columns_words(&st->columns[i]);
		hidden = gh_words_n(&first) >= LEAST && look_at_start(s, &first, &p, type->floats);
	}
	if (v.type != GH_FLOAT_NONE && gh_values_bad(&v))
		gh_find(s, &rules[R_VALUES], ev->at,
			"tensor \"%s\": %llu of %llu numbers are NaN or infinite, the first is number %llu", p.name.s,
			(unsigned long long)v.odd, (unsigned long long)v.n, (unsigned long long)v.first);
	return off == len;
}

/* Arrays of data are what they are, but for random bytes, which no data of a floating-point type is: only weights are compared with
 * what weights look like. */
static __attribute__((noinline)) bool counted(struct gh_scene *s, struct state *st, const struct gh_event *ev,
					      const struct type *type)
{
	struct gh_tstat ts __attribute__((uninitialized));
	if (!gh_tstat_start(&ts, ev->u.tensor))
		return all_of(s, st, ev, type, NULL);
	bool all = all_of(s, st, ev, type, &ts);
	if (holds_data(s->format)) {
		gh_tstat_judge_data(s, &ts, ev->at);
		return all;
	}
	(void)gh_tstat_judge(s, &ts, ev->at, &st->deep);
	gh_family_add(&st->family, s->arena, &ts, ev->at);
	return all;
}

/* Plain numbers. Returns whether all bytes were there. */
static bool plain(struct gh_scene *s, struct state *st, const struct gh_event *ev, const struct type *type)
{
	const struct gh_tensor *t = ev->u.tensor;
	struct gh_span head = gh_src_window(t->src, ev->at.off,
					    ev->at.len < GH_HIDDEN_LOOK ? (size_t)ev->at.len : (size_t)GH_HIDDEN_LOOK);
	struct gh_hidden h = gh_hidden_start(head);
	st->whole = h.kind == GH_HIDDEN_ARCHIVE;
	if (st->whole)
		gh_find(s, &rules[type->width == 1 && !type->floats ? R_BLOB : R_BYTES], ev->at,
			"tensor \"%s\" is a %s", gh_safe(t->name).s, h.name);
	bool real = type->floats && ev->at.len / type->width >= COUNTED;
	return real ? counted(s, st, ev, type) : all_of(s, st, ev, type, NULL);
}

static void on(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_tensor *t = ev->u.tensor;
	const struct type *type = t->dtype == NULL ? NULL : type_of(t);
	struct state *st = *s->state;
	if (t->src == NULL || t->dtype == NULL || ev->at.len == 0)
		return; /* stored elsewhere, or nowhere */
	if (st == NULL) {
		st = *s->state = GH_NEW(s->arena, struct state, 1);
		if (st == NULL) {
			gh_not_looked(s, "memory (--limit-memory)");
			return;
		}
	}
	if (!afford(st, s, t->src, ev->at.len)) {
		gh_not_looked(s, "tensors that name the same bytes many times");
		return;
	}
	bool all = true;
	if (type != NULL)
		all = ev->at.len < type->width || plain(s, st, ev, type);
	else
		(void)gh_tensor_quant(s, ev, &all); /* of other types, the sweep of the whole file is all there is */
	if (all)
		gh_looked(s, 1, ev->at.len);
	else
		gh_not_looked(s, "bytes of a tensor could not be had");
}

static void end(struct gh_scene *s)
{
	struct state *st = *s->state;
	if (st != NULL && st->waiting != 0)
		look_at_waiting(s, st, st->waiting);
	if (st != NULL) {
		gh_tstat_judge_all(s, &st->deep);
		gh_family_judge(s, &st->family);
	}
}

const struct gh_check gh_check_weights = {
	.name = "weights",
	.about = "programs, archives and text hidden in the bits of weights; weights that are not numbers",
	.stage = GH_STAGE_TENSORS,
	.events = 1u << GH_EV_TENSOR,
	.on = on,
	.end = end,
	.rules = rules,
};

/* The rules of tensor_stat.h and its neighbours, which the check above raises: it has the bytes at hand. */
const struct gh_check gh_check_tensors = {
	.name = "tensors",
	.about = "tensors that are not weights, replaced low bits, tensors unlike those of other layers",
	.stage = GH_STAGE_TENSORS,
	.rules = gh_tensor_rules,
};
