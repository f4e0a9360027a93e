/* run.c - one stream from its first opcode to its end, in every dialect that matters. */
#include "format/pickle/ops.h"

#include <stdarg.h>
#include <stdio.h>

enum {
	DEEP = 1000,	     /* Python's default recursion limit */
	EXPANSION = 1 << 30, /* references written out */
	NESTED_LOOKS = 1 << 20,
};

/* ---- ending -------------------------------------------------------------------------------------------------- */

bool pkl_break(struct pkl *m, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(m->out.why, sizeof m->out.why, fmt, ap);
	va_end(ap);
	m->rc = GH_E_MALFORMED;
	return false;
}

bool pkl_limit(struct pkl *m, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(m->out.why, sizeof m->out.why, fmt, ap);
	va_end(ap);
	m->rc = GH_E_LIMIT;
	return false;
}

void pkl_differs(struct pkl *m, enum pkl_part how, const char *why)
{
	if (m->part[how].op == 0)
		m->part[how] = (struct pkl_place){ .op = m->nop, .off = m->op_off, .why = why };
}

static void claim(struct pkl *m, uint64_t from, uint64_t to, enum gh_claim kind)
{
	if (from < m->sh->claimed)
		from = m->sh->claimed;
	if (to <= from || m->mute)
		return;
	gh_claim(m->w, from, to - from, kind);
	m->sh->claimed = to;
}

void pkl_flush_claims(struct pkl *m, uint64_t upto, uint64_t data_from)
{
	claim(m, m->claim_from, data_from, GH_CLAIM_STRUCT);
	claim(m, data_from, upto, GH_CLAIM_DATA);
	m->claim_from = upto;
}

/* ---- opcodes of the stream itself ---------------------------------------------------------------------------- */

bool pkl_op_proto(struct pkl *m, uint64_t arg)
{
	if (arg > 5)
		return pkl_break(m, "protocol %u is unknown", (unsigned)arg);
	m->proto = (unsigned)arg;
	if (m->proto > m->out.proto)
		m->out.proto = m->proto;
	return true;
}

bool pkl_op_frame(struct pkl *m, uint64_t arg)
{
	uint64_t off = pkl_off(m);
	bool py = (m->dialect & PKL_PY) != 0;
	if (arg > INT64_MAX)
		return pkl_break(m, "a frame beyond what a process can address");
	if (m->frame_end != UINT64_MAX && off < m->frame_end) {
		if (py)
			return pkl_break(m, "a frame begins inside another one");
		pkl_differs(m, PKL_PART_C, "a frame begins inside another one");
		if ((m->dialect & PKL_FILE) != 0 && arg <= m->frame_end - off)
			return true; /* it stands in the buffer already */
		if (arg > m->frame_end - off && !pkl_frame_holds(m, arg, false))
			return false;
		off = pkl_off(m);
	}
	if (py && m->frame_end != UINT64_MAX && off == m->frame_end && m->file_pos != off) {
		off = m->file_pos; /* the new frame is read from the file */
		pkl_flush_claims(m, pkl_off(m), pkl_off(m));
		m->claim_from = off;
	}
	uint64_t left = m->src->size - off;
	if (arg > left) {
		pkl_differs(m, PKL_PART_PY, "a frame longer than the stream");
		if (!py)
			return pkl_break(m, "a frame longer than the stream");
		arg = left;
	}
	m->frame_end = m->file_pos = off + arg;
	pkl_seek(m, off);
	return true;
}

bool pkl_op_stop(struct pkl *m, uint64_t arg)
{
	(void)arg;
	if (!pkl_pop(m, &m->out.value))
		return false;
	m->stop = true;
	return false;
}

/* ---- the loop ------------------------------------------------------------------------------------------------ */

static const uint64_t mask[9] = { 0, 0xff, 0xffff, 0, 0xffffffff, 0, 0, 0, UINT64_MAX };

