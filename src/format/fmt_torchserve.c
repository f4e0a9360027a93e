/* fmt_torchserve.c - TorchServe's model archive (.mar): a zip with MAR-INF/MANIFEST.json, which names the Python file that
 * answers requests, the weights and what pip installs before. What those files do is judged where they are read; here it
 * is said which of them are run. Source: pytorch/serve, model-archiver/model_archiver/manifest_components. */
#include "format/formats.h"
#include "format/json_text.h"
#include "format/zip_walk.h"
#include "wire/path.h"

enum { MANIFEST_MAX = 256 << 10 };
enum { A_MANIFEST, A_OUTSIDE, A_MISSING, A_RUNS };
static const struct gh_rule rules[] = {
	[A_MANIFEST] = { "GH-MAR-0001", GH_MEDIUM, GH_REVIEW,
			 "The manifest of a TorchServe archive cannot be understood",
			 "Which code the server runs depends on the server.", "Have the archive made again.",
			 "CWE-20" },
	[A_OUTSIDE] = { "GH-MAR-0002", GH_CRITICAL, GH_UNSAFE, "The manifest names a file outside of the archive",
			"The server runs a file of the author's choice that lies elsewhere.", "Do not serve.",
			"CWE-22 CVE-2023-48299 AML.T0011" },
	[A_MISSING] = { "GH-MAR-0003", GH_MEDIUM, GH_REVIEW, "The manifest names a file that is not in the archive",
			"Whatever the server finds under that name is run or loaded.", "Have the archive made again.",
			"CWE-426" },
	[A_RUNS] = { "GH-MAR-0004", GH_INFO, GH_CLEAN, "The server runs a source file of this archive",
		     "What the file does, which is judged where it is read.",
		     "None needed; serve the archive that was scanned and no later one.", "CWE-829" },
	GH_RULES_END
};

struct mar {
	const struct gh_zip_entry *e;
	size_t n;
	bool read;
};

static bool is_manifest(struct gh_span name) { return gh_span_is(name, "MAR-INF/MANIFEST.json"); }

static enum gh_rc on_directory(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, size_t n)
{
	struct mar *m = ctx;
	(void)w;
	m->e = e;
	m->n = n;
	for (size_t i = 0; i < n; i++)
		if (is_manifest(e[i].name))
			return GH_OK;
	return GH_E_NOTTHIS;
}

/* Handlers that the server has itself. */
static bool built_in(struct gh_span s)
{
	static const char *const names[] = { "image_classifier", "image_segmenter", "object_detector",
					     "text_classifier",	 "base_handler",    "vision_handler" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (gh_span_is(s, names[i]))
			return true;
	return false;
}

static bool there(const struct mar *m, struct gh_span name)
{
	for (size_t i = 0; i < m->n; i++)
		if (gh_path_cmp(m->e[i].name, name, false) == 0)
			return true;
	return false;
}

static enum gh_rc named(struct mar *m, struct gh_walk *w, const struct gh_zip_entry *e, struct gh_span key,
			struct gh_span name)
{
	unsigned odd = GH_PATH_ESCAPES | GH_PATH_ABSOLUTE | GH_PATH_DRIVE | GH_PATH_NUL | GH_PATH_DOTDOT;
	bool handler = gh_span_is(key, "handler"), model = gh_span_is(key, "modelFile");
	bool file = handler || model || gh_span_is(key, "serializedFile") || gh_span_is(key, "requirementsFile");
	uint64_t off = e->data_off, len = off == 0 ? 0 : e->csize;
	uint8_t path[GH_JSON_NAME + 3];
	if (!file || name.n == 0 || (handler && built_in(name)))
		return GH_OK;
	if ((gh_path_flags(name) & odd) != 0) {
		gh_anomaly(w, &rules[A_OUTSIDE], off, len, "%s: %s", gh_safe(key).s, gh_safe(name).s);
		return GH_OK;
	}
	const uint8_t *colon = handler ? memchr(name.p, ':', name.n) : NULL; /* file:function */
	if (colon != NULL)
		name.n = (size_t)(colon - name.p);
	memcpy(path, name.p, name.n);
	if ((handler || model) && !gh_span_ends(name, ".py")) {
		memcpy(path + name.n, ".py", 3);
		name.n += 3;
	}
	name.p = path;
	if (!there(m, name))
		gh_anomaly(w, &rules[A_MISSING], off, len, "%s: %s", gh_safe(key).s, gh_safe(name).s);
	else if (handler || model) { /* a member, not a file beside the archive: no reference leads out of it */
		gh_anomaly(w, &rules[A_RUNS], off, len, "%s: %s", gh_safe(key).s, gh_safe(name).s);
		return GH_OK;
	}
	struct gh_reference ref = { .kind = handler || model ? GH_REF_CODE : GH_REF_PATH, .target = name, .from = key };
	return gh_emit(w, GH_EV_REFERENCE, off, len, &ref);
}

static enum gh_rc on_content(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, struct gh_src *src)
{
	struct mar *m = ctx;
	if (!is_manifest(e->name))
		return GH_OK;
	struct gh_json *j = GH_NEW(w->arena, struct gh_json, 1);
	struct gh_span text = gh_src_window(src, 0, MANIFEST_MAX);
	struct gh_json_name key = { .n = 0 }, value;
	text = gh_keep(w->arena, text);
	if (j == NULL || text.p == NULL)
		return GH_E_LIMIT;
	*j = gh_json_mem(text, NULL);
	while (gh_json_next(j) > GH_JSON_END) {
		if (j->tok == GH_JSON_KEY)
			gh_json_name_set(&key, j->text);
		if (j->tok != GH_JSON_STRING || j->depth != 2)
			continue;
		gh_json_name_set(&value, j->text);
		GH_TRY(named(m, w, e, gh_json_name(&key), gh_json_name(&value)), w->err, "manifest");
	}
	m->read = j->tok == GH_JSON_END && src->size <= MANIFEST_MAX;
	return GH_OK;
}

static void on_member(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, struct gh_member *m)
{
	(void)ctx;
	(void)w;
	if (!e->hidden && is_manifest(e->name)) {
		m->role = "manifest";
		m->expect = "json";
	}
}

static enum gh_rc on_done(void *ctx, struct gh_walk *w)
{
	struct mar *m = ctx;
	if (!m->read)
		gh_anomaly(w, &rules[A_MANIFEST], 0, 0, "not JSON, or larger than any real one");
	return GH_OK;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct mar m = { 0 };
	struct gh_zip_hooks hooks = { &m, on_directory, on_member, on_content, on_done };
	return gh_zip_walk(w, &hooks);
}

const struct gh_fmt gh_fmt_torchserve = {
	.name = "torchserve",
	.about = "TorchServe model archive: manifest, handler, weights",
	.exts = "mar zip",
	.over = "zip",
	.probe = gh_zip_probe,
	.walk = walk,
	.rules = rules,
};
