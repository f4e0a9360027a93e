/* The index, or staging area (gitformat-index(5), versions 2 to 4): what is checked out, sorted by path, extensions, a
 * checksum. Git takes paths from here for everything it does, so they are judged like those of trees. */
#include "format/formats.h"
#include "format/git/git.h"

enum { HEAD = 12, STAT = 40, PATH = 4096, EXTENDED = 0x4000, NAME_MASK = 0xfff };

static enum gh_match probe(const struct gh_probe *p)
{
	struct gh_span h = p->head;
	return h.n >= HEAD + GIT_SHA1 && gh_span_starts(h, "DIRC") && gh_be32(h.p + 4) >= 2 && gh_be32(h.p + 4) <= 4
		       ? GH_STRONG
		       : GH_NO;
}

struct index {
	struct git g;
	uint32_t version, count;
	struct gh_cur c;
	uint8_t path[2][PATH];
	size_t n[2];
	unsigned now;	     /* which of the two paths */
	unsigned stage, was; /* of the merge, of this and the last entry */
	bool say;
};

/* Version 4: how many bytes to leave of the last path. */
static bool varint(struct gh_cur *c, uint64_t *v)
{
	uint8_t b = gh_cur_u8(c);
	*v = b & 0x7f;
	while ((b & 0x80) != 0 && !c->bad) {
		b = gh_cur_u8(c);
		if (*v >> 50 != 0)
			return false;
		*v = (*v + 1) << 7 | (b & 0x7f);
	}
	return !c->bad;
}

static bool path(struct index *x, uint64_t from)
{
	uint8_t *p = x->path[x->now];
	size_t n = 0;
	if (x->version == 4) {
		uint64_t strip;
		size_t had = x->n[!x->now];
		if (!varint(&x->c, &strip) || strip > had)
			return false;
		n = had - (size_t)strip;
		memcpy(p, x->path[!x->now], n);
	}
	for (uint8_t b; (b = gh_cur_u8(&x->c)) != 0; p[n++] = b)
		if (n == PATH)
			return false;
	x->n[x->now] = n;
	while (x->version != 4 && !x->c.bad && (gh_cur_off(&x->c) - from) % 8 != 0)
		if (gh_cur_u8(&x->c) != 0)
			return false; /* zeros up to the next multiple of eight */
	return !x->c.bad && n != 0;
}

static void judge(struct index *x, unsigned mode, unsigned flags, uint64_t from)
{
	uint64_t len = gh_cur_off(&x->c) - from;
	struct gh_span name = { x->path[x->now], x->n[x->now] }, last = { x->path[!x->now], x->n[!x->now] };
	gh_git_check_path(&x->g, name, mode, from, len);
	/* A sparse index has whole directories, whose paths end in a slash. */
	if (!gh_git_mode_ok(mode) || (flags & NAME_MASK) != (name.n < NAME_MASK ? name.n : NAME_MASK))
		gh_git_say(&x->g, GIT_A_TABLE, from, len, "mode %o, length %u: \"%s\"", mode, flags & NAME_MASK,
			   gh_safe(name).s);
	size_t n = name.n < last.n ? name.n : last.n;
	int c = n == 0 ? 0 : memcmp(last.p, name.p, n);
	if (c > 0 || (c == 0 && (last.n > name.n || (last.n == name.n && x->was >= x->stage))))
		gh_git_say(&x->g, GIT_A_TABLE, from, len, "entries out of order at \"%s\"", gh_safe(name).s);
}

static bool entries(struct index *x)
{
	x->c = gh_cur(x->g.w->src, HEAD);
	x->n[0] = x->n[1] = 0;
	x->was = x->stage = 0;
	for (uint32_t i = 0; i < x->count; i++) {
		uint64_t from = gh_cur_off(&x->c);
		x->now = i & 1;
		const uint8_t *p = gh_cur_take(&x->c, STAT + (size_t)x->g.hash + 2);
		if (p == NULL)
			return false;
		unsigned mode = gh_be32(p + 24), flags = (unsigned)p[STAT + x->g.hash] << 8 | p[STAT + x->g.hash + 1];
		x->stage = flags >> 12 & 3;
		if ((flags & EXTENDED) != 0 && (x->version < 3 || gh_cur_take(&x->c, 2) == NULL))
			return false;
		if (!path(x, from))
			return false;
		if (x->say)
			judge(x, mode, flags, from);
		x->was = x->stage;
	}
	return true;
}

