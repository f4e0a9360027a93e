/* fmt_npz.c - NumPy's archive of arrays: a zip whose members are .npy files. numpy.load() lists each member under its
 * name without ".npy", and decides by the first six bytes whether it is an array or is handed out as it is.
 * Source: numpy/lib/npyio.py (NpzFile, _savez). */
#include "format/formats.h"
#include "format/zip_walk.h"

enum { A_UNEXPECTED, A_SUFFIX, A_TWICE };

static const struct gh_rule rules[] = {
	[A_UNEXPECTED] = { "GH-NPZ-0001", GH_MEDIUM, GH_REVIEW, "File in an array archive that is no array",
			   "numpy.load() hands its bytes out as they are; a program that unpickles them runs what they "
			   "hold.",
			   "Look at the file, or save the arrays again with numpy.savez().", "CWE-506" },
	[A_SUFFIX] = { "GH-NPZ-0002", GH_MEDIUM, GH_REVIEW, "Array in an archive without the usual suffix",
		       "Scanners that look at .npy members only pass over it; numpy.load() reads it like any other.",
		       "Save the arrays again with numpy.savez().", "CWE-436 CWE-646" },
	[A_TWICE] = { "GH-NPZ-0003", GH_MEDIUM, GH_REVIEW, "Two members of an array archive have the same key",
		      "Which array a key gives depends on the reader: 'x' and 'x.npy' are both x.",
		      "Save the arrays again with numpy.savez().", "CWE-436" },
	GH_RULES_END
};

struct npz {
	const struct gh_zip_entry *e;
	size_t n;
};

static struct gh_span key_of(struct gh_span name)
{
	return gh_span_ends(name, ".npy") ? gh_span_cut(name, 0, name.n - 4) : name;
}

/* Marks of archives that hold arrays among other things. */
static bool other_kind(struct gh_span name)
{
	static const char *const whole[] = { "schema.json", "config.json", "metadata.json", "version", "data.pkl" };
	for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
		if (gh_span_is(name, whole[i]))
			return true;
	return gh_span_ends(name, "/data.pkl") || gh_span_ends(name, "/constants.pkl") ||
	       gh_span_starts(name, "MAR-INF/");
}

static enum gh_rc on_directory(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, size_t n)
{
	struct npz *z = ctx;
	size_t arrays = 0;
	(void)w;
	for (size_t i = 0; i < n; i++) {
		if (other_kind(e[i].name))
			return GH_E_NOTTHIS;
		arrays += gh_span_ends(e[i].name, ".npy");
	}
	/* Whatever is not called an npz here is still a zip, whose members are each read for what they are. */
	if (arrays == 0 || arrays < n - arrays)
		return GH_E_NOTTHIS;
	z->e = e;
	z->n = n;
	return GH_OK;
}

static void on_member(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, struct gh_member *m)
{
	(void)ctx;
	(void)w;
	(void)e;
	m->role = "array";
}

static enum gh_rc on_content(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, struct gh_src *src)
{
	static const uint8_t magic[6] = { 0x93, 'N', 'U', 'M', 'P', 'Y' };
	(void)ctx;
	struct gh_span head = gh_src_window(src, 0, sizeof magic);
	bool array = head.n == sizeof magic && memcmp(head.p, magic, sizeof magic) == 0;
	if (!array)
		gh_anomaly(w, &rules[A_UNEXPECTED], e->data_off, e->csize, "'%s'", gh_safe(e->name).s);
	else if (!gh_span_ends(e->name, ".npy"))
		gh_anomaly(w, &rules[A_SUFFIX], e->data_off, e->csize, "'%s'", gh_safe(e->name).s);
	return GH_OK;
}

/* Keys that two members share. Names that are equal as they stand are the zip walk's to report. */
static enum gh_rc on_done(void *ctx, struct gh_walk *w)
{
	struct npz *z = ctx;
	size_t cap = 16;
	while (cap < z->n * 2)
		cap *= 2;
	uint32_t *slot = z->n < UINT32_MAX / 4 ? GH_NEW(w->arena, uint32_t, cap) : NULL;
	if (slot == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "array archive of %zu members", z->n);
	for (size_t i = 0; i < z->n; i++) {
		struct gh_span key = key_of(z->e[i].name);
		uint64_t h = 0xcbf29ce484222325u;
		for (size_t k = 0; k < key.n; k++)
			h = (h ^ key.p[k]) * 0x100000001b3u;
		size_t at = (size_t)(h ^ h >> 32) & (cap - 1);
		while (slot[at] != 0 && !gh_span_eq(key_of(z->e[slot[at] - 1].name), key))
			at = (at + 1) & (cap - 1);
		if (slot[at] == 0)
			slot[at] = (uint32_t)i + 1;
		else if (!gh_span_eq(z->e[slot[at] - 1].name, z->e[i].name))
			gh_anomaly(w, &rules[A_TWICE], z->e[i].data_off, z->e[i].data_off == 0 ? 0 : z->e[i].csize,
				   "'%s' and '%s'", gh_safe(z->e[slot[at] - 1].name).s, gh_safe(z->e[i].name).s);
	}
	return GH_OK;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct npz z = { 0 };
	struct gh_zip_hooks hooks = { &z, on_directory, on_member, on_content, on_done };
	return gh_zip_walk(w, &hooks);
}

const struct gh_fmt gh_fmt_npz = {
	.name = "npz",
	.about = "NumPy archive of arrays",
	.exts = "npz",
	.over = "zip",
	.probe = gh_zip_probe,
	.walk = walk,
	.rules = rules,
};
