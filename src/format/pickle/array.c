/* array.c - joblib's layout: after BUILD of a NumpyArrayWrapper the array's bytes stand inline in the file, and the
 * opcodes go on behind them. Source: joblib/numpy_pickle.py (NumpyArrayWrapper.read_array), 0.10 to 1.4.
 *
 * joblib reads with pickle.py's unpickler. The array's bytes come from the file, not from the current frame: a frame
 * that is not used up holds opcodes that run after the array was read. */
#include "format/pickle/machine.h"

#include <stdio.h>

enum wrapper { NONE, ARRAY, FILE_ARRAY };

/* The class an object was made of: also through copyreg, as protocols below 2 and old classes do. */
static const struct gh_global *class_of(struct pkl *m, gh_val v)
{
	const struct gh_global *g = gh_val_names(gh_val_callee(m->h, v));
	if (g != NULL && (gh_span_is(g->to_module, "copyreg") || gh_span_is(g->to_module, "copy_reg")))
		g = gh_val_names(gh_val_item(m->h, gh_val_args(m->h, v), 0));
	return g;
}

static enum wrapper wrapper_kind(struct pkl *m, gh_val v)
{
	const struct gh_global *g = class_of(m, v);
	if (g == NULL ||
	    (!gh_span_ends(g->to_module, "numpy_pickle") && !gh_span_ends(g->to_module, "numpy_pickle_compat")))
		return NONE;
	if (gh_span_is(g->to_name, "NumpyArrayWrapper"))
		return ARRAY;
	return gh_span_is(g->to_name, "NDArrayWrapper") || gh_span_is(g->to_name, "ZNDArrayWrapper") ? FILE_ARRAY
												     : NONE;
}

/* An attribute as the states given by BUILD leave it: the last one wins. */
static bool attribute(struct pkl *m, gh_val object, const char *name, gh_val *out)
{
	for (uint64_t i = gh_val_len(m->h, object); i > 0; i--) {
		gh_val state = gh_val_item(m->h, object, i - 1);
		if (pkl_kind(m, state) == GH_V_TUPLE && gh_val_len(m->h, state) == 2) {
			if (gh_val_get(m->h, gh_val_item(m->h, state, 1), name, out))
				return true;
			state = gh_val_item(m->h, state, 0);
		}
		if (gh_val_get(m->h, state, name, out))
			return true;
	}
	return false;
}

/* ---- dtype --------------------------------------------------------------------------------------------------- */

struct dtype {
	char kind;
	uint64_t size;
	bool objects, big;
	char text[16]; /* as events name it */
};

static void dtype_name(struct dtype *d)
{
	static const struct {
		char kind;
		const char *prefix;
	} rows[] = { { 'f', "F" }, { 'i', "I" }, { 'u', "U" }, { 'c', "C" } };
	(void)snprintf(d->text, sizeof d->text, "%s", d->kind == 'b' ? "BOOL" : "V");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].kind == d->kind)
			(void)snprintf(d->text, sizeof d->text, "%s%u", rows[i].prefix, (unsigned)d->size * 8 % 1000);
}

/* numpy.dtype('f8', …) with a state (version, order, subarray, names, fields, itemsize, alignment, flags). */
static bool read_dtype(struct pkl *m, gh_val v, struct dtype *d)
{
	const struct gh_global *g = gh_val_names(gh_val_callee(m->h, v));
	gh_val spec = gh_val_item(m->h, gh_val_args(m->h, v), 0);
	if (g == NULL || !gh_span_is(g->to_name, "dtype") || pkl_kind(m, spec) != GH_V_STR)
		return false;
	struct gh_span s = gh_val_text(m->h, spec, 32);
	size_t i = s.n != 0 && memchr("<>|=", s.p[0], 4) != NULL ? 1 : 0;
	if (s.n == 0 || i == s.n || gh_val_len(m->h, spec) > 24)
		return false;
	*d = (struct dtype){ .kind = (char)s.p[i], .big = s.p[0] == '>' };
	bool digits = false;
	for (i++; i < s.n; i++, digits = true) {
		if (s.p[i] < '0' || s.p[i] > '9' || d->size > UINT32_MAX)
			return false;
		d->size = d->size * 10 + (uint64_t)(s.p[i] - '0');
	}
	bool sized = memchr("SUV", d->kind, 3) != NULL;
	if (memchr("biufcmMOSUV?", d->kind, 12) == NULL || (!digits && memchr("O?", d->kind, 2) == NULL && !sized))
		return false;
	if (d->kind == '?') {
		d->kind = 'b';
		d->size = 1;
	}
	if (d->kind == 'U')
		d->size *= 4;
	d->objects = d->kind == 'O';
	for (uint64_t k = 0; k < gh_val_len(m->h, v); k++) { /* what BUILD said */
		gh_val state = gh_val_item(m->h, v, k);
		gh_val order = gh_val_item(m->h, state, 1);
		int64_t n;
		if (gh_val_is(m->h, order, ">") || gh_val_is(m->h, order, "<"))
			d->big = gh_val_is(m->h, order, ">");
		if (sized && gh_val_int(m->h, gh_val_item(m->h, state, 5), &n) && n >= 0)
			d->size = (uint64_t)n;
		if (gh_val_int(m->h, gh_val_item(m->h, state, 7), &n) && (n & 1) != 0)
			d->objects = true;
	}
	dtype_name(d);
	return d->size != 0 || sized || d->objects;
}

