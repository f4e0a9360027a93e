#include "wire/zip.h"

bool gh_zip_end(struct gh_span in, struct gh_zip_end *out)
{
	struct gh_rd r = gh_rd(in);
	uint32_t sig = gh_rd_u32le(&r);
	*out = (struct gh_zip_end){ .record = GH_ZIP_END_SIZE };
	out->disk = gh_rd_u16le(&r);
	out->cd_disk = gh_rd_u16le(&r);
	out->here = gh_rd_u16le(&r);
	out->total = gh_rd_u16le(&r);
	out->cd_size = gh_rd_u32le(&r);
	out->cd_off = gh_rd_u32le(&r);
	out->comment = gh_rd_u16le(&r);
	return !r.bad && sig == GH_ZIP_SIG_END;
}

bool gh_zip_end64(struct gh_span in, struct gh_zip_end *out)
{
	struct gh_rd r = gh_rd(in);
	uint32_t sig = gh_rd_u32le(&r);
	uint64_t size = gh_rd_u64le(&r); /* without signature and itself */
	(void)gh_rd_take(&r, 4);	 /* versions: claims that change nothing */
	*out = (struct gh_zip_end){ 0 };
	out->disk = gh_rd_u32le(&r);
	out->cd_disk = gh_rd_u32le(&r);
	out->here = gh_rd_u64le(&r);
	out->total = gh_rd_u64le(&r);
	out->cd_size = gh_rd_u64le(&r);
	out->cd_off = gh_rd_u64le(&r);
	if (r.bad || sig != GH_ZIP_SIG_END64 || size < GH_ZIP_END64_SIZE - 12 || size > UINT64_MAX - 12)
		return false;
	out->record = size + 12;
	return true;
}

bool gh_zip_locator(struct gh_span in, struct gh_zip_locator *out)
{
	struct gh_rd r = gh_rd(in);
	uint32_t sig = gh_rd_u32le(&r);
	out->disk = gh_rd_u32le(&r);
	out->off = gh_rd_u64le(&r);
	out->disks = gh_rd_u32le(&r);
	return !r.bad && sig == GH_ZIP_SIG_LOCATOR;
}

size_t gh_zip_rfind_end(struct gh_span tail, size_t before)
{
	if (tail.n < GH_ZIP_END_SIZE)
		return SIZE_MAX;
	size_t at = tail.n - GH_ZIP_END_SIZE + 1;
	if (before < at)
		at = before;
	while (at > 0) {
		const uint8_t *p = memrchr(tail.p, 'P', at);
		if (p == NULL)
			break;
		at = (size_t)(p - tail.p);
		if (gh_le32(p) == GH_ZIP_SIG_END)
			return at;
	}
	return SIZE_MAX;
}

/* What local and central header say in the same words. */
static void both_views(struct gh_rd *r, struct gh_zip_header *out)
{
	out->need = gh_rd_u16le(r);
	out->flags = gh_rd_u16le(r);
	out->method = gh_rd_u16le(r);
	out->time = gh_rd_u16le(r);
	out->date = gh_rd_u16le(r);
	out->crc = gh_rd_u32le(r);
	out->csize = gh_rd_u32le(r);
	out->usize = gh_rd_u32le(r);
	out->name_n = gh_rd_u16le(r);
	out->extra_n = gh_rd_u16le(r);
}

bool gh_zip_local(struct gh_span in, struct gh_zip_header *out)
{
	struct gh_rd r = gh_rd(in);
	uint32_t sig = gh_rd_u32le(&r);
	*out = (struct gh_zip_header){ 0 };
	both_views(&r, out);
	return !r.bad && sig == GH_ZIP_SIG_LOCAL;
}

bool gh_zip_central(struct gh_span in, struct gh_zip_header *out)
{
	struct gh_rd r = gh_rd(in);
	uint32_t sig = gh_rd_u32le(&r);
	*out = (struct gh_zip_header){ 0 };
	out->made_by = gh_rd_u16le(&r);
	both_views(&r, out);
	out->comment_n = gh_rd_u16le(&r);
	out->disk = gh_rd_u16le(&r);
	(void)gh_rd_u16le(&r); /* internal attributes: a hint "text or binary" */
	out->external = gh_rd_u32le(&r);
	out->off = gh_rd_u32le(&r);
	return !r.bad && sig == GH_ZIP_SIG_CENTRAL;
}

