/* The objects: depth first over a stack of frames, never by recursion. A frame is visited once for each of its parts; what
 * the part before it came to stands in r->res. Pointers to frames die when a part is begun: the stack may move. */
#include "format/rdata/rdata.h"

#include "format/dtype.h"

enum { ATTR = 1 << 9, TAG = 1 << 10, ACTIVE = 1 << (12 + 15) };

static void begin(struct rdata *r, enum rd_place place, struct gh_span bound);
static void begin_flags(struct rdata *r, uint32_t flags, enum rd_place place, struct gh_span bound);

static void set_res(struct rdata *r, uint8_t type, struct gh_span name)
{
	r->res = (struct rd_res){ .type = type, .name = name };
}

static struct rd_frame *push(struct rdata *r, enum rd_kind kind, uint8_t type, enum rd_place place,
			     struct gh_span bound)
{
	if (r->depth >= RD_DEPTH) {
		rd_say(r, RD_A_LIMIT, gh_cur_off(&r->c), 0, "objects nested more than %d deep", RD_DEPTH);
		rd_stop(r, GH_E_LIMIT, "objects nested more than %d deep", RD_DEPTH);
		return NULL;
	}
	struct rd_frame *v = r->depth < r->cap ? r->stack
					       : gh_grow(r->w->arena, r->stack, &r->cap, r->depth + 1, sizeof *v);
	if (v == NULL) {
		rd_stop(r, GH_E_LIMIT, "no memory for nested objects");
		return NULL;
	}
	r->stack = v;
	struct rd_frame *f = &v[r->depth++];
	*f = (struct rd_frame){
		.kind = (uint8_t)kind, .type = type, .place = place, .bound = bound, .off = gh_cur_off(&r->c), .rep = -1
	};
	return f;
}

static void add_ref(struct rdata *r, uint8_t type, struct gh_span name)
{
	struct rd_ref *v = r->nrefs < r->refs_cap
				   ? r->refs
				   : gh_grow(r->w->arena, r->refs, &r->refs_cap, r->nrefs + 1, sizeof *v);
	if (v == NULL) {
		rd_stop(r, GH_E_LIMIT, "too many symbols");
		return;
	}
	r->refs = v;
	r->refs[r->nrefs++] = (struct rd_ref){ type, name };
}

static struct gh_span keep(struct rdata *r, struct gh_span s, size_t max)
{
	if (s.n == 0)
		return (struct gh_span){ 0 };
	struct gh_span k = gh_keep(r->w->arena, gh_span_cut(s, 0, max));
	if (k.p == NULL)
		rd_stop(r, GH_E_LIMIT, "no memory for names");
	return k;
}

static void wrong_type(struct rdata *r, uint32_t type, const char *where)
{
	if (r->failed)
		return;
	rd_say(r, RD_A_TYPE, gh_cur_off(&r->c), 0, "type %u %s", type, where);
	rd_stop(r, GH_E_MALFORMED, "an item of type %u %s", type, where);
}

/* ---- strings ------------------------------------------------------------------------------------------------------- */

/* The rest of a CHARSXP; *off, *len: its bytes in the file. NA: no bytes. */
static struct gh_span chars(struct rdata *r, uint64_t *off, uint64_t *len)
{
	int32_t n = rd_int(r);
	*off = gh_cur_off(&r->c);
	*len = 0;
	if (n < -1 && !r->failed) {
		rd_say(r, RD_A_LENGTH, *off, 0, "a string of %d bytes", n);
		rd_stop(r, GH_E_MALFORMED, "a string of %d bytes", n);
	}
	if (n <= 0 || r->failed)
		return (struct gh_span){ 0 };
	struct gh_span s = rd_chars(r, (uint64_t)n);
	*len = (uint64_t)n;
	return s;
}

/* A CHARSXP where nothing else may stand. *attr: attributes follow, which R wrote in former times and passes over; NULL: they
 * may not. */
