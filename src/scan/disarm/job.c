/* job.c - what a file is, who takes it apart, and what is said when that cannot be done. */
#include "scan/disarm/job.h"

#include "scan/identify.h"
#include "scan/spool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Formats by what is done with them. What is not listed is copied, and its scan decides. */
static const struct row {
	const char *format;
	enum gh_rc (*take)(struct gh_dis_job *j); /* NULL: dropped */
	enum gh_dis_outcome outcome;
	const char *written; /* format of the output; NULL: safetensors */
	const char *why;     /* of a row that drops */
} rows[] = {
	{ "pytorch-zip", gh_dis_torch_zip, GH_DIS_CONVERTED, NULL, NULL },
	{ "pytorch-legacy", gh_dis_torch_legacy, GH_DIS_CONVERTED, NULL, NULL },
	{ "pytorch-tar", gh_dis_torch_tar, GH_DIS_CONVERTED, NULL, NULL },
	{ "pickle", gh_dis_pickle, GH_DIS_CONVERTED, NULL, NULL },
	{ "npy", gh_dis_npy, GH_DIS_CONVERTED, NULL, NULL },
	{ "npz", gh_dis_npz, GH_DIS_CONVERTED, NULL, NULL },
	{ "gzip", gh_dis_packed, GH_DIS_CONVERTED, NULL, NULL },
	{ "zlib", gh_dis_packed, GH_DIS_CONVERTED, NULL, NULL },
	{ "bzip2", gh_dis_packed, GH_DIS_CONVERTED, NULL, NULL },
	{ "xz", gh_dis_packed, GH_DIS_CONVERTED, NULL, NULL },
	{ "lzma", gh_dis_packed, GH_DIS_CONVERTED, NULL, NULL },
	{ "lz4", gh_dis_packed, GH_DIS_CONVERTED, NULL, NULL },
	{ "zstd", gh_dis_packed, GH_DIS_CONVERTED, NULL, NULL },
	{ "safetensors", gh_dis_safetensors, GH_DIS_REWRITTEN, "safetensors", NULL },
	{ "gguf", gh_dis_gguf, GH_DIS_REWRITTEN, "gguf", NULL },
	{ "json", gh_dis_json, GH_DIS_REWRITTEN, "json", NULL },
	{ "safetensors-index", gh_dis_json, GH_DIS_REWRITTEN, "json", NULL },
	{ "jinja", gh_dis_template_file, GH_DIS_REWRITTEN, "jinja", NULL },
	{ "keras", gh_dis_keras, GH_DIS_REWRITTEN, "keras", NULL },
	{ "hdf5", gh_dis_hdf5, GH_DIS_REWRITTEN, "hdf5", NULL },
	{ "zip", gh_dis_zip, GH_DIS_REWRITTEN, "zip", NULL },
	{ "python", NULL, GH_DIS_DROPPED, NULL, "Python source is code" },
	{ "python-bytecode", NULL, GH_DIS_DROPPED, NULL, "compiled Python is code" },
	{ "shell", NULL, GH_DIS_DROPPED, NULL, "a shell script is code" },
	{ "script", NULL, GH_DIS_DROPPED, NULL, "a script is code" },
	{ "source-code", NULL, GH_DIS_DROPPED, NULL, "source code" },
	{ "makefile", NULL, GH_DIS_DROPPED, NULL, "a makefile runs commands" },
	{ "dockerfile", NULL, GH_DIS_DROPPED, NULL, "a Dockerfile runs commands" },
	{ "pip-requirements", NULL, GH_DIS_DROPPED, NULL, "it installs programs" },
	{ "html", NULL, GH_DIS_DROPPED, NULL, "web pages run scripts" },
	{ "elf", NULL, GH_DIS_DROPPED, NULL, "a program" },
	{ "pe", NULL, GH_DIS_DROPPED, NULL, "a program" },
	{ "macho", NULL, GH_DIS_DROPPED, NULL, "a program" },
	{ "r-data", NULL, GH_DIS_DROPPED, NULL, "saved R sessions hold functions" },
	{ "r-lazyload", NULL, GH_DIS_DROPPED, NULL, "an R package is code" },
	{ "git-config", NULL, GH_DIS_DROPPED, NULL, "a repository's history is not needed to run a model" },
	{ "git-index", NULL, GH_DIS_DROPPED, NULL, "a repository's history is not needed to run a model" },
	{ "git-object", NULL, GH_DIS_DROPPED, NULL, "a repository's history is not needed to run a model" },
	{ "git-pack", NULL, GH_DIS_DROPPED, NULL, "a repository's history is not needed to run a model" },
	{ "git-pack-index", NULL, GH_DIS_DROPPED, NULL, "a repository's history is not needed to run a model" },
	{ "git-template", NULL, GH_DIS_DROPPED, NULL, "a repository's history is not needed to run a model" },
};

