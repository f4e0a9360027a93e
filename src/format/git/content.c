/* The four kinds of objects: gitformat-pack(5) for their place, git-cat-file(1), git-mktree(1) and fsck.c's messages
 * (git-fsck(1)) for what they hold. */
#include "format/git/git.h"

#include <stdio.h>

enum { LINE = 4096, POINTER_MAX = 1024, MESSAGE = 1 << 20 };

static const char *const names[] = {
	[GIT_COMMIT] = "commit", [GIT_TREE] = "tree", [GIT_BLOB] = "blob", [GIT_TAG] = "tag"
};

const char *gh_git_kind_name(enum git_kind kind) { return names[kind]; }

enum git_kind gh_git_kind_of(struct gh_span word)
{
	for (unsigned k = GIT_COMMIT; k <= GIT_TAG; k++)
		if (gh_span_is(word, names[k]))
			return (enum git_kind)k;
	return GIT_NONE;
}

struct object {
	struct git *g;
	struct gh_src *src;
	uint64_t off, len; /* in w->src */
};

static void bad(struct object *o, const char *what) { gh_git_say(o->g, GIT_A_OBJECT, o->off, o->len, "%s", what); }

static bool hex(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
			return false;
	return s.n == 2 * GIT_SHA1 || s.n == 2 * GIT_SHA256;
}

static bool digits(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n != 0 && s.n < 20;
}

/* ---- blobs ------------------------------------------------------------------------------------------------------- */

static bool line(struct gh_rd *r, struct gh_span *out)
{
	struct gh_span left = gh_span_cut(r->s, r->off, r->s.n);
	const uint8_t *nl = left.n == 0 ? NULL : memchr(left.p, '\n', left.n);
	if (nl == NULL)
		return false;
	*out = gh_rd_take(r, (uint64_t)(nl - left.p));
	(void)gh_rd_u8(r);
	return true;
}

/* The whole of a Git LFS pointer (specification v1): every word is known. In a history it stands for a version that is
 * not here and that nobody reads before it is fetched and checked out. */
static bool pointer(struct gh_span s)
{
	struct gh_rd r = gh_rd(s);
	struct gh_span l;
	unsigned oids = 0, sizes = 0;
	if (!line(&r, &l) || !(gh_span_is(l, "version https://git-lfs.github.com/spec/v1") ||
			       gh_span_is(l, "version https://hawser.github.com/spec/v1")))
		return false;
	while (gh_rd_left(&r) != 0) {
		if (!line(&r, &l))
			return false;
		if (gh_span_starts(l, "oid sha256:") && l.n == 11 + 64 && hex(gh_span_cut(l, 11, 64)))
			oids++;
		else if (gh_span_starts(l, "size ") && digits(gh_span_cut(l, 5, l.n)))
			sizes++;
		else
			return false;
	}
	return oids == 1 && sizes == 1;
}

static enum gh_rc blob(struct object *o)
{
	if (o->src->size == 0)
		return GH_OK;
	if (o->src->size < POINTER_MAX) {
		struct gh_span s = gh_src_window(o->src, 0, POINTER_MAX);
		if (s.n == o->src->size && pointer(s))
			return GH_OK;
	}
	char name[64];
	(void)snprintf(name, sizeof name, "version at byte %llu", (unsigned long long)o->off);
	struct gh_member m = { .how = GH_MEMBER_FILE, .name = gh_span_str(name), .src = o->src, .role = "history" };
	return gh_emit(o->g->w, GH_EV_MEMBER, o->off, o->len, &m);
}

/* ---- trees ------------------------------------------------------------------------------------------------------- */

/* "100644 name\0" and the object's name. Order as git sorts: bytewise, a tree as if its name ended in a slash. */
struct entry {
	uint8_t name[LINE];
	size_t n;
	unsigned mode;
};

static int compare(const struct entry *a, const struct entry *b)
{
	size_t n = a->n < b->n ? a->n : b->n;
	int c = memcmp(a->name, b->name, n);
	if (c != 0)
		return c;
	unsigned x = a->n > n ? a->name[n] : a->mode == 040000 ? '/' : 0;
	unsigned y = b->n > n ? b->name[n] : b->mode == 040000 ? '/' : 0;
	return (x > y) - (x < y);
}

