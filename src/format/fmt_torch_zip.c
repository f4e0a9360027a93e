/* fmt_torch_zip.c - PyTorch's zip archive: torch.save() since 1.6, TorchScript, torch.package.
 *
 * The pickles are read first, for the storages they name; then the zip walk hands over every member, and each storage
 * is compared with the record that is there. What a record is used for decides how it is looked at. */
#include "format/formats.h"
#include "format/torch_layout.h"
#include "format/torch_zip.h"
#include "format/zip_walk.h"

#include <inttypes.h>
#include <strings.h>

struct record {
	const struct gh_torch_place *place;
	struct gh_span name; /* without the top directory, in lower case: as PyTorch looks it up */
	bool odd_case;
	bool told;     /* STORAGE: its tensor was emitted */
	bool read;     /* OBJECT, SCRIPT_OBJECT: its storages were collected */
	bool named;    /* STORAGE: a pickle names it */
	uint32_t next; /* in its hash chain */
};

struct archive {
	const struct gh_zip_entry *e;
	struct record *r; /* beside e */
	size_t n;
	struct gh_span top;
	struct gh_torch_objects objects;
	uint32_t *bucket;
	size_t nbucket;
	bool marked, package, versioned, big_endian;
	bool blind; /* some pickle was not read to its end: what it names is not known */
	size_t first_object;
};

enum { NIL = UINT32_MAX, SMALL = 64, KEY_MAX = 512 };

/* ---- directory --------------------------------------------------------------------------------------------- */

static uint64_t hash_name(struct gh_span a, struct gh_span b)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i < a.n; i++)
		h = (h ^ a.p[i]) * 0x100000001b3u;
	for (size_t i = 0; i < b.n; i++)
		h = (h ^ b.p[i]) * 0x100000001b3u;
	return h ^ h >> 32;
}

/* "data.pkl" or "constants.pkl", alone or below one directory: an object that torch.load() or torch.jit.load() reads. */
static bool names_object(struct gh_span member, struct gh_span *top)
{
	static const char *const names[] = { "data.pkl", "constants.pkl", ".data/extern_modules" };
	*top = gh_torch_top(member);
	struct gh_span name = gh_span_cut(member, top->n, member.n);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (name.n == strlen(names[i]) && strncasecmp((const char *)name.p, names[i], name.n) == 0)
			return true;
	return false;
}

/* Would any other zip have this record? A folder "data" is common: only storages with a number for a name count. */
static bool is_mark(const struct record *r)
{
	if (r->place->record != GH_TORCH_STORAGE)
		return r->place->record >= GH_TORCH_SCRIPT_OBJECT && r->place->record != GH_TORCH_EXTRA;
	for (size_t i = strlen(r->place->dir); i < r->name.n; i++)
		if (r->name.p[i] < '0' || r->name.p[i] > '9')
			return false;
	return true;
}

static enum gh_rc place_records(struct archive *a, struct gh_walk *w)
{
	a->r = GH_NEW(w->arena, struct record, a->n);
	for (a->nbucket = 16; a->nbucket < a->n; a->nbucket *= 2)
		;
	a->bucket = GH_NEW(w->arena, uint32_t, a->nbucket);
	if (a->r == NULL || a->bucket == NULL)
		return gh_fail(w->err, GH_E_NOMEM, "PyTorch archive: %zu records", a->n);
	memset(a->bucket, 0xff, a->nbucket * sizeof *a->bucket);
	for (size_t i = 0; i < a->n; i++) {
		struct record *r = &a->r[i];
		struct gh_span name = a->e[i].name;
		bool inside = a->top.n == 0 ||
			      (name.n >= a->top.n &&
			       strncasecmp((const char *)name.p, (const char *)a->top.p, a->top.n) == 0);
		uint8_t *lower = gh_alloc(w->arena, name.n + 1, 1);
		if (lower == NULL)
			return gh_fail(w->err, GH_E_NOMEM, "PyTorch archive: %zu records", a->n);
		if (name.n != 0)
			memcpy(lower, name.p, name.n);
		r->odd_case = gh_torch_lower(lower + (inside ? a->top.n : 0), name.n - (inside ? a->top.n : 0));
		r->name = gh_span_cut((struct gh_span){ lower, name.n }, inside ? a->top.n : 0, name.n);
		r->place = gh_torch_place(inside ? r->name : GH_SPAN("?"));
		if (!inside || r->place->record == GH_TORCH_CODE || r->place->record == GH_TORCH_DEBUG ||
		    r->place->record == GH_TORCH_EXTRA)
			r->odd_case = false;		       /* names of the author's own */
		else if (r->place->record == GH_TORCH_STORAGE) /* the key is the pickle's, the folder is not */
			r->odd_case = !gh_span_starts(gh_span_cut(name, a->top.n, name.n), r->place->dir);
		uint32_t *head = &a->bucket[hash_name(r->name, (struct gh_span){ 0 }) & (a->nbucket - 1)];
		r->next = *head;
		*head = (uint32_t)i;
		switch (r->place->record) {
		case GH_TORCH_PACKAGE: a->package = true; break;
		case GH_TORCH_VERSION: a->versioned = true; break;
		default: break;
		}
		a->marked = a->marked || is_mark(r);
	}
	return GH_OK;
}

