#include "scan/repo.h"

#include "base/buf.h"
#include "format/format.h"
#include "scan/repo_code.h"
#include "scan/repo_config.h"
#include "scan/repo_places.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	R_ASIDE,
	R_ABSENT,
	R_ELSEWHERE,
	R_BEYOND,
	R_INDEX,
	R_CODE_CLEAN,
	R_CODE_REVIEW,
	R_CODE_UNREAD,
	R_CODE_UNSAFE,
	R_CODE_ABSENT,
	R_CONFIG,
	R_HIDDEN,
	R_LOST,
	R_DIGEST,
	R_STORED,
	R_SHADOW,
	R_NAMED,
	R_STARTS,
	R_RUN,
	R_RUN_ODD,
	R_NEAR,
	R_STORE,
	R_OCDBT,
	RULES
};

const struct gh_rule gh_repo_rules[] = {
	[R_ASIDE] = { "GH-REPO-0001", GH_INFO, GH_CLEAN, "Another file is loaded instead of this one",
		      "None by itself. Old versions, other libraries and an option of the loader take this file, whose "
		      "content may differ.",
		      "Delete the weights that nobody should load.", "AML.T0010" },
	[R_ABSENT] = { "GH-REPO-0002", GH_MEDIUM, GH_INCOMPLETE, "Weights that belong to the model are not here",
		       "What was not scanned may hold anything, and may be fetched when the model is loaded.",
		       "Fetch the model completely and scan it again.", "CWE-829" },
	[R_ELSEWHERE] = { "GH-REPO-0003", GH_INFO, GH_CLEAN, "Part of the model lies in another file",
			  "None by itself: that file was not given to this scan.",
			  "Scan the whole directory to have it checked as well.", "" },
	[R_BEYOND] = { "GH-REPO-0004", GH_MEDIUM, GH_INCOMPLETE, "Weights are said to lie behind the end of a file",
		       "A loader that trusts the place reads memory that is not its own; more often the file was cut.",
		       "Fetch the file again and compare its digest with the publisher's.", "CWE-125" },
	[R_INDEX] = { "GH-REPO-0005", GH_MEDIUM, GH_REVIEW, "The index and the file disagree about what it holds",
		      "Tensors that the index does not name, or takes from elsewhere, differ silently from what was "
		      "published.",
		      "Compare both with the publisher's; export the model again.", "CWE-345 AML.T0018" },
	[R_CODE_CLEAN] = { "GH-REPO-0006", GH_INFO, GH_CLEAN,
			   "Loading with remote code runs a source file of this model",
			   "None found: the file was read, and uses nothing but libraries for computing.",
			   "Pin the revision, so that it stays the file that was scanned.", "CWE-829" },
	[R_CODE_REVIEW] = { "GH-REPO-0007", GH_MEDIUM, GH_REVIEW,
			    "Loading with remote code runs a source file that a person must judge",
			    "Whatever the file does, on every machine that loads the model.",
			    "See the findings of the file named; read it before use.", "CWE-829 AML.T0011" },
	[R_CODE_UNREAD] = { "GH-REPO-0008", GH_MEDIUM, GH_INCOMPLETE,
			    "Loading with remote code runs a source file that could not be read",
			    "Whatever the file does, on every machine that loads the model.",
			    "See the findings of the file named; do not load with remote code.", "CWE-829 AML.T0011" },
	[R_CODE_UNSAFE] = { "GH-REPO-0009", GH_CRITICAL, GH_UNSAFE, "Loading with remote code runs dangerous code",
			    "The author's code runs on every machine that loads the model.", "Do not load this model.",
			    "CWE-829 CWE-94 AML.T0011" },
	[R_CODE_ABSENT] = { "GH-REPO-0010", GH_HIGH, GH_REVIEW, "Loading with remote code runs a file that is not here",
			    "The loader fetches it from wherever the model comes from; nobody has looked at it.",
			    "Scan the whole directory with the code in it, or use a model that needs none.",
			    "CWE-829 CWE-494 AML.T0011" },
	[R_CONFIG] = { "GH-REPO-0011", GH_MEDIUM, GH_REVIEW, "Configuration and weights do not belong together",
		       "Loaders fill what is missing with random numbers and drop what is too much: another model than "
		       "the one that was tested.",
		       "Compare both with the publisher's.", "CWE-345 AML.T0018" },
	[R_HIDDEN] = { "GH-REPO-0012", GH_MEDIUM, GH_REVIEW, "A hidden file that programs load or run",
		       "Listings do not show it; a second stage knows where to look.", "Remove it.", "CWE-506" },
	[R_LOST] = { "GH-REPO-0013", GH_LOW, GH_INCOMPLETE, "More references to other files than can be followed",
		     "What the rest refers to was not compared with the files that are here.",
		     "Have the file reviewed by other means.", "CWE-770" },
	[R_DIGEST] = { "GH-REPO-0014", GH_HIGH, GH_UNSAFE, "A file is not the one that its name promises",
		       "Stores of images and models name files by their digest, and programs that trust the name use "
		       "this "
		       "content in the place of the published one.",
		       "Do not load; fetch the file again from its source.", "CWE-345 CWE-353 AML.T0010" },
	[R_STORED] = { "GH-REPO-0015", GH_INFO, GH_CLEAN,
		       "Weights are stored as another type than the configuration says",
		       "None by itself: loaders convert. A model that was edited or converted may show it.",
		       "None needed; the publisher may say why.", "" },
	[R_SHADOW] = { "GH-REPO-0016", GH_HIGH, GH_REVIEW, "A module of this directory takes the place of a library",
		       "Python looks where a program stands before it looks among the installed libraries: whoever "
		       "works "
		       "in this directory imports this file in place of the library, whatever imports it.",
		       "Rename or remove it; do not run Python in this directory.",
		       "CWE-427 CWE-829 AML.T0010 AML.T0011" },
	[R_NAMED] = { "GH-REPO-0017", GH_INFO, GH_CLEAN, "A module of this directory has the name of a library",
		      "None by itself: the name is a common one. Programs that run in this directory import this file.",
		      "See to it that it is what its name says.", "CWE-427" },
	[R_STARTS] = { "GH-REPO-0018", GH_HIGH, GH_REVIEW, "A file that Python obeys at every start",
		       "Where such a file is found among the places of modules, its code or its paths come into every "
		       "program, before the program itself.",
		       "Remove it; no model needs one.", "CWE-427 CWE-506 AML.T0011" },
	[R_RUN] = { "GH-REPO-0019", GH_INFO, GH_CLEAN, "A command here has Python run a file of this directory",
		    "None by itself: see what was found in the file.", "Read the file before running the command.",
		    "CWE-829" },
	[R_RUN_ODD] = { "GH-REPO-0020", GH_HIGH, GH_REVIEW,
			"A command has Python run a file that does not read as Python",
			"Python also runs bytecode, and archives that hold a program; neither shows what it does.",
			"Do not run the command.", "CWE-829 CWE-506 AML.T0011" },
	[R_NEAR] = { "GH-REPO-0021", GH_INFO, GH_CLEAN, "Tools for developers run this file by its name",
		     "None by itself: its content was judged as what it is. Tests, builds and installers run it "
		     "unasked.",
		     "Read it before running tests or installing.", "CWE-829" },
	[R_STORE] = { "GH-REPO-0022", GH_MEDIUM, GH_INCOMPLETE, "A manifest names content that is not here",
		      "What was not scanned may hold anything, and is fetched when the image or model is used.",
		      "Fetch all of it and scan again.", "CWE-829" },
	[R_OCDBT] = { "GH-REPO-0023", GH_MEDIUM, GH_INCOMPLETE, "Identified, not read: data of an OCDBT store",
		      "Whatever was not read may hold anything: tensors lie in it without a structure that is known "
		      "here.",
		      "Export the checkpoint in another format, such as safetensors, and scan that.", "" },
	GH_RULES_END
};

