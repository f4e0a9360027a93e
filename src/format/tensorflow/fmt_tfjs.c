/* model.json of TensorFlow.js: a topology (a graph of TensorFlow, or a Keras configuration, which the reader of JSON documents
 * knows) and a manifest of the files with the weights. Read twice: as any JSON document, then for what only this format says. */
#include "format/formats.h"
#include "format/json_doc.h"
#include "format/json_src.h"
#include "format/json_text.h"

enum { A_PATH, A_SHAPE };
static const struct gh_rule rules[] = {
	[A_PATH] = { "GH-TFJ-0001", GH_HIGH, GH_UNSAFE, "Weights outside of the model's folder",
		     "Loading reads a file, or asks a server, of the author's choice.",
		     "Do not load; have the model converted again.", "CWE-22 CWE-918" },
	[A_SHAPE] = { "GH-TFJ-0002", GH_MEDIUM, GH_UNSAFE, "Shape that no weight can have",
		      "A product that wraps around makes buffers too small.",
		      "Do not load; have the model converted again.", "CWE-190" },
	GH_RULES_END
};

enum { DEPTH = 256, SAY = 16 };

/* What an array or an object is, by the key that holds it. */
enum what { OTHER, MANIFEST, GROUP, PATHS, WEIGHTS, WEIGHT, SHAPE, NODES, NODE, SIGNATURE };

struct doc {
	struct gh_walk *w;
	struct gh_json_src x;
	enum what level[DEPTH]; /* of the container at that depth */
	struct gh_json_name key, name, op;
	uint64_t at, elements;
	unsigned said;
};

static enum gh_match probe(const struct gh_probe *p)
{
	static const char *const keys[] = { "\"weightsManifest\"", "\"modelTopology\"" };
	bool seen = false;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0] && p->head.n != 0; i++)
		seen = seen || memmem(p->head.p, p->head.n, keys[i], strlen(keys[i])) != NULL ||
		       memmem(p->tail.p, p->tail.n, keys[i], strlen(keys[i])) != NULL;
	/* Before modelTopology came in: an array of groups, as face-api.js has it to this day. */
	struct gh_span h = p->head;
	bool groups = h.n > 2 && h.p[0] == '[' && memmem(h.p, h.n, "\"weights\"", 9) != NULL &&
		      (memmem(h.p, h.n, "\"paths\"", 7) != NULL ||
		       memmem(p->tail.p, p->tail.n, "\"paths\"", 7) != NULL);
	return (seen || groups) && gh_json_doc_probe(p, NULL) == GH_STRONG ? GH_STRONG : GH_NO;
}

/* What begins here: by the container around it and the key. */
static enum what kind(const struct doc *d, unsigned depth, bool array)
{
	enum what up = depth == 0 ? OTHER : d->level[depth - 1];
	struct gh_span key = gh_json_name(&d->key);
	if (array) {
		if (depth == 0 || (depth == 1 && gh_span_is(key, "weightsManifest")))
			return MANIFEST;
		if (up == GROUP)
			return gh_span_is(key, "paths") ? PATHS : gh_span_is(key, "weights") ? WEIGHTS : OTHER;
		if (up == WEIGHT && gh_span_is(key, "shape"))
			return SHAPE;
		return gh_span_is(key, "node") || gh_span_is(key, "nodeDef") ? NODES : OTHER;
	}
	if (up == MANIFEST)
		return GROUP;
	if (up == WEIGHTS)
		return WEIGHT;
	if (up == NODES)
		return NODE;
	return up == OTHER && gh_span_is(key, "signature") ? SIGNATURE : OTHER;
}

static enum gh_rc shard(struct doc *d)
{
	uint8_t copy[512];
	struct gh_span t = gh_span_cut(d->x.j.text, 0, sizeof copy);
	if (t.n == 0)
		return GH_OK;
	memcpy(copy, t.p, t.n);
	t.p = copy;
	bool out = t.p[0] == '/' || t.p[0] == '\\' || (t.n > 1 && t.p[1] == ':') || memmem(t.p, t.n, "..", 2) != NULL ||
		   memmem(t.p, t.n, "://", 3) != NULL || d->x.j.full > sizeof copy;
	if (out && d->said++ < SAY)
		gh_anomaly(d->w, &rules[A_PATH], d->x.j.off, d->x.j.len, "\"%s\"", gh_safe(t).s);
	struct gh_reference ev = {
		.kind = GH_REF_DATA, .target = t, .from = GH_SPAN("weightsManifest"), .data = { 0, UINT64_MAX }
	};
	return gh_emit(d->w, GH_EV_REFERENCE, d->x.j.off, d->x.j.len, &ev);
}