/* One entry; false: not one. */
static bool tree_entry(struct gh_cur *c, struct entry *e, unsigned hash)
{
	unsigned n = 0;
	uint8_t ch;
	e->mode = 0;
	while ((ch = gh_cur_u8(c)) >= '0' && ch <= '7' && n++ < 6)
		e->mode = e->mode << 3 | (ch - (unsigned)'0');
	if (ch != ' ' || n == 0 || c->bad)
		return false;
	for (e->n = 0; (ch = gh_cur_u8(c)) != 0; e->name[e->n++] = ch)
		if (c->bad || e->n == sizeof e->name)
			return false;
	gh_cur_skip(c, hash);
	return !c->bad;
}

/* Reads with names of `hash` bytes; silent when !say. */
static bool tree_as(struct object *o, unsigned hash, struct entry *e, bool say)
{
	struct gh_cur c = gh_cur(o->src, 0);
	bool flip = false, any = false;
	while (gh_cur_left(&c) != 0) {
		struct entry *now = &e[flip], *was = &e[!flip];
		if (!tree_entry(&c, now, hash))
			return false;
		struct gh_span name = { now->name, now->n };
		if (say) {
			if (memchr(name.p, '/', name.n) != NULL)
				gh_git_say(o->g, GIT_A_NAME, o->off, o->len, "\"%s\"", gh_safe(name).s);
			gh_git_check_path(o->g, name, now->mode, o->off, o->len);
			if (!gh_git_mode_ok(now->mode))
				gh_git_say(o->g, GIT_A_OBJECT, o->off, o->len, "mode %o of \"%s\"", now->mode,
					   gh_safe(name).s);
			if (any && compare(was, now) >= 0)
				gh_git_say(o->g, GIT_A_OBJECT, o->off, o->len, "tree entries out of order at \"%s\"",
					   gh_safe(name).s);
		}
		any = true;
		flip = !flip;
	}
	return !c.bad;
}

static enum gh_rc tree(struct object *o)
{
	struct entry e[2];
	unsigned hash = o->g->hash != 0 ? o->g->hash : tree_as(o, GIT_SHA1, e, false) ? GIT_SHA1 : GIT_SHA256;
	if (o->g->hash == GIT_SHA1 && !tree_as(o, GIT_SHA1, e, false))
		hash = GIT_SHA256; /* a pack does not say which */
	if (!tree_as(o, hash, e, true))
		bad(o, "a tree that is no list of entries");
	return o->src->fail;
}

/* ---- commits and tags -------------------------------------------------------------------------------------------- */

static enum gh_rc message(struct object *o, struct gh_span s, enum git_kind kind)
{
	bool odd = false;
	for (size_t i = 0; i < s.n && !odd; i++)
		odd = (s.p[i] < 0x20 && memchr("\t\n\r\f\v\x1b", s.p[i], 6) == NULL) || s.p[i] == 0x7f;
	if (odd)
		gh_git_say(o->g, GIT_A_HIDDEN, o->off, o->len, "in a %s", names[kind]);
	if (s.n == 0)
		return GH_OK;
	if (odd) { /* behind the empty line: what comes before it is lines of names and values */
		const uint8_t *empty = s.p[0] == '\n' ? s.p : memmem(s.p, s.n, "\n\n", 2);
		size_t skip = empty == NULL ? 0 : (size_t)(empty - s.p) + (s.p[0] == '\n' ? 1 : 2);
		struct gh_src_mem mem;
		struct gh_member m = { .how = GH_MEMBER_NESTED,
				       .name = GH_SPAN("message"),
				       .src = gh_src_mem(&mem, gh_span_cut(s, skip, s.n)),
				       .role = "message" };
		enum gh_rc rc = gh_emit(o->g->w, GH_EV_MEMBER, o->off, o->len, &m);
		if (rc != GH_OK)
			return rc;
	}
	struct gh_text t = { .role = "documentation", .key = gh_span_str(names[kind]), .text = s };
	return gh_emit(o->g->w, GH_EV_TEXT, o->off, o->len, &t);
}