static struct gh_span string_item(struct rdata *r, uint64_t *off, uint64_t *len, bool *attr)
{
	uint32_t flags = (uint32_t)rd_int(r);
	if ((flags & 0xff) != R_CHAR || ((flags & ATTR) != 0 && attr == NULL)) {
		wrong_type(r, flags & 0xff, "in the place of a string");
		return (struct gh_span){ 0 };
	}
	if (attr != NULL)
		*attr = (flags & ATTR) != 0;
	return chars(r, off, len);
}

/* A string that is data: for checks to read. */
static void show(struct rdata *r, struct gh_span text, uint64_t off, uint64_t len, struct gh_span key)
{
	if (len < 12 || r->texts_left == 0 || r->failed)
		return;
	r->texts_left--;
	if (len > text.n && r->enc != RD_ASCII)
		text = gh_src_window(r->w->src, off, len < GH_WINDOW_MAX ? (size_t)len : GH_WINDOW_MAX);
	struct gh_text t = { .role = "metadata", .key = key, .text = text };
	enum gh_rc rc = gh_emit(r->w, GH_EV_TEXT, off, gh_cur_off(&r->c) - off, &t);
	if (rc != GH_OK)
		rd_stop(r, rc, "a string");
}

static void begin_strings(struct rdata *r, uint32_t flags, enum rd_place place, struct gh_span bound)
{
	uint64_t n = rd_len(r);
	struct rd_frame *f = rd_fits(r, n, 8) ? push(r, RDF_STRINGS, R_STR, place, bound) : NULL;
	if (f == NULL)
		return;
	f->left = n;
	f->attr = (flags & ATTR) != 0;
	f->started = n == 1; /* its one element is what it says */
}

/* The names of a PERSISTSXP, PACKAGESXP, NAMESPACESXP: the first one counts. */
static void string_vec(struct rdata *r, uint8_t type)
{
	uint64_t at = gh_cur_off(&r->c), off, len;
	int32_t zero = rd_int(r), n = rd_int(r);
	struct gh_span first = { 0 }, second = { 0 };
	if (zero != 0 || n < 0) {
		wrong_type(r, (uint32_t)zero, "before the names of an environment");
		return;
	}
	if (!rd_fits(r, (uint64_t)n, 8))
		return;
	for (int32_t i = 0; i < n && !r->failed; i++) {
		struct gh_span s = string_item(r, &off, &len, NULL);
		if (i == 0)
			first = keep(r, s, RD_NAME);
		else if (i == 1)
			second = keep(r, s, RD_NAME);
	}
	add_ref(r, type, first);
	set_res(r, type, first);
	if (type == R_PERSIST || r->failed || first.n == 0)
		return;
	if (gh_span_starts(first, "package:"))
		first = gh_span_cut(first, 8, first.n);
	struct gh_package p = { .ecosystem = "CRAN", .name = first, .version = second };
	enum gh_rc rc = gh_emit(r->w, GH_EV_PACKAGE, at, gh_cur_off(&r->c) - at, &p);
	if (rc != GH_OK)
		rd_stop(r, rc, "a package");
}

/* ---- vectors ------------------------------------------------------------------------------------------------------- */

static void raw_vector(struct rdata *r, uint64_t n, struct gh_span bound)
{
	struct gh_member m = { .how = GH_MEMBER_NESTED, .name = bound, .role = "raw vector", .raw = true };
	uint64_t off = gh_cur_off(&r->c);
	if (r->enc == RD_ASCII) {
		rd_text_raw(r, n, m);
		return;
	}
	if (!rd_elements(r, n, 1) || n < 16)
		return;
	rd_claim(r, off);
	r->claimed = off + n;
	if (r->members_left == 0) {
		gh_claim(r->w, off, n, GH_CLAIM_FREE); /* looked into as it is */
		return;
	}
	r->members_left--;
	enum gh_rc rc = gh_member_range(r->w, m, off, n);
	if (rc != GH_OK)
		rd_stop(r, rc, "a raw vector");
}