/* The bytes of a stored record, found through its local header as every reader does. */
static bool stored_bytes(struct gh_walk *w, const struct gh_zip_entry *e, struct gh_src_sub *sub)
{
	struct gh_span h = gh_src_window(w->src, e->local_off, 30);
	if (e->method != GH_ZIP_STORE || (e->flags & 1) != 0 || h.n < 30 || gh_le32(h.p) != 0x04034b50)
		return false;
	uint64_t skip = 30u + gh_le16(h.p + 26) + gh_le16(h.p + 28);
	if (skip > w->src->size - e->local_off || e->csize > w->src->size - e->local_off - skip)
		return false;
	(void)gh_src_sub(sub, w->src, e->local_off + skip, e->csize);
	return true;
}

static enum gh_rc read_object(struct archive *a, struct gh_walk *w, struct record *r, struct gh_src *src)
{
	enum gh_pickle_end end = GH_PICKLE_BROKEN;
	a->objects.dir = r->place->dir;
	r->read = true;
	enum gh_rc rc = gh_torch_run_quietly(w, src, &a->objects, &end);
	if (end != GH_PICKLE_STOP)
		a->blind = true;
	/* Limits are met again, and then reported, when the pickle itself is read as a member. */
	return rc == GH_E_BUG ? gh_fail(w->err, rc, "PyTorch archive: object") : GH_OK;
}

static bool is_object(const struct record *r)
{
	return r->place->record == GH_TORCH_OBJECT || r->place->record == GH_TORCH_SCRIPT_OBJECT;
}

static enum gh_rc on_directory(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, size_t n)
{
	struct archive *a = ctx;
	a->e = e;
	a->n = n;
	bool found = false;
	for (size_t i = 0; i < n && n < NIL; i++) {
		struct gh_span top;
		if (gh_span_starts(e[i].name, "MAR-INF/"))
			return GH_E_NOTTHIS; /* a TorchServe archive, which holds models as files */
		if (!found && names_object(e[i].name, &top)) {
			found = true;
			a->top = top;
			a->first_object = i;
		}
	}
	if (!found)
		return GH_E_NOTTHIS;
	enum gh_rc rc = place_records(a, w);
	if (rc != GH_OK)
		return rc;
	/* A data.pkl alone makes no PyTorch archive: some other record must be there as well. */
	if (!a->marked)
		return GH_E_NOTTHIS;
	for (size_t i = 0; i < n && rc == GH_OK; i++) {
		struct gh_src_sub sub;
		if (!a->package && is_object(&a->r[i]) && stored_bytes(w, &e[i], &sub))
			rc = read_object(a, w, &a->r[i], &sub.src);
	}
	return rc;
}

/* ---- members ----------------------------------------------------------------------------------------------- */

/* The record of an entry; NULL for a view that the directory does not have. */
static struct record *record_of(struct archive *a, const struct gh_zip_entry *e)
{
	return !e->hidden && e >= a->e && e < a->e + a->n ? &a->r[e - a->e] : NULL;
}