/* "Name <mail> 1234567890 +0100" */
static bool person(struct gh_span s)
{
	const uint8_t *gt = s.n == 0 ? NULL : memrchr(s.p, '>', s.n);
	if (gt == NULL || memchr(s.p, '<', s.n) == NULL)
		return false;
	struct gh_span when = gh_span_cut(s, (size_t)(gt - s.p) + 1, s.n);
	for (size_t i = 0; i < when.n; i++)
		if ((when.p[i] < '0' || when.p[i] > '9') && memchr(" +-", when.p[i], 3) == NULL)
			return false;
	return true;
}

/* The lines that must stand first, in their order. */
struct want {
	const char *key;
	bool many; /* any number of them */
	enum { W_HEX, W_KIND, W_TEXT, W_PERSON } what;
};
static const struct want commit_lines[] = { { "tree ", false, W_HEX },
					    { "parent ", true, W_HEX },
					    { "author ", false, W_PERSON },
					    { "committer ", false, W_PERSON },
					    { NULL, false, W_TEXT } };
static const struct want tag_lines[] = { { "object ", false, W_HEX },
					 { "type ", false, W_KIND },
					 { "tag ", false, W_TEXT },
					 { "tagger ", true, W_PERSON }, /* old ones have none */
					 { NULL, false, W_TEXT } };

static bool fits(const struct want *x, struct gh_span l)
{
	struct gh_span v = gh_span_cut(l, strlen(x->key), l.n);
	switch (x->what) {
	case W_HEX: return hex(v);
	case W_KIND: return gh_git_kind_of(v) != GIT_NONE;
	case W_PERSON: return person(v);
	case W_TEXT: return v.n != 0;
	}
	return false;
}

static enum gh_rc headed(struct object *o, const struct want *want, enum git_kind kind)
{
	struct gh_span all = gh_src_window(o->src, 0, MESSAGE), l = { 0 };
	if (o->src->fail != GH_OK)
		return o->src->fail;
	struct gh_rd r = gh_rd(all);
	size_t from = 0;
	for (; want->key != NULL; want++)
		for (bool more = true; more; more = want->many) {
			from = r.off;
			bool yes = line(&r, &l) && gh_span_starts(l, want->key) && fits(want, l);
			if (!yes)
				r.off = from;
			if (!yes && !want->many) {
				gh_git_say(o->g, GIT_A_OBJECT, o->off, o->len, "a %s without a proper \"%s\" line",
					   names[kind], want->key);
				return message(o, all, kind);
			}
			if (!yes)
				break;
		}
	if (o->src->size >
	    all.n) { /* nobody writes messages of a megabyte: whatever it is, it is looked at as a file */
		struct gh_src_sub sub;
		struct gh_member m = { .how = GH_MEMBER_FILE,
				       .name = GH_SPAN("message"),
				       .src = gh_src_sub(&sub, o->src, r.off, o->src->size),
				       .role = "message" };
		return gh_emit(o->g->w, GH_EV_MEMBER, o->off, o->len, &m);
	}
	/* Further headers (encoding, signatures, merged tags) are the author's own as well: they are shown too. */
	return message(o, gh_span_cut(all, r.off, all.n), kind);
}

enum gh_rc gh_git_object(struct git *g, enum git_kind kind, struct gh_src *content, uint64_t off, uint64_t len)
{
	struct object o = { g, content, off, len };
	switch (kind) {
	case GIT_BLOB: return blob(&o);
	case GIT_TREE: return tree(&o);
	case GIT_COMMIT: return headed(&o, commit_lines, kind);
	case GIT_TAG: return headed(&o, tag_lines, kind);
	case GIT_NONE:
	case GIT_RESERVED:
	case GIT_OFS_DELTA:
	case GIT_REF_DELTA: break;
	}
	return GH_E_BUG;
}