/* Near the end of a window or a frame: opcode and operand are read one after the other, as Python does. */
static bool slow_op(struct pkl *m, const struct pkl_op **op, uint64_t *arg)
{
	const uint8_t *p = pkl_bytes(m, 1);
	if (p == NULL) {
		if (m->rc == GH_E_MALFORMED && m->op_off >= m->src->size)
			(void)pkl_break(m, "the stream ends without STOP");
		return false;
	}
	m->op_off = pkl_off(m) - 1; /* a frame may have ended in between */
	*op = &pkl_ops[*p];
	if ((*op)->run == NULL)
		return pkl_break(m, "byte 0x%02x is no opcode", *p);
	*arg = 0;
	p = (*op)->fixed == 0 ? m->p : pkl_bytes(m, (*op)->fixed);
	if (p == NULL)
		return false;
	for (unsigned i = (*op)->fixed; i > 0; i--)
		*arg = *arg << 8 | p[i - 1];
	return true;
}

void pkl_loop(struct pkl *m)
{
	for (;;) {
		const struct pkl_op *op;
		uint64_t arg = 0;
		pkl_sync(m);
		m->op_off = pkl_off(m);
		m->nop++;
		if (m->sh->steps-- == 0) {
			m->sh->steps = 0;
			(void)pkl_limit(m, "too many opcodes");
			return;
		}
		if (__builtin_expect(m->lim - m->p >= 9, 1)) {
			op = &pkl_ops[*m->p];
			if (op->run == NULL) {
				(void)pkl_break(m, "byte 0x%02x is no opcode", *m->p);
				return;
			}
			arg = gh_le64(m->p + 1) & mask[op->fixed];
			m->p += 1 + op->fixed;
		} else if (!slow_op(m, &op, &arg)) {
			return;
		}
		if (!op->run(m, arg))
			return;
	}
}

void pkl_start(struct pkl *m, struct gh_walk *w, uint64_t off, struct gh_arena *arena, struct gh_heap *heap,
	       struct pkl_shared *sh, unsigned dialect)
{
	*m = (struct pkl){
		.w = w,
		.src = w->src,
		.arena = arena,
		.h = heap,
		.sh = sh,
		.dialect = dialect,
		.frame_end = UINT64_MAX,
		.file_pos = off,
		.claim_from = off,
		.out = { .heap = heap, .value = GH_UNKNOWN, .off = off },
	};
	m->stack = m->first;
	m->cap = sizeof m->first / sizeof m->first[0];
	pkl_seek(m, off);
}

/* How the run ended, in the terms of pickle.h. */
static void conclude(struct pkl *m)
{
	struct gh_pickle_result *r = &m->out;
	r->opcodes = m->nop;
	r->end = m->stop ? GH_PICKLE_STOP : m->rc == GH_E_MALFORMED ? GH_PICKLE_BROKEN : GH_PICKLE_LIMIT;
	r->off = m->stop ? pkl_off(m) : m->op_off;
	if (r->off > m->src->size)
		r->off = m->src->size;
	if (!m->stop)
		r->value = GH_UNKNOWN;
	if (!m->mute)
		pkl_flush_claims(m, r->off, r->off);
}

/* ---- readings ------------------------------------------------------------------------------------------------ */

struct reading {
	unsigned add, drop; /* dialect flags */
	unsigned when;	    /* set of 1 << enum pkl_part: all of them were met */
	const char *name;
};

static const struct reading readings[] = {
	{ PKL_PY, 0, 1u << PKL_PART_PY, "pure Python" },
	{ PKL_FILE, 0, 1u << PKL_PART_FILE, "C, from a file" },
	{ PKL_LAX, 0, 1u << PKL_PART_LAX, "other options" },
	{ PKL_PY | PKL_LAX, 0, 1u << PKL_PART_PY | 1u << PKL_PART_LAX, "pure Python, other options" },
	{ 0, PKL_ARRAYS, 1u << PKL_PART_PLAIN, "plain pickle" },
};