static void on_member(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, struct gh_member *m)
{
	struct archive *a = ctx;
	const struct record *r = record_of(a, e);
	(void)w;
	if (r == NULL)
		return; /* hidden: whatever it is, no name makes it harmless */
	m->role = r->place->role;
	m->expect = r->place->expect;
	m->raw = r->place->record == GH_TORCH_STORAGE;
}

/* "little" or "big"; a number of at most a few digits, and perhaps a newline. */
static void small_fact(struct archive *a, struct gh_walk *w, const struct gh_zip_entry *e, const struct record *r,
		       struct gh_src *src)
{
	struct gh_span t = gh_src_window(src, 0, SMALL);
	bool ok = src->size <= SMALL;
	if (r->place->record == GH_TORCH_BYTEORDER) {
		a->big_endian = gh_span_is(t, "big");
		ok = ok && (a->big_endian || gh_span_is(t, "little"));
	} else {
		while (t.n != 0 && (t.p[t.n - 1] == '\n' || t.p[t.n - 1] == '\r' || t.p[t.n - 1] == ' '))
			t.n--;
		ok = ok && t.n != 0 && t.n <= 9;
		for (size_t i = 0; i < t.n; i++)
			ok = ok && t.p[i] >= '0' && t.p[i] <= '9';
	}
	if (!ok)
		gh_anomaly(w, &gh_torch_rules[GH_TORCH_ORDER], e->data_off, e->csize, "'%s' is '%s'",
			   gh_safe(r->name).s, gh_safe(t).s);
}

/* The storage that lies in record "<dir><key>". */
static struct gh_torch_storage *storage_for(struct archive *a, const struct record *r)
{
	size_t n = strlen(r->place->dir);
	return gh_torch_find(&a->objects, r->place->dir, gh_span_cut(r->name, n, r->name.n));
}

static enum gh_rc on_content(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, struct gh_src *src)
{
	struct archive *a = ctx;
	struct record *r = record_of(a, e);
	if (r == NULL || a->package)
		return GH_OK;
	if (is_object(r) && !r->read)
		return read_object(a, w, r, src);
	if (r->place->record == GH_TORCH_BYTEORDER || r->place->record == GH_TORCH_VERSION)
		small_fact(a, w, e, r, src);
	if (r->place->record != GH_TORCH_STORAGE)
		return GH_OK;
	const struct gh_torch_storage *s = storage_for(a, r);
	if (s == NULL || !s->sized || s->bytes != src->size)
		return GH_OK; /* done() says what is wrong with it */
	r->told = true;
	return gh_torch_emit(w, s, src, 0, src->size, a->big_endian);
}

/* ---- afterwards -------------------------------------------------------------------------------------------- */

static struct record *find_record(struct archive *a, const char *dir, struct gh_span stored)
{
	struct gh_span d = gh_span_str(dir);
	uint8_t room[KEY_MAX];
	if (stored.n > sizeof room)
		return NULL;
	memcpy(room, stored.p, stored.n);
	struct gh_span key = { room, stored.n };
	(void)gh_torch_lower(room, stored.n);
	for (uint32_t i = a->bucket[hash_name(d, key) & (a->nbucket - 1)]; i != NIL; i = a->r[i].next) {
		struct gh_span name = a->r[i].name;
		if (name.n == d.n + key.n && gh_span_starts(name, dir) &&
		    gh_span_eq(gh_span_cut(name, d.n, name.n), key) && a->r[i].place->record == GH_TORCH_STORAGE)
			return &a->r[i];
	}
	return NULL;
}

