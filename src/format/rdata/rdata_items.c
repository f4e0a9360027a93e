/* The objects: depth first over a stack of frames, never by recursion. A frame is visited once for each of its parts; what
 * the part before it came to stands in r->res. Pointers to frames die when a part is begun: the stack may move. */
#include "format/rdata/rdata.h"

static void begin_flags(struct rdata *r, uint32_t flags, enum rd_place place, struct gh_span bound);

void rd_set(struct rdata *r, uint8_t type, struct gh_span name)
{
	r->res = (struct rd_res){ .type = type, .name = name };
}

struct rd_frame *rd_push(struct rdata *r, enum rd_kind kind, uint8_t type, enum rd_place place, struct gh_span bound)
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

void rd_add_ref(struct rdata *r, uint8_t type, struct gh_span name)
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

struct gh_span rd_keep(struct rdata *r, struct gh_span s, size_t max)
{
	if (s.n == 0)
		return (struct gh_span){ 0 };
	struct gh_span k = gh_keep(r->w->arena, gh_span_cut(s, 0, max));
	if (k.p == NULL)
		rd_stop(r, GH_E_LIMIT, "no memory for names");
	return k;
}

void rd_wrong(struct rdata *r, uint32_t type, const char *where)
{
	if (r->failed)
		return;
	rd_say(r, RD_A_TYPE, gh_cur_off(&r->c), 0, "type %u %s", type, where);
	rd_stop(r, GH_E_MALFORMED, "an item of type %u %s", type, where);
}

/* ---- items --------------------------------------------------------------------------------------------------------- */

static void symbol(struct rdata *r)
{
	uint64_t off, len;
	bool attr = false;
	struct gh_span s = rd_string(r, &off, &len, &attr), name = rd_keep(r, s, RD_NAME);
	if (attr) {
		struct rd_frame *f = rd_push(r, RDF_SYMBOL, R_SYM, RD_DATA, (struct gh_span){ 0 });
		if (f != NULL)
			f->fun.name = name;
		return;
	}
	rd_add_ref(r, R_SYM, name);
	rd_set(r, R_SYM, name);
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
	rd_set(r, r->refs[i - 1].type, r->refs[i - 1].name);
}

static void builtin(struct rdata *r, uint8_t type)
{
	int32_t n = rd_int(r);
	if (n < 0 || n > RD_NAME) {
		rd_wrong(r, type, "with an impossible name");
		return;
	}
	struct gh_span s = rd_chars(r, (uint64_t)n);
	rd_set(r, type, rd_keep(r, s, RD_NAME));
}

static void begin_cell(struct rdata *r, uint32_t flags, enum rd_place place, struct gh_span bound)
{
	uint8_t type = flags & 0xff;
	if ((type == R_LANG || type == R_DOT) && place < RD_LANG && type == R_LANG)
		place = RD_LANG;
	struct rd_frame *f = rd_push(r, RDF_CELL, type, place, bound);
	if (f == NULL)
		return;
	f->attr = (flags & RD_ATTR) != 0;
	f->tag = (flags & RD_TAG) != 0;
	f->active = (flags & RD_ACTIVE_BIT) != 0;
}

/* Frames whose parts are simply read one after the other: `parts` of them. */
static void begin_parts(struct rdata *r, uint8_t type, unsigned parts)
{
	rd_add_ref(r, type, (struct gh_span){ 0 });
	struct rd_frame *f = r->failed ? NULL : rd_push(r, RDF_PARTS, type, RD_DATA, (struct gh_span){ 0 });
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
	struct rd_frame *f = rd_push(r, RDF_ITEMS, type, place, bound);
	if (f == NULL)
		return;
	f->left = n;
	f->attr = (flags & RD_ATTR) != 0;
}

void rd_begin(struct rdata *r, enum rd_place place, struct gh_span bound)
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
	case R_BASENAMESPACE: rd_set(r, type, (struct gh_span){ 0 }); break;
	case R_REF: reference(r, flags); break;
	case R_PERSIST:
	case R_PACKAGE:
	case R_NAMESPACE: rd_names(r, type); break;
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
	case R_EXTPTR: begin_parts(r, type, 2 + ((flags & RD_ATTR) != 0)); break;
	case R_WEAKREF: begin_parts(r, type, (flags & RD_ATTR) != 0); break;
	case R_SPECIAL:
	case R_BUILTIN: builtin(r, type); break;
	case R_CHAR:
		rd_set(r, type, rd_charsxp(r, &off, &len));
		rd_attributes(r, flags, place);
		break;
	case R_LGL:
	case R_INT:
	case R_REAL:
	case R_CPLX:
	case R_RAW:
		rd_vector(r, type, bound);
		rd_attributes(r, flags, place);
		break;
	case R_STR: rd_begin_strings(r, flags, place, bound); break;
	case R_VEC:
	case R_EXPR: begin_items(r, flags, place, bound); break;
	case R_BCODE: rd_begin_bytecode(r, flags, place, bound); break;
	case R_S4:
		rd_set(r, type, (struct gh_span){ 0 });
		rd_attributes(r, flags, place);
		break;
	case R_ALTREP: (void)rd_push(r, RDF_ALTREP, type, place, bound); break;
	default: rd_wrong(r, type, "where an object should be"); break;
	}
}

