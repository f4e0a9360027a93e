/* atoms.c - opcodes that push a number, a string or bytes. */
#include "format/pickle/ops.h"
#include "format/pickle/text.h"

enum { DATA_CLAIM = 1024 }; /* longer contents are claimed as data of their own */

bool pkl_op_none(struct pkl *m, uint64_t arg)
{
	(void)arg;
	return pkl_push(m, GH_NONE);
}
bool pkl_op_newtrue(struct pkl *m, uint64_t arg)
{
	(void)arg;
	return pkl_push(m, GH_TRUE);
}
bool pkl_op_newfalse(struct pkl *m, uint64_t arg)
{
	(void)arg;
	return pkl_push(m, GH_FALSE);
}

/* ---- numbers ------------------------------------------------------------------------------------------------- */

bool pkl_op_binint(struct pkl *m, uint64_t arg) { return pkl_push(m, gh_val_make_int(m->h, (int32_t)(uint32_t)arg)); }
bool pkl_op_binint1(struct pkl *m, uint64_t arg) { return pkl_push(m, gh_val_make_int(m->h, (int64_t)arg)); }

bool pkl_op_binfloat(struct pkl *m, uint64_t arg)
{
	uint64_t off = pkl_off(m) - 8; /* not behind the opcode, when a frame ended in between */
	double d;
	if (off < (uint64_t)1 << 60)
		return pkl_push(m, off << 4 | GH_TAG_FLOAT);
	arg = __builtin_bswap64(arg);
	memcpy(&d, &arg, sizeof d);
	return pkl_push_made(m, gh_val_make_float(m->h, d));
}

/* Two's complement without the bytes that only repeat its sign. */
static size_t significant(const uint8_t *p, size_t n)
{
	while (n > 1 && ((p[n - 1] == 0 && p[n - 2] < 0x80) || (p[n - 1] == 0xff && p[n - 2] >= 0x80)))
		n--;
	return n;
}

static bool counted_long(struct pkl *m, uint64_t n)
{
	uint64_t off;
	const uint8_t *p = NULL;
	if (n > GH_WINDOW_MAX) {
		if (!pkl_skip(m, n))
			return false;
		off = pkl_off(m) - n;
	} else {
		p = pkl_bytes(m, (size_t)n);
		if (p == NULL)
			return false;
		off = pkl_off(m) - n;
		n = significant(p, (size_t)n);
	}
	if (n > 8) /* each byte is at most 2.41 digits */
		return pkl_push_made(m, gh_val_make_at(m->h, GH_V_BIGINT, 0, off, n, n * 2412 / 1000));
	uint64_t v = 0;
	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	if (n != 0 && n < 8 && (p[n - 1] & 0x80) != 0)
		v |= UINT64_MAX << (8 * n);
	return pkl_push_made(m, gh_val_make_int(m->h, (int64_t)v));
}

bool pkl_op_long1(struct pkl *m, uint64_t arg) { return counted_long(m, arg); }
bool pkl_op_long4(struct pkl *m, uint64_t arg)
{
	return arg > INT32_MAX ? pkl_break(m, "a negative count") : counted_long(m, arg);
}

/* Newer versions refuse long decimal text, older ones spend quadratic time on it. */
static void many_digits(struct pkl *m, struct pkl_num *n)
{
	if (!n->ok || !n->many)
		return;
	if (!m->big_text) {
		m->big_text = true;
		m->big_off = m->op_off;
	}
	pkl_differs(m, PKL_PART_LAX, "a number of more than 4300 digits");
	n->ok = (m->dialect & PKL_LAX) != 0;
}

static bool push_number(struct pkl *m, const struct pkl_line *l, struct pkl_num c, struct pkl_num py)
{
	many_digits(m, &c);
	many_digits(m, &py);
	struct pkl_num n = (m->dialect & PKL_PY) != 0 ? py : c;
	if (!pkl_num_same(c, py))
		pkl_differs(m, c.ok ? PKL_PART_C : PKL_PART_PY, "an integer that the readers understand differently");
	if (c.ok && py.ok && !pkl_num_same(c, py))
		pkl_differs(m, PKL_PART_PY, "an integer that the readers understand differently");
	if (!n.ok)
		return pkl_break(m, "a number that cannot be read");
	if (n.boolean)
		return pkl_push(m, n.i != 0 ? GH_TRUE : GH_FALSE);
	if (n.big)
		return pkl_push_made(m, gh_val_make_at(m->h, GH_V_BIGINT, GH_NF_DIGITS, l->off, l->len, l->len));
	return pkl_push_made(m, gh_val_make_int(m->h, n.i));
}