static void check_storage(struct archive *a, struct gh_walk *w, const struct gh_torch_storage *s)
{
	/* Bytecode shares the storages of constants.pkl or of data.pkl. */
	struct record *r = find_record(a, s->dir, s->key);
	if (r == NULL && strcmp(s->dir, "data/") != 0)
		r = find_record(a, "data/", s->key);
	if (r == NULL) {
		gh_anomaly(w, &gh_torch_rules[GH_TORCH_MISSING], 0, 0, "'%s%s'", s->dir, gh_safe(s->key).s);
		return;
	}
	r->named = true;
	const struct gh_zip_entry *e = &a->e[r - a->r];
	if (s->sized && e->usize == s->bytes && e->method == GH_ZIP_STORE && e->data_off != 0 && !r->told) {
		r->told = true; /* it came before the pickle that says what it is */
		(void)gh_torch_emit(w, s, w->src, e->data_off, e->csize, a->big_endian);
	}
	if (!s->sized || e->usize == s->bytes)
		return;
	gh_anomaly(w, &gh_torch_rules[e->usize < s->bytes ? GH_TORCH_SMALLER : GH_TORCH_LARGER], e->data_off,
		   e->data_off == 0 ? 0 : e->csize, "'%s' has %" PRIu64 " bytes, %" PRIu64 " elements need %" PRIu64,
		   gh_safe(e->name).s, e->usize, s->numel, s->bytes);
}

static void check_strangers(struct archive *a, struct gh_walk *w)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct record *r = &a->r[i];
		const struct gh_zip_entry *e = &a->e[i];
		uint64_t off = e->data_off, len = e->data_off == 0 ? 0 : e->csize;
		struct gh_span top;
		if (r->odd_case && r->place->record != GH_TORCH_OUTSIDE && r->place->record != GH_TORCH_FOLDER)
			gh_anomaly(w, &gh_torch_rules[GH_TORCH_CASE], off, len, "'%s'", gh_safe(e->name).s);
		if (i != a->first_object && r->place->record != GH_TORCH_SCRIPT_OBJECT && names_object(e->name, &top) &&
		    !(r->place->record == GH_TORCH_OBJECT && a->r[a->first_object].place->record != GH_TORCH_OBJECT))
			gh_anomaly(w, &gh_torch_rules[GH_TORCH_SEVERAL], off, len, "'%s' beside '%s'",
				   gh_safe(e->name).s, gh_safe(a->e[a->first_object].name).s);
		else if (r->place->record == GH_TORCH_OUTSIDE)
			gh_anomaly(w, &gh_torch_rules[GH_TORCH_STRANGER], off, len, "'%s'", gh_safe(e->name).s);
		else if (r->place->record == GH_TORCH_STORAGE && !r->named && !a->blind && !a->objects.full)
			gh_anomaly(w, &gh_torch_rules[GH_TORCH_UNNAMED], off, len, "'%s', %" PRIu64 " bytes",
				   gh_safe(e->name).s, e->usize);
	}
}

static enum gh_rc on_done(void *ctx, struct gh_walk *w)
{
	struct archive *a = ctx;
	const struct gh_zip_entry *first = &a->e[a->first_object];
	if (a->package) {
		gh_anomaly(w, &gh_torch_rules[GH_TORCH_PACKAGED], 0, 0, "%zu files", a->n);
		return GH_OK;
	}
	gh_torch_flush(&a->objects, w, first->data_off, first->data_off == 0 ? 0 : first->csize);
	for (size_t i = 0; i < a->objects.n; i++)
		check_storage(a, w, &a->objects.storage[i]);
	check_strangers(a, w);
	if (!a->versioned)
		gh_anomaly(w, &gh_torch_rules[GH_TORCH_NOVERSION], 0, 0, "%zu records", a->n);
	if (a->objects.full || a->blind)
		gh_anomaly(w, &gh_torch_rules[GH_TORCH_UNCOUNTED], first->data_off,
			   first->data_off == 0 ? 0 : first->csize, "%s",
			   a->objects.full ? "memory ran out" : "a pickle could not be read to its end");
	return GH_OK;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct archive a = { .objects = gh_torch_objects(w->arena) };
	struct gh_zip_hooks hooks = { &a, on_directory, on_member, on_content, on_done };
	return gh_zip_walk(w, &hooks);
}

const struct gh_fmt gh_fmt_torch_zip = {
	.name = "pytorch-zip",
	.about = "PyTorch archive: checkpoint, TorchScript module or package",
	.exts = "pt pth bin ckpt ptl model mdl th pkl tar zip",
	.over = "zip",
	.probe = gh_zip_probe,
	.walk = walk,
	.rules = gh_torch_rules,
};