/* ---- the array ----------------------------------------------------------------------------------------------- */

struct shape {
	uint64_t dim[GH_DIMS_MAX];
	unsigned n;
	uint64_t count;
};

static bool read_shape(struct pkl *m, gh_val v, struct shape *s)
{
	enum gh_vkind k = pkl_kind(m, v);
	uint64_t n = gh_val_len(m->h, v);
	if ((k != GH_V_TUPLE && k != GH_V_LIST) || n > GH_DIMS_MAX)
		return false;
	*s = (struct shape){ .n = (unsigned)n, .count = 1 };
	for (unsigned i = 0; i < s->n; i++) {
		int64_t dim;
		if (!gh_val_int(m->h, gh_val_item(m->h, v, i), &dim) || dim < 0)
			return false;
		s->dim[i] = (uint64_t)dim;
		if (__builtin_mul_overflow(s->count, s->dim[i], &s->count))
			return false;
	}
	return true;
}

static bool not_understood(struct pkl *m, const char *why)
{
	if (!m->mute)
		gh_anomaly(m->w, &pkl_rules[PKL_ARRAY], m->op_off, 1, "%s", why);
	return pkl_break(m, "joblib array: %s", why);
}

/* An object array is a pickle of its own, read by pickle.load from the same file. */
static bool object_array(struct pkl *m, uint64_t *pos, gh_val *value)
{
	struct pkl o;
	pkl_start(&o, m->w, *pos, m->arena, m->h, m->sh, m->dialect & (PKL_LAX | PKL_INERT));
	o.hooks = m->hooks;
	o.reading = m->reading;
	o.mute = m->mute;
	o.until_call = m->until_call;
	o.nop = m->nop;
	o.seq = m->seq;
	pkl_loop(&o);
	m->nop = o.nop;
	m->seq = o.seq;
	m->told += o.told;
	m->out.calls += o.out.calls;
	m->out.imports += o.out.imports;
	*pos = o.stop ? pkl_off(&o) : o.op_off;
	if (!m->mute)
		pkl_flush_claims(&o, *pos, *pos);
	m->claim_from = *pos;
	for (int i = 0; i < PKL_PARTS; i++)
		if (m->part[i].op == 0)
			m->part[i] = o.part[i];
	*value = o.out.value;
	if (o.stop)
		return true;
	m->op_off = o.op_off;
	m->at_end = o.at_end;
	m->rc = o.rc;
	m->sink_stop = o.sink_stop;
	memcpy(m->out.why, o.out.why, sizeof m->out.why);
	return false;
}

/* joblib since 1.2 aligns the data: one byte tells how many bytes 0xff follow. */
static bool skip_padding(struct pkl *m, uint64_t *pos)
{
	struct gh_span len = gh_src_window(m->src, *pos, 1);
	if (len.n == 0)
		return not_understood(m, "the file ends before the array");
	uint64_t n = len.p[0];
	struct gh_span pad = gh_src_window(m->src, *pos + 1, (size_t)n);
	bool clean = pad.n == n;
	for (size_t i = 0; i < pad.n; i++)
		clean = clean && pad.p[i] == 0xff;
	if (pad.n < n)
		return not_understood(m, "the file ends before the array");
	if (!clean && !m->mute) /* any bytes do: nothing reads them */
		gh_anomaly(m->w, &pkl_rules[PKL_READERS], *pos, n + 1,
			   "padding before an array that joblib did not write");
	*pos += 1 + n;
	pkl_flush_claims(m, *pos, *pos);
	return true;
}