static void numbers(struct rdata *r, uint8_t type, struct gh_span bound)
{
	static const struct {
		uint8_t type, width;
		const char *dtype;
	} kinds[] = { { R_LGL, 4, "I32" }, { R_INT, 4, "I32" }, { R_REAL, 8, "F64" }, { R_CPLX, 16, "C128" } };
	uint64_t n = rd_len(r), off = gh_cur_off(&r->c);
	set_res(r, type, (struct gh_span){ 0 });
	if (r->failed)
		return;
	if (type == R_RAW) {
		raw_vector(r, n, bound);
		set_res(r, type, (struct gh_span){ 0 });
		return;
	}
	size_t k = 0;
	while (kinds[k].type != type)
		k++;
	if (!rd_elements(r, n, kinds[k].width) || n < RD_BIG || r->enc == RD_ASCII)
		return;
	uint64_t bytes = n * kinds[k].width; /* they are there: no overflow */
	rd_claim(r, off);
	r->claimed = off + bytes;
	gh_claim(r->w, off, bytes, GH_CLAIM_DATA);
	struct gh_tensor t = { .name = bound,
			       .dtype = kinds[k].dtype,
			       .bits = kinds[k].width * 8u,
			       .ndim = 1,
			       .dim = &n,
			       .src = r->w->src,
			       .big_endian = r->enc != RD_LITTLE };
	enum gh_rc rc = gh_emit(r->w, GH_EV_TENSOR, off, bytes, &t);
	if (rc != GH_OK)
		rd_stop(r, rc, "a vector");
}

/* Attributes behind a vector; what it came to is kept meanwhile. */
static void attributes(struct rdata *r, uint32_t flags, enum rd_place place)
{
	if ((flags & ATTR) == 0 || r->failed)
		return;
	struct rd_res was = r->res;
	if (was.name.p == r->text)
		was.name = place == RD_DATA ? (struct gh_span){ 0 } : keep(r, was.name, RD_TEXT);
	struct rd_frame *f = push(r, RDF_AFTER, was.type, RD_DATA, (struct gh_span){ 0 });
	if (f != NULL)
		f->fun = was;
}

/* ---- bytecode ------------------------------------------------------------------------------------------------------ */

/* GETFUN, GETGLOBFUN, GETSYMFUN, GETBUILTIN, GETINTLBUILTIN: the operand is a constant, a symbol to be called. */
static bool fetches_function(int32_t op) { return op >= 23 && op <= 27; }

/* The instructions and the count of constants; the constants are read by the frame. An operand may look like an
 * instruction: then a symbol counts as called that is not. */
static void bytecode(struct rdata *r, enum rd_place place, struct gh_span bound, struct rd_res *reps, uint64_t nreps,
		     bool attr)
{
	uint32_t flags = (uint32_t)rd_int(r);
	if ((flags & 0xff) != R_INT || (flags & ATTR) != 0) {
		wrong_type(r, flags & 0xff, "in the place of bytecode");
		return;
	}
	uint64_t n = rd_len(r);
	if (!rd_fits(r, n, 4))
		return;
	struct rd_frame *f = push(r, RDF_CONSTS, R_BCODE, place < RD_LANG ? RD_LANG : place, bound);
	struct rd_bc *bc = f == NULL ? NULL : GH_NEW(r->w->arena, struct rd_bc, 1);
	if (bc == NULL) {
		rd_stop(r, GH_E_LIMIT, "no memory for bytecode");
		return;
	}
	f->bc = bc;
	f->attr = attr;
	bc->reps = reps;
	bc->nreps = nreps;
	int32_t before = 0;
	uint32_t *called = NULL;
	size_t ncalled = 0, cap = 0;
	for (uint64_t i = 0; i < n && !r->failed; i++) {
		int32_t op = rd_int(r);
		if (fetches_function(before) && op >= 0) {
			uint32_t *v = ncalled < cap ? called
						    : gh_grow(r->w->arena, called, &cap, ncalled + 1, sizeof *v);
			if (v == NULL) {
				rd_stop(r, GH_E_LIMIT, "no memory for bytecode");
				return;
			}
			called = v;
			called[ncalled++] = (uint32_t)op;
		}
		before = op;
	}
	int32_t consts = rd_int(r);
	if (consts < 0 || !rd_fits(r, (uint64_t)consts, 4)) {
		wrong_type(r, R_BCODE, "with a negative number of constants");
		return;
	}
	f->left = (uint64_t)consts;
	bc->called = GH_NEW(r->w->arena, uint8_t, (size_t)consts / 8 + 1);
	if (bc->called == NULL) {
		rd_stop(r, GH_E_LIMIT, "no memory for bytecode");
		return;
	}
	for (size_t i = 0; i < ncalled; i++)
		if (called[i] < (uint32_t)consts)
			bc->called[called[i] / 8] |= (uint8_t)(1u << called[i] % 8);
}

