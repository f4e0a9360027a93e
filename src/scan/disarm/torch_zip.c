/* torch_zip.c - PyTorch's zip archive: the object in data.pkl, a record for each storage. Only the directory is read
 * here; check sums of storages are compared as they flow out. */
#include "format/pickle/heap.h"
#include "format/torch_layout.h"
#include "format/zip_walk.h"
#include "scan/disarm/torch.h"
#include "wire/recs.h"
#include "wire/sort.h"

#include <stdio.h>

enum { NIL = UINT32_MAX };

struct archive {
	struct gh_dis_job *j;
	const struct gh_zip_entry *e;
	size_t n;
	struct gh_span top; /* "archive/" */
	uint32_t *bucket, *next;
	size_t nbucket;
	struct gh_dis_store **store; /* beside e; made when first asked for */
	bool big_endian;
};

static enum gh_rc on_directory(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, size_t n)
{
	struct archive *a = ctx;
	(void)w;
	a->e = e;
	a->n = n;
	return GH_E_DENIED; /* the rest of the archive is nobody's business here */
}

/* PyTorch looks records up without regard to case. */
static uint64_t hash_name(struct gh_span s)
{
	uint64_t h = GH_HASH_START;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (uint8_t)(s.p[i] + 32) : s.p[i];
		h = gh_hash(h, (struct gh_span){ &c, 1 });
	}
	return gh_hash_end(h);
}

static bool same_name(struct gh_span a, struct gh_span b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		uint8_t x = a.p[i], y = b.p[i];
		x = x >= 'A' && x <= 'Z' ? (uint8_t)(x + 32) : x;
		y = y >= 'A' && y <= 'Z' ? (uint8_t)(y + 32) : y;
		if (x != y)
			return false;
	}
	return true;
}

static bool make_index(struct archive *a)
{
	for (a->nbucket = 64; a->nbucket < a->n; a->nbucket *= 2)
		;
	a->bucket = GH_NEW(a->j->arena, uint32_t, a->nbucket);
	a->next = GH_NEW(a->j->arena, uint32_t, a->n + 1);
	a->store = GH_NEW(a->j->arena, struct gh_dis_store *, a->n + 1);
	if (a->bucket == NULL || a->next == NULL || a->store == NULL || a->n >= NIL)
		return false;
	memset(a->bucket, 0xff, a->nbucket * sizeof *a->bucket);
	for (size_t i = 0; i < a->n; i++) {
		uint32_t *head = &a->bucket[hash_name(a->e[i].name) & (a->nbucket - 1)];
		a->next[i] = *head;
		*head = (uint32_t)i;
	}
	return true;
}

/* The record of that name below the archive's folder. Two of one name: readers differ in which they take. */
static enum gh_rc find(struct archive *a, const char *dir, struct gh_span key, size_t *at)
{
	uint8_t room[1024];
	size_t d = strlen(dir), n = a->top.n + d + key.n, found = SIZE_MAX, steps = 0;
	if (n > sizeof room)
		return GH_E_NOTTHIS;
	memcpy(room, a->top.p, a->top.n);
	memcpy(room + a->top.n, dir, d);
	if (key.n != 0)
		memcpy(room + a->top.n + d, key.p, key.n);
	struct gh_span name = { room, n };
	for (uint32_t i = a->bucket[hash_name(name) & (a->nbucket - 1)]; i != NIL; i = a->next[i]) {
		if (++steps > 4096)
			return gh_fail(a->j->err, GH_E_MALFORMED,
				       "thousands of records whose names are made to collide");
		if (!same_name(a->e[i].name, name))
			continue;
		if (found != SIZE_MAX)
			return gh_fail(a->j->err, GH_E_MALFORMED,
				       "the archive holds '%s' twice: readers differ in which one they load",
				       gh_safe(name).s);
		found = i;
	}
	*at = found;
	return found == SIZE_MAX ? GH_E_NOTTHIS : GH_OK;
}

