/* Vectors: strings one by one, names of environments, numbers as tensors, raw vectors as members. */
#include "format/rdata/rdata.h"

/* ---- strings ------------------------------------------------------------------------------------------------------- */

/* The rest of a CHARSXP; *off, *len: its bytes in the file. NA: no bytes. */
struct gh_span rd_charsxp(struct rdata *r, uint64_t *off, uint64_t *len)
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
struct gh_span rd_string(struct rdata *r, uint64_t *off, uint64_t *len, bool *attr)
{
	uint32_t flags = (uint32_t)rd_int(r);
	if ((flags & 0xff) != R_CHAR || ((flags & RD_ATTR) != 0 && attr == NULL)) {
		rd_wrong(r, flags & 0xff, "in the place of a string");
		return (struct gh_span){ 0 };
	}
	if (attr != NULL)
		*attr = (flags & RD_ATTR) != 0;
	return rd_charsxp(r, off, len);
}

/* A name as R spells them, with dots: `sys.function` is no call of Python's. */
static bool is_name(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= 'a' && s.p[i] <= 'z') && !(s.p[i] >= 'A' && s.p[i] <= 'Z') && s.p[i] != '.' &&
		    s.p[i] != '_')
			return false;
	return s.n < 64;
}

/* A string that is data: for checks to read. */
static void show(struct rdata *r, struct gh_span text, uint64_t off, uint64_t len, struct gh_span key)
{
	if (len < 12 || r->failed)
		return;
	uint64_t all = gh_cur_off(&r->c) - off;
	if (!r->package && r->signs_left > 0 && !is_name(text) &&
	    gh_signs_report(r->w, gh_rdata_rules, RD_A_SIGN, key, text, off, all) != 0)
		r->signs_left--;
	if (r->texts_left == 0)
		return;
	r->texts_left--;
	if (len > text.n && r->enc != RD_ASCII)
		text = gh_src_window(r->w->src, off, len < GH_WINDOW_MAX ? (size_t)len : GH_WINDOW_MAX);
	struct gh_text t = { .role = "metadata", .key = key, .text = text };
	enum gh_rc rc = gh_emit(r->w, GH_EV_TEXT, off, gh_cur_off(&r->c) - off, &t);
	if (rc != GH_OK)
		rd_stop(r, rc, "a string");
}

void rd_begin_strings(struct rdata *r, uint32_t flags, enum rd_place place, struct gh_span bound)
{
	uint64_t n = rd_len(r);
	struct rd_frame *f = rd_fits(r, n, 8) ? rd_push(r, RDF_STRINGS, R_STR, place, bound) : NULL;
	if (f == NULL)
		return;
	f->left = n;
	f->attr = (flags & RD_ATTR) != 0;
	f->started = n == 1; /* its one element is what it says */
}

/* The names of a PERSISTSXP, PACKAGESXP, NAMESPACESXP: the first one counts. */
void rd_names(struct rdata *r, uint8_t type)
{
	uint64_t at = gh_cur_off(&r->c), off, len;
	int32_t zero = rd_int(r), n = rd_int(r);
	struct gh_span first = { 0 }, second = { 0 };
	if (zero != 0 || n < 0) {
		rd_wrong(r, (uint32_t)zero, "before the names of an environment");
		return;
	}
	if (!rd_fits(r, (uint64_t)n, 8))
		return;
	for (int32_t i = 0; i < n && !r->failed; i++) {
		struct gh_span s = rd_string(r, &off, &len, NULL);
		if (i == 0)
			first = rd_keep(r, s, RD_NAME);
		else if (i == 1)
			second = rd_keep(r, s, RD_NAME);
	}
	rd_add_ref(r, type, first);
	rd_set(r, type, first);
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

void rd_vector(struct rdata *r, uint8_t type, struct gh_span bound)
{
	static const struct {
		uint8_t type, width;
		const char *dtype;
	} kinds[] = { { R_LGL, 4, "I32" }, { R_INT, 4, "I32" }, { R_REAL, 8, "F64" }, { R_CPLX, 16, "C128" } };
	uint64_t n = rd_len(r), off = gh_cur_off(&r->c);
	rd_set(r, type, (struct gh_span){ 0 });
	if (r->failed)
		return;
	if (type == R_RAW) {
		raw_vector(r, n, bound);
		rd_set(r, type, (struct gh_span){ 0 });
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
void rd_attributes(struct rdata *r, uint32_t flags, enum rd_place place)
{
	if ((flags & RD_ATTR) == 0 || r->failed)
		return;
	struct rd_res was = r->res;
	if (was.name.p == r->text)
		was.name = place == RD_DATA ? (struct gh_span){ 0 } : rd_keep(r, was.name, RD_TEXT);
	struct rd_frame *f = rd_push(r, RDF_AFTER, was.type, RD_DATA, (struct gh_span){ 0 });
	if (f != NULL)
		f->fun = was;
}

/* Strings one by one; left for attributes of one of them, and for those of the vector. */
void rd_visit_strings(struct rdata *r, struct rd_frame *f)
{
	uint64_t off, len;
	while (f->left > 0 && !r->failed) {
		bool attr = false;
		struct gh_span s = rd_string(r, &off, &len, &attr);
		f->left--;
		r->steps++;
		if (f->place == RD_DATA)
			show(r, s, off, len, f->bound);
		rd_set(r, R_STR, s);
		if (attr) {
			rd_begin(r, RD_DATA, (struct gh_span){ 0 });
			return;
		}
	}
	bool attr = f->attr, one = f->started && r->res.type == R_STR;
	enum rd_place place = f->place;
	r->depth--;
	if (!one)
		rd_set(r, R_STR, (struct gh_span){ 0 });
	rd_attributes(r, attr ? RD_ATTR : 0, place);
}