static unsigned met(const struct pkl *m)
{
	unsigned set = 0;
	for (unsigned i = 0; i < PKL_PARTS; i++)
		set |= m->part[i].op != 0 ? 1u << i : 0;
	return set;
}

static uint64_t first_part(const struct pkl *m, unsigned of)
{
	uint64_t op = UINT64_MAX;
	for (unsigned i = 0; i < PKL_PARTS; i++)
		if ((of >> i & 1) != 0 && m->part[i].op != 0 && m->part[i].op < op)
			op = m->part[i].op;
	return op;
}

static void merge_parts(struct pkl *to, const struct pkl *from)
{
	for (unsigned i = 0; i < PKL_PARTS; i++)
		if (to->part[i].op == 0)
			to->part[i] = from->part[i];
	if (!to->big_text && from->big_text) {
		to->big_text = true;
		to->big_off = from->big_off;
	}
	if (!to->sparse_memo && from->sparse_memo) {
		to->sparse_memo = true;
		to->sparse_off = from->sparse_off;
	}
	if (!to->heavy_key && from->heavy_key) {
		to->heavy_key = true;
		to->heavy_off = from->heavy_off;
	}
	to->buffers = to->buffers || from->buffers;
}

static int rank(enum gh_pickle_end e) { return e == GH_PICKLE_STOP ? 2 : e == GH_PICKLE_LIMIT ? 1 : 0; }

/* The other readings of a stream whose first one is *m. What they add to its result stays. */
static void other_readings(struct pkl *m, uint64_t start, const struct gh_pickle_hooks *hooks, uint64_t *array_code)
{
	struct pkl_shared *sh = m->sh;
	for (size_t i = 0; i < sizeof readings / sizeof readings[0]; i++) {
		const struct reading *r = &readings[i];
		if ((met(m) & r->when) != r->when || m->sink_stop)
			continue;
		struct pkl o;
		uint64_t claimed = sh->claimed;
		uint32_t weight = m->h->worst_weight;
		uint16_t depth = m->h->worst_depth;
		if (r->drop != 0)
			sh->claimed = UINT64_MAX; /* numbers are not understood because they happen to decode */
		pkl_start(&o, m->w, start, m->arena, m->h, sh, (m->dialect | r->add) & ~r->drop);
		o.hooks = hooks;
		o.reading = r->name;
		sh->from_op = first_part(m, r->when);
		pkl_loop(&o);
		conclude(&o);
		if (r->drop != 0)
			sh->claimed = claimed;
		if (r->drop == 0 || o.told != 0) {
			merge_parts(m, &o);
		} else {
			m->h->worst_weight = weight;
			m->h->worst_depth = depth;
		}
		m->out.calls += o.told;
		if (r->drop != 0)
			*array_code = o.told;
		else if (rank(o.out.end) > rank(m->out.end)) {
			uint64_t calls = m->out.calls, imports = m->out.imports;
			m->out = o.out;
			m->out.calls = calls > o.out.calls ? calls : o.out.calls;
			m->out.imports = imports > o.out.imports ? imports : o.out.imports;
		}
		if (o.sink_stop) {
			m->sink_stop = true;
			m->rc = o.rc;
		}
	}
}

static void tell(struct pkl *m, enum pkl_rule rule, uint64_t off, const char *text)
{
	uint64_t size = m->src->size;
	gh_anomaly(m->w, &pkl_rules[rule], off < size ? off : size, off < size ? 1 : 0, "%s", text);
}

