/* Bytecode: instructions, of which those that fetch a function matter, and constants, which hold the source as nodes that may be
 * shared. */
#include "format/rdata/rdata.h"

/* GETFUN, GETGLOBFUN, GETSYMFUN, GETBUILTIN, GETINTLBUILTIN: the operand is a constant, a symbol to be called. */
static bool fetches_function(int32_t op) { return op >= 23 && op <= 27; }

/* The instructions and the count of constants; the constants are read by the frame. An operand may look like an
 * instruction: then a symbol counts as called that is not. */
void rd_bytecode(struct rdata *r, enum rd_place place, struct gh_span bound, struct rd_res *reps, uint64_t nreps,
		 bool attr)
{
	uint32_t flags = (uint32_t)rd_int(r);
	if ((flags & 0xff) != R_INT || (flags & RD_ATTR) != 0) {
		rd_wrong(r, flags & 0xff, "in the place of bytecode");
		return;
	}
	uint64_t n = rd_len(r);
	if (!rd_fits(r, n, 4))
		return;
	struct rd_frame *f = rd_push(r, RDF_CONSTS, R_BCODE, place < RD_LANG ? RD_LANG : place, bound);
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
		rd_wrong(r, R_BCODE, "with a negative number of constants");
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

void rd_begin_bytecode(struct rdata *r, uint32_t flags, enum rd_place place, struct gh_span bound)
{
	int32_t n = rd_int(r);
	if (n < 0 || !rd_fits(r, (uint64_t)n, 4)) {
		rd_wrong(r, R_BCODE, "with a negative number of shared nodes");
		return;
	}
	struct rd_res *reps = GH_NEW(r->w->arena, struct rd_res, (size_t)n + 1);
	if (reps == NULL)
		rd_stop(r, GH_E_LIMIT, "no memory for bytecode");
	else
		rd_bytecode(r, place, bound, reps, (uint64_t)n, (flags & RD_ATTR) != 0);
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
void rd_begin_node(struct rdata *r, int32_t kind, struct rd_bc *bc, enum rd_place place, struct gh_span bound)
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
		rd_begin(r, place, bound);
		return;
	}
	bool attr = kind == R_ATTRLANG || kind == R_ATTRLIST;
	bool call = kind == R_LANG || kind == R_ATTRLANG;
	if (!call && kind != R_LIST && kind != R_ATTRLIST) {
		rd_wrong(r, (uint32_t)kind, "as a node of bytecode");
		return;
	}
	struct rd_frame *f = rd_push(r, RDF_BCCELL, call ? R_LANG : R_LIST, place, bound);
	if (f == NULL)
		return;
	f->attr = attr;
	f->bc = bc;
	f->rep = rep;
}