/* ---- visiting frames ----------------------------------------------------------------------------------------------- */

static void done(struct rdata *r, uint8_t type)
{
	r->depth--;
	rd_set(r, type, (struct gh_span){ 0 });
}

/* The item of a cell was read: remember what the whole list needs of it. */
static void remember(struct rdata *r, struct rd_frame *f)
{
	struct rd_res v = r->res;
	if (v.name.p == r->text && v.name.n != 0)
		v.name = f->place != RD_DATA ? rd_keep(r, v.name, RD_TEXT) : (struct gh_span){ 0 };
	rd_part(r, f, &v);
	if (f->type == R_LANG && !f->started) {
		f->fun = v;
	} else if (f->nargs < RD_ARGS) {
		f->variable = f->variable || !rd_constant(&v);
		f->argname[f->nargs] = f->label;
		f->arg[f->nargs++] = v;
	} else {
		f->more = true;
		f->variable = f->variable || !rd_constant(&v);
	}
	if (r->mapping && r->list_text.n == 0 && r->res.type == R_STR)
		r->list_text = rd_keep(r, r->res.name, RD_TEXT);
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
		if (f->type == R_CLO)
			rd_bound(r, f);
		if (f->attr)
			rd_begin(r, RD_DATA, none);
		break;
	case 1:
		rd_set(r, R_NIL, none);
		if (f->tag)
			rd_begin(r, RD_DATA, none);
		break;
	case 2:
		f->label = r->res.type == R_SYM ? r->res.name : none;
		rd_begin(r, car_place(f), name_of(f));
		break;
	case 3: {
		after_car(r, f);
		uint32_t flags = (uint32_t)rd_int(r);
		if (r->failed)
			return;
		bool list = f->type == R_LIST || f->type == R_LANG || f->type == R_DOT;
		if (list && (flags & 0xff) == R_LIST) {
			f->attr = (flags & RD_ATTR) != 0;
			f->tag = (flags & RD_TAG) != 0;
			f->active = (flags & RD_ACTIVE_BIT) != 0;
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
			rd_begin(r, RD_DATA, none);
		break;
	case 1: rd_begin(r, RD_DATA, none); break;
	case 2:
		f->label = r->res.type == R_SYM ? r->res.name : none;
		kind = rd_int(r);
		if (!r->failed)
			rd_begin_node(r, kind, f->bc, f->place, f->bound);
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
		rd_begin_node(r, kind, f->bc, f->place, f->bound);
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
			rd_bytecode(r, f->place, f->bound, bc->reps, bc->nreps, false);
		else
			rd_begin_node(r, kind, bc, f->place, f->bound);
	} else if (f->attr) {
		f->attr = false;
		f->step = 2;
		rd_begin(r, RD_DATA, (struct gh_span){ 0 });
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
	case 0: rd_begin(r, RD_DATA, none); break;
	case 1:
		altrep_class(r, f);
		rd_begin(r, f->place, f->bound);
		break;
	case 2:
		if (f->mapped)
			mapped_file(r, f);
		rd_begin(r, RD_DATA, none);
		break;
	default: done(r, R_ALTREP); break;
	}
}

static void visit(struct rdata *r)
{
	struct rd_frame *f = &r->stack[r->depth - 1];
	switch ((enum rd_kind)f->kind) {
	case RDF_CELL: visit_cell(r, f); break;
	case RDF_BCCELL: visit_node(r, f); break;
	case RDF_CONSTS: visit_consts(r, f); break;
	case RDF_ALTREP: visit_altrep(r, f); break;
	case RDF_STRINGS: rd_visit_strings(r, f); break;
	case RDF_SYMBOL:
		if (f->step++ == 0) {
			rd_begin(r, RD_DATA, (struct gh_span){ 0 });
			break;
		}
		r->depth--;
		rd_add_ref(r, R_SYM, f->fun.name);
		rd_set(r, R_SYM, f->fun.name);
		break;
	case RDF_PARTS:
		if (f->left == 0) {
			done(r, f->type);
			break;
		}
		f->left--;
		rd_begin(r, RD_DATA, (struct gh_span){ 0 });
		break;
	case RDF_AFTER:
		if (f->step++ == 0) {
			rd_begin(r, RD_DATA, (struct gh_span){ 0 });
			break;
		}
		r->res = f->fun;
		r->depth--;
		break;
	case RDF_ITEMS:
		if (f->left > 0) {
			f->left--;
			rd_begin(r, f->place, f->bound);
		} else if (f->attr) {
			f->attr = false;
			rd_begin(r, RD_DATA, (struct gh_span){ 0 });
		} else {
			done(r, f->type);
		}
		break;
	}
}

void rd_object(struct rdata *r)
{
	rd_begin(r, RD_DATA, (struct gh_span){ 0 });
	while (r->depth > 0 && !r->failed)
		visit(r);
	if (!r->failed)
		rd_claim(r, gh_cur_off(&r->c));
}