static const struct row *row_of(const char *format)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].format, format) == 0)
			return &rows[i];
	return NULL;
}

/* Files that are code by their name, however little of it they hold: content tells code from text only when there is enough. */
static const struct {
	const char *ends, *why;
} code_names[] = {
	{ ".py .pyw .pyi .pyx .ipynb", "Python source is code" },
	{ ".pyc .pyo .whl .egg", "compiled Python is code" },
	{ ".sh .bash .zsh .bat .cmd .ps1 .command", "a shell script is code" },
	{ ".js .mjs .cjs .rb .pl .php .lua .vbs", "a script is code" },
	{ ".c .cc .cpp .cxx .cu .cuh .h .hpp .rs .go .java .jl .cs .swift", "source code" },
	{ ".so .dll .dylib .exe .com .jar .class .o .a .wasm .deb .rpm .apk .msi", "a program" },
	{ ".html .htm .xhtml", "web pages run scripts" },
};
/* What weights are called. */
static const char weight_names[] =
	".safetensors .gguf .ggml .bin .pt .pth .ckpt .pkl .pickle .joblib .npy .npz .model .th .h5 "
	".hdf5 .keras .onnx .tflite .pb .msgpack .pdparams .params .mlmodel .engine .llamafile";

/* Is the end of `name` one of those in the list? Case does not count. */
static bool ends_in(struct gh_span name, const char *list)
{
	const char *dot = name.n == 0 ? NULL : memrchr(name.p, '.', name.n);
	size_t n = dot == NULL ? 0 : name.n - (size_t)((const uint8_t *)dot - name.p);
	for (const char *at = list; n > 1 && *at != '\0';) {
		size_t k = strcspn(at, " ");
		if (k == n && strncasecmp(at, dot, n) == 0)
			return true;
		at += k + strspn(at + k, " ");
	}
	return false;
}

static const char *code_by_name(struct gh_span name)
{
	for (size_t i = 0; i < sizeof code_names / sizeof code_names[0]; i++)
		if (ends_in(name, code_names[i].ends))
			return code_names[i].why;
	return NULL;
}

/* ---- a sink for readers that are run for what they return ---------------------------------------------------- */

struct ear {
	struct gh_sink sink;
	struct gh_spool_budget budget;
	bool stop;		    /* the first event ends the walk */
	const struct gh_fmt *given; /* the row that a reader handed its bytes to */
};

static enum gh_rc hear(struct gh_sink *s, const struct gh_event *e)
{
	(void)e;
	return ((struct ear *)s)->stop ? GH_E_LIMIT : GH_OK;
}

static struct gh_spool *spool_open(struct gh_sink *s, uint64_t packed)
{
	return gh_spool_new(&((struct ear *)s)->budget, packed);
}

static const struct gh_fmt *handed(struct gh_sink *s, const struct gh_fmt *fmt)
{
	struct ear *e = (struct ear *)s;
	const struct gh_fmt *was = e->given;
	e->given = fmt;
	return was;
}

static void sweep_nothing(void *arg, struct gh_spool *sp, struct gh_span block, uint64_t off)
{
	(void)arg;
	(void)sp;
	(void)block;
	(void)off;
}