static void begin_bytecode(struct rdata *r, uint32_t flags, enum rd_place place, struct gh_span bound)
{
	int32_t n = rd_int(r);
	if (n < 0 || !rd_fits(r, (uint64_t)n, 4)) {
		wrong_type(r, R_BCODE, "with a negative number of shared nodes");
		return;
	}
	struct rd_res *reps = GH_NEW(r->w->arena, struct rd_res, (size_t)n + 1);
	if (reps == NULL)
		rd_stop(r, GH_E_LIMIT, "no memory for bytecode");
	else
		bytecode(r, place, bound, reps, (uint64_t)n, (flags & ATTR) != 0);
}

static bool rep_in_range(struct rdata *r, const struct rd_bc *bc, int32_t i)
{
	if (!r->failed && (i < 0 || (uint64_t)i >= bc->nreps)) {
		rd_say(r, RD_A_REF, gh_cur_off(&r->c), 0, "shared node %d of %llu", i, (unsigned long long)bc->nreps);
		rd_stop(r, GH_E_MALFORMED, "shared node %d", i);
	}
	return !r->failed;
}

/* A node of a constant, whose kind was read. */
static void begin_node(struct rdata *r, int32_t kind, struct rd_bc *bc, enum rd_place place, struct gh_span bound)
{
	int32_t rep = -1;
	if (kind == R_BCREPREF) {
		rep = rd_int(r);
		if (rep_in_range(r, bc, rep))
			r->res = bc->reps[rep];
		return;
	}
	if (kind == R_BCREPDEF) {
		rep = rd_int(r);
		kind = rd_int(r);
		if (!rep_in_range(r, bc, rep))
			return;
	} else if (kind != R_LANG && kind != R_LIST && kind != R_ATTRLANG && kind != R_ATTRLIST) {
		begin(r, place, bound);
		return;
	}
	bool attr = kind == R_ATTRLANG || kind == R_ATTRLIST;
	bool call = kind == R_LANG || kind == R_ATTRLANG;
	if (!call && kind != R_LIST && kind != R_ATTRLIST) {
		wrong_type(r, (uint32_t)kind, "as a node of bytecode");
		return;
	}
	struct rd_frame *f = push(r, RDF_BCCELL, call ? R_LANG : R_LIST, place, bound);
	if (f == NULL)
		return;
	f->attr = attr;
	f->bc = bc;
	f->rep = rep;
}

/* ---- items --------------------------------------------------------------------------------------------------------- */

static void symbol(struct rdata *r)
{
	uint64_t off, len;
	bool attr = false;
	struct gh_span s = string_item(r, &off, &len, &attr), name = keep(r, s, RD_NAME);
	if (attr) {
		struct rd_frame *f = push(r, RDF_SYMBOL, R_SYM, RD_DATA, (struct gh_span){ 0 });
		if (f != NULL)
			f->fun.name = name;
		return;
	}
	add_ref(r, R_SYM, name);
	set_res(r, R_SYM, name);
}

