/* fmt_skops.c - scikit-learn models as skops saves them: a zip of schema.json, which names the types to be made, and of the
 * arrays that it refers to. The nodes are told where the schema is read (keras/json_objects.h).
 * Source: skops/io/_persist.py, skops/io/_numpy.py. */
#include "format/formats.h"
#include "format/zip_walk.h"

enum { A_STRANGER };
static const struct gh_rule rules[] = {
	[A_STRANGER] = { "GH-SKO-0001", GH_MEDIUM, GH_REVIEW, "File in a skops archive that no node can be",
			 "A program or a person can be led to open it.", "Look at the file, or save the model again.",
			 "CWE-506 CVE-2025-54886" },
	GH_RULES_END
};

enum part { P_STRANGER, P_SCHEMA, P_ARRAY, P_SPARSE, P_BYTES, P_TEXT };
static const struct {
	const char *role, *expect;
} parts[] = {
	[P_STRANGER] = { "extra file", NULL }, [P_SCHEMA] = { "skops schema", "json" },
	[P_ARRAY] = { "array", "npy" },	       [P_SPARSE] = { "array", "npz" },
	[P_BYTES] = { "bytes", NULL },	       [P_TEXT] = { "documentation", NULL },
};

static enum part part_of(struct gh_span name)
{
	if (gh_span_is(name, "schema.json"))
		return P_SCHEMA;
	if (gh_span_ends(name, ".npy"))
		return P_ARRAY;
	if (gh_span_ends(name, ".npz"))
		return P_SPARSE;
	if (gh_span_ends(name, ".bin"))
		return P_BYTES;
	return gh_span_is(name, "README.md") ? P_TEXT : P_STRANGER;
}

static enum gh_rc on_directory(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, size_t n)
{
	size_t count[P_TEXT + 1] = { 0 };
	(void)ctx;
	(void)w;
	for (size_t i = 0; i < n; i++)
		count[part_of(e[i].name)]++;
	/* A data set may have a schema, too: there it describes files of other kinds. */
	return count[P_SCHEMA] != 0 && count[P_STRANGER] <= count[P_SCHEMA] + count[P_ARRAY] + count[P_SPARSE]
		       ? GH_OK
		       : GH_E_NOTTHIS;
}

static void on_member(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, struct gh_member *m)
{
	enum part p = part_of(e->name);
	(void)ctx;
	if (e->hidden)
		return;
	m->role = parts[p].role;
	m->expect = parts[p].expect;
	if (p == P_STRANGER)
		gh_anomaly(w, &rules[A_STRANGER], e->data_off, e->data_off == 0 ? 0 : e->csize, "'%s'",
			   gh_safe(e->name).s);
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct gh_zip_hooks hooks = { NULL, on_directory, on_member, NULL, NULL };
	return gh_zip_walk(w, &hooks);
}

const struct gh_fmt gh_fmt_skops = {
	.name = "skops",
	.about = "scikit-learn model saved by skops: a schema of types and its arrays",
	.exts = "skops zip",
	.over = "zip",
	.probe = gh_zip_probe,
	.walk = walk,
	.rules = rules,
};