static const struct gh_sink_ops ear_ops = {
	.event = hear,
	.spool_open = spool_open,
	.spool_put = gh_spool_put,
	.spool_src = gh_spool_src,
	.spool_close = gh_spool_free,
	.handed = handed,
};

/* ---- what is it ---------------------------------------------------------------------------------------------- */

/* Does this row read the source? Walks it until it says its first word. *f becomes the row that it was handed to. */
static bool reads(struct gh_dis_job *j, struct ear *ear, const struct gh_fmt **f, bool weak)
{
	gh_auto_arena arena = { .max = j->lim->arena };
	struct gh_err err = { 0 };
	struct gh_walk w = { .src = j->src,
			     .arena = &arena,
			     .sink = &ear->sink,
			     .lim = j->lim,
			     .name = j->name,
			     .weak = weak,
			     .err = &err };
	if ((*f)->walk == NULL)
		return true;
	ear->stop = true;
	ear->given = *f;
	enum gh_rc rc = (*f)->walk(&w);
	ear->stop = false;
	*f = ear->given;
	return rc != GH_E_NOTTHIS;
}

/* The format that the scanner would give the file: the most special one that reads it. */
static enum gh_rc identify(struct gh_dis_job *j, struct ear *ear, const struct gh_fmt **out)
{
	struct gh_ident id;
	gh_auto_arena arena = { .max = 4 << 20 };
	enum gh_rc rc = gh_identify(j->src, &arena, &id);
	*out = NULL;
	if (rc != GH_OK)
		return gh_fail(j->err, rc, "the file could not be read");
	for (int match = GH_STRONG; match > GH_NO && *out == NULL; match--)
		for (int special = 1; special >= 0 && *out == NULL; special--)
			for (size_t i = 0; i < id.n && *out == NULL; i++) {
				const struct gh_fmt *f = id.v[i].fmt;
				if ((int)id.v[i].match == match && (f->over != NULL) == (special != 0) &&
				    reads(j, ear, &f, match == GH_WEAK))
					*out = f;
			}
	return GH_OK;
}

enum gh_rc gh_dis_code(struct gh_dis_job *j, struct gh_src *src, struct gh_span name, const char **why)
{
	struct gh_dis_job in = *j; /* for its source and name */
	const struct gh_fmt *f = NULL;
	*why = code_by_name(name);
	if (*why != NULL || src->size == 0)
		return GH_OK;
	in.src = src;
	in.name = name;
	enum gh_rc rc = identify(&in, (struct ear *)j->sink, &f);
	const struct row *r = f == NULL ? NULL : row_of(f->name);
	if (rc == GH_OK && r != NULL && r->take == NULL)
		*why = r->why;
	return rc;
}

/* --only names keys of pickles. In other files of weights nothing goes by such keys. */
static bool only_means_nothing(const struct row *r)
{
	return r->take == gh_dis_safetensors || r->take == gh_dis_gguf || r->take == gh_dis_npy ||
	       r->take == gh_dis_npz || r->take == gh_dis_hdf5 || r->take == gh_dis_keras;
}

/* ---- one file ------------------------------------------------------------------------------------------------- */

static void give_back(struct gh_dis_job *j)
{
	gh_spool_free(j->spool);
	gh_spool_free(j->kept);
	free(j->block);
}

/* What cannot be read is an answer; what could not be finished is none. */
static enum gh_rc settle(struct gh_dis_job *j, enum gh_rc rc)
{
	if (rc == GH_E_MALFORMED || rc == GH_E_UNREAD || rc == GH_E_NOTTHIS || rc == GH_E_DENIED) {
		j->out->outcome = GH_DIS_REFUSED;
		return GH_OK;
	}
	return rc;
}