bool pkl_op_int(struct pkl *m, uint64_t arg)
{
	struct pkl_line l;
	(void)arg;
	if (!pkl_line(m, &l, true))
		return false;
	struct gh_span s = { l.p, (size_t)l.len };
	return push_number(m, &l, pkl_int_c(s), pkl_int_py(s));
}

bool pkl_op_long(struct pkl *m, uint64_t arg)
{
	struct pkl_line l;
	(void)arg;
	if (!pkl_line(m, &l, true))
		return false;
	struct gh_span s = { l.p, (size_t)l.len };
	return push_number(m, &l, pkl_long_c(s), pkl_long_py(s));
}

bool pkl_op_float(struct pkl *m, uint64_t arg)
{
	struct pkl_line l;
	double c = 0, py = 0;
	(void)arg;
	if (!pkl_line(m, &l, true))
		return false;
	struct gh_span s = { l.p, (size_t)l.len };
	bool c_ok = pkl_float(s, false, &c), py_ok = pkl_float(s, true, &py);
	if (c_ok != py_ok)
		pkl_differs(m, c_ok ? PKL_PART_C : PKL_PART_PY, "a float that only one reader accepts");
	bool py_mode = (m->dialect & PKL_PY) != 0;
	if (!(py_mode ? py_ok : c_ok))
		return pkl_break(m, "a float that cannot be read");
	return pkl_push_made(m, gh_val_make_float(m->h, py_mode ? py : c));
}

/* ---- strings ------------------------------------------------------------------------------------------------- */

/* Bytes of Python 2 are decoded as ASCII unless the caller of load() says otherwise. */
static bool not_ascii(struct pkl *m)
{
	pkl_differs(m, PKL_PART_LAX, "a Python 2 string that is not ASCII");
	return (m->dialect & PKL_LAX) != 0 ||
	       pkl_break(m, "a Python 2 string that is not ASCII: load() needs encoding='latin1' or 'bytes'");
}

enum text_check { CHECK_NONE, CHECK_UTF8, CHECK_ASCII };

/* Move past n content bytes, checking them piece by piece. */
static bool checked(struct pkl *m, uint64_t n, enum text_check how)
{
	bool high = false;
	while (n != 0) {
		size_t want = n < GH_CUR_WINDOW ? (size_t)n : GH_CUR_WINDOW;
		const uint8_t *p = pkl_bytes(m, want);
		if (p == NULL)
			return false;
		struct gh_span s = { p, want };
		size_t done = want;
		bool bad = false;
		if (how == CHECK_UTF8)
			done = pkl_utf8(s, true, want == n, &bad);
		else
			high = high || !pkl_ascii(s);
		if (bad || (done < want && done == 0))
			return pkl_break(m, "a string that is not UTF-8");
		m->p -= want - done; /* an unfinished character begins the next piece */
		n -= done;
	}
	return !high || not_ascii(m);
}

/* One counted operand: its content starts at the position. */
static bool counted(struct pkl *m, uint64_t n, enum gh_vkind kind, enum text_check how)
{
	uint64_t off = pkl_off(m);
	if (n > INT64_MAX)
		return pkl_break(m, "a length beyond what a process can address");
	/* A reader asks for a counted operand at once: a frame has to hold all of it, also when it is checked in pieces. */
	if (n > (uint64_t)(m->lim - m->p) && !pkl_frame_holds(m, n, how == CHECK_NONE))
		return false;
	off = pkl_off(m);
	if (n > m->src->size - off)
		return pkl_skip(m, n); /* says that the stream ends here */
	if (how == CHECK_NONE ? !pkl_skip(m, n) : !checked(m, n, how))
		return false;
	gh_val v = gh_val_make_at(m->h, kind, 0, off, n, n);
	if (n >= DATA_CLAIM)
		pkl_flush_claims(m, off + n, off);
	if (n >= 16)
		pkl_nested(m, v);
	return pkl_push_made(m, v);
}

bool pkl_op_binunicode(struct pkl *m, uint64_t arg) { return counted(m, arg, GH_V_STR, CHECK_UTF8); }
bool pkl_op_binbytes(struct pkl *m, uint64_t arg) { return counted(m, arg, GH_V_BYTES, CHECK_NONE); }
bool pkl_op_bytearray8(struct pkl *m, uint64_t arg) { return counted(m, arg, GH_V_BYTEARRAY, CHECK_NONE); }
bool pkl_op_short_binstring(struct pkl *m, uint64_t arg) { return counted(m, arg, GH_V_STR, CHECK_ASCII); }