static void reference(struct rdata *r, uint32_t flags)
{
	uint64_t i = flags >> 8 != 0 ? flags >> 8 : (uint64_t)(uint32_t)rd_int(r);
	if (r->failed)
		return;
	if (i == 0 || i > r->nrefs) {
		rd_say(r, RD_A_REF, gh_cur_off(&r->c), 0, "reference to object %llu of %zu", (unsigned long long)i,
		       r->nrefs);
		rd_stop(r, GH_E_MALFORMED, "reference to object %llu of %zu", (unsigned long long)i, r->nrefs);
		return;
	}
	set_res(r, r->refs[i - 1].type, r->refs[i - 1].name);
}

static void builtin(struct rdata *r, uint8_t type)
{
	int32_t n = rd_int(r);
	if (n < 0 || n > RD_NAME) {
		wrong_type(r, type, "with an impossible name");
		return;
	}
	struct gh_span s = rd_chars(r, (uint64_t)n);
	set_res(r, type, keep(r, s, RD_NAME));
}

static void begin_cell(struct rdata *r, uint32_t flags, enum rd_place place, struct gh_span bound)
{
	uint8_t type = flags & 0xff;
	if ((type == R_LANG || type == R_DOT) && place < RD_LANG && type == R_LANG)
		place = RD_LANG;
	struct rd_frame *f = push(r, RDF_CELL, type, place, bound);
	if (f == NULL)
		return;
	f->attr = (flags & ATTR) != 0;
	f->tag = (flags & TAG) != 0;
	f->active = (flags & ACTIVE) != 0;
}

/* Frames whose parts are simply read one after the other: `parts` of them. */
static void begin_parts(struct rdata *r, uint8_t type, unsigned parts)
{
	add_ref(r, type, (struct gh_span){ 0 });
	struct rd_frame *f = r->failed ? NULL : push(r, RDF_PARTS, type, RD_DATA, (struct gh_span){ 0 });
	if (f != NULL)
		f->left = parts;
}

static void begin_items(struct rdata *r, uint32_t flags, enum rd_place place, struct gh_span bound)
{
	uint8_t type = flags & 0xff;
	uint64_t n = rd_len(r);
	if (!rd_fits(r, n, 4))
		return;
	if (type == R_EXPR && place < RD_LANG)
		place = RD_LANG;
	struct rd_frame *f = push(r, RDF_ITEMS, type, place, bound);
	if (f == NULL)
		return;
	f->left = n;
	f->attr = (flags & ATTR) != 0;
}

static void begin(struct rdata *r, enum rd_place place, struct gh_span bound)
{
	uint32_t flags = (uint32_t)rd_int(r);
	if (!r->failed)
		begin_flags(r, flags, place, bound);
}

static void begin_flags(struct rdata *r, uint32_t flags, enum rd_place place, struct gh_span bound)
{
	uint8_t type = flags & 0xff;
	uint64_t off, len;
	if (++r->steps > r->w->lim->steps) {
		rd_stop(r, GH_E_LIMIT, "too many objects");
		return;
	}
	switch (type) {
	case R_NIL:
	case R_NILVALUE:
	case R_EMPTYENV:
	case R_BASEENV:
	case R_GLOBALENV:
	case R_UNBOUND:
	case R_MISSING:
	case R_BASENAMESPACE: set_res(r, type, (struct gh_span){ 0 }); break;
	case R_REF: reference(r, flags); break;
	case R_PERSIST:
	case R_PACKAGE:
	case R_NAMESPACE: string_vec(r, type); break;
	case R_SYM: symbol(r); break;
	case R_LIST:
	case R_LANG:
	case R_CLO:
	case R_PROM:
	case R_DOT: begin_cell(r, flags, place, bound); break;
	case R_ENV:
		(void)rd_int(r); /* locked */
		begin_parts(r, type, 4);
		break;
	case R_EXTPTR: begin_parts(r, type, 2 + ((flags & ATTR) != 0)); break;
	case R_WEAKREF: begin_parts(r, type, (flags & ATTR) != 0); break;
	case R_SPECIAL:
	case R_BUILTIN: builtin(r, type); break;
	case R_CHAR:
		set_res(r, type, chars(r, &off, &len));
		attributes(r, flags, place);
		break;
	case R_LGL:
	case R_INT:
	case R_REAL:
	case R_CPLX:
	case R_RAW:
		numbers(r, type, bound);
		attributes(r, flags, place);
		break;
	case R_STR: begin_strings(r, flags, place, bound); break;
	case R_VEC:
	case R_EXPR: begin_items(r, flags, place, bound); break;
	case R_BCODE: begin_bytecode(r, flags, place, bound); break;
	case R_S4:
		set_res(r, type, (struct gh_span){ 0 });
		attributes(r, flags, place);
		break;
	case R_ALTREP: (void)push(r, RDF_ALTREP, type, place, bound); break;
	default: wrong_type(r, type, "where an object should be"); break;
	}
}

