/* fmt_torch_legacy.c - the stream that torch.save() wrote before 1.6 (and still writes on request): five pickles (magic
 * number, protocol version, system information, the object, the keys of its storages), then for each key a 64-bit
 * element count and the elements.
 * Source: torch/serialization.py (_legacy_save, _legacy_load), torch/csrc/serialization.cpp (THPStorage_readFileRaw). */
#include "format/formats.h"
#include "format/torch_keys.h"
#include "format/torch_objects.h"

#include <inttypes.h>

enum { A_VERSION, A_SYSINFO, A_KEYS, A_STRANGER, A_TWICE, A_COUNT, A_CUT, A_UNLISTED, A_BROKEN };

static const struct gh_rule rules[] = {
	[A_VERSION] = { "GH-PTL-0001", GH_MEDIUM, GH_REVIEW, "Legacy PyTorch stream of another protocol version",
			"PyTorch refuses it; a tool that does not check reads what follows in its own way.",
			"Save the checkpoint again with a current PyTorch.", "CWE-1286" },
	[A_SYSINFO] = { "GH-PTL-0002", GH_MEDIUM, GH_REVIEW,
			"System information of a legacy PyTorch stream is malformed",
			"The stream was not written by PyTorch.", "Get the file again from its source.", "CWE-1286" },
	[A_KEYS] = { "GH-PTL-0003", GH_MEDIUM, GH_INCOMPLETE, "List of storage keys is malformed",
		     "The bytes behind the list cannot be told apart; they may be anything.",
		     "Get the file again from its source.", "CWE-1286" },
	[A_STRANGER] = { "GH-PTL-0004", GH_MEDIUM, GH_REVIEW, "Storage in the list that the object does not name",
			 "Bytes ride along that no tensor shows, of a length that nothing fixes.",
			 "Save the checkpoint again.", "CWE-506" },
	[A_TWICE] = { "GH-PTL-0005", GH_MEDIUM, GH_REVIEW, "Storage is listed twice",
		      "The second copy replaces the first: a scanner that looks at one sees other weights than the "
		      "loader.",
		      "Save the checkpoint again.", "CWE-436" },
	[A_COUNT] = { "GH-PTL-0006", GH_HIGH, GH_UNSAFE, "Storage has another size than the object says",
		      "A loader that does not check writes past the memory it allocated.",
		      "Do not load it; get the file again from a source you trust.", "CWE-787 CWE-131" },
	[A_CUT] = { "GH-PTL-0007", GH_MEDIUM, GH_REVIEW, "Legacy PyTorch stream ends within its storages",
		    "The weights are incomplete; loaders fail, or read what is in memory.",
		    "Get the file again from its source.", "CWE-1286" },
	[A_UNLISTED] = { "GH-PTL-0008", GH_MEDIUM, GH_REVIEW, "Storage that the object names has no data",
			 "Its tensors show whatever the memory held before: other secrets of the process.",
			 "Save the checkpoint again.", "CWE-908" },
	[A_BROKEN] = { "GH-PTL-0009", GH_MEDIUM, GH_REVIEW, "A pickle of a legacy PyTorch stream breaks off",
		       "What was called before has happened; what follows cannot be told apart.",
		       "Do not load it; get the file again from its source.", "CWE-502" },
	GH_RULES_END
};

static const char magic_decimal[] = "119547037146038801333356"; /* 0x1950a86a20f9469cfc6c */
static const uint8_t magic_bytes[] = { 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19 };
enum { PROTOCOL = 1001, MAGIC_WITHIN = 64 };

static bool holds(struct gh_span in, const void *what, size_t n) { return memmem(in.p, in.n, what, n) != NULL; }

static enum gh_match probe(const struct gh_probe *p)
{
	struct gh_span s = gh_span_cut(p->head, 0, MAGIC_WITHIN);
	if (s.n < sizeof magic_bytes ||
	    (!holds(s, magic_bytes, sizeof magic_bytes) && !holds(s, magic_decimal, sizeof magic_decimal - 1)))
		return GH_NO;
	return GH_STRONG; /* more general: the walk runs the first pickle and compares its value */
}

struct stream {
	struct gh_walk *w;
	uint64_t off;
	struct gh_torch_objects objects;
	struct gh_torch_keys keys;
};

static enum gh_rc run(struct stream *s, const char *what, const struct gh_pickle_hooks *hooks,
		      struct gh_pickle_result *r)
{
	uint64_t from = s->off;
	enum gh_rc rc = gh_pickle_run(s->w, from, hooks, r);
	if (rc != GH_OK)
		return gh_fail(s->w->err, rc, "%s", what);
	if (r->end == GH_PICKLE_LIMIT)
		return gh_fail(s->w->err, GH_E_LIMIT, "%s: %s", what, r->why);
	s->off = r->off;
	if (r->end == GH_PICKLE_STOP)
		return GH_OK;
	gh_anomaly(s->w, &rules[A_BROKEN], from, r->off - from, "%s: %s", what, r->why);
	return gh_fail(s->w->err, GH_E_MALFORMED, "%s: %s", what, r->why);
}

/* Does the first pickle give the magic number? Without events. */
static bool is_legacy(struct gh_walk *w)
{
	struct gh_span head = gh_src_window(w->src, 0, 4096);
	uint8_t copy[4096];
	if (head.n == 0)
		return false;
	memcpy(copy, head.p, head.n);
	struct gh_src_mem mem;
	return gh_torch_first_is(w, gh_src_mem(&mem, (struct gh_span){ copy, head.n }), magic_decimal);
}