bool pkl_op_binstring(struct pkl *m, uint64_t arg)
{
	if (arg > INT32_MAX) {
		if ((m->dialect & PKL_PY) != 0)
			return pkl_break(m, "a negative count");
		pkl_differs(m, PKL_PART_C, "a count that pickle.py takes as negative");
	}
	return counted(m, arg, GH_V_STR, CHECK_ASCII);
}

/* Check the escapes of a line, in pieces when it is longer than a window (p is NULL). */
static struct pkl_escape line_escapes(struct pkl *m, const uint8_t *p, uint64_t off, uint64_t len, bool raw)
{
	struct pkl_escape e = pkl_escape(raw);
	if (p != NULL) {
		pkl_escape_feed(&e, (struct gh_span){ p, (size_t)len });
		len = 0;
	}
	while (len != 0 && !e.bad) {
		struct gh_span s = gh_src_window(m->src, off, len < GH_CUR_WINDOW ? (size_t)len : GH_CUR_WINDOW);
		if (s.n == 0) {
			e.bad = true;
			break;
		}
		pkl_escape_feed(&e, s);
		off += s.n;
		len -= s.n;
	}
	pkl_escape_end(&e);
	pkl_sync(m);
	return e;
}

static bool push_line(struct pkl *m, uint64_t off, uint64_t len, const struct pkl_escape *e)
{
	uint8_t flags = e->plain ? 0 : e->raw ? GH_NF_RAWUNI : GH_NF_ESCAPED;
	gh_val v = gh_val_make_at(m->h, GH_V_STR, flags, off, len, e->made);
	if (len >= 16)
		pkl_nested(m, v);
	return pkl_push_made(m, v);
}

bool pkl_op_string(struct pkl *m, uint64_t arg)
{
	struct pkl_line l;
	uint8_t first = 0, last = 0;
	(void)arg;
	if (!pkl_line(m, &l, false))
		return false;
	if (l.len >= 2 && l.p != NULL) {
		first = l.p[0];
		last = l.p[l.len - 1];
	} else if (l.len >= 2) {
		struct gh_span s = gh_src_window(m->src, l.off, 1);
		first = s.n != 0 ? s.p[0] : 0;
		s = gh_src_window(m->src, l.off + l.len - 1, 1);
		last = s.n != 0 ? s.p[0] : 1;
		pkl_sync(m);
	}
	if (first != last || (first != '\'' && first != '"'))
		return pkl_break(m, "a STRING without its quotes");
	struct pkl_escape e = line_escapes(m, l.p == NULL ? NULL : l.p + 1, l.off + 1, l.len - 2, false);
	if (e.bad)
		return pkl_break(m, "a STRING with a broken escape");
	if (e.high && !not_ascii(m))
		return false;
	return push_line(m, l.off + 1, l.len - 2, &e);
}

bool pkl_op_unicode(struct pkl *m, uint64_t arg)
{
	struct pkl_line l;
	(void)arg;
	if (!pkl_line(m, &l, false))
		return false;
	struct pkl_escape e = line_escapes(m, l.p, l.off, l.len, true);
	if (e.bad)
		return pkl_break(m, "a UNICODE with a broken escape");
	return push_line(m, l.off, l.len, &e);
}

/* ---- buffers ------------------------------------------------------------------------------------------------- */

bool pkl_op_next_buffer(struct pkl *m, uint64_t arg)
{
	(void)arg;
	pkl_differs(m, PKL_PART_LAX, "a buffer that load() has to be given");
	m->buffers = true;
	if ((m->dialect & PKL_LAX) == 0)
		return pkl_break(m, "a buffer is wanted that is not in the stream");
	return pkl_push(m, GH_BUFFER);
}

bool pkl_op_readonly_buffer(struct pkl *m, uint64_t arg)
{
	(void)arg;
	if (m->n <= m->fence)
		return pkl_underflow(m);
	gh_val *top = &m->stack[m->n - 1];
	enum gh_vkind kind = pkl_kind(m, *top);
	if (kind == GH_V_BYTEARRAY) {
		*top = GH_BUFFER_VIEW;
		return true;
	}
	if (kind == GH_V_BYTES || kind == GH_V_BUFFER || (pkl_opaque(m, *top) && (m->dialect & PKL_INERT) == 0))
		return true;
	return pkl_break(m, "READONLY_BUFFER on something that is no buffer");
}
