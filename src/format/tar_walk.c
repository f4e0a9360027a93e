#include "format/tar_walk.h"

#include "format/tar_int.h"

static uint64_t blocks(uint64_t n) { return (n + (GH_TAR_BLOCK - 1)) / GH_TAR_BLOCK * GH_TAR_BLOCK; }

void tar_note(struct tar *t, enum gh_rc rc)
{
	static const enum gh_rc order[] = { GH_OK, GH_E_UNREAD, GH_E_MALFORMED, GH_E_LIMIT, GH_E_NOMEM };
	size_t now = 0, was = 0;
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
		now = order[i] == rc ? i : now;
		was = order[i] == t->rc ? i : was;
	}
	if (now > was)
		t->rc = rc;
}

static bool all_zero(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != 0)
			return false;
	return true;
}

/* Everything a member needs from its header, copied: windows die. */
struct entry {
	struct gh_tar_entry e;
	struct gh_span link;
	uint64_t devmajor, devminor;
	uint64_t mode;
	bool sparse, extended; /* extended: GNU sparse map goes on in the next block */
	bool has_data;	       /* size bytes follow the header */
};

/* The name a header alone gives: ustar splits long ones into prefix and name. */
static struct gh_span plain_name(struct tar *t, const struct gh_tar_header *h)
{
	if (h->prefix.n == 0)
		return gh_keep(t->w->arena, h->name);
	uint8_t both[155 + 1 + 100];
	size_t n = h->prefix.n;
	memcpy(both, h->prefix.p, n);
	both[n++] = '/';
	memcpy(both + n, h->name.p, h->name.n);
	return gh_keep(t->w->arena, (struct gh_span){ both, n + h->name.n });
}

/* Bytes of a header that no program reads. */
static void judge_unused(struct tar *t, struct gh_span block, const struct gh_tar_header *h)
{
	static const uint16_t pad[] = { [GH_TAR_V7] = 345, [GH_TAR_USTAR] = 500, [GH_TAR_GNU] = 495 };
	struct gh_span rest = gh_span_cut(block, pad[h->dialect], GH_TAR_BLOCK);
	uint64_t unused;
	bool star = rest.n >= 4 && memcmp(rest.p + rest.n - 4, "tar\0", 4) == 0; /* star's own mark */
	bool odd = !all_zero(h->after_name) || !all_zero(h->after_link) || (!star && !all_zero(rest));
	/* GNU tar fills the device numbers also when it writes v7. */
	if (h->dialect == GH_TAR_V7)
		odd = odd || !all_zero(gh_span_cut(block, 257, 329 - 257)) ||
		      !gh_tar_number(gh_span_cut(block, 329, 8), &unused) ||
		      !gh_tar_number(gh_span_cut(block, 337, 8), &unused);
	if (odd)
		tar_say(t, T_GARBAGE, t->pos, GH_TAR_BLOCK, "\"%s\"", gh_safe(h->name).s);
}

static bool is_ascii(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 0x80)
			return false;
	return true;
}

/* Long-name records exist for names that do not fit: then the header holds a cut version. Where the name would have
 * fitted there is no reason for the two to differ. */
static void judge_two_names(struct tar *t, struct gh_span plain, struct gh_span pax, struct gh_span gnu)
{
	bool differ = false;
	if (gnu.p != NULL && gnu.n <= 100)
		differ = gh_path_cmp(gh_span_cut(gnu, 0, plain.n > 98 ? plain.n : gnu.n), plain, false) != 0;
	if (pax.p != NULL && pax.n <= 100 && is_ascii(pax) && !t->next.sparse)
		differ = differ || gh_path_cmp(pax, plain, false) != 0;
	if (pax.p != NULL && gnu.p != NULL)
		differ = differ || !gh_span_eq(pax, gnu);
	if (differ)
		tar_say(t, T_TWO_NAMES, t->pos, GH_TAR_BLOCK, "header \"%s\", record \"%s\"", gh_safe(plain).s,
			gh_safe(pax.p != NULL ? pax : gnu).s);
}