/* ---- visiting frames ----------------------------------------------------------------------------------------------- */

static void done(struct rdata *r, uint8_t type)
{
	r->depth--;
	set_res(r, type, (struct gh_span){ 0 });
}

/* The item of a cell was read: remember what the whole list needs of it. */
static void remember(struct rdata *r, struct rd_frame *f)
{
	struct rd_res v = r->res;
	if (v.name.p == r->text && v.name.n != 0)
		v.name = f->place != RD_DATA ? keep(r, v.name, 160) : (struct gh_span){ 0 };
	if (f->type == R_LANG && !f->started) {
		f->fun = v;
	} else if (f->nargs < RD_ARGS) {
		f->argname[f->nargs] = f->label;
		f->arg[f->nargs++] = v;
	} else {
		f->more = true;
	}
	if (r->mapping && r->list_text.n == 0 && r->res.type == R_STR)
		r->list_text = keep(r, r->res.name, RD_TEXT);
	f->started = true;
}

static void end_list(struct rdata *r, struct rd_frame *f)
{
	if (f->type == R_LANG) {
		struct rd_frame call = *f;
		r->depth--;
		rd_call(r, &call);
		return;
	}
	for (unsigned i = 0; i < 2; i++) {
		r->list_tag[i] = f->nargs > i ? f->argname[i] : (struct gh_span){ 0 };
		r->list_sym[i] = f->nargs > i && f->arg[i].type == R_SYM ? f->arg[i].name : (struct gh_span){ 0 };
	}
	done(r, f->type);
}

/* In which kind of code the first part of a cell stands. */
static enum rd_place car_place(const struct rd_frame *f)
{
	switch (f->type) {
	case R_CLO: return f->place >= RD_ACTIVE ? f->place : RD_CODE;
	case R_PROM: return RD_DATA;
	default: return f->active && f->place < RD_ACTIVE ? RD_ACTIVE : f->place;
	}
}

static enum rd_place cdr_place(const struct rd_frame *f)
{
	switch (f->type) {
	case R_CLO: return f->place >= RD_ACTIVE ? f->place : f->hook ? RD_HOOK : RD_CODE;
	case R_PROM: return f->unbound ? RD_RUN : RD_LANG;
	default: return f->place;
	}
}

static struct gh_span name_of(const struct rd_frame *f)
{
	return f->label.n != 0 && f->place == RD_DATA ? f->label : f->bound;
}

static void after_car(struct rdata *r, struct rd_frame *f)
{
	if (f->type == R_CLO)
		f->hook = r->res.type == R_LIST && gh_span_is(r->list_tag[0], "libname") &&
			  gh_span_is(r->list_tag[1], "pkgname");
	else if (f->type == R_PROM)
		f->unbound = r->res.type == R_UNBOUND;
	else
		remember(r, f);
}