static void anomalies(struct pkl *m, bool leftover, uint64_t array_code)
{
	const struct pkl_place *c = &m->part[PKL_PART_C], *py = &m->part[PKL_PART_PY];
	if (m->out.end == GH_PICKLE_BROKEN)
		tell(m, PKL_MALFORMED, m->out.off, m->out.why);
	else if (m->out.end == GH_PICKLE_LIMIT)
		tell(m, PKL_LIMIT, m->out.off, m->out.why[0] != '\0' ? m->out.why : "a budget ran out");
	if (m->part[PKL_PART_FILE].op != 0)
		tell(m, PKL_FRAMES, m->part[PKL_PART_FILE].off, m->part[PKL_PART_FILE].why);
	if (py->op != 0)
		tell(m, PKL_READERS, py->off, py->why);
	if (c->op != 0)
		tell(m, PKL_READERS, c->off, c->why);
	if (m->part[PKL_PART_LAX].op != 0 && !m->big_text && !m->buffers)
		tell(m, PKL_OPTIONS, m->part[PKL_PART_LAX].off, m->part[PKL_PART_LAX].why);
	if (m->buffers)
		tell(m, PKL_BUFFERS, m->part[PKL_PART_LAX].off, "a buffer that load() has to be given");
	if (m->big_text)
		tell(m, PKL_DIGITS, m->big_off, "a number of more than 4300 digits");
	if (m->sparse_memo)
		tell(m, PKL_MEMO, m->sparse_off, "the index lies far ahead of the memo's size");
	if (m->heavy_key)
		tell(m, PKL_EXPANSION, m->heavy_off, "a key whose hash visits millions of items");
	else if (m->h->worst_weight > EXPANSION)
		tell(m, PKL_EXPANSION, m->out.off, "more than 2^30 items when every reference is written out");
	if (m->h->worst_depth > DEEP)
		tell(m, PKL_DEEP, m->out.off, "more than 1000 levels of containers");
	if (m->sh->nested_spent && m->out.end != GH_PICKLE_LIMIT)
		tell(m, PKL_LIMIT, m->out.off, "too many strings that look like pickles");
	if (array_code != 0 && m->raw_first)
		tell(m, PKL_ARRAY_CODE, m->part[PKL_PART_PLAIN].off, "pickle.load goes on in the bytes of the array");
	if (leftover)
		tell(m, PKL_LEFTOVER, m->out.off != 0 ? m->out.off - 1 : 0, "the stack holds more than the result");
}

enum gh_rc pkl_run(struct gh_walk *w, uint64_t off, const struct gh_pickle_hooks *hooks, struct gh_arena *arena,
		   struct gh_heap *heap, unsigned dialect, struct gh_pickle_result *out)
{
	struct pkl_shared sh = { .claimed = off, .steps = w->lim->steps, .nested = NESTED_LOOKS };
	struct pkl m;
	uint64_t array_code = 0;
	*heap = (struct gh_heap){ .arena = arena, .src = w->src, .keep = hooks == NULL ? 0 : hooks->keep };
	pkl_start(&m, w, off, arena, heap, &sh, dialect);
	m.hooks = hooks;
	pkl_loop(&m);
	conclude(&m);
	bool leftover = m.stop && (m.n != 0 || m.nmark != 0);
	if (!m.sink_stop)
		other_readings(&m, off, hooks, &array_code);
	anomalies(&m, leftover, array_code);
	*out = m.out;
	return m.sink_stop ? m.rc : GH_OK;
}

enum gh_rc gh_pickle_run(struct gh_walk *w, uint64_t off, const struct gh_pickle_hooks *hooks,
			 struct gh_pickle_result *out)
{
	struct gh_heap *heap = GH_NEW(w->arena, struct gh_heap, 1);
	*out = (struct gh_pickle_result){ .end = GH_PICKLE_LIMIT, .off = off, .value = GH_UNKNOWN, .heap = heap };
	if (heap == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory left for a pickle stream");
	enum gh_rc rc = pkl_run(w, off, hooks, w->arena, heap, PKL_ARRAYS, out);
	return rc == GH_OK ? GH_OK : gh_fail(w->err, rc, "pickle stream at %llu", (unsigned long long)off);
}