static bool raw_array(struct pkl *m, const struct dtype *d, const struct shape *s, uint64_t *pos)
{
	uint64_t bytes;
	if (__builtin_mul_overflow(s->count, d->size, &bytes) || bytes > m->src->size - *pos)
		return not_understood(m, "the array is larger than the rest of the file");
	pkl_flush_claims(m, *pos + bytes, *pos);
	if (!m->mute && m->nop >= m->sh->from_op && bytes != 0) {
		struct gh_tensor t = { .dtype = d->text,
				       .bits = (unsigned)(d->size * 8),
				       .ndim = s->n,
				       .dim = s->dim,
				       .src = m->src,
				       .big_endian = d->big };
		enum gh_rc rc = gh_emit(m->w, GH_EV_TENSOR, *pos, bytes, &t);
		if (rc != GH_OK) {
			m->rc = rc;
			m->sink_stop = true;
			return false;
		}
	}
	*pos += bytes;
	return true;
}

/* Would pickle.load find an opcode where the array's bytes begin? Then that reading is looked at too. */
static void plain_reading(struct pkl *m, uint64_t pos)
{
	struct gh_span b = gh_src_window(m->src, pos, 1);
	if (b.n != 0 && pkl_ops[b.p[0]].run != NULL)
		pkl_differs(m, PKL_PART_PLAIN, "the bytes of an inline array");
}

static bool inline_array(struct pkl *m, gh_val *top)
{
	struct dtype d;
	struct shape s;
	gh_val v, subclass = GH_UNKNOWN;
	if (!attribute(m, *top, "dtype", &v) || !read_dtype(m, v, &d))
		return not_understood(m, "its dtype");
	if (!attribute(m, *top, "shape", &v) || !read_shape(m, v, &s))
		return not_understood(m, "its shape");
	uint64_t here = pkl_off(m), pos = here;
	bool in_frame = m->frame_end != UINT64_MAX && m->frame_end > here;
	if (m->frame_end != UINT64_MAX && !in_frame)
		pos = m->file_pos;
	pkl_flush_claims(m, here, here);
	if (in_frame) {
		pkl_differs(m, PKL_PART_PY, "an array in the middle of a frame");
		if ((m->dialect & PKL_PY) != 0)
			pos = m->file_pos;
	}
	m->claim_from = pos;
	if (m->part[PKL_PART_PLAIN].op == 0)
		m->raw_first = !d.objects;
	plain_reading(m, pos);
	bool padded = attribute(m, *top, "numpy_array_alignment_bytes", &v) && v != GH_NONE;
	gh_val objects = GH_UNKNOWN;
	bool ok = d.objects ? object_array(m, &pos, &objects)
			    : (!padded || skip_padding(m, &pos)) && raw_array(m, &d, &s, &pos);
	if (!ok)
		return false;
	m->arrays = true;
	if (in_frame && (m->dialect & PKL_PY) != 0) {
		m->file_pos = pos;
		m->claim_from = here;
		pkl_seek(m, here);
	} else {
		m->frame_end = UINT64_MAX;
		m->claim_from = pos;
		pkl_seek(m, pos);
	}
	if (d.objects && objects != GH_UNKNOWN) { /* joblib returns what the inner stream made */
		*top = objects;
		return true;
	}
	(void)attribute(m, *top, "subclass", &subclass);
	/* As if it had been called with shape, dtype and bytes: a check can look at them. */
	gh_val made[3] = { GH_UNKNOWN, GH_UNKNOWN, GH_NONE };
	(void)attribute(m, *top, "shape", &made[0]);
	(void)attribute(m, *top, "dtype", &made[1]);
	if (!d.objects)
		made[2] = gh_val_make_at(m->h, GH_V_BYTES, 0, pos - s.count * d.size, s.count * d.size,
					 s.count * d.size);
	gh_val order;
	if (!attribute(m, *top, "order", &order) || !gh_val_is(m->h, order, "F"))
		order = GH_NONE;
	*top = gh_val_make_object(m->h, subclass, gh_val_make_items(m->h, GH_V_TUPLE, made, 3), order, m->seq);
	return !m->h->full || pkl_limit(m, "no memory left for values");
}

/* joblib before 0.10 kept each array in a file of its own, named in the wrapper. */
static bool file_array(struct pkl *m, gh_val object)
{
	gh_val name;
	if (m->mute || m->nop < m->sh->from_op || !attribute(m, object, "filename", &name) ||
	    pkl_kind(m, name) != GH_V_STR)
		return true;
	struct gh_span s = gh_val_text(m->h, name, 4096);
	struct gh_reference r = { .kind = GH_REF_PATH, .target = s, .from = GH_SPAN("joblib array") };
	enum gh_rc rc = gh_emit(m->w, GH_EV_REFERENCE, m->op_off, 1, &r);
	if (rc != GH_OK) {
		m->rc = rc;
		m->sink_stop = true;
	}
	return rc == GH_OK;
}