/* Where the bytes of an entry are: behind its local header. */
static enum gh_rc store_of(struct archive *a, size_t i, struct gh_dis_store **out)
{
	const struct gh_zip_entry *e = &a->e[i];
	struct gh_src *src = a->j->src;
	if (a->store[i] != NULL) {
		*out = a->store[i];
		return GH_OK;
	}
	struct gh_span h = gh_src_window(src, e->local_off, 30);
	if (h.n < 30 || gh_le32(h.p) != 0x04034b50)
		return gh_fail(a->j->err, GH_E_MALFORMED, "'%s' has no local header", gh_safe(e->name).s);
	uint64_t skip = 30u + gh_le16(h.p + 26) + gh_le16(h.p + 28), left = src->size - e->local_off;
	if (skip > left || e->csize > left - skip)
		return gh_fail(a->j->err, GH_E_MALFORMED, "'%s' reaches beyond the file", gh_safe(e->name).s);
	if ((e->flags & 1) != 0 || (e->method != GH_ZIP_STORE && e->method != GH_ZIP_DEFLATE))
		return gh_fail(a->j->err, GH_E_MALFORMED,
			       "'%s' is encrypted or compressed in a way that PyTorch does not read",
			       gh_safe(e->name).s);
	struct gh_dis_store *s = gh_dis_range(a->j, src, e->local_off + skip, e->csize);
	if (s == NULL)
		return gh_fail(a->j->err, GH_E_LIMIT, "memory (--limit-memory)");
	s->packed = e->method == GH_ZIP_DEFLATE;
	s->size = s->packed ? e->usize : e->csize;
	s->has_crc = true;
	s->crc = e->crc;
	s->name = e->name;
	*out = a->store[i] = s;
	return GH_OK;
}

static enum gh_rc on_storage(void *ctx, struct gh_heap *h, gh_val v, struct gh_dis_storage *out)
{
	struct archive *a = ctx;
	struct gh_dis_persid id;
	size_t at = 0;
	if (gh_val_kind(h, v) != GH_V_PERSID || !gh_dis_persid(h, gh_val_item(h, v, 0), &id))
		return GH_E_NOTTHIS;
	enum gh_rc rc = find(a, "data/", id.key, &at);
	if (rc == GH_E_NOTTHIS)
		return gh_fail(a->j->err, GH_E_MALFORMED, "storage '%s' is not in the archive", gh_safe(id.key).s);
	if (rc == GH_OK)
		rc = store_of(a, at, &out->store);
	if (rc != GH_OK)
		return rc;
	out->dtype = id.dtype;
	out->off = 0;
	if (out->store->size < id.bytes)
		return gh_fail(a->j->err, GH_E_MALFORMED, "storage '%s' has %llu bytes, its object says %llu",
			       gh_safe(id.key).s, (unsigned long long)out->store->size, (unsigned long long)id.bytes);
	return GH_OK;
}

/* A small record as text; empty when it is not there. */
static enum gh_rc small(struct archive *a, const char *name, char *out, size_t cap)
{
	struct gh_dis_store *s;
	struct gh_src *src;
	uint64_t base;
	size_t at = 0;
	out[0] = '\0';
	enum gh_rc rc = find(a, name, (struct gh_span){ 0 }, &at);
	if (rc == GH_E_NOTTHIS)
		return GH_OK;
	if (rc == GH_OK)
		rc = store_of(a, at, &s);
	if (rc == GH_OK)
		rc = gh_dis_open(a->j, s, &src, &base);
	if (rc != GH_OK)
		return rc;
	struct gh_span t = gh_src_window(src, base, s->size < cap - 1 ? (size_t)s->size : cap - 1);
	memcpy(out, t.p, t.n);
	out[t.n] = '\0';
	return GH_OK;
}

/* Where the object is, and the folder it stands in. */
static bool find_object(struct archive *a, size_t *at)
{
	for (size_t i = 0; i < a->n; i++) {
		struct gh_span top = gh_torch_top(a->e[i].name);
		if (!same_name(gh_span_cut(a->e[i].name, top.n, a->e[i].name.n), GH_SPAN("data.pkl")))
			continue;
		a->top = top;
		*at = i;
		return true;
	}
	return false;
}