static enum gh_rc read_preamble(struct stream *s)
{
	struct gh_pickle_result r;
	int64_t v = 0;
	GH_TRY(run(s, "magic number", NULL, &r), NULL, "legacy stream");
	uint64_t from = s->off;
	GH_TRY(run(s, "protocol version", NULL, &r), NULL, "legacy stream");
	if (!gh_val_int(r.heap, r.value, &v) || v != PROTOCOL)
		gh_anomaly(s->w, &rules[A_VERSION], from, s->off - from, "version %" PRId64, v);
	from = s->off;
	GH_TRY(run(s, "system information", NULL, &r), NULL, "legacy stream");
	gh_val order;
	if (gh_val_kind(r.heap, r.value) != GH_V_DICT ||
	    (gh_val_get(r.heap, r.value, "little_endian", &order) && gh_val_kind(r.heap, order) != GH_V_BOOL))
		gh_anomaly(s->w, &rules[A_SYSINFO], from, s->off - from, "not a dict, or its byte order is no bool");
	return GH_OK;
}

static enum gh_rc read_object(struct stream *s)
{
	struct gh_pickle_result r;
	struct gh_pickle_hooks hooks = gh_torch_hooks(&s->objects);
	uint64_t from = s->off;
	enum gh_rc rc = run(s, "object", &hooks, &r);
	if (rc == GH_OK)
		gh_torch_name_values(&s->objects, r.heap, r.value);
	gh_torch_flush(&s->objects, s->w, from, s->off - from);
	if (rc == GH_OK && s->objects.full)
		return gh_fail(s->w->err, GH_E_LIMIT, "more storages than memory allows");
	return rc;
}

static enum gh_rc read_keys(struct stream *s)
{
	struct gh_pickle_result r;
	uint64_t from = s->off;
	GH_TRY(run(s, "storage keys", NULL, &r), NULL, "legacy stream");
	enum gh_rc rc = gh_torch_keys_read(s->w, from, s->off, &r, &s->keys);
	if (rc != GH_E_MALFORMED)
		return rc;
	gh_anomaly(s->w, &rules[A_KEYS], from, s->off - from, "not a list of strings");
	return gh_fail(s->w->err, GH_E_UNREAD, "the list of storage keys is malformed");
}

/* One storage: its count and its bytes. */
static enum gh_rc read_storage(struct stream *s, struct gh_span key)
{
	struct gh_walk *w = s->w;
	struct gh_torch_storage *t = gh_torch_find(&s->objects, "", key);
	if (t == NULL || !t->sized) {
		gh_anomaly(w, &rules[A_STRANGER], s->off, w->src->size - s->off, "'%s'", gh_safe(key).s);
		return gh_fail(w->err, GH_E_UNREAD, "storage '%s' is of unknown size", gh_safe(key).s);
	}
	if (t->found)
		gh_anomaly(w, &rules[A_TWICE], s->off, 8, "'%s'", gh_safe(key).s);
	struct gh_cur c = gh_cur(w->src, s->off);
	uint64_t count = gh_cur_u64le(&c), left = gh_cur_left(&c);
	if (c.bad || (count == t->numel && t->bytes > left)) {
		gh_anomaly(w, &rules[A_CUT], s->off, w->src->size - s->off,
			   "storage '%s' needs %" PRIu64 " bytes, %" PRIu64 " are there", gh_safe(key).s, t->bytes,
			   left);
		return gh_fail(w->err, w->src->fail != GH_OK ? w->src->fail : GH_E_MALFORMED, "storage '%s' is cut off",
			       gh_safe(key).s);
	}
	if (count != t->numel) {
		gh_anomaly(w, &rules[A_COUNT], s->off, 8,
			   "storage '%s' has %" PRIu64 " elements, the object says %" PRIu64, gh_safe(key).s, count,
			   t->numel);
		return gh_fail(w->err, GH_E_MALFORMED, "storage '%s' has another size", gh_safe(key).s);
	}
	t->found = true;
	gh_claim(w, s->off, 8, GH_CLAIM_STRUCT);
	s->off += 8;
	if (t->bytes == 0)
		return GH_OK;
	struct gh_member m = { .how = GH_MEMBER_FILE, .name = t->key, .role = "tensor storage", .raw = true };
	enum gh_rc rc = gh_member_range(w, m, s->off, t->bytes);
	if (rc == GH_OK)
		rc = gh_torch_emit(w, t, w->src, s->off, t->bytes, false);
	s->off += t->bytes;
	return rc == GH_OK ? GH_OK : gh_fail(w->err, rc, "storage '%s'", gh_safe(key).s);
}

static enum gh_rc walk(struct gh_walk *w)
{
	if (!is_legacy(w))
		return GH_E_NOTTHIS;
	struct stream s = { .w = w, .objects = gh_torch_objects(w->arena) };
	enum gh_rc rc = read_preamble(&s);
	if (rc == GH_OK)
		rc = read_object(&s);
	if (rc == GH_OK)
		rc = read_keys(&s);
	for (size_t i = 0; rc == GH_OK && i < s.keys.n; i++)
		rc = read_storage(&s, s.keys.key[i]);
	for (size_t i = 0; rc == GH_OK && i < s.objects.n; i++)
		if (!s.objects.storage[i].found)
			gh_anomaly(w, &rules[A_UNLISTED], 0, 0, "'%s', %" PRIu64 " elements",
				   gh_safe(s.objects.storage[i].key).s, s.objects.storage[i].numel);
	return rc;
}

const struct gh_fmt gh_fmt_torch_legacy = {
	.name = "pytorch-legacy",
	.about = "PyTorch checkpoint of the stream format before 1.6",
	.exts = "pt pth bin ckpt model mdl th t7 pkl tar",
	.over = "pickle",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