/* LIST, LANG, DOT, CLO, PROM: attributes, tag, first part, rest. A list goes on in its frame, cell by cell. */
static void visit_cell(struct rdata *r, struct rd_frame *f)
{
	struct gh_span none = { 0 };
	switch (f->step++) {
	case 0:
		if (f->attr)
			begin(r, RD_DATA, none);
		break;
	case 1:
		set_res(r, R_NIL, none);
		if (f->tag)
			begin(r, RD_DATA, none);
		break;
	case 2:
		f->label = r->res.type == R_SYM ? r->res.name : none;
		begin(r, car_place(f), name_of(f));
		break;
	case 3: {
		after_car(r, f);
		uint32_t flags = (uint32_t)rd_int(r);
		if (r->failed)
			return;
		bool list = f->type == R_LIST || f->type == R_LANG || f->type == R_DOT;
		if (list && (flags & 0xff) == R_LIST) {
			f->attr = (flags & ATTR) != 0;
			f->tag = (flags & TAG) != 0;
			f->active = (flags & ACTIVE) != 0;
			f->label = none;
			f->step = 0;
			break;
		}
		if (list && (flags & 0xff) != R_NILVALUE)
			f->more = true; /* arguments that are not seen here */
		begin_flags(r, flags, cdr_place(f), f->bound);
		break;
	}
	default:
		if (f->type == R_CLO || f->type == R_PROM)
			done(r, f->type);
		else
			end_list(r, f);
		break;
	}
}

/* The same for nodes of bytecode: each has a tag, and its parts announce their kind. */
static void visit_node(struct rdata *r, struct rd_frame *f)
{
	struct gh_span none = { 0 };
	int32_t kind;
	switch (f->step++) {
	case 0:
		if (f->attr)
			begin(r, RD_DATA, none);
		break;
	case 1: begin(r, RD_DATA, none); break;
	case 2:
		f->label = r->res.type == R_SYM ? r->res.name : none;
		kind = rd_int(r);
		if (!r->failed)
			begin_node(r, kind, f->bc, f->place, f->bound);
		break;
	case 3:
		remember(r, f);
		kind = rd_int(r);
		if (r->failed)
			return;
		if (kind == R_LIST || kind == R_ATTRLIST) {
			f->attr = kind == R_ATTRLIST;
			f->label = none;
			f->step = 0;
			break;
		}
		f->more = f->more || kind == R_BCREPREF || kind == R_BCREPDEF;
		begin_node(r, kind, f->bc, f->place, f->bound);
		break;
	default: {
		struct rd_bc *bc = f->bc;
		int64_t rep = f->rep;
		end_list(r, f);
		if (rep >= 0)
			bc->reps[rep] = r->res;
		break;
	}
	}
}

static void visit_consts(struct rdata *r, struct rd_frame *f)
{
	struct rd_bc *bc = f->bc;
	if (f->step != 0 && bc->index > 0 && f->step == 1) {
		uint64_t i = bc->index - 1;
		if ((bc->called[i / 8] & 1u << i % 8) != 0)
			rd_bc_call(r, f, &r->res);
	}
	if (f->left > 0) {
		f->left--;
		f->step = 1;
		bc->index++;
		int32_t kind = rd_int(r);
		if (r->failed)
			return;
		if (kind == R_BCODE)
			bytecode(r, f->place, f->bound, bc->reps, bc->nreps, false);
		else
			begin_node(r, kind, bc, f->place, f->bound);
	} else if (f->attr) {
		f->attr = false;
		f->step = 2;
		begin(r, RD_DATA, (struct gh_span){ 0 });
	} else {
		done(r, R_BCODE);
	}
}

/* Vectors that R itself makes lazily, and maps of files. Any other class makes R load the package that defines it and
 * hand it the state. */
static void altrep_class(struct rdata *r, struct rd_frame *f)
{
	static const char *const known[] = { "compact_intseq", "compact_realseq", "deferred_string", "wrap_integer",
					     "wrap_logical",   "wrap_real",	  "wrap_complex",    "wrap_raw",
					     "wrap_string",    "wrap_list" };
	struct gh_span cls = r->list_sym[0], pkg = r->list_sym[1];
	uint64_t len = gh_cur_off(&r->c) - f->off;
	if (r->res.type != R_LIST)
		cls = pkg = (struct gh_span){ 0 };
	if (gh_span_is(pkg, "base") && gh_span_starts(cls, "mmap_")) {
		f->mapped = r->mapping = true;
		r->list_text = (struct gh_span){ 0 };
		return;
	}
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (gh_span_is(pkg, "base") && gh_span_is(cls, known[i]))
			return;
	rd_say(r, RD_A_ALTREP, f->off, len, "class \"%s\" of package \"%s\"", gh_safe(cls).s, gh_safe(pkg).s);
}