enum gh_rc gh_dis_run(struct gh_src *src, struct gh_span name, const struct gh_dis_options *opt,
		      const struct gh_limits *lim, const struct gh_dis_host *host, struct gh_dis_result *out,
		      struct gh_err *err)
{
	gh_auto_arena arena = { .max = lim->arena };
	struct ear ear = { .sink.ops = &ear_ops,
			   .budget = { .expanded_left = lim->expanded,
				       .ratio = lim->ratio,
				       .spill = host->spill,
				       .arg = host->arg,
				       .sweep = sweep_nothing } };
	struct gh_dis_job j = { .src = src,
				.name = name,
				.arena = &arena,
				.lim = lim,
				.opt = opt,
				.host = host,
				.out = out,
				.err = err,
				.sink = &ear.sink,
				.budget = &ear.budget };
	const struct gh_fmt *f;
	*out = (struct gh_dis_result){ .outcome = GH_DIS_COPY, .format = "" };
	if (src->size == 0 && ends_in(name, weight_names)) {
		out->outcome = GH_DIS_REFUSED;
		return gh_fail(err, GH_OK, "the file is empty: there are no weights in it");
	}
	if (src->size == 0)
		return GH_OK;
	enum gh_rc rc = identify(&j, &ear, &f);
	if (rc != GH_OK)
		return rc;
	out->format = f == NULL ? "" : f->name;
	const char *code = code_by_name(name);
	if (code != NULL) {
		out->outcome = GH_DIS_DROPPED;
		return gh_fail(err, GH_OK, "%s", code);
	}
	if (f == NULL)
		return GH_OK;
	/* A template is named, not recognised: many of them read like plain text. */
	const struct row *r = row_of(gh_span_ends(name, ".jinja") || gh_span_ends(name, ".jinja2") ? "jinja" : f->name);
	if (r == NULL)
		return GH_OK;
	out->outcome = r->outcome;
	if (r->take == NULL)
		return gh_fail(err, GH_OK, "%s", r->why);
	out->written = r->written == NULL ? "safetensors" : r->written;
	if (opt->only[0] != '\0' && only_means_nothing(r)) {
		out->outcome = GH_DIS_REFUSED;
		return gh_fail(err, GH_OK, "--only names a key of a pickle, and this is none (%s)", f->name);
	}
	rc = r->take(&j);
	if (j.unchanged != 0)
		gh_dis_say(&j, GH_DIS_ACT_KEPT, GH_SPAN(""), "tensors", j.unchanged,
			   "%u tensors of integers or of eight bits have no low bits to fill", j.unchanged);
	if (j.empty_bits != 0)
		gh_dis_say(&j, GH_DIS_ACT_KEPT, GH_SPAN(""), "tensors", j.empty_bits,
			   "%u tensors have nothing but zeros in these bits, so nothing hides there: left as they are",
			   j.empty_bits);
	give_back(&j);
	return settle(&j, rc);
}

/* ---- names ----------------------------------------------------------------------------------------------------- */

bool gh_dis_converted_name(const char *name, char *out, size_t cap)
{
	static const char *const ends[] = { ".bin", ".pt",    ".pth",  ".ckpt", ".pkl", ".pickle", ".joblib", ".npy",
					    ".npz", ".model", ".th",   ".tar",	".mdl", ".ptl",	   ".gz",     ".z",
					    ".bz2", ".xz",    ".lzma", ".lz4",	".h5",	".hdf5",   ".keras",  ".zst" };
	const char *slash = strrchr(name, '/');
	const char *base = slash == NULL ? name : slash + 1;
	size_t dir = (size_t)(base - name), n = strlen(base);
	for (bool again = true; again;) { /* model.pkl.gz has two */
		again = false;
		for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
			size_t e = strlen(ends[i]);
			if (n > e && strncasecmp(base + n - e, ends[i], e) == 0) {
				n -= e;
				again = true;
			}
		}
	}
	/* The name that loaders of Hugging Face repositories look for. */
	static const char was[] = "pytorch_model";
	bool hub = n >= sizeof was - 1 && memcmp(base, was, sizeof was - 1) == 0 &&
		   (n == sizeof was - 1 || base[sizeof was - 1] == '-');
	int w = hub ? snprintf(out, cap, "%.*smodel%.*s.safetensors", (int)dir, name, (int)(n - (sizeof was - 1)),
			       base + sizeof was - 1)
		    : snprintf(out, cap, "%.*s%.*s.safetensors", (int)dir, name, (int)n, base);
	return w > 0 && (size_t)w < cap;
}