static struct gh_span pick(struct gh_span a, struct gh_span b, struct gh_span c, struct gh_span plain)
{
	return a.n != 0 ? a : b.n != 0 ? b : c.n != 0 ? c : plain;
}

/* Merge header and records into one entry. False: no room. */
static bool make_entry(struct tar *t, struct gh_span block, const struct gh_tar_header *h, struct entry *out)
{
	const struct tar_meta *m = &t->next, *g = &t->global;
	/* The sparse map of the old GNU format: 4 extents, a flag, the real size. */
	bool old_sparse = h->type == 'S' && h->dialect == GH_TAR_GNU;
	*out = (struct entry){ .devmajor = h->devmajor,
			       .devminor = h->devminor,
			       .mode = h->mode,
			       .sparse = m->sparse || h->type == 'S',
			       .extended = old_sparse && block.p[482] != 0 };
	uint8_t type = h->type;
	uint64_t size = h->size;
	struct gh_span link = gh_keep(t->w->arena, h->link), plain;
	if (link.p == NULL || (plain = plain_name(t, h)).p == NULL)
		return false;
	if (m->path.p != NULL || m->gnu_path.p != NULL)
		judge_two_names(t, plain, m->path, m->gnu_path);
	if (m->has_size && size != 0 && m->size != size)
		tar_say(t, T_TWO_SIZES, t->pos, GH_TAR_BLOCK, "\"%s\": header %llu, record %llu", gh_safe(plain).s,
			(unsigned long long)size, (unsigned long long)m->size);
	out->link = pick(m->link, m->gnu_link, g->link, link);
	out->e = (struct gh_tar_entry){
		.name = pick(m->path, m->gnu_path, g->path, plain),
		.header_off = t->pos,
		.data_off = t->pos + GH_TAR_BLOCK,
		.size = m->has_size ? m->size : size,
		.type = type,
		.hidden = t->hidden,
	};
	/* Old writers had no type for directories, only a slash. */
	if (type == '0' && out->e.name.n != 0 && out->e.name.p[out->e.name.n - 1] == '/' && out->e.size == 0)
		out->e.type = '5';
	out->has_data = out->e.type == '0' || out->e.type == '7' || memchr("123456", out->e.type, 6) == NULL;
	return true;
}

static enum gh_rc remember(struct tar *t, const struct entry *x)
{
	if (t->n >= t->w->lim->members)
		return gh_fail(t->w->err, GH_E_LIMIT, "more than %zu members", t->n);
	if (t->n == t->cap) {
		struct tar_name *p = gh_grow(t->w->arena, t->name, &t->cap, t->n + 1, sizeof *p);
		if (p == NULL)
			return gh_fail(t->w->err, GH_E_LIMIT, "no room for %zu names", t->n);
		t->name = p;
	}
	uint8_t type = x->e.type;
	t->name[t->n++] = (struct tar_name){ x->e.name, type == '2', type == '1', type == '5' };
	if (type != '1' && type != '2')
		return GH_OK;
	if (t->nlinks == t->link_cap) {
		struct gh_link *p = gh_grow(t->w->arena, t->link, &t->link_cap, t->nlinks + 1, sizeof *p);
		if (p == NULL)
			return gh_fail(t->w->err, GH_E_LIMIT, "no room for %zu links", t->nlinks);
		t->link = p;
	}
	t->link[t->nlinks++] = (struct gh_link){
		.name = x->e.name, .target = x->link, .at = x->e.header_off, .len = GH_TAR_BLOCK, .hard = type == '1'
	};
	return GH_OK;
}