struct repo {
	const struct gh_repo_file *file;
	size_t n;
	bool alone;
	void (*find)(void *arg, size_t i, const struct gh_rule *rule, const char *detail);
	void *arg;
	struct gh_repo_work *work;
};

static void say(const struct repo *r, size_t i, unsigned rule, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static void say(const struct repo *r, size_t i, unsigned rule, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	r->find(r->arg, i, &gh_repo_rules[rule], text);
}

static struct gh_safe safe(const char *s) { return gh_safe(gh_span_str(s)); }

/* ---- paths ------------------------------------------------------------------------------------------------------- */

static size_t dir_len(const char *name)
{
	const char *slash = strrchr(name, '/');
	return slash == NULL ? 0 : (size_t)(slash - name) + 1;
}

/* The file that `target`, named in file i, stands for; r->n when there is none, or when it leaves the artifact. */
static size_t resolve(const struct repo *r, size_t i, const char *target)
{
	const char *from = r->file[i].name;
	size_t dir = dir_len(from);
	if (target[0] == '/' || target[0] == '\0')
		return r->n;
	while (strncmp(target, "./", 2) == 0)
		target += 2;
	for (; strncmp(target, "../", 3) == 0; target += 3) {
		if (dir == 0)
			return r->n;
		for (dir--; dir > 0 && from[dir - 1] != '/'; dir--)
			;
	}
	if (strstr(target, "/../") != NULL || strstr(target, "/./") != NULL || strstr(target, "//") != NULL)
		return r->n; /* no writer does that */
	for (size_t k = 0; k < r->n; k++)
		if (strncmp(r->file[k].name, from, dir) == 0 && strcmp(r->file[k].name + dir, target) == 0)
			return k;
	return r->n;
}

static const char *base(const char *name) { return name + dir_len(name); }

static bool same_dir(const char *a, const char *b)
{
	size_t n = dir_len(a);
	return n == dir_len(b) && strncmp(a, b, n) == 0;
}

/* ---- raw weights --------------------------------------------------------------------------------------------------- */

static int by_off(const void *a, const void *b)
{
	const struct gh_range *x = a, *y = b;
	return x->off != y->off ? (x->off < y->off ? -1 : 1) : x->len != y->len ? (x->len < y->len ? -1 : 1) : 0;
}

size_t gh_repo_declared(const struct gh_repo_file *file, size_t n, size_t i, struct gh_range *v, size_t max)
{
	const struct repo r = { .file = file, .n = n };
	size_t got = 0, kept = 0;
	for (size_t k = 0; k < n; k++)
		for (size_t j = 0; file[k].report != NULL && j < file[k].nfact; j++) {
			const struct gh_fact *f = &file[k].fact[j];
			if (f->kind != GH_FACT_DATA || k == i || resolve(&r, k, f->target) != i || f->a >= file[i].size)
				continue;
			if (got == max)
				return SIZE_MAX;
			uint64_t left = file[i].size - f->a;
			v[got++] = (struct gh_range){ f->a, f->b < left ? f->b : left };
		}
	if (got > 1)
		qsort(v, got, sizeof *v, by_off);
	for (size_t k = 0; k < got; k++) {
		struct gh_range *last = kept == 0 ? NULL : &v[kept - 1];
		if (last == NULL || v[k].off > last->off + last->len)
			v[kept++] = v[k];
		else if (v[k].off + v[k].len > last->off + last->len)
			last->len = v[k].off + v[k].len - last->off;
	}
	return kept;
}

/* ---- what one file says about another ------------------------------------------------------------------------------ */

static void absent(const struct repo *r, size_t i, const char *target)
{
	if (r->alone)
		say(r, i, R_ELSEWHERE, "\"%s\"", safe(target).s);
	else
		say(r, i, R_ABSENT, "\"%s\" is named here and is not in this directory", safe(target).s);
}

static bool reads_as_python(const struct gh_repo_file *f)
{
	return f->report != NULL && strcmp(f->report->format, "python") == 0;
}

/* The worst of what a source imports from beside it, and what that imports in turn. */
static void on_imports(const struct repo *r, size_t i, size_t start)
{
	struct gh_repo_reach reach;
	gh_repo_reach(r->file, r->n, start, r->work, &reach);
	for (size_t k = 0; k < reach.nabsent; k++)
		say(r, i, R_CODE_ABSENT, "\"%s\", which \"%s\" imports", safe(reach.absent[k].module).s,
		    safe(r->file[reach.absent[k].from].name).s);
	if (reach.lost)
		say(r, i, R_LOST, "modules that \"%s\" imports", safe(r->file[start].name).s);
	for (size_t k = 1; k < reach.n; k++) { /* the first is the start itself */
		const struct gh_repo_file *f = &r->file[reach.file[k]];
		enum gh_verdict v = f->report == NULL ? GH_INCOMPLETE : f->report->verdict;
		if (v == GH_CLEAN && !reads_as_python(f))
			v = f->size == 0 ? GH_CLEAN : GH_INCOMPLETE;
		if (v != GH_CLEAN)
			say(r, i,
			    v == GH_REVIEW	 ? R_CODE_REVIEW
			    : v == GH_INCOMPLETE ? R_CODE_UNREAD
						 : R_CODE_UNSAFE,
			    "\"%s\", imported by \"%s\": %s", safe(f->name).s, safe(r->file[start].name).s,
			    gh_verdict_name(v));
	}
}

/* A command runs a file of the directory, by its path or as a module. */
static void on_run(const struct repo *r, size_t i, const struct gh_fact *f)
{
	size_t k = f->kind == GH_FACT_MODULE ? gh_repo_module(r->file, r->n, i, f->target, true, r->work)
					     : resolve(r, i, f->target);
	if (k == r->n || r->file[k].report == NULL)
		return; /* an installed one; files of other places are for the check of commands */
	enum gh_verdict v = r->file[k].report->verdict;
	bool odd = !reads_as_python(&r->file[k]) && r->file[k].size != 0;
	say(r, i, odd ? R_RUN_ODD : R_RUN, "\"%s\": %s, %s", safe(r->file[k].name).s, r->file[k].report->format,
	    gh_verdict_name(v));
}

static void on_code(const struct repo *r, size_t i, const struct gh_fact *f)
{
	size_t k = resolve(r, i, f->target);
	if (k == r->n || r->file[k].report == NULL) {
		say(r, i, R_CODE_ABSENT, "\"%s\"", safe(f->target).s);
		return;
	}
	on_imports(r, i, k);
	static const unsigned by_verdict[] = { [GH_CLEAN] = R_CODE_CLEAN,
					       [GH_REVIEW] = R_CODE_REVIEW,
					       [GH_INCOMPLETE] = R_CODE_UNREAD,
					       [GH_UNSAFE] = R_CODE_UNSAFE };
	enum gh_verdict v = r->file[k].report->verdict;
	/* Only the reader of the language can say that code is harmless. */
	say(r, i, v == GH_CLEAN && !reads_as_python(&r->file[k]) ? R_CODE_UNREAD : by_verdict[v], "\"%s\": %s",
	    safe(f->target).s, gh_verdict_name(v));
}

static const struct gh_fact *fact(const struct gh_repo_file *f, enum gh_fact_kind kind)
{
	for (size_t j = 0; j < f->nfact; j++)
		if (f->fact[j].kind == kind)
			return &f->fact[j];
	return NULL;
}

static void on_shard(const struct repo *r, size_t i, const struct gh_fact *f)
{
	size_t k = resolve(r, i, f->target);
	if (k == r->n) {
		absent(r, i, f->target);
		return;
	}
	const struct gh_repo_file *shard = &r->file[k];
	const struct gh_fact *held = fact(shard, GH_FACT_TENSORS);
	if (shard->report == NULL || shard->report->verdict == GH_INCOMPLETE || fact(shard, GH_FACT_LOST) != NULL ||
	    fact(&r->file[i], GH_FACT_LOST) != NULL)
		return; /* what it holds is not known: that is said already */
	uint64_t n = held == NULL ? 0 : held->a;
	if (n != f->a)
		say(r, i, R_INDEX, "%llu tensors are placed in \"%s\", which holds %llu", (unsigned long long)f->a,
		    safe(f->target).s, (unsigned long long)n);
	else if (held != NULL && held->b != f->b && strcmp(shard->report->format, "safetensors") == 0)
		say(r, i, R_INDEX, "the %llu tensors in \"%s\" have other names", (unsigned long long)n,
		    safe(f->target).s);
}

/* Was something said? Of a file that is named for a thousand tensors, once is enough. */
static bool on_data(const struct repo *r, size_t i, const struct gh_fact *f)
{
	size_t k = resolve(r, i, f->target);
	if (k == r->n)
		absent(r, i, f->target);
	else if (f->a > r->file[k].size || (f->b != UINT64_MAX && f->b > r->file[k].size - f->a))
		say(r, i, R_BEYOND, "%llu bytes from %llu of \"%s\", which has %llu", (unsigned long long)f->b,
		    (unsigned long long)f->a, safe(f->target).s, (unsigned long long)r->file[k].size);
	else
		return false;
	return true;
}

static void on_blob(const struct repo *r, size_t i, const struct gh_fact *f)
{
	static const char algorithm[] = "sha256:";
	size_t n = strlen(algorithm);
	bool store = false;
	if (r->alone || strncmp(f->target, algorithm, n) != 0)
		return;
	for (size_t k = 0; k < r->n; k++) {
		const char *digest = gh_place_digest(r->file[k].name);
		store = store || digest != NULL || strcmp(base(r->file[k].name), "oci-layout") == 0;
		if (digest != NULL && strcmp(digest, f->target + n) == 0)
			return;
	}
	if (store) /* else it is no store, but a document that speaks of one */
		say(r, i, R_STORE, "%s", safe(f->target).s);
}

static void one_file(const struct repo *r, size_t i)
{
	const struct gh_repo_file *file = &r->file[i];
	const char *told = "";
	for (size_t j = 0; j < file->nfact; j++) {
		const struct gh_fact *f = &file->fact[j];
		switch (f->kind) {
		case GH_FACT_DATA:
			if (strcmp(told, f->target) != 0 && on_data(r, i, f))
				told = f->target;
			break;
		case GH_FACT_CODE: on_code(r, i, f); break;
		case GH_FACT_MODULE:
			if (f->a != 0)
				on_run(r, i, f);
			break;
		case GH_FACT_SCRIPT: on_run(r, i, f); break;
		case GH_FACT_BLOB: on_blob(r, i, f); break;
		case GH_FACT_SHARD: on_shard(r, i, f); break;
		case GH_FACT_LOST: say(r, i, R_LOST, "the first %d were compared", (int)GH_FACTS_SENT); break;
		case GH_FACT_STAGE:
		case GH_FACT_PACKAGE:
		case GH_FACT_TENSORS:
		case GH_FACT_LAYERS:
		case GH_FACT_EMBED:
		case GH_FACT_SETTING:
		case GH_FACT_SHAPE:
		case GH_FACT_DTYPE:
		case GH_FACT_KINDS: break;
		}
	}
}

/* ---- what a loader would take ---------------------------------------------------------------------------------------- */

/* Of several sets of weights in a directory, the loaders of Transformers, PEFT and Diffusers take the first that is
 * there. */
static const struct {
	const char *loader;
	const char *order[6];
} families[] = {
	{ "Transformers",
	  { "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
	    "tf_model.h5", "flax_model.msgpack" } },
	{ "PEFT", { "adapter_model.safetensors", "adapter_model.bin" } },
	{ "Diffusers",
	  { "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.safetensors.index.json",
	    "diffusion_pytorch_model.bin", "diffusion_pytorch_model.bin.index.json" } },
};

static const char *preferred(const struct repo *r, size_t i, const char **loader)
{
	const char *name = base(r->file[i].name);
	for (size_t k = 0; k < sizeof families / sizeof families[0]; k++)
		for (size_t rank = 1; rank < 6 && families[k].order[rank] != NULL; rank++) {
			if (strcmp(name, families[k].order[rank]) != 0)
				continue;
			for (size_t better = 0; better < rank; better++)
				for (size_t j = 0; j < r->n; j++)
					if (same_dir(r->file[j].name, r->file[i].name) &&
					    strcmp(base(r->file[j].name), families[k].order[better]) == 0) {
						*loader = families[k].loader;
						return families[k].order[better];
					}
		}
	return NULL;
}

static void config_says(void *arg, size_t i, enum gh_config_matter what, const char *text)
{
	say(arg, i, what == GH_CONFIG_STORED ? R_STORED : R_CONFIG, "%s", text);
}

/* What the name of a file makes Python or its tools do. */
static void on_name(const struct repo *r, size_t i)
{
	static const unsigned rule[] = { [GH_NAME_SHADOWS] = R_SHADOW,
					 [GH_NAME_COMMON] = R_NAMED,
					 [GH_NAME_STARTS] = R_STARTS,
					 [GH_NAME_TOOLS] = R_NEAR };
	char why[160];
	enum gh_repo_name what = r->alone ? GH_NAME_PLAIN : gh_repo_name(r->file, r->n, i, r->work, why, sizeof why);
	if (what != GH_NAME_PLAIN)
		say(r, i, rule[what], "%s", why);
}

void gh_repo_judge(const struct gh_repo_file *file, size_t n, bool alone,
		   void (*find)(void *arg, size_t i, const struct gh_rule *rule, const char *detail), void *arg)
{
	struct gh_repo_work work = { .left = GH_REPO_WORK };
	const struct repo r = { .file = file, .n = n, .alone = alone, .find = find, .arg = arg, .work = &work };
	bool told = false;
	for (size_t i = 0; i < n; i++) {
		const char *loader = NULL, *better = preferred(&r, i, &loader);
		if (file[i].report == NULL)
			continue;
		one_file(&r, i);
		on_name(&r, i);
		if (work.spent && !told) { /* once for all: it is the directory that is too large */
			told = true;
			say(&r, i, R_LOST, "modules of Python among %zu files", n);
		}
		if (strcmp(file[i].report->format, "unknown") == 0 && gh_place_ocdbt(file, n, i))
			say(&r, i, R_OCDBT, "the manifest beside \"d\" says what it is");
		if (better != NULL)
			say(&r, i, R_ASIDE, "%s loads \"%s\" of this directory and leaves this file aside", loader,
			    better);
		if (strcmp(base(file[i].name), "config.json") == 0)
			gh_repo_config(file, n, i, config_says, (void *)(uintptr_t)&r);
		const char *digest = gh_place_digest(file[i].name), *is = file[i].report->sha256;
		if (digest != NULL && is[0] != '\0' && strcmp(digest, is) != 0)
			say(&r, i, R_DIGEST, "its digest is %s", is);
		if (!alone && gh_place_hidden(file[i].name, file[i].report->format, file[i].size))
			say(&r, i, R_HIDDEN, "content is %s", file[i].report->format);
	}
	gh_repo_licences(file, n, alone, find, arg);
}
