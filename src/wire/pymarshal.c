#include "wire/pymarshal.h"

enum { DEPTH = 200, OBJECTS = 1 << 20, FLAG_REF = 0x80, NIL = UINT32_MAX };

/* The fields of a code object: 'l' 32-bit number, 'o' object; capitals name what is looked for: Code, conSts, Names, naMe. */
static const char *const layouts[GH_PYM_LAYOUTS] = {
	[GH_PYM_27] = "llllCSNoooomlo",
	[GH_PYM_30] = "lllllCSNoooomlo",
	[GH_PYM_38] = "llllllCSNoooomlo",
	[GH_PYM_311] = "lllllCSNooomoloo",
};

enum gh_pym_layout gh_pym_layout(uint16_t magic, unsigned *header, const char **version)
{
	static const struct {
		uint16_t from, to;
		uint8_t layout, header;
		const char *version;
	} known[] = {
		{ 62161, 62211, GH_PYM_27, 8, "2.6 or 2.7" }, { 3000, 3180, GH_PYM_30, 8, "3.0 to 3.2" },
		{ 3190, 3379, GH_PYM_30, 12, "3.3 to 3.6" },  { 3390, 3394, GH_PYM_30, 16, "3.7" },
		{ 3400, 3439, GH_PYM_38, 16, "3.8 to 3.10" }, { 3450, 3699, GH_PYM_311, 16, "3.11 or later" },
	};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (magic >= known[i].from && magic <= known[i].to) {
			*header = known[i].header;
			*version = known[i].version;
			return (enum gh_pym_layout)known[i].layout;
		}
	*header = 16;
	*version = "unknown";
	return GH_PYM_AUTO;
}

struct level {
	uint32_t obj;
	uint64_t left;	   /* items still to come; dict: UINT64_MAX, up to its NULL */
	const char *field; /* of a code object: what comes next */
};

struct reader {
	struct gh_pym *m;
	struct gh_arena *a;
	struct gh_rd r;
	const char *layout;
	uint32_t *ref;
	size_t nref, capref;
	struct {
		uint32_t up, obj;
	} *pair; /* in the order of the input */
	size_t npair, cappair;
	struct level level[DEPTH];
	unsigned depth;
	bool full;
};

static enum gh_rc bad(struct reader *x, const char *why)
{
	x->m->why = why;
	return GH_E_MALFORMED;
}

static uint32_t add(struct reader *x, enum gh_pym_kind kind)
{
	struct gh_pym *m = x->m;
	struct gh_pym_obj *o = m->n >= OBJECTS ? NULL : gh_grow(x->a, m->obj, &m->cap, m->n + 1, sizeof *o);
	if (o == NULL)
		return NIL;
	m->obj = o;
	o[m->n] = (struct gh_pym_obj){ .kind = (uint8_t)kind,
				       .up = x->depth == 0 ? NIL : x->level[x->depth - 1].obj,
				       .code = NIL,
				       .names = NIL,
				       .consts = NIL,
				       .name = NIL };
	return (uint32_t)m->n++;
}

static bool keep_ref(struct reader *x, uint32_t obj)
{
	uint32_t *r = gh_grow(x->a, x->ref, &x->capref, x->nref + 1, sizeof *r);
	if (r == NULL)
		return false;
	x->ref = r;
	r[x->nref++] = obj;
	return true;
}

/* Numbers and singletons: how many bytes follow; -1 when it is no such type. */
static int plain(struct reader *x, uint8_t type)
{
	uint64_t n;
	switch (type) {
	case 'N':
	case 'F':
	case 'T':
	case 'S':
	case '.': return 0;
	case 'i': return 4;
	case 'I':
	case 'g': return 8;
	case 'y': return 16;
	case 'f': return gh_rd_u8(&x->r);
	case 'x': (void)gh_rd_take(&x->r, gh_rd_u8(&x->r)); return gh_rd_u8(&x->r);
	case 'l':
		n = gh_rd_u32le(&x->r);
		n = n > INT32_MAX ? (uint64_t)UINT32_MAX + 1 - n : n;
		return n > (1 << 20) ? (x->r.bad = true, 0) : (int)(2 * n);
	default: return -1;
	}
}