static void judge_type(struct tar *t, const struct entry *x)
{
	const struct gh_tar_entry *e = &x->e;
	struct gh_safe name = gh_safe(e->name);
	if (e->type == '1' || e->type == '2') {
		bool hard = e->type == '1';
		struct gh_reference ref = { .kind = hard ? GH_REF_HARDLINK : GH_REF_SYMLINK,
					    .target = x->link,
					    .from = e->name };
		tar_note(t, gh_emit(t->w, GH_EV_REFERENCE, e->header_off, GH_TAR_BLOCK, &ref));
	} else if (e->type == '3' || e->type == '4') {
		struct gh_reference ref = { .kind = GH_REF_DEVICE, .target = e->name, .from = e->name };
		tar_note(t, gh_emit(t->w, GH_EV_REFERENCE, e->header_off, GH_TAR_BLOCK, &ref));
		tar_say(t, T_DEVICE, e->header_off, GH_TAR_BLOCK, "\"%s\", %s %llu:%llu", name.s,
			e->type == '3' ? "character" : "block", (unsigned long long)x->devmajor,
			(unsigned long long)x->devminor);
	} else if (e->type == '6') {
		tar_say(t, T_FIFO, e->header_off, GH_TAR_BLOCK, "\"%s\"", name.s);
	} else if (x->sparse || memchr("DMN", e->type, 3) != NULL) {
		tar_say(t, T_UNREAD, e->header_off, GH_TAR_BLOCK, "\"%s\"", name.s);
		tar_note(t, GH_E_UNREAD);
	} else if (memchr("057V", e->type, 4) == NULL) {
		tar_say(t, T_TYPE, e->header_off, GH_TAR_BLOCK, "\"%s\", type 0x%02x", name.s, e->type);
	}
	/* On a directory the group's bit only says whose the files in it will be. */
	if ((x->mode & (e->type == '5' ? 04000 : 06000)) != 0 && e->type != '2')
		tar_say(t, T_MODE, e->header_off, GH_TAR_BLOCK, "\"%s\", mode %o", name.s, (unsigned)(x->mode & 07777));
	if (!x->has_data && e->size != 0)
		tar_say(t, T_LINK_SIZE, e->header_off, GH_TAR_BLOCK, "\"%s\", type %c, %llu bytes", name.s, e->type,
			(unsigned long long)e->size);
}

/* The content of a member: claim it, hand it on. */
static enum gh_rc emit_data(struct tar *t, const struct entry *x, uint64_t len)
{
	const struct gh_tar_entry *e = &x->e;
	struct gh_member m = { .how = e->hidden || x->sparse ? GH_MEMBER_HIDDEN : GH_MEMBER_FILE, .name = e->name };
	struct gh_src_sub sub;
	if (t->h != NULL && t->h->member != NULL)
		t->h->member(t->h->ctx, t->w, e, &m);
	GH_TRY(gh_member_range(t->w, m, e->data_off, len), t->w->err, "member \"%s\"", gh_safe(e->name).s);
	if (t->h == NULL || t->h->content == NULL)
		return GH_OK;
	enum gh_rc rc = t->h->content(t->h->ctx, t->w, e, gh_src_sub(&sub, t->w->src, e->data_off, len));
	return rc == GH_E_LIMIT || rc == GH_E_NOMEM ? rc : GH_OK;
}

/* Blocks that continue a GNU sparse map: 21 extents each and a flag at byte 504. */
static void skip_sparse_map(struct tar *t, struct entry *x)
{
	while (x->extended) {
		struct gh_span b = gh_src_window(t->w->src, x->e.data_off, GH_TAR_BLOCK);
		if (b.n < GH_TAR_BLOCK)
			return;
		x->extended = b.p[504] != 0;
		gh_claim(t->w, x->e.data_off, GH_TAR_BLOCK, GH_CLAIM_STRUCT);
		x->e.data_off += GH_TAR_BLOCK;
	}
}

