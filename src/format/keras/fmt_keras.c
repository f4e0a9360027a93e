/* fmt_keras.c - the archive of Keras 3: a zip of metadata.json, config.json, model.weights.h5 and assets. What the
 * configuration makes its loader do is said where the configuration is read (json_objects.h): here it is only known for
 * sure that it is one. Source: keras/src/saving/saving_lib.py. */
#include "format/formats.h"
#include "format/json_src.h"
#include "format/zip_walk.h"

enum { VERSION_MAX = 64, METADATA_MAX = 64 << 10 };
enum { A_STRANGER, A_NOCONFIG, A_TWICE };

static const struct gh_rule rules[] = {
	[A_STRANGER] = { "GH-KER-0001", GH_MEDIUM, GH_REVIEW, "File in a Keras archive that Keras does not write",
			 "A layer, a script or a person can be led to open it.",
			 "Look at the file, or save the model again.", "CWE-506" },
	[A_NOCONFIG] = { "GH-KER-0002", GH_LOW, GH_REVIEW, "A Keras archive without a configuration",
			 "Some loader must know what to make of the weights.", "Get the model again.", "CWE-20" },
	[A_TWICE] = { "GH-KER-0003", GH_HIGH, GH_REVIEW, "More than one configuration, or weights of two kinds",
		      "Which one a loader takes depends on the loader: a reviewer and a program see different models.",
		      "Save the model again.", "CWE-436" },
	GH_RULES_END
};

enum part { P_STRANGER, P_METADATA, P_CONFIG, P_H5, P_NPZ, P_INDEX, P_SHARD, P_ASSET, P_FOLDER };
static const struct {
	const char *role, *expect;
} parts[] = {
	[P_STRANGER] = { "extra file", NULL },
	[P_METADATA] = { "metadata", "json" },
	[P_CONFIG] = { "keras-config", "json" },
	[P_H5] = { "weights", "hdf5" },
	[P_NPZ] = { "weights", "npz" },
	[P_INDEX] = { "weight index", "json" },
	[P_SHARD] = { "weights", "hdf5" },
	[P_ASSET] = { "asset", NULL },
	[P_FOLDER] = { NULL, NULL },
};

/* Names as Keras has them. The loader opens exactly these; others only look like them. */
static enum part part_of(struct gh_span name)
{
	if (gh_span_is(name, "metadata.json"))
		return P_METADATA;
	if (gh_span_is(name, "config.json"))
		return P_CONFIG;
	if (gh_span_is(name, "model.weights.h5"))
		return P_H5;
	if (gh_span_is(name, "model.weights.npz"))
		return P_NPZ;
	if (gh_span_is(name, "model.weights.json"))
		return P_INDEX;
	if (gh_span_starts(name, "model_") && gh_span_ends(name, ".weights.h5"))
		return P_SHARD;
	if (gh_span_starts(name, "assets/") || gh_span_starts(name, "assets\\"))
		return P_ASSET;
	return gh_span_ends(name, "/") ? P_FOLDER : P_STRANGER;
}

struct archive {
	unsigned count[P_FOLDER + 1];
};

static enum gh_rc on_directory(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, size_t n)
{
	struct archive *a = ctx;
	(void)w;
	for (size_t i = 0; i < n; i++)
		a->count[part_of(e[i].name)]++;
	unsigned weights = a->count[P_H5] + a->count[P_NPZ] + a->count[P_INDEX];
	bool kind = (a->count[P_CONFIG] != 0 && a->count[P_METADATA] + weights != 0) ||
		    (a->count[P_METADATA] != 0 && weights != 0);
	return kind ? GH_OK : GH_E_NOTTHIS;
}

static void on_member(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, struct gh_member *m)
{
	enum part p = part_of(e->name);
	(void)ctx;
	if (e->hidden) {
		/* Some reader may take this view of it: judged as what it claims to be all the same. */
		if (p == P_CONFIG)
			m->role = parts[p].role;
		return;
	}
	m->role = parts[p].role;
	m->expect = parts[p].expect;
	if (p == P_STRANGER)
		gh_anomaly(w, &rules[A_STRANGER], e->data_off, e->data_off == 0 ? 0 : e->csize, "'%s'",
			   gh_safe(e->name).s);
}

/* {"keras_version": "3.5.0", "date_saved": …}: what wrote it, by its own word. */
static enum gh_rc on_content(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, struct gh_src *src)
{
	(void)ctx;
	if (part_of(e->name) != P_METADATA || e->hidden)
		return GH_OK;
	struct gh_json *j = GH_NEW(w->arena, struct gh_json, 1);
	uint8_t version[VERSION_MAX];
	size_t n = 0;
	bool here = false;
	if (j == NULL)
		return GH_E_LIMIT;
	*j = gh_json_mem(gh_src_window(src, 0, METADATA_MAX), NULL);
	while (gh_json_next(j) > GH_JSON_END) {
		if (here && j->tok == GH_JSON_STRING && j->text.n <= sizeof version) {
			n = j->text.n;
			memcpy(version, j->text.p, n);
		}
		here = j->tok == GH_JSON_KEY && j->depth == 1 && gh_json_is(j, "keras_version");
	}
	if (n == 0)
		return GH_OK;
	struct gh_package p = {
		.ecosystem = "PyPI", .name = GH_SPAN("keras"), .version = { version, n }, .producer = true
	};
	return gh_emit(w, GH_EV_PACKAGE, e->data_off, e->data_off == 0 ? 0 : e->csize, &p);
}

static enum gh_rc on_done(void *ctx, struct gh_walk *w)
{
	struct archive *a = ctx;
	unsigned weights = 0;
	for (enum part p = P_H5; p <= P_INDEX; p++)
		weights += a->count[p] != 0;
	if (a->count[P_CONFIG] == 0)
		gh_anomaly(w, &rules[A_NOCONFIG], 0, 0, "weights and metadata only");
	if (a->count[P_CONFIG] > 1 || a->count[P_METADATA] > 1 || weights > 1)
		gh_anomaly(w, &rules[A_TWICE], 0, 0, "%u configurations, %u kinds of weights", a->count[P_CONFIG],
			   weights);
	return GH_OK;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct archive a = { 0 };
	struct gh_zip_hooks hooks = { &a, on_directory, on_member, on_content, on_done };
	return gh_zip_walk(w, &hooks);
}

const struct gh_fmt gh_fmt_keras = {
	.name = "keras",
	.about = "Keras archive: configuration, weights and assets",
	.exts = "keras zip",
	.over = "zip",
	.probe = gh_zip_probe,
	.walk = walk,
	.rules = rules,
};