/* Blocks that are small, common and carry times, owners or sizes; max: bytes one may have. */
static const struct {
	uint16_t id, max;
} known[] = {
	{ 0x0001, 28 }, /* zip64 */
	{ 0x000a, 36 }, /* NTFS times */
	{ 0x5455, 13 }, /* extended timestamp */
	{ 0x5855, 12 }, /* Info-ZIP Unix, old */
	{ 0x7855, 4 },	/* Info-ZIP Unix, second */
	{ 0x7875, 24 }, /* Info-ZIP Unix, ids of any width */
	{ 0x9901, 7 },	/* WinZip AES */
	{ 0xcafe, 0 },	/* jar marker */
};

static bool is_plain(uint16_t id, size_t n)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].id == id)
			return n <= known[i].max;
	return false;
}

/* 4.5.3: only the saturated values are there, in fixed order; a local header has both sizes or none. */
static void zip64(struct gh_span b, bool central, struct gh_zip_header *h, struct gh_zip_extra *x)
{
	struct gh_zip_header was = *h;
	struct gh_rd r = gh_rd(b);
	bool both = !central && (h->usize == UINT32_MAX || h->csize == UINT32_MAX);
	if (both || h->usize == UINT32_MAX)
		h->usize = gh_rd_u64le(&r);
	if (both || h->csize == UINT32_MAX)
		h->csize = gh_rd_u64le(&r);
	/* In a local header one value may be plain and the other saturated: then both places must say the same. */
	if (both &&
	    ((was.usize != UINT32_MAX && was.usize != h->usize) || (was.csize != UINT32_MAX && was.csize != h->csize)))
		x->conflict = true;
	if (central && h->off == UINT32_MAX)
		h->off = gh_rd_u64le(&r);
	if (central && h->disk == UINT16_MAX)
		h->disk = gh_rd_u32le(&r);
	if (r.bad) {
		*h = was;
		x->conflict = true;
		return;
	}
	if (r.off == b.n)
		return;
	/* More than needed. Writers that reserve the block do that; it must repeat what the header says. */
	struct gh_rd again = gh_rd(b);
	uint64_t usize = gh_rd_u64le(&again), csize = gh_rd_u64le(&again);
	uint64_t off = gh_rd_left(&again) >= 8 ? gh_rd_u64le(&again) : h->off;
	if (again.bad || usize != h->usize || csize != h->csize || (central && off != h->off))
		x->conflict = true;
}

void gh_zip_extra(struct gh_span extra, bool central, struct gh_zip_header *h, struct gh_zip_extra *out)
{
	bool seen64 = false;
	*out = (struct gh_zip_extra){ .plain = true };
	struct gh_rd r = gh_rd(extra);
	while (gh_rd_left(&r) >= 4) {
		uint16_t id = gh_rd_u16le(&r), n = gh_rd_u16le(&r);
		struct gh_span b = gh_rd_take(&r, n);
		if (r.bad)
			break;
		out->plain = out->plain && is_plain(id, n);
		if (id == 0x0001) {
			if (seen64)
				out->conflict = true;
			else
				zip64(b, central, h, out);
			seen64 = true;
		} else if (id == 0x7075 && n >= 5 && b.p[0] == 1) {
			out->conflict = out->conflict || out->utf8;
			out->utf8 = true;
			out->utf8_crc = gh_le32(b.p + 1);
			out->utf8_name = gh_span_cut(b, 5, b.n);
		} else if (id == 0x9901) {
			out->aes = true;
		}
	}
	if (r.bad) {
		out->broken = true;
		out->plain = false;
		return;
	}
	for (struct gh_span rest = gh_rd_take(&r, gh_rd_left(&r)); rest.n != 0; rest.n--)
		if (rest.p[rest.n - 1] != 0)
			out->broken = true;
	out->plain = out->plain && !out->broken;
}

bool gh_zip_descriptor(struct gh_span in, uint32_t crc, uint64_t csize, uint64_t usize, uint64_t want, size_t *len)
{
	static const struct {
		bool sig;
		uint8_t width;
	} form[] = { { true, 4 }, { true, 8 }, { false, 4 }, { false, 8 } };
	*len = 0;
	for (size_t i = 0; i < sizeof form / sizeof form[0]; i++) {
		struct gh_rd r = gh_rd(in);
		bool ok = !form[i].sig || gh_rd_u32le(&r) == GH_ZIP_SIG_DESCRIPTOR;
		ok = gh_rd_u32le(&r) == crc && ok;
		ok = gh_rd_le(&r, form[i].width) == csize && ok;
		ok = gh_rd_le(&r, form[i].width) == usize && ok;
		if (!ok || r.bad)
			continue;
		if (*len == 0 || r.off == want)
			*len = r.off;
	}
	return *len != 0;
}