static enum gh_rc finish_member(struct tar *t, struct entry *x)
{
	struct gh_tar_entry *e = &x->e;
	bool dir = e->type == '5';
	(void)gh_path_report(t->w, gh_tar_rules, T_PATHS, t->seen, e->name,
			     dir ? GH_PATH_DOT | GH_PATH_EMPTY : GH_PATH_DOT, e->header_off, GH_TAR_BLOCK);
	judge_type(t, x);
	skip_sparse_map(t, x);
	if (e->type != 'V') /* a volume label is no file */
		GH_TRY(remember(t, x), t->w->err, "member \"%s\"", gh_safe(e->name).s);
	uint64_t size = x->has_data ? e->size : 0, left = t->w->src->size - e->data_off;
	uint64_t len = size < left ? size : left;
	e->link = x->link;
	if (x->has_data && !dir)
		GH_TRY(emit_data(t, x, len), t->w->err, "tar");
	if (len < size) {
		tar_say(t, T_RANGE, e->data_off, len, "\"%s\" claims %llu bytes, %llu are there", gh_safe(e->name).s,
			(unsigned long long)size, (unsigned long long)len);
		tar_note(t, GH_E_MALFORMED);
		t->pos = t->w->src->size;
		return GH_OK;
	}
	uint64_t pad = blocks(size) - size; /* size <= size of the source: no wrap */
	gh_claim(t->w, e->data_off + size, pad < left - size ? pad : left - size, GH_CLAIM_PAD);
	t->pos = e->data_off + size + (pad < left - size ? pad : left - size);
	return GH_OK;
}

static enum gh_rc meta_member(struct tar *t, const struct gh_tar_header *h)
{
	uint64_t off = t->pos, data = off + GH_TAR_BLOCK, size = h->size, left = t->w->src->size - data;
	uint64_t len = size < left ? size : left;
	uint8_t type = h->type;
	GH_TRY(tar_read_meta(t, h, off, data, size), t->w->err, "extended header at %llu", (unsigned long long)off);
	gh_claim(t->w, data, len, GH_CLAIM_STRUCT);
	if (len < size) {
		tar_say(t, T_RANGE, off, GH_TAR_BLOCK, "extended header of type %c", type);
		tar_note(t, GH_E_MALFORMED);
		t->pos = t->w->src->size;
		return GH_OK;
	}
	uint64_t pad = blocks(size) - size;
	pad = pad < left - size ? pad : left - size;
	gh_claim(t->w, data + size, pad, GH_CLAIM_PAD);
	t->pos = data + size + pad;
	return GH_OK;
}

/* One member whose header stands at t->pos. */
static enum gh_rc member(struct tar *t, struct gh_span block, struct gh_tar_header *h)
{
	struct entry x;
	judge_unused(t, block, h);
	/* Saying so may have let the window die. */
	block = gh_src_window(t->w->src, t->pos, GH_TAR_BLOCK);
	if (!gh_tar_header(block, h))
		return gh_fail(t->w->err, t->w->src->fail != GH_OK ? t->w->src->fail : GH_E_BUG, "a header changed");
	gh_claim(t->w, t->pos, GH_TAR_BLOCK, GH_CLAIM_STRUCT);
	if (h->bad_size || h->odd_number) {
		tar_say(t, T_SIZE_FIELD, t->pos, GH_TAR_BLOCK, "%s", h->bad_size ? "size" : "mode or owner");
		block = gh_src_window(t->w->src, t->pos, GH_TAR_BLOCK);
		if (!gh_tar_header(block, h))
			return gh_fail(t->w->err, GH_E_IO, "a header cannot be read again");
	}
	if (h->bad_size)
		h->size = 0; /* look for the next header right behind */
	if (memchr("xgLKX", h->type, 5) != NULL)
		return meta_member(t, h);
	if (!make_entry(t, block, h, &x))
		return gh_fail(t->w->err, GH_E_LIMIT, "no room for a name");
	t->next = (struct tar_meta){ 0 };
	return finish_member(t, &x);
}