/* Everything in the archive that is neither the object, nor a storage that was used, nor a mark of the format. */
static void say_rest(struct archive *a, size_t object)
{
	static const char *const marks[] = { "version", "byteorder", ".format_version", ".storage_alignment",
					     ".data/serialization_id" };
	for (size_t i = 0; i < a->n; i++) {
		struct gh_span name = a->e[i].name, rest = gh_span_cut(name, a->top.n, name.n);
		bool mark = i == object || a->store[i] != NULL || a->e[i].directory;
		for (size_t k = 0; k < sizeof marks / sizeof marks[0]; k++)
			mark = mark || same_name(rest, gh_span_str(marks[k]));
		if (!mark)
			gh_dis_say(a->j, GH_DIS_ACT_DROPPED, name, "member", a->e[i].usize, "no kept tensor needs it");
	}
}

static enum gh_rc read_object(struct archive *a, size_t at)
{
	struct gh_dis_store *s;
	struct gh_pickle_result r;
	struct gh_src *src;
	uint64_t base;
	struct gh_src_sub *sub = GH_NEW(a->j->arena, struct gh_src_sub, 1);
	const struct gh_dis_links links = { a, on_storage, NULL };
	char order[16];
	enum gh_rc rc = small(a, "byteorder", order, sizeof order);
	if (rc == GH_OK)
		rc = store_of(a, at, &s);
	if (rc != GH_OK || sub == NULL)
		return rc != GH_OK ? rc : gh_fail(a->j->err, GH_E_LIMIT, "memory (--limit-memory)");
	a->big_endian = strcmp(order, "big") == 0;
	if (s->packed && s->size > GH_WINDOW_MAX * 64)
		return gh_fail(a->j->err, GH_E_LIMIT, "a compressed object of %llu bytes", (unsigned long long)s->size);
	rc = gh_dis_open(a->j, s, &src, &base);
	if (rc == GH_OK && s->packed) { /* values point into it: it stays until the end */
		a->j->open = NULL;
		a->j->kept = a->j->spool;
		a->j->spool = NULL;
	}
	if (rc == GH_OK)
		rc = gh_dis_load(a->j, gh_src_sub(sub, src, base, s->size), 0, &r);
	size_t first = a->j->n;
	if (rc == GH_OK)
		rc = gh_dis_values(a->j, r.heap, r.value, &links);
	for (size_t i = first; i < a->j->n && a->big_endian; i++)
		a->j->tensor[i].big_endian = a->j->tensor[i].store != NULL && a->j->tensor[i].store->src == a->j->src;
	return rc;
}

enum gh_rc gh_dis_torch_zip(struct gh_dis_job *j)
{
	struct archive a = { .j = j };
	struct gh_walk w = {
		.src = j->src, .arena = j->arena, .sink = j->sink, .lim = j->lim, .name = j->name, .err = j->err
	};
	const struct gh_zip_hooks hooks = { .ctx = &a, .directory = on_directory };
	size_t object = 0;
	enum gh_rc rc = gh_zip_walk(&w, &hooks);
	if (rc != GH_E_DENIED)
		return rc == GH_OK ? gh_fail(j->err, GH_E_MALFORMED, "the archive has no directory") : rc;
	*j->err = (struct gh_err){ 0 };
	if (!make_index(&a))
		return gh_fail(j->err, GH_E_LIMIT, "memory (--limit-memory)");
	if (!find_object(&a, &object))
		return gh_fail(j->err, GH_E_MALFORMED,
			       "a TorchScript module or a torch.package holds code, not only weights: "
			       "save its state_dict() with torch.save()");
	rc = read_object(&a, object);
	if (rc == GH_OK)
		say_rest(&a, object);
	return rc == GH_OK ? gh_dis_write_pickled(j) : rc;
}