static bool texts(struct reader *x, uint8_t type, enum gh_pym_kind *kind, uint64_t *len)
{
	switch (type) {
	case 's': *kind = GH_PYM_BYTES; break;
	case 't': /* interned */
	case 'u':
	case 'a':
	case 'A': *kind = GH_PYM_STR; break;
	case 'z':
	case 'Z':
		*kind = GH_PYM_STR;
		*len = gh_rd_u8(&x->r);
		return true;
	default: return false;
	}
	*len = gh_rd_u32le(&x->r);
	return true;
}

/* A value is complete: it belongs to what is open. */
static void place(struct reader *x, uint32_t obj)
{
	if (x->depth == 0)
		return;
	struct level *l = &x->level[x->depth - 1];
	struct gh_pym_obj *up = &x->m->obj[l->obj];
	if (l->field != NULL) {
		switch (*l->field++) {
		case 'C': up->code = obj; break;
		case 'S': up->consts = obj; break;
		case 'N': up->names = obj; break;
		case 'm': up->name = obj; break;
		default: break;
		}
	}
	void *p = gh_grow(x->a, x->pair, &x->cappair, x->npair + 1, sizeof *x->pair);
	if (p == NULL) {
		x->full = true;
		return;
	}
	x->pair = p;
	x->pair[x->npair].up = l->obj;
	x->pair[x->npair++].obj = obj;
	up->nkids++;
	if (l->left != UINT64_MAX && l->left != 0)
		l->left--;
}

static enum gh_rc open_level(struct reader *x, uint32_t obj, uint64_t count, const char *field)
{
	if (x->depth == DEPTH) {
		x->m->why = "nested too deeply";
		return GH_E_LIMIT;
	}
	x->level[x->depth++] = (struct level){ obj, count, field };
	return GH_OK;
}

static enum gh_rc value(struct reader *x)
{
	uint8_t byte = gh_rd_u8(&x->r), type = byte & 0x7f;
	enum gh_pym_kind kind = GH_PYM_NONE;
	uint64_t len = 0;
	if (x->r.bad)
		return bad(x, "cut short");
	struct level *l = x->depth == 0 ? NULL : &x->level[x->depth - 1];
	if (type == '0' && l != NULL && l->left == UINT64_MAX) { /* the end of a dict */
		x->depth--;
		place(x, l->obj);
		return GH_OK;
	}
	if (type == 'r' || type == 'R') {
		uint32_t i = gh_rd_u32le(&x->r);
		if (x->r.bad || i >= x->nref)
			return bad(x, "refers to what was not there");
		place(x, x->ref[i]);
		return GH_OK;
	}
	uint32_t obj = add(x, GH_PYM_NONE);
	if (obj == NIL)
		return GH_E_LIMIT;
	if (((byte & FLAG_REF) != 0 || type == 't') && !keep_ref(x, obj))
		return GH_E_LIMIT;
	if (texts(x, type, &kind, &len)) {
		x->m->obj[obj].kind = (uint8_t)kind;
		x->m->obj[obj].text = gh_rd_take(&x->r, len);
		place(x, obj);
		return x->r.bad ? bad(x, "a string that is cut short") : GH_OK;
	}
	int n = plain(x, type);
	if (n >= 0) {
		(void)gh_rd_take(&x->r, (uint64_t)n);
		place(x, obj);
		return x->r.bad ? bad(x, "a number that is cut short") : GH_OK;
	}
	if (type == 'c') {
		x->m->obj[obj].kind = GH_PYM_CODE;
		return open_level(x, obj, 0, x->layout);
	}
	x->m->obj[obj].kind = GH_PYM_SEQ;
	if (type == '{')
		return open_level(x, obj, UINT64_MAX, NULL);
	if (type == ':') /* slice, 3.14 */
		return open_level(x, obj, 3, NULL);
	if (type != '(' && type != '[' && type != '<' && type != '>' && type != ')')
		return bad(x, "a type that does not exist");
	len = type == ')' ? gh_rd_u8(&x->r) : gh_rd_u32le(&x->r);
	if (len > gh_rd_left(&x->r))
		return bad(x, "more items than there are bytes");
	return open_level(x, obj, len, NULL);
}