static void dimension(struct doc *d)
{
	uint64_t v;
	if (!gh_json_u64(&d->x.j, &v) || __builtin_mul_overflow(d->elements, v, &d->elements) ||
	    d->elements > INT64_MAX / 16) {
		if (d->said++ < SAY)
			gh_anomaly(d->w, &rules[A_SHAPE], d->x.j.off, d->x.j.len, "weight \"%s\"",
				   gh_safe(gh_json_name(&d->name)).s);
		d->elements = 1;
	}
}

static enum gh_rc string(struct doc *d, enum what in)
{
	struct gh_span key = gh_json_name(&d->key), t = d->x.j.text;
	if (in == PATHS)
		return shard(d);
	if (in == SIGNATURE && gh_span_is(key, "name")) {
		struct gh_json_name name;
		gh_json_name_set(&name, t);
		struct gh_text ev = { .role = "function", .key = GH_SPAN("tensorflow"), .text = gh_json_name(&name) };
		return gh_emit(d->w, GH_EV_TEXT, d->x.j.off, d->x.j.len, &ev);
	}
	if ((in == NODE || in == WEIGHT) && gh_span_is(key, "name"))
		gh_json_name_set(&d->name, t);
	else if (in == NODE && gh_span_is(key, "op"))
		gh_json_name_set(&d->op, t);
	return GH_OK;
}

static enum gh_rc closed(struct doc *d, enum what was)
{
	if (was != NODE || d->op.n == 0)
		return GH_OK;
	struct gh_call ev = { .how = GH_CALL_OPERATION,
			      .system = "tensorflow",
			      .name = gh_json_name(&d->op),
			      .as_name = gh_json_name(&d->name),
			      .resolved = true };
	return gh_emit(d->w, GH_EV_CALL, d->at, gh_json_pos(&d->x.j) - d->at, &ev);
}

static enum gh_rc read_manifest(struct doc *d)
{
	for (;;) {
		enum gh_json_tok tok = gh_json_src_next(&d->x);
		unsigned depth = d->x.j.depth;
		enum what in = depth == 0 || depth > DEPTH ? OTHER : d->level[depth - 1];
		enum gh_rc rc = GH_OK;
		switch (tok) {
		case GH_JSON_BAD:
		case GH_JSON_END: return GH_OK; /* whether it is JSON was said by the first reading */
		case GH_JSON_OBJECT:
		case GH_JSON_ARRAY:
			if (depth >= DEPTH)
				return GH_OK;
			d->level[depth] = kind(d, depth, tok == GH_JSON_ARRAY);
			if (d->level[depth] == NODE) {
				d->at = d->x.j.off;
				d->name.n = d->op.n = 0;
			}
			d->elements = 1;
			break;
		case GH_JSON_OBJECT_END:
		case GH_JSON_ARRAY_END: rc = closed(d, depth < DEPTH ? d->level[depth] : OTHER); break;
		case GH_JSON_KEY: gh_json_name_set(&d->key, d->x.j.text); break;
		case GH_JSON_STRING: rc = string(d, in); break;
		case GH_JSON_NUMBER:
			if (in == SHAPE)
				dimension(d);
			break;
		case GH_JSON_TRUE:
		case GH_JSON_FALSE:
		case GH_JSON_NULL: break;
		}
		if (rc != GH_OK)
			return rc;
	}
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct doc *d = GH_NEW(w->arena, struct doc, 1);
	if (d == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	enum gh_rc rc = gh_json_doc(w);
	if (rc != GH_OK)
		return rc;
	d->w = w;
	gh_json_src(&d->x, w->src, 0, w->src->size, NULL);
	return read_manifest(d);
}

const struct gh_fmt gh_fmt_tfjs = {
	.name = "tfjs",
	.about = "TensorFlow.js model (model.json with its topology and manifest of weights)",
	.exts = "json",
	.over = "json",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
