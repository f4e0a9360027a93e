#include "format/torch_tar_parts.h"

#include "format/formats.h"

#include <inttypes.h>
#include <stdio.h>

enum { A_BROKEN, A_VALUES, A_CUT, A_SHAPE, A_VIEW };

static const struct gh_rule rules[] = {
	[A_BROKEN] = { "GH-PTT-0001", GH_MEDIUM, GH_REVIEW, "A pickle of an old PyTorch tar breaks off",
		       "What was called before has happened; what follows cannot be told apart.",
		       "Do not load it; get the file again from its source.", "CWE-502" },
	[A_VALUES] = { "GH-PTT-0002", GH_MEDIUM, GH_INCOMPLETE,
		       "A pickle of an old PyTorch tar holds unexpected values",
		       "The bytes behind it cannot be told apart; they may be anything.",
		       "Get the file again from its source.", "CWE-1286" },
	[A_CUT] = { "GH-PTT-0003", GH_MEDIUM, GH_REVIEW, "Old PyTorch tar ends within its tensors or storages",
		    "The weights are incomplete; loaders fail, or read what is in memory.",
		    "Get the file again from its source.", "CWE-1286" },
	[A_SHAPE] = { "GH-PTT-0004", GH_HIGH, GH_UNSAFE, "Sizes of an old PyTorch tensor are negative or overflow",
		      "A loader that multiplies without checking allocates too little and writes past it.",
		      "Do not load the file.", "CWE-190 CWE-787" },
	[A_VIEW] = { "GH-PTT-0005", GH_HIGH, GH_UNSAFE, "View of an old PyTorch storage reaches outside of it",
		     "A loader that does not check reads or writes memory that is not its own.",
		     "Do not load the file.", "CWE-125 CWE-787" },
	GH_RULES_END
};

struct reader {
	struct gh_walk *w;
	uint64_t off;
	struct gh_torch_parts *out;
	struct gh_pickle_result r;
};

static enum gh_rc run(struct reader *p, const char *what)
{
	uint64_t from = p->off;
	enum gh_rc rc = gh_pickle_run(p->w, from, NULL, &p->r);
	if (rc != GH_OK)
		return gh_fail(p->w->err, rc, "%s", what);
	p->off = p->r.off;
	if (p->r.end == GH_PICKLE_LIMIT)
		return gh_fail(p->w->err, GH_E_LIMIT, "%s: %s", what, p->r.why);
	if (p->r.end == GH_PICKLE_STOP)
		return GH_OK;
	gh_anomaly(p->w, &rules[A_BROKEN], from, p->off - from, "%s: %s", what, p->r.why);
	return gh_fail(p->w->err, GH_E_MALFORMED, "%s: %s", what, p->r.why);
}

static enum gh_rc strange(struct reader *p, uint64_t from, const char *what)
{
	gh_anomaly(p->w, &rules[A_VALUES], from, p->off - from, "%s", what);
	return gh_fail(p->w->err, GH_E_UNREAD, "%s", what);
}

static enum gh_rc cut(struct reader *p, const char *what)
{
	if (p->w->src->fail != GH_OK)
		return gh_fail(p->w->err, p->w->src->fail, "%s", what);
	gh_anomaly(p->w, &rules[A_CUT], p->off, p->w->src->size - p->off, "%s", what);
	return gh_fail(p->w->err, GH_E_MALFORMED, "%s: the file ends within", what);
}

/* A count that leads a member: never more than the bytes that follow. */
static enum gh_rc read_count(struct reader *p, const char *what, int64_t *n)
{
	uint64_t from = p->off;
	enum gh_rc rc = run(p, what);
	if (rc != GH_OK)
		return rc;
	if (gh_val_kind(p->r.heap, p->r.value) != GH_V_INT || !gh_val_int(p->r.heap, p->r.value, n) || *n < 0 ||
	    (uint64_t)*n > p->w->src->size - p->off)
		return strange(p, from, what);
	return GH_OK;
}

/* A key: an integer or a string, kept as text. */
static bool key_of(struct reader *p, gh_val v, struct gh_span *key)
{
	struct gh_heap *h = p->r.heap;
	enum gh_vkind kind = gh_val_kind(h, v);
	char room[24];
	int64_t i;
	struct gh_span t = { 0 };
	if (kind == GH_V_INT && gh_val_int(h, v, &i))
		t = (struct gh_span){ (const uint8_t *)room, (size_t)snprintf(room, sizeof room, "%" PRId64, i) };
	else if ((kind == GH_V_STR || kind == GH_V_BYTES || kind == GH_V_BIGINT) && gh_val_len(h, v) <= 256)
		t = gh_val_text(h, v, 256);
	if (t.p == NULL)
		return false;
	*key = gh_keep(p->out->objects.arena, t);
	return key->p != NULL;
}

