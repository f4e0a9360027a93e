/* What leads out of the file: external links, external storage, virtual datasets. */
#include "format/hdf5/h5.h"
#include "wire/path.h"

/* Report a file that the library would open. */
static enum gh_rc outward(struct h5 *h, struct gh_span from, struct gh_span file, uint64_t addr, const char *what,
			  enum gh_ref_kind kind, struct gh_range data)
{
	const unsigned out = GH_PATH_ESCAPES | GH_PATH_ABSOLUTE | GH_PATH_DRIVE | GH_PATH_NUL;
	bool url = file.n > 3 && memmem(file.p, file.n, "://", 3) != NULL;
	bool leaves = url || (gh_path_flags(file) & out) != 0 || (file.n != 0 && file.p[0] == '~');
	h5_say(h, leaves ? H5_A_OUTSIDE : H5_A_BESIDE, addr, 1, "%s of \"%s\": \"%s\"", what, gh_safe(from).s,
	       gh_safe(file).s);
	struct gh_reference ref = { .kind = url ? GH_REF_URL : kind, .target = file, .from = from, .data = data };
	enum gh_rc rc = gh_emit(h->w, GH_EV_REFERENCE, h->base + addr, 1, &ref);
	return rc == GH_OK ? GH_OK : gh_fail(h->w->err, rc, "a reference");
}

static struct gh_span text(struct gh_rd *r)
{
	struct gh_span rest = gh_span_cut(r->s, r->off, r->s.n);
	const uint8_t *nul = r->bad || rest.n == 0 ? NULL : memchr(rest.p, 0, rest.n);
	if (nul == NULL) {
		r->bad = true;
		return (struct gh_span){ 0 };
	}
	struct gh_span s = gh_rd_take(r, (uint64_t)(nul - rest.p));
	(void)gh_rd_u8(r);
	return s;
}

enum gh_rc h5_external_link(struct h5 *h, struct gh_span path, struct gh_span value, uint64_t addr)
{
	struct gh_rd r = gh_rd(value);
	unsigned flags = gh_rd_u8(&r);
	struct gh_span file = text(&r), object = text(&r);
	if (r.bad || flags != 0)
		return h5_bad(h, H5_A_STRUCT, addr, "an external link is malformed");
	if (!gh_rd_done(&r))
		h5_say(h, H5_A_STRUCT, addr, value.n, "something stands behind the names of an external link");
	(void)object;
	return outward(h, path, file, addr, "external link", GH_REF_PATH, (struct gh_range){ 0 });
}

/* IV.A.2.h: pieces of files that make up the data. Their names lie in a local heap. */
enum gh_rc h5_external_files(struct h5 *h, struct gh_span path, struct gh_span body, uint64_t addr, size_t *used)
{
	struct gh_rd r = gh_rd(body);
	unsigned version = gh_rd_u8(&r);
	(void)gh_rd_take(&r, 3);
	unsigned room = gh_rd_u16le(&r), n = gh_rd_u16le(&r);
	uint64_t heap = h5_rd_addr(h, &r);
	if (r.bad || version != 1 || n > room || n > gh_rd_left(&r) / (3 * (size_t)h->sl))
		return h5_bad(h, H5_A_COUNT, addr, "a list of %u external files", n);
	struct h5_names names;
	GH_TRY(h5_names_open(h, heap, &names), h->w->err, "external files");
	enum gh_rc rc = GH_OK;
	for (unsigned i = 0; i < n && rc == GH_OK; i++) {
		uint64_t name = h5_rd_len(h, &r), off = h5_rd_len(h, &r), len = h5_rd_len(h, &r);
		struct gh_span file = h5_name(h, &names, name);
		rc = file.p == NULL ? h5_why(h)
				    : outward(h, path, file, addr, "external storage", GH_REF_DATA,
					      (struct gh_range){ off, len });
	}
	*used = r.off;
	enum gh_rc rest = h5_names_close(h, &names);
	return rc != GH_OK ? rc : rest;
}

/* ---- virtual datasets (VIII.C of the specification): a map in the global heap --------------------------------------------- */

/* A serialized selection (VIII.B): only its length matters. */
static bool selection(struct gh_rd *r)
{
	uint32_t type = gh_rd_u32le(r), version = gh_rd_u32le(r), rank = 0;
	uint64_t n = 0, len = 0;
	unsigned enc = 0;
	if (type == 0 || type == 3) /* none, all */
		return gh_rd_take(r, 8).p != NULL;
	if (version == 1 || (type == 2 && version == 2)) {
		unsigned flags = version == 2 ? gh_rd_u8(r) : 0;
		if (version == 1)
			(void)gh_rd_u32le(r);
		len = gh_rd_u32le(r);
		(void)flags;
		return gh_rd_take(r, len).p != NULL;
	}
	unsigned flags = type == 2 ? gh_rd_u8(r) : 0;
	enc = gh_rd_u8(r);
	rank = gh_rd_u32le(r);
	if (r->bad || (enc != 2 && enc != 4 && enc != 8) || rank > GH_HDF5_DIMS)
		return false;
	if (type == 2 && (flags & 1) != 0)
		return gh_rd_take(r, 4ull * rank * enc).p != NULL;
	n = gh_rd_le(r, enc);
	if (n > gh_rd_left(r))
		return false;
	return (type == 1 || type == 2) && gh_rd_take(r, n * rank * enc * (type == 2 ? 2 : 1)).p != NULL;
}

enum gh_rc h5_virtual(struct h5 *h, const struct h5_dataset *d)
{
	struct gh_span map;
	if (d->layout.addr == H5_UNDEF)
		return GH_OK;
	enum gh_rc rc = h5_global(h, d->layout.addr, d->layout.heap_index, 0, &map);
	if (rc != GH_OK)
		return rc;
	struct gh_rd r = gh_rd(map);
	unsigned version = gh_rd_u8(&r);
	uint64_t n = h5_rd_len(h, &r);
	if (version != 0 || n > map.n)
		return h5_bad(h, version != 0 ? H5_A_UNKNOWN : H5_A_COUNT, d->layout.addr,
			      "map of a virtual dataset: version %u, %llu parts", version, (unsigned long long)n);
	h->hold++; /* the map lies in tmp */
	for (uint64_t i = 0; i < n && rc == GH_OK; i++) {
		struct gh_span file = text(&r), set = text(&r);
		(void)set;
		if (r.bad || !selection(&r) || !selection(&r) || r.bad)
			rc = h5_bad(h, H5_A_COUNT, d->layout.addr, "map of a virtual dataset: part %llu",
				    (unsigned long long)i);
		else if (!gh_span_is(file, "."))
			rc = outward(h, d->path, file, d->layout.addr, "virtual dataset", GH_REF_PATH,
				     (struct gh_range){ 0 });
	}
	h->hold--;
	return rc;
}