/* ---- numpy's own arrays ---------------------------------------------------------------------------------------- */

enum { TEXT_MAX = 8 << 20 }; /* bytes of an array that is spelt as text which are decoded */

/* _codecs.encode(text, 'latin1'): how protocols before 3 spell bytes. */
static gh_val spelt(struct pkl *m, gh_val v)
{
	const struct gh_global *g = pkl_kind(m, v) == GH_V_OBJECT ? gh_val_names(gh_val_callee(m->h, v)) : NULL;
	bool wrapped = g != NULL && (gh_span_is(g->to_name, "encode") || gh_span_is(g->to_name, "bytearray") ||
				     gh_span_is(g->to_name, "bytes"));
	return wrapped ? gh_val_item(m->h, gh_val_args(m->h, v), 0) : v;
}

static bool tell(struct pkl *m, const struct dtype *d, const struct shape *s, struct gh_src *src, uint64_t off,
		 uint64_t bytes)
{
	struct gh_tensor t = { .dtype = d->text,
			       .bits = (unsigned)(d->size * 8),
			       .ndim = s->n,
			       .dim = s->dim,
			       .src = src,
			       .big_endian = d->big };
	enum gh_rc rc = gh_emit(m->w, GH_EV_TENSOR, off, bytes, &t);
	m->rc = rc == GH_OK ? m->rc : rc;
	m->sink_stop = m->sink_stop || rc != GH_OK;
	return rc == GH_OK;
}

/* An array whose bytes are a value: told as the tensor that it is, if all of it is understood. */
static bool held_array(struct pkl *m, gh_val type, gh_val dims, gh_val data)
{
	struct dtype d;
	struct shape s;
	struct gh_val_reader r;
	uint64_t bytes;
	data = spelt(m, data);
	enum gh_vkind k = pkl_kind(m, data);
	if (m->mute || m->nop < m->sh->from_op || !read_dtype(m, type, &d) || d.objects || !read_shape(m, dims, &s) ||
	    __builtin_mul_overflow(s.count, d.size, &bytes) || bytes == 0 || d.size > 16)
		return true;
	if ((k != GH_V_BYTES && k != GH_V_BYTEARRAY && k != GH_V_STR) || !gh_val_reader(m->h, data, &r) ||
	    r.left < bytes)
		return true;
	if (k != GH_V_STR)
		return tell(m, &d, &s, r.cur.src, gh_cur_off(&r.cur), bytes);
	gh_auto_arena room = { .max = 2 * TEXT_MAX };
	uint8_t *p = bytes > TEXT_MAX ? NULL : gh_alloc(&room, (size_t)bytes, 1);
	struct gh_src_mem mem;
	if (p == NULL || !gh_val_read(&r, p, (size_t)bytes))
		return true;
	return tell(m, &d, &s, gh_src_mem(&mem, (struct gh_span){ p, (size_t)bytes }), 0, bytes);
}

bool pkl_ndarray(struct pkl *m, gh_val v)
{
	const struct gh_global *g = pkl_kind(m, v) == GH_V_OBJECT ? gh_val_names(gh_val_callee(m->h, v)) : NULL;
	gh_val args = gh_val_args(m->h, v);
	if (g == NULL || !gh_span_starts(g->to_module, "numpy"))
		return true;
	if (gh_span_is(g->to_name, "_frombuffer") && gh_val_len(m->h, args) == 4)
		return held_array(m, gh_val_item(m->h, args, 1), gh_val_item(m->h, args, 2),
				  gh_val_item(m->h, args, 0));
	uint64_t n = gh_val_len(m->h, v);
	gh_val state = n == 0 ? GH_NONE : gh_val_item(m->h, v, n - 1);
	uint64_t k = n == 0 ? 0 : gh_val_len(m->h, state); /* the first versions of the state had no version */
	if (!gh_span_is(g->to_name, "_reconstruct") || pkl_kind(m, state) != GH_V_TUPLE || (k != 4 && k != 5))
		return true;
	return held_array(m, gh_val_item(m->h, state, k - 3), gh_val_item(m->h, state, k - 4),
			  gh_val_item(m->h, state, k - 1));
}

bool pkl_array(struct pkl *m, gh_val *v)
{
	if ((m->dialect & PKL_ARRAYS) == 0)
		return true;
	switch (wrapper_kind(m, *v)) {
	case ARRAY: return inline_array(m, v);
	case FILE_ARRAY: return file_array(m, *v);
	case NONE: break;
	}
	return true;
}
