/* The archive of torch.export and AOTInductor (.pt2): a zip with a graph as JSON, weights as raw bytes or as pickles, sample
 * inputs, and possibly compiled code. Source: torch/export/pt2_archive/constants.py and _package.py (2.6 to 2.8), and
 * torch/export/serialize of 2.1 to 2.5 ("serialized_exported_program.json"). Loading the weights unpickles what is a
 * pickle; loading a compiled package opens its shared library. */
#include "format/formats.h"
#include "format/zip_walk.h"

enum { A_COMPILED, A_OBJECT, A_STRANGER };
static const struct gh_rule rules[] = {
	[A_COMPILED] = { "GH-PT2-0001", GH_CRITICAL, GH_UNSAFE, "Compiled code inside a torch.export archive",
			 "aoti_load_package() opens the library: the author's native code runs.",
			 "Do not load it; export the program again from source that you trust.",
			 "CWE-114 CWE-829 AML.T0011" },
	[A_OBJECT] = { "GH-PT2-0002", GH_MEDIUM, GH_REVIEW, "Custom object in a torch.export archive",
		       "Its class, from an extension of the author's choice, is made when the program is loaded.",
		       "Find out which extension it needs.", "CWE-502" },
	[A_STRANGER] = { "GH-PT2-0003", GH_MEDIUM, GH_REVIEW,
			 "File in a torch.export archive that torch does not write",
			 "A script or a person can be led to open it.",
			 "Look at the file, or export the program again.", "CWE-506" },
	GH_RULES_END
};

enum part { P_STRANGER, P_MARK, P_GRAPH, P_CONFIG, P_RAW, P_PICKLE, P_OBJECT, P_COMPILED, P_FOLDER };

/* The name without the folder that torch.save()'s writer puts everything into. */
static struct gh_span inner(struct gh_span name)
{
	static const char *const tops[] = { "data/",	       "models/", "extra/",    ".data/",     "archive_format",
					    "archive_version", "version", "byteorder", "serialized_" };
	for (size_t i = 0; i < sizeof tops / sizeof tops[0]; i++)
		if (gh_span_starts(name, tops[i]))
			return name;
	const uint8_t *slash = name.n == 0 ? NULL : memchr(name.p, '/', name.n);
	return slash == NULL ? name : gh_span_cut(name, (size_t)(slash - name.p) + 1, name.n);
}

static enum part part_of(struct gh_span name)
{
	struct gh_span s = inner(name);
	if (s.n == 0 || gh_span_ends(s, "/"))
		return P_FOLDER;
	if (gh_span_is(s, "archive_format") || gh_span_is(s, "archive_version") || gh_span_is(s, "version") ||
	    gh_span_is(s, "byteorder") || gh_span_starts(s, ".data/"))
		return P_MARK;
	bool json = gh_span_ends(s, ".json"), pickle = gh_span_ends(s, ".pt");
	if (json && (gh_span_starts(s, "models/") || gh_span_starts(s, "serialized_")))
		return P_GRAPH;
	if (gh_span_starts(s, "data/aotinductor/"))
		return json ? P_CONFIG : P_COMPILED;
	if (json && (gh_span_starts(s, "data/") || gh_span_starts(s, "extra/")))
		return P_CONFIG;
	if (gh_span_starts(s, "data/constants/custom_obj_"))
		return P_OBJECT;
	if (pickle && (gh_span_starts(s, "data/") || gh_span_starts(s, "serialized_")))
		return P_PICKLE;
	if (gh_span_starts(s, "data/weights/weight_") || gh_span_starts(s, "data/constants/tensor_"))
		return P_RAW;
	return gh_span_starts(s, "extra/") ? P_CONFIG : P_STRANGER;
}

static enum gh_rc on_directory(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, size_t n)
{
	bool format = false, graph = false, program = false;
	(void)ctx;
	(void)w;
	for (size_t i = 0; i < n; i++) {
		struct gh_span s = inner(e[i].name);
		format = format || gh_span_is(s, "archive_format");
		graph = graph || gh_span_starts(s, "models/") || gh_span_starts(s, "data/aotinductor/");
		program = program || gh_span_is(s, "serialized_exported_program.json");
	}
	return (format && graph) || program ? GH_OK : GH_E_NOTTHIS;
}

static void on_member(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, struct gh_member *m)
{
	static const char *const roles[] = { [P_STRANGER] = "extra file",
					     [P_MARK] = "mark of the format",
					     [P_GRAPH] = "program",
					     [P_CONFIG] = "configuration",
					     [P_RAW] = "weights",
					     [P_PICKLE] = "weights",
					     [P_OBJECT] = "custom object",
					     [P_COMPILED] = "compiled code",
					     [P_FOLDER] = NULL };
	enum part p = part_of(e->name);
	(void)ctx;
	m->role = roles[p];
	m->raw = p == P_RAW && !e->hidden;
	if (p == P_COMPILED)
		gh_anomaly(w, &rules[A_COMPILED], e->data_off, 0, "'%s'", gh_safe(e->name).s);
	else if (p == P_OBJECT)
		gh_anomaly(w, &rules[A_OBJECT], e->data_off, 0, "'%s'", gh_safe(e->name).s);
	else if (p == P_STRANGER)
		gh_anomaly(w, &rules[A_STRANGER], e->data_off, 0, "'%s'", gh_safe(e->name).s);
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct gh_zip_hooks hooks = { .directory = on_directory, .member = on_member };
	return gh_zip_walk(w, &hooks);
}

const struct gh_fmt gh_fmt_torch_export = {
	.name = "pytorch-export",
	.about = "Archive of torch.export and AOTInductor (.pt2)",
	.exts = "pt2",
	.over = "zip",
	.probe = gh_zip_probe,
	.walk = walk,
	.rules = rules,
};