/* From t->pos on there is no header. Find the next block that is one; *end: where the zeros that come first end. */
static bool resync(struct tar *t, uint64_t *zeros)
{
	struct gh_src *src = t->w->src;
	struct gh_tar_header h;
	uint64_t at = t->pos;
	bool only_zeros = true;
	*zeros = t->pos;
	while (at < src->size) {
		struct gh_span w = gh_src_window(src, at, 64 * GH_TAR_BLOCK);
		if (w.n == 0)
			break;
		for (size_t i = 0; i < w.n; i += GH_TAR_BLOCK) {
			struct gh_span b = gh_span_cut(w, i, GH_TAR_BLOCK);
			bool zero = all_zero(b);
			if (only_zeros && zero)
				*zeros = at + i + b.n;
			only_zeros = only_zeros && zero;
			if (!zero && gh_tar_header(b, &h)) {
				t->pos = at + i;
				return true;
			}
		}
		at += w.n;
	}
	t->pos = src->size;
	return false;
}

/* No header at t->pos: the end, or damage. True: go on with members that only some programs see. */
static bool pause(struct tar *t)
{
	uint64_t from = t->pos, zeros, size = t->w->src->size;
	bool more = resync(t, &zeros);
	uint64_t gap = (more ? t->pos : size) - zeros;
	gh_claim(t->w, from, zeros - from, GH_CLAIM_PAD);
	if (zeros == from) {
		tar_say(t, T_DAMAGED, from, GH_TAR_BLOCK, "at block %llu", (unsigned long long)(from / GH_TAR_BLOCK));
		tar_note(t, GH_E_MALFORMED);
	} else if (!more && zeros - from < GH_TAR_BLOCK) {
		tar_say(t, T_NO_END, from, zeros - from, "%llu zero bytes only", (unsigned long long)(zeros - from));
	}
	if (more)
		tar_say(t, zeros - from == GH_TAR_BLOCK && gap == 0 ? T_LONE_ZERO : T_AFTER_END, t->pos, GH_TAR_BLOCK,
			"behind %llu bytes", (unsigned long long)(t->pos - from));
	if (gap != 0 && zeros != from)
		tar_say(t, T_TRAILING, zeros, gap, "%llu bytes", (unsigned long long)gap);
	t->hidden = true;
	return more;
}

static enum gh_rc run(struct tar *t)
{
	struct gh_src *src = t->w->src;
	bool ended = false;
	while (t->pos < src->size && !ended) {
		struct gh_tar_header h;
		struct gh_span block = gh_src_window(src, t->pos, GH_TAR_BLOCK);
		if (src->fail != GH_OK)
			break;
		if (gh_tar_header(block, &h))
			GH_TRY(member(t, block, &h), t->w->err, "tar member at %llu", (unsigned long long)t->pos);
		else
			ended = !pause(t);
		gh_src_advance(src, t->pos);
	}
	if (src->fail != GH_OK)
		return gh_fail(t->w->err, src->fail, "reading the archive");
	if (!ended && t->rc == GH_OK)
		tar_say(t, T_NO_END, src->size, 0, "the file ends behind a member");
	if (t->next.any)
		tar_say(t, T_META, t->next.at, GH_TAR_BLOCK, "at the end of the archive");
	GH_TRY(tar_judge_names(t), t->w->err, "tar names");
	if (t->h != NULL && t->h->done != NULL)
		return t->h->done(t->h->ctx, t->w);
	return GH_OK;
}

enum gh_rc gh_tar_walk(struct gh_walk *w, const struct gh_tar_hooks *hooks)
{
	struct tar t = { .w = w, .h = hooks };
	enum gh_rc rc = run(&t);
	if (rc != GH_OK)
		return rc;
	if (t.rc == GH_OK)
		return GH_OK;
	return gh_fail(w->err, t.rc, "%s",
		       t.rc == GH_E_UNREAD  ? "a member of a kind that is not read"
		       : t.rc == GH_E_LIMIT ? "a limit stopped the reading"
					    : "the archive is damaged");
}

enum gh_match gh_tar_walk_probe(const struct gh_probe *p) { return gh_tar_probe(p->head) ? GH_STRONG : GH_NO; }