static void mapped_file(struct rdata *r, struct rd_frame *f)
{
	uint64_t off = f->off, len = gh_cur_off(&r->c) - off;
	r->mapping = false;
	rd_say(r, RD_A_MMAP, off, len, "\"%s\"", gh_safe(r->list_text).s);
	struct gh_reference ref = { .kind = GH_REF_PATH, .target = r->list_text, .from = f->bound };
	enum gh_rc rc = gh_emit(r->w, GH_EV_REFERENCE, off, len, &ref);
	if (rc != GH_OK)
		rd_stop(r, rc, "a mapped file");
}

static void visit_altrep(struct rdata *r, struct rd_frame *f)
{
	struct gh_span none = { 0 };
	switch (f->step++) {
	case 0: begin(r, RD_DATA, none); break;
	case 1:
		altrep_class(r, f);
		begin(r, f->place, f->bound);
		break;
	case 2:
		if (f->mapped)
			mapped_file(r, f);
		begin(r, RD_DATA, none);
		break;
	default: done(r, R_ALTREP); break;
	}
}

/* Strings one by one; left for attributes of one of them, and for those of the vector. */
static void visit_strings(struct rdata *r, struct rd_frame *f)
{
	uint64_t off, len;
	while (f->left > 0 && !r->failed) {
		bool attr = false;
		struct gh_span s = string_item(r, &off, &len, &attr);
		f->left--;
		r->steps++;
		if (f->place == RD_DATA)
			show(r, s, off, len, f->bound);
		set_res(r, R_STR, s);
		if (attr) {
			begin(r, RD_DATA, (struct gh_span){ 0 });
			return;
		}
	}
	bool attr = f->attr, one = f->started && r->res.type == R_STR;
	enum rd_place place = f->place;
	r->depth--;
	if (!one)
		set_res(r, R_STR, (struct gh_span){ 0 });
	attributes(r, attr ? ATTR : 0, place);
}

static void visit(struct rdata *r)
{
	struct rd_frame *f = &r->stack[r->depth - 1];
	switch ((enum rd_kind)f->kind) {
	case RDF_CELL: visit_cell(r, f); break;
	case RDF_BCCELL: visit_node(r, f); break;
	case RDF_CONSTS: visit_consts(r, f); break;
	case RDF_ALTREP: visit_altrep(r, f); break;
	case RDF_STRINGS: visit_strings(r, f); break;
	case RDF_SYMBOL:
		if (f->step++ == 0) {
			begin(r, RD_DATA, (struct gh_span){ 0 });
			break;
		}
		r->depth--;
		add_ref(r, R_SYM, f->fun.name);
		set_res(r, R_SYM, f->fun.name);
		break;
	case RDF_PARTS:
		if (f->left == 0) {
			done(r, f->type);
			break;
		}
		f->left--;
		begin(r, RD_DATA, (struct gh_span){ 0 });
		break;
	case RDF_AFTER:
		if (f->step++ == 0) {
			begin(r, RD_DATA, (struct gh_span){ 0 });
			break;
		}
		r->res = f->fun;
		r->depth--;
		break;
	case RDF_ITEMS:
		if (f->left > 0) {
			f->left--;
			begin(r, f->place, f->bound);
		} else if (f->attr) {
			f->attr = false;
			begin(r, RD_DATA, (struct gh_span){ 0 });
		} else {
			done(r, f->type);
		}
		break;
	}
}

void rd_object(struct rdata *r)
{
	begin(r, RD_DATA, (struct gh_span){ 0 });
	while (r->depth > 0 && !r->failed)
		visit(r);
	if (!r->failed)
		rd_claim(r, gh_cur_off(&r->c));
}