/* Close what is complete; skip the numbers among the fields of a code object. */
static enum gh_rc settle(struct reader *x)
{
	while (x->depth != 0) {
		struct level *l = &x->level[x->depth - 1];
		if (l->field != NULL) {
			while (*l->field == 'l') {
				(void)gh_rd_u32le(&x->r);
				l->field++;
			}
			if (x->r.bad)
				return bad(x, "a code object that is cut short");
			if (*l->field != '\0')
				return GH_OK;
		} else if (l->left != 0) {
			return GH_OK;
		}
		uint32_t obj = l->obj;
		x->depth--;
		place(x, obj);
	}
	return GH_OK;
}

/* Fields have the types they must have: how a wrong layout shows. */
static bool sound(const struct gh_pym *m)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct gh_pym_obj *o = &m->obj[i];
		if (o->kind != GH_PYM_CODE)
			continue;
		if (o->code == NIL || o->names == NIL || o->consts == NIL || o->name == NIL ||
		    m->obj[o->code].kind != GH_PYM_BYTES || m->obj[o->names].kind != GH_PYM_SEQ ||
		    m->obj[o->consts].kind != GH_PYM_SEQ ||
		    (m->obj[o->name].kind != GH_PYM_STR && m->obj[o->name].kind != GH_PYM_BYTES))
			return false;
	}
	return m->n != 0;
}

/* The items of each object, side by side. */
static bool gather(struct reader *x)
{
	struct gh_pym *m = x->m;
	uint32_t *at = GH_NEW(x->a, uint32_t, m->n + 1), sum = 0;
	m->kid = GH_NEW(x->a, uint32_t, x->npair + 1);
	if (at == NULL || m->kid == NULL)
		return false;
	for (size_t i = 0; i < m->n; i++) {
		m->obj[i].kids = at[i] = sum;
		sum += m->obj[i].nkids;
	}
	for (size_t i = 0; i < x->npair; i++)
		m->kid[at[x->pair[i].up]++] = x->pair[i].obj;
	return true;
}

static enum gh_rc read_as(struct gh_pym *m, struct gh_span in, enum gh_pym_layout layout, struct gh_arena *a)
{
	struct reader *x = GH_NEW(a, struct reader, 1);
	*m = (struct gh_pym){ 0 };
	if (x == NULL)
		return GH_E_LIMIT;
	*x = (struct reader){ .m = m, .a = a, .r = gh_rd(in), .layout = layouts[layout] };
	enum gh_rc rc;
	do {
		rc = value(x);
		if (rc == GH_OK)
			rc = settle(x);
	} while (rc == GH_OK && x->depth != 0);
	m->used = x->r.off;
	if (rc == GH_OK && (x->full || !gather(x)))
		return GH_E_LIMIT;
	return rc == GH_OK && !sound(m) ? bad(x, "fields of a code object have the wrong types") : rc;
}

enum gh_rc gh_pym_read(struct gh_pym *m, struct gh_span in, enum gh_pym_layout layout, struct gh_arena *a)
{
	if (layout != GH_PYM_AUTO)
		return read_as(m, in, layout, a);
	enum gh_rc rc = GH_E_MALFORMED;
	for (unsigned l = GH_PYM_LAYOUTS - 1; l > GH_PYM_AUTO && rc != GH_OK; l--)
		rc = read_as(m, in, (enum gh_pym_layout)l, a);
	return rc;
}