/* (key, x, y) as the pickle's value. */
static bool triple(struct reader *p)
{
	return gh_val_kind(p->r.heap, p->r.value) == GH_V_TUPLE && gh_val_len(p->r.heap, p->r.value) == 3;
}

static const struct gh_dtype *type_of(struct reader *p, gh_val v)
{
	struct gh_span module, name;
	return gh_val_global(p->r.heap, v, &module, &name) ? gh_dtype_torch_storage(name) : NULL;
}

static enum gh_rc one_storage(struct reader *p)
{
	uint64_t from = p->off;
	enum gh_rc rc = run(p, "storage");
	if (rc != GH_OK)
		return rc;
	struct gh_span key;
	const struct gh_dtype *type = triple(p) ? type_of(p, gh_val_item(p->r.heap, p->r.value, 2)) : NULL;
	if (type == NULL || !key_of(p, gh_val_item(p->r.heap, p->r.value, 0), &key))
		return strange(p, from, "a storage is not (key, location, type)");
	struct gh_cur c = gh_cur(p->w->src, p->off);
	uint64_t count = gh_cur_u64le(&c), bytes;
	if (c.bad || __builtin_mul_overflow(count, (uint64_t)type->bytes, &bytes) || bytes > gh_cur_left(&c))
		return cut(p, "storage");
	gh_claim(p->w, p->off, 8, GH_CLAIM_STRUCT);
	p->off += 8;
	struct gh_torch_storage *s = gh_torch_find(&p->out->objects, "", key);
	if (s != NULL)
		return strange(p, from, "two storages have the same key");
	s = gh_torch_add(&p->out->objects, key);
	if (s == NULL)
		return gh_fail(p->w->err, GH_E_LIMIT, "more storages than memory allows");
	s->dtype = type;
	s->numel = count;
	s->bytes = bytes;
	s->sized = true;
	if (bytes != 0) {
		struct gh_member m = { .how = GH_MEMBER_FILE, .name = key, .role = "tensor storage", .raw = true };
		rc = gh_member_range(p->w, m, p->off, bytes);
		if (rc == GH_OK)
			rc = gh_torch_emit(p->w, s, p->w->src, p->off, bytes, false);
	}
	p->off += bytes;
	return rc == GH_OK ? GH_OK : gh_fail(p->w->err, rc, "storage '%s'", gh_safe(key).s);
}

/* The views at the end: storages that are parts of others. */
static enum gh_rc views(struct reader *p)
{
	uint64_t from = p->off;
	enum gh_rc rc = run(p, "storage views");
	if (rc != GH_OK)
		return rc;
	struct gh_heap *h = p->r.heap;
	enum gh_vkind kind = gh_val_kind(h, p->r.value);
	uint64_t n = kind == GH_V_LIST || kind == GH_V_TUPLE ? gh_val_len(h, p->r.value) : UINT64_MAX;
	if (n > GH_VAL_KEPT)
		return strange(p, from, "the storage views are no list, or too many");
	for (uint64_t i = 0; i < n; i++) {
		gh_val v = gh_val_item(h, p->r.value, i);
		struct gh_span key, root;
		int64_t off, count;
		if (gh_val_kind(h, v) != GH_V_TUPLE || gh_val_len(h, v) != 4 ||
		    !key_of(p, gh_val_item(h, v, 0), &key) || !key_of(p, gh_val_item(h, v, 1), &root) ||
		    !gh_val_int(h, gh_val_item(h, v, 2), &off) || !gh_val_int(h, gh_val_item(h, v, 3), &count))
			return strange(p, from, "a view is not (key, root, offset, elements)");
		const struct gh_torch_storage *r = gh_torch_find(&p->out->objects, "", root);
		if (r == NULL || off < 0 || count < 0 || (uint64_t)off > r->numel ||
		    (uint64_t)count > r->numel - (uint64_t)off) {
			gh_anomaly(p->w, &rules[A_VIEW], from, p->off - from, "view '%s' of '%s'", gh_safe(key).s,
				   gh_safe(root).s);
			continue;
		}
		const struct gh_dtype *type = r->dtype;
		if (gh_torch_find(&p->out->objects, "", key) != NULL)
			continue;
		struct gh_torch_storage *s = gh_torch_add(&p->out->objects, key);
		if (s == NULL)
			return gh_fail(p->w->err, GH_E_LIMIT, "more storages than memory allows");
		s->dtype = type;
		s->numel = (uint64_t)count;
		s->bytes = (uint64_t)count * type->bytes; /* part of what exists */
		s->sized = true;
	}
	return GH_OK;
}