/* The cached tree: "path\0", "entries subtrees\n", a name unless entries is -1. */
static bool cached_tree(struct index *x, uint64_t off, uint64_t len)
{
	struct gh_cur c = gh_cur(x->g.w->src, off);
	while (gh_cur_off(&c) < off + len && !c.bad) {
		size_t n = 0;
		while (gh_cur_u8(&c) != 0)
			if (c.bad || ++n == PATH)
				return false;
		uint8_t b = gh_cur_u8(&c);
		bool none = b == '-';
		for (unsigned k = 0; k < 24 && b != '\n'; k++) {
			if (c.bad || memchr("-0123456789 ", b, 12) == NULL)
				return false;
			b = gh_cur_u8(&c);
		}
		if (b != '\n')
			return false;
		gh_cur_skip(&c, none ? 0 : x->g.hash);
	}
	return !c.bad && gh_cur_off(&c) == off + len;
}

static const struct {
	const char *id;
	enum { TREE, FIXED, FREE } what;
} extensions[] = {
	{ "TREE", TREE }, { "EOIE", FIXED }, { "IEOT", FREE }, { "REUC", FREE },
	{ "UNTR", FREE }, { "FSMN", FREE },  { "link", FREE }, { "sdir", FIXED },
};

/* One extension; false: it does not fit. What is not known is passed over by git when its name has a capital letter. */
static bool extension(struct index *x, uint64_t off, uint64_t len, const char id[5])
{
	struct gh_walk *w = x->g.w;
	int what = -1;
	for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++)
		if (memcmp(extensions[i].id, id, 4) == 0)
			what = (int)extensions[i].what;
	if (what < 0 && (id[0] < 'A' || id[0] > 'Z'))
		return false;
	if (what == TREE && !cached_tree(x, off, len))
		return false;
	if (what == FIXED && len != (id[0] == 'E' ? 4 + x->g.hash : 0))
		return false;
	gh_claim(w, off - 8, 8, GH_CLAIM_STRUCT);
	gh_claim(w, off, len, what == TREE || what == FIXED ? GH_CLAIM_STRUCT : GH_CLAIM_FREE);
	return true;
}

static enum gh_rc broken(struct index *x, uint64_t off, const char *what)
{
	struct gh_walk *w = x->g.w;
	if (w->src->fail != GH_OK)
		return gh_fail(w->err, w->src->fail, "%s", what);
	gh_git_say(&x->g, GIT_A_BROKEN, off, w->src->size - off, "%s", what);
	return gh_fail(w->err, GH_E_MALFORMED, "%s", what);
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct index *x = GH_NEW(w->arena, struct index, 1);
	struct gh_span h = gh_src_window(w->src, 0, HEAD);
	if (x == NULL || !gh_git_open(&x->g, w, GIT_SHA1))
		return gh_fail(w->err, GH_E_LIMIT, "no room for an index");
	if (h.n < HEAD)
		return broken(x, 0, "no header");
	x->version = gh_be32(h.p + 4);
	x->count = gh_be32(h.p + 8);
	if (!entries(x)) {
		x->g.hash = GIT_SHA256;
		if (!entries(x)) {
			x->g.hash = GIT_SHA1;
			x->say = true;
			(void)entries(x);
			return broken(x, HEAD, "entries that do not fit");
		}
	}
	x->say = true;
	(void)entries(x);
	uint64_t off = gh_cur_off(&x->c), size = w->src->size;
	gh_claim(w, 0, off, GH_CLAIM_STRUCT);
	while (size - off > x->g.hash) {
		struct gh_span s = gh_src_window(w->src, off, 8);
		char id[5] = "";
		uint32_t len = s.n < 8 ? 0 : gh_be32(s.p + 4);
		if (s.n < 8 || size - off - 8 < x->g.hash || len > size - off - 8 - x->g.hash)
			return broken(x, off, "an extension that does not fit");
		memcpy(id, s.p, 4);
		if (!extension(x, off + 8, len, id))
			return broken(x, off, "an extension that git does not know");
		off += 8 + (uint64_t)len;
		gh_src_advance(w->src, off);
	}
	if (size - off != x->g.hash)
		return broken(x, off, "no checksum at the end");
	gh_claim(w, off, x->g.hash, GH_CLAIM_STRUCT);
	return GH_OK;
}

const struct gh_fmt gh_fmt_git_index = {
	.name = "git-index",
	.about = "the index of git: which files are checked out",
	.exts = "",
	.probe = probe,
	.walk = walk,
	.rules = gh_git_rules,
};