enum gh_rc gh_torch_read_storages(struct gh_walk *w, struct gh_torch_parts *out)
{
	struct reader p = { .w = w, .out = out };
	int64_t n = 0;
	enum gh_rc rc = read_count(&p, "number of storages", &n);
	for (int64_t i = 0; rc == GH_OK && i < n; i++)
		rc = one_storage(&p);
	/* A file without storages may end here: nothing can view them. */
	return rc != GH_OK || (n == 0 && p.off == w->src->size) ? rc : views(&p);
}

static enum gh_rc one_tensor(struct reader *p)
{
	uint64_t from = p->off;
	enum gh_rc rc = run(p, "tensor");
	if (rc != GH_OK)
		return rc;
	struct gh_torch_old_tensor t = { 0 };
	if (!triple(p) || !key_of(p, gh_val_item(p->r.heap, p->r.value, 1), &t.storage))
		return strange(p, from, "a tensor is not (key, storage, type)");
	struct gh_cur c = gh_cur(p->w->src, p->off);
	uint32_t ndim = gh_cur_u32le(&c);
	gh_cur_skip(&c, 4); /* readers pass over them */
	if (!c.bad && ndim > GH_DIMS_MAX)
		return strange(p, from, "a tensor has more than 64 dimensions");
	uint64_t size[GH_DIMS_MAX], reach = 0;
	bool bad = false, empty = false;
	for (uint32_t i = 0; i < ndim && !c.bad; i++) {
		size[i] = gh_cur_u64le(&c);
		bad = bad || size[i] > INT64_MAX;
		empty = empty || size[i] == 0;
	}
	for (uint32_t i = 0; i < ndim && !c.bad; i++) {
		uint64_t stride = gh_cur_u64le(&c), span = 0;
		bad = bad || stride > INT64_MAX ||
		      (size[i] != 0 && __builtin_mul_overflow(size[i] - 1, stride, &span)) ||
		      __builtin_add_overflow(reach, span, &reach);
	}
	uint64_t offset = gh_cur_u64le(&c);
	if (c.bad)
		return cut(p, "tensor");
	gh_claim(p->w, p->off, gh_cur_off(&c) - p->off, GH_CLAIM_STRUCT);
	if (bad || offset > INT64_MAX || __builtin_add_overflow(reach, offset, &reach) || reach >= INT64_MAX)
		gh_anomaly(p->w, &rules[A_SHAPE], p->off, gh_cur_off(&c) - p->off, "tensor on storage '%s'",
			   gh_safe(t.storage).s);
	p->off = gh_cur_off(&c);
	t.reach = empty ? 0 : reach + 1;
	struct gh_torch_old_tensor *grown = gh_grow(p->out->objects.arena, p->out->tensor, &p->out->cap,
						    p->out->ntensor + 1, sizeof *grown);
	if (grown == NULL)
		return gh_fail(p->w->err, GH_E_LIMIT, "more tensors than memory allows");
	p->out->tensor = grown;
	p->out->tensor[p->out->ntensor++] = t;
	return GH_OK;
}

enum gh_rc gh_torch_read_tensors(struct gh_walk *w, struct gh_torch_parts *out)
{
	struct reader p = { .w = w, .out = out };
	int64_t n = 0;
	enum gh_rc rc = read_count(&p, "number of tensors", &n);
	for (int64_t i = 0; rc == GH_OK && i < n; i++)
		rc = one_tensor(&p);
	return rc;
}

/* ---- as formats of their own: only the reader of the tar archive sends bytes here ------------------------------ */

static enum gh_match probe(const struct gh_probe *p)
{
	(void)p;
	return GH_NO;
}

static enum gh_rc walk_storages(struct gh_walk *w)
{
	struct gh_torch_parts parts = { .objects = gh_torch_objects(w->arena) };
	return gh_torch_read_storages(w, &parts);
}

static enum gh_rc walk_tensors(struct gh_walk *w)
{
	struct gh_torch_parts parts = { .objects = gh_torch_objects(w->arena) };
	return gh_torch_read_tensors(w, &parts);
}

const struct gh_fmt gh_fmt_torch_storages = {
	.name = "pytorch-tar-storages",
	.about = "storages of PyTorch's oldest file format",
	.exts = "",
	.over = "pickle",
	.probe = probe,
	.walk = walk_storages,
	.rules = rules,
};
const struct gh_fmt gh_fmt_torch_tensors = {
	.name = "pytorch-tar-tensors",
	.about = "tensors of PyTorch's oldest file format",
	.exts = "",
	.over = "pickle",
	.probe = probe,
	.walk = walk_tensors,
};
