#include "format/json_doc.h"

#include "format/json_keys.h"
#include "format/json_look.h"
#include "format/keras/json_objects.h"
#include "format/json_text.h"
#include "format/notebook.h"
#include "format/packages.h"
#include "format/settings.h"
#include "format/signs.h"
#include "wire/path.h"

enum {
	SAY = 16,	 /* findings of one kind */
	LONG_TEXT = 256, /* in vocabularies and data only texts from this size on are searched for encoded files */
	SHOWN_TEXTS = 4096,
};

enum {
	A_JSON,
	A_DEPTH,
	A_DUPLICATE,
	A_NAN,
	A_LONE,
	A_MANY,
	A_TEMPLATE,
	A_ESCAPE,
	A_REMOTE,
	A_LOCAL,
	A_CODE,
	A_TRUST,
	A_TARGET,
	A_TARGET_BAD,
	A_NOTEBOOK,
	A_NB_ACTIVE,
	A_NB_LAST = A_NB_ACTIVE + GH_NB_RULES - 1,
	A_PY,
	A_PY_CALL,
	A_OBJECT,
	A_COMMAND,
	A_SHARD,
	A_SHARD_ODD,
	A_SHARD_TYPE,
	A_LIBRARY,
	A_LIBRARY_BAD,
	A_HUGE,
	A_UNSAFE_MODE,
	A_LENIENT,
	A_SIGN,
	RULES = A_SIGN + GH_SIGNS,
};

const struct gh_rule gh_json_rules[] = {
	[A_JSON] = { "GH-JSON-0001", GH_MEDIUM, GH_REVIEW, "Not valid JSON",
		     "Lenient and strict readers see different documents.", "Get the file again; check what reads it.",
		     "CWE-20 CWE-436" },
	[A_DEPTH] = { "GH-JSON-0002", GH_MEDIUM, GH_INCOMPLETE, "Nested too deeply to be read",
		      "Readers that recurse run out of stack.", "Do not load; no real document nests that deep.",
		      "CWE-674" },
	[A_DUPLICATE] = { "GH-JSON-0003", GH_MEDIUM, GH_REVIEW, "A key occurs twice in an object",
			  "Readers that keep the first and readers that keep the last see different values.",
			  "Remove one of the two.", "CWE-694 CWE-436" },
	[A_NAN] = { "GH-JSON-0004", GH_INFO, GH_CLEAN, "NaN or Infinity as Python writes them",
		    "None: not JSON by the letter, strict readers refuse it.", "None needed.", "" },
	[A_LONE] = { "GH-JSON-0005", GH_INFO, GH_CLEAN, "Half of a surrogate pair in a string",
		     "None: strict readers refuse it.", "None needed.", "CWE-176" },
	[A_MANY] = { "GH-JSON-0006", GH_LOW, GH_INCOMPLETE, "More keys than can be watched for duplicates",
		     "A second value of a key passes unseen.", "Split the file.", "CWE-770" },
	[A_TEMPLATE] = { "GH-JSON-0007", GH_MEDIUM, GH_INCOMPLETE,
			 "Chat template too long to be analysed, or one of too many",
			 "A template is a program that runs for every request: it can change what the model is told.",
			 "Read the template before deploying, or use one of your own.",
			 "CVE-2024-34359 CWE-1336 AML.T0051" },
	[A_ESCAPE] = { "GH-JSON-0008", GH_CRITICAL, GH_UNSAFE, "Template reaches into Python's internals",
		       "Rendering the first prompt runs the author's code on the server.",
		       "Do not load; report the source.", "CVE-2024-34359 CWE-1336 CWE-94 AML.T0011" },
	[A_REMOTE] = { "GH-JSON-0009", GH_CRITICAL, GH_UNSAFE, "Code from another repository is loaded with the model",
		       "Whoever owns that repository runs code on every machine that loads the model, today and after "
		       "any change.",
		       "Do not load with remote code; use a model whose architecture the library implements.",
		       "CWE-829 CWE-494 AML.T0010" },
	[A_LOCAL] = { "GH-JSON-0010", GH_HIGH, GH_REVIEW, "The model brings its own Python code",
		      "With trust_remote_code the library imports and runs the named file of this repository.",
		      "Read the file; pin the revision; prefer a built-in architecture.", "CWE-829 AML.T0011" },
	[A_CODE] = { "GH-JSON-0030", GH_INFO, GH_CLEAN, "Loading with remote code imports a file of this repository",
		     "Whatever the file does; that is judged where it lies.", "Pin the revision that was scanned.",
		     "CWE-829 AML.T0011" },
	[A_TRUST] = { "GH-JSON-0011", GH_HIGH, GH_REVIEW, "The configuration asks to trust remote code",
		      "Software that follows the request runs code it fetches.", "Set it to false.",
		      "CWE-829 CWE-1188" },
	[A_TARGET] = { "GH-JSON-0012", GH_HIGH, GH_REVIEW, "The configuration names a callable to import and call",
		       "Hydra and its kind call whatever name stands here.",
		       "Check that the name belongs to the model's own library.", "CWE-470 AML.T0011" },
	[A_TARGET_BAD] = { "GH-JSON-0013", GH_CRITICAL, GH_UNSAFE, "The configuration calls into the system",
			   "Instantiating the configuration runs commands or loads code.",
			   "Do not load; report the source.", "CWE-470 CWE-94 AML.T0011" },
	[A_NOTEBOOK] = { "GH-JSON-0015", GH_INFO, GH_CLEAN, "A notebook: its cells were read as code",
			 "Running the cells runs the author's code.", "Read the cells before running them.", "CWE-94" },
	[A_NB_ACTIVE] = { "GH-JSON-0050", GH_MEDIUM, GH_REVIEW, "Outputs of a notebook hold scripts for a browser",
			  "A viewer that trusts the notebook runs the author's script in the reader's session.",
			  "Clear the outputs before opening the notebook.", "CWE-79 CWE-80" },
	[A_NB_ACTIVE + GH_NB_LONG] = { "GH-JSON-0051", GH_MEDIUM, GH_INCOMPLETE,
				       "A notebook with more code than is read",
				       "What comes behind the limit is not seen.", "Split the notebook.", "CWE-770" },
	[A_NB_ACTIVE + GH_NB_KERNEL] = { "GH-JSON-0052", GH_MEDIUM, GH_REVIEW, "A notebook whose cells are not Python",
					 "Running the cells runs the author's code in that language.",
					 "Read the cells before running them.", "CWE-94 AML.T0011" },
	[A_NB_ACTIVE + GH_NB_MAGIC] = { "GH-JSON-0053", GH_MEDIUM, GH_REVIEW,
					"A cell gives a command to IPython that runs or loads something else",
					"Whatever the file, the extension or the code does.",
					"Read what it runs before running the cell.", "CWE-829 CWE-94 AML.T0011" },
	[A_PY] = { "GH-JSON-0016", GH_HIGH, GH_REVIEW, "Names Python objects for jsonpickle to restore",
		   "Jsonpickle.decode() imports what the document names.", "Do not decode with jsonpickle.",
		   "CWE-502" },
	[A_PY_CALL] = { "GH-JSON-0017", GH_CRITICAL, GH_UNSAFE, "Calls Python objects when decoded with jsonpickle",
			"Decoding runs the author's code.", "Do not decode with jsonpickle.", "CWE-502 AML.T0011" },
	[A_OBJECT] = { "GH-JSON-0018", GH_MEDIUM, GH_INCOMPLETE, "Objects for a loader to build: identified, not read",
		       "The loader imports the classes that the document names.", "Have the names reviewed.",
		       "CWE-502 CWE-470" },
	[A_COMMAND] = { "GH-JSON-0019", GH_HIGH, GH_REVIEW, "Names programs that a tool starts",
			"Opening or installing runs the author's commands.", "Read the commands before the tool does.",
			"CWE-829" },
	[A_SHARD] = { "GH-JSON-0020", GH_HIGH, GH_UNSAFE, "Index names a file outside the model",
		      "The loader opens a file of the author's choice: another user's model, a device, a planted "
		      "pickle.",
		      "Do not load.", "CWE-22 CWE-73" },
	[A_SHARD_ODD] = { "GH-JSON-0021", GH_MEDIUM, GH_REVIEW, "Index names a file in an unusual way",
			  "Names that read differently from what they are.", "Have the index written again.",
			  "CWE-20" },
	[A_SHARD_TYPE] = { "GH-JSON-0022", GH_MEDIUM, GH_REVIEW, "Weight_map does not map names to file names",
			   "Readers disagree about which file holds a tensor.", "Have the index written again.",
			   "CWE-20" },
	[A_LIBRARY] = { "GH-JSON-0023", GH_HIGH, GH_REVIEW, "A part of the pipeline comes from a library of its own",
			"Loading the pipeline imports the named module, which may be a file beside the model.",
			"Read that module, or use parts that the pipeline's library has itself.",
			"CWE-829 CWE-470 AML.T0011" },
	[A_LIBRARY_BAD] = { "GH-JSON-0024", GH_CRITICAL, GH_UNSAFE,
			    "A part of the pipeline is taken from the system or from a path",
			    "Loading the pipeline imports and calls what the author chose.",
			    "Do not load; report the source.", "CWE-22 CWE-470 CWE-94 AML.T0011" },
	[A_HUGE] = { "GH-JSON-0025", GH_HIGH, GH_UNSAFE, "A layer of a size that no machine holds",
		     "Building the model exhausts memory.", "Do not load.", "CWE-789 CWE-400 AML.T0029" },
	[A_UNSAFE_MODE] = { "GH-JSON-0026", GH_CRITICAL, GH_UNSAFE,
			    "The configuration switches the loader's safe mode off",
			    "What the loader would refuse is then loaded: code, pickles.",
			    "Do not load; report the source.", "CVE-2025-9906 CWE-1188 CWE-502" },
	[A_LENIENT] = { "GH-JSON-0027", GH_MEDIUM, GH_REVIEW, "Only lenient readers accept this JSON",
			"Editors and tools that pass over comments and spare commas act on a document that strict "
			"readers, "
			"and reviewers who use one, never see.",
			"Have it written as plain JSON.", "CWE-436 CWE-20" },
	GH_SIGN_RULES("GH-JSON", A_SIGN),
	[RULES] = GH_RULES_END,
};

struct frame { /* one open array or object */
	enum gh_json_zone zone;
	unsigned marks;
	struct gh_json_key key;	  /* of the value that comes next, in objects */
	struct gh_json_name hold; /* the key under which it stands */
	bool array;
	unsigned items;		     /* of an array, so far: strings */
	unsigned values;	     /* values of an array, so far */
	bool unpaired;		     /* an array that is no pair [library, Class] */
	struct gh_json_name library; /* the first of a pair */
	bool named, target;	     /* `type`, `target`: a dotted name that is not sentence-transformers' own */
};

/* A pair [library, Class] at the top of a document. Whether it is one that a loader acts on is known at the end. */
struct pair {
	struct gh_json_name key, library;
	bool path, odd, custom; /* custom: _class_name is itself a pair */
	bool model;		/* _class_name is that of a part, not of a pipeline */
};

struct doc {
	struct gh_walk *w;
	struct gh_json_src x;
	struct gh_json_texts texts;
	struct gh_objects objects;	       /* that Keras or skops would make */
	struct frame frame[GH_JSON_DEPTH + 1]; /* [0]: outside */
	struct gh_json_name name;	       /* the last key seen */
	bool asked, shown;		       /* gh_json_shown(name), once asked */
	struct pair pair;		       /* the worst of them */
	struct gh_settings settings;
	struct gh_json_name path; /* of the object at hand, when it is an item of the document: a module's directory */
	uint64_t path_off, path_len;
	struct gh_notebook *notebook; /* cells that were seen so far; NULL: no memory, or many values */
	uint64_t last_shard;	      /* hash of the file name before */
	bool is_notebook;
	bool lines;	       /* many values: data, not configuration */
	const char *lock_file; /* ecosystem of the packages of a lock file (Pipfile.lock, package-lock.json), or NULL */
	unsigned said[RULES];
};

static void say(struct doc *d, unsigned a, const char *what)
{
	const struct gh_json *j = &d->x.j;
	uint64_t off = j->off < d->x.end ? j->off : d->x.end;
	uint64_t len = j->tok == GH_JSON_BAD ? 0 : j->len;
	if (d->said[a]++ >= SAY)
		return;
	if (d->name.n != 0)
		gh_anomaly(d->w, &gh_json_rules[a], off, len, "at \"%s\": %s", gh_safe(gh_json_name(&d->name)).s, what);
	else
		gh_anomaly(d->w, &gh_json_rules[a], off, len, "%s", what);
}

static bool contains(struct gh_span s, const char *what)
{
	return s.n != 0 && memmem(s.p, s.n, what, strlen(what)) != NULL;
}

/* ---- values that mean something to a loader ------------------------------------------------------------------- */

static enum gh_rc on_template(struct doc *d)
{
	struct gh_json *j = &d->x.j;
	if (j->full == 0)
		return GH_OK;
	if (j->full > j->text.n || d->texts.texts_left == 0)
		say(d, A_TEMPLATE, "a template");
	d->texts.role = "chat-template";
	enum gh_rc rc = gh_json_text(&d->texts, &d->x, gh_json_name(&d->name), GH_JT_EMIT | GH_JT_ENCODED);
	d->texts.role = "configuration";
	return rc;
}

static enum gh_rc on_target(struct doc *d)
{
	struct gh_span name = d->x.j.text;
	size_t dot = name.n;
	while (dot > 0 && name.p[dot - 1] != '.')
		dot--;
	struct gh_call call = { .how = GH_CALL_INST,
				.system = "hydra",
				.module = gh_span_cut(name, 0, dot > 0 ? dot - 1 : 0),
				.name = gh_span_cut(name, dot, name.n),
				.resolved = d->x.j.text.n == d->x.j.full };
	call.as_module = call.module;
	call.as_name = call.name;
	return gh_emit(d->w, GH_EV_CALL, d->x.j.off, d->x.j.len, &call);
}

/* `{{ … }}` or `{% … %}` that names Python's internals, under whatever key. */
static bool template_escapes(struct gh_span s, size_t *at)
{
	for (size_t i = 0; i + 4 <= s.n; i++) {
		const uint8_t *open = memchr(s.p + i, '{', s.n - i - 1);
		if (open == NULL)
			return false;
		i = (size_t)(open - s.p);
		if (s.p[i + 1] != '{' && s.p[i + 1] != '%')
			continue;
		struct gh_span in = gh_span_cut(s, i + 2, s.n);
		const uint8_t *end = in.n < 2 ? NULL : memmem(in.p, in.n, s.p[i + 1] == '{' ? "}}" : "%}", 2);
		if (end == NULL)
			return false; /* the expression of a later opening would have ended here, too */
		in.n = (size_t)(end - in.p);
		if (gh_signs_template(in, at)) {
			*at += i + 2;
			return true;
		}
		i += in.n + 2;
	}
	return false;
}

static bool dotted(struct gh_span s)
{
	bool dot = false;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
		if (!word && (c != '.' || i == 0 || i + 1 == s.n))
			return false;
		dot = dot || c == '.';
	}
	return dot && !(s.p[0] >= '0' && s.p[0] <= '9');
}

/* A name that a library may import and call, depending on the object that it stands in: see on_object_end(). */
static void on_name(struct doc *d, struct frame *f)
{
	struct gh_span name = d->x.j.text;
	unsigned mark = f->key.mark;
	bool outside = (mark & GH_JM_LOADER_MOD) != 0 && gh_json_target_dangerous(name);
	if (outside || ((mark & GH_JM_ACTS) != 0 && gh_json_names_system(name)))
		say(d, A_TARGET_BAD, gh_safe(name).s);
	else if ((mark & GH_JM_LOADER_MOD) != 0 && !gh_span_starts(name, "mlflow."))
		say(d, A_TARGET, gh_safe(name).s);
	if ((mark & GH_JM_TYPE) != 0)
		f->named = dotted(name) && !gh_span_starts(name, "sentence_transformers.");
	if ((mark & GH_JM_TARGET) != 0)
		f->target = dotted(name);
}

/* Only this file makes DiffusionPipeline.from_pretrained() import anything: the configurations of the parts have lists of two
 * names as well (down_block_types), and nobody imports those. A document without a name may be any. */
static bool maybe_pipeline(const struct doc *d)
{
	struct gh_span name = d->w->name, end = gh_span_cut(name, name.n > 16 ? name.n - 16 : 0, name.n);
	return !d->pair.model || name.n == 0 || gh_span_is(end, "model_index.json");
}

/* A value of an array that stands at the top of the document: is it, so far, [library, Class]? Pipelines made of modules have
 * an object of settings behind that. */
static void on_pair_value(struct doc *d, struct frame *f)
{
	enum gh_json_tok tok = d->x.j.tok;
	unsigned i = f->values++;
	if (i == 0 && tok == GH_JSON_STRING && d->x.j.text.n != 0)
		gh_json_name_set(&f->library, d->x.j.text);
	else if (i == 0 || (i == 1 && tok != GH_JSON_STRING && tok != GH_JSON_NULL) ||
		 (i == 2 && tok != GH_JSON_OBJECT) || i > 2)
		f->unpaired = true;
}

/* The end of such an array. */
static void on_pair(struct doc *d, const struct frame *f)
{
	struct gh_span lib = gh_json_name(&f->library), key = gh_json_name(&f->hold);
	struct pair *p = &d->pair;
	if (f->unpaired || f->values < 2 || lib.n == 0)
		return;
	if (gh_span_is(key, "_class_name")) {
		p->custom = true;
		return;
	}
	bool path = memchr(lib.p, '/', lib.n) != NULL || memchr(lib.p, '\\', lib.n) != NULL || lib.p[0] == '.' ||
		    gh_json_target_dangerous(lib);
	if (gh_json_pipeline_library(lib) || p->path || (p->odd && !path))
		return;
	p->path = path;
	p->odd = true;
	p->key = f->hold;
	p->library = f->library;
}

/* The end of a document that is a diffusers pipeline. */
static void on_pipeline(struct doc *d)
{
	const struct pair *p = &d->pair;
	if (p->odd && (p->path || maybe_pipeline(d))) {
		d->name = p->key;
		say(d, p->path ? A_LIBRARY_BAD : A_LIBRARY, gh_safe(gh_json_name(&p->library)).s);
	}
	if (p->custom)
		say(d, A_LOCAL, "a pipeline class of its own");
}

static enum gh_rc on_shard(struct doc *d)
{
	struct gh_json *j = &d->x.j;
	struct gh_reference ref = { .kind = GH_REF_SHARD, .target = j->text, .from = gh_json_name(&d->name) };
	enum gh_rc rc = gh_emit(d->w, GH_EV_REFERENCE, j->off, j->len, &ref);
	uint64_t h = gh_hash_end(gh_hash(GH_HASH_START, j->text));
	if (rc != GH_OK || h == d->last_shard)
		return rc; /* thousands of tensors in the same file */
	d->last_shard = h;
	unsigned flags = gh_path_flags(j->text);
	if ((flags & (GH_PATH_ESCAPES | GH_PATH_ABSOLUTE | GH_PATH_DRIVE | GH_PATH_NUL)) != 0 ||
	    contains(j->text, "://"))
		say(d, A_SHARD, gh_safe(j->text).s);
	else if ((flags & ~(unsigned)GH_PATH_DOT) != 0 || j->text.n != j->full)
		say(d, A_SHARD_ODD, gh_safe(j->text).s);
	return GH_OK;
}

/* "modeling_x.XModel": class XModel of modeling_x.py beside the document; "owner/repository--modeling_x.XModel": of
 * another repository. What the code does is not this document's matter. */
static enum gh_rc on_auto_map(struct doc *d)
{
	struct gh_json *j = &d->x.j;
	size_t dot = j->text.n;
	char path[GH_JSON_NAME + 4];
	while (dot > 0 && j->text.p[dot - 1] != '.')
		dot--;
	if (contains(j->text, "--") || contains(j->text, "://")) {
		say(d, A_REMOTE, gh_safe(j->text).s);
		return GH_OK;
	}
	if (dot < 2 || dot > GH_JSON_NAME || !dotted(j->text) || j->text.n != j->full) {
		say(d, A_LOCAL, gh_safe(j->text).s);
		return GH_OK;
	}
	for (size_t i = 0; i + 1 < dot; i++)
		path[i] = j->text.p[i] == '.' ? '/' : (char)j->text.p[i];
	memcpy(path + dot - 1, ".py", 3);
	say(d, A_CODE, gh_safe(j->text).s);
	struct gh_reference ref = { .kind = GH_REF_CODE,
				    .target = { (const uint8_t *)path, dot + 2 },
				    .from = gh_json_name(&d->name) };
	return gh_emit(d->w, GH_EV_REFERENCE, j->off, j->len, &ref);
}

/* Descriptors of OCI images and of Ollama's manifests name files by their digest. */
static enum gh_rc on_digest(struct doc *d)
{
	enum { WHOLE = 7 + 64 };
	const struct gh_json *j = &d->x.j;
	struct gh_span name = d->w->name;
	bool store = gh_span_ends(name, "index.json") || contains(name, "blobs/sha256") || contains(name, "manifests/");
	if (!store || j->text.n != WHOLE || j->full != WHOLE || !gh_span_starts(j->text, "sha256:") ||
	    !gh_span_is(gh_json_name(&d->name), "digest"))
		return GH_OK;
	struct gh_reference ref = { .kind = GH_REF_BLOB, .target = j->text, .from = GH_SPAN("digest") };
	return gh_emit(d->w, GH_EV_REFERENCE, j->off, j->len, &ref);
}

/* A value among others: does a loader act on it because of its name? */
static enum gh_rc on_setting(struct doc *d)
{
	struct gh_json *j = &d->x.j;
	unsigned at = j->depth;
	bool item = d->frame[at].array;
	enum gh_rc rc = item ? GH_OK : on_digest(d);
	if (rc != GH_OK)
		return rc;
	struct gh_setting v = { .key = gh_json_name(item ? &d->frame[at].hold : &d->name),
				.text = j->text,
				.item = item,
				.off = j->off,
				.len = j->len };
	while (at > 0 && d->frame[at].array)
		at--;
	v.holder = gh_json_name(&d->frame[at].hold);
	v.top = at >= 2 ? gh_json_name(&d->frame[2].hold) : (struct gh_span){ 0 };
	if (!item && j->depth == 2 && gh_span_is(v.key, "path")) {
		gh_json_name_set(&d->path, j->text);
		d->path_off = j->off;
		d->path_len = j->len;
	}
	return gh_setting(&d->settings, &v);
}

/* {"default": {"torch": {"version": "==2.6.0"}}} of Pipenv; {"packages": {"node_modules/x": {"version": "1.2.3"}}} and, before
 * npm 7, {"dependencies": {"x": {…}}}, nested, of npm. */
static enum gh_rc on_locked(struct doc *d)
{
	struct gh_json *j = &d->x.j;
	struct gh_span name = gh_json_name(&d->frame[j->depth].hold), zone = gh_json_name(&d->frame[j->depth - 1].hold);
	bool pip = strcmp(d->lock_file, "PyPI") == 0;
	if (pip ? !gh_span_is(zone, "default") && !gh_span_is(zone, "develop")
		: !gh_span_is(zone, "packages") && !gh_span_is(zone, "dependencies"))
		return GH_OK;
	for (size_t i = name.n; !pip && i >= 13; i--) /* what stands behind the last "node_modules/" */
		if (memcmp(name.p + i - 13, "node_modules/", 13) == 0) {
			name = gh_span_cut(name, i, name.n);
			break;
		}
	if (name.n == 0 || j->full != j->text.n)
		return GH_OK;
	return gh_package_named(d->w, d->lock_file, name, j->text, j->off, j->len);
}

/* Which version of a library wrote this configuration, it says. */
static enum gh_rc on_writer(struct doc *d)
{
	static const struct {
		const char *key, *package;
	} writers[] = {
		{ "transformers_version", "transformers" },
		{ "_diffusers_version", "diffusers" },
		{ "torch_version", "torch" },
		{ "keras_version", "keras" },
		{ "tensorflow_version", "tensorflow" },
		{ "sklearn_version", "scikit-learn" },
		{ "_sklearn_version", "scikit-learn" },
		{ "peft_version", "peft" },
		{ "nemo_version", "nemo-toolkit" },
		{ "mlflow_version", "mlflow" },
	};
	struct gh_json *j = &d->x.j;
	for (size_t i = 0; i < sizeof writers / sizeof writers[0]; i++)
		if (gh_span_is(gh_json_name(&d->name), writers[i].key)) {
			struct gh_package p = { .ecosystem = "PyPI",
						.name = gh_span_str(writers[i].package),
						.version = j->text,
						.producer = true };
			return gh_emit(d->w, GH_EV_PACKAGE, j->off, j->len, &p);
		}
	return GH_OK;
}

static enum gh_rc on_string(struct doc *d, enum gh_json_zone zone, struct gh_json_key key)
{
	struct gh_json *j = &d->x.j;
	if (!d->lines && j->depth == 1 && !d->frame[1].array && j->text.n != 0 && j->text.n < 40 &&
	    j->full == j->text.n)
		GH_TRY(on_writer(d), d->w->err, "version");
	if (d->lock_file != NULL && j->depth >= 3 && !d->frame[j->depth].array &&
	    gh_span_is(gh_json_name(&d->name), "version"))
		GH_TRY(on_locked(d), d->w->err, "package");
	unsigned what = j->full >= LONG_TEXT ? GH_JT_ENCODED : 0;
	switch (zone) {
	case GH_JZ_TEMPLATE: return on_template(d);
	case GH_JZ_TARGET: return on_target(d);
	case GH_JZ_SHARDS: return on_shard(d);
	case GH_JZ_REMOTE: return on_auto_map(d);
	case GH_JZ_SERVERS: break;
	case GH_JZ_SCRIPTS:
		if (d->frame[j->depth].array) /* several commands under one name */
			key = gh_json_key(gh_json_name(&d->frame[j->depth].hold));
		if ((key.mark & GH_JM_HOOK) != 0)
			say(d, A_COMMAND, gh_safe(j->text).s);
		else if (j->depth == 2) /* a developer starts the others by name */
			return what == 0 ? GH_OK : gh_json_text(&d->texts, &d->x, gh_json_name(&d->name), what);
		break;
	case GH_JZ_CELLS:
		if (d->notebook != NULL)
			gh_notebook_string(d->notebook, gh_json_name(&d->name), j->text, j->full > j->text.n,
					   j->depth - d->frame[j->depth].array, j->off, j->len);
		/* fall through */
	case GH_JZ_VOCAB: return what == 0 ? GH_OK : gh_json_text(&d->texts, &d->x, gh_json_name(&d->name), what);
	case GH_JZ_PLAIN:
		if (d->notebook != NULL && j->depth == 3 && !d->frame[3].array)
			gh_notebook_kernel(d->notebook, gh_json_name(&d->name), j->text, j->depth);
		break;
	}
	struct gh_span name = gh_json_name(&d->name);
	if (!d->lines && j->full == j->text.n)
		GH_TRY(on_setting(d), d->w->err, "\"%s\"", gh_safe(name).s);
	if (contains(name, "template") && (contains(j->text, "{%") || contains(j->text, "{{")))
		return on_template(d);
	size_t at = 0;
	if (!d->lines && template_escapes(j->text, &at))
		say(d, A_ESCAPE, gh_safe(gh_span_cut(j->text, at, 80)).s);
	if (!d->lines)
		what |= GH_JT_SIGNS | GH_JT_ENCODED;
	if (!d->asked) {
		d->asked = true;
		d->shown = gh_json_shown(name);
	}
	bool tags = contains(j->text, "{{") || contains(j->text, "{%");
	if (!d->lines && d->texts.texts_left > 0 && (d->shown || tags))
		what |= GH_JT_EMIT;
	return what == 0 || j->full < 8 ? GH_OK : gh_json_text(&d->texts, &d->x, name, what);
}

/* The keys of an object that ends here, taken together. */
static void on_object_end(struct doc *d, const struct frame *f)
{
	static const struct {
		unsigned all; /* marks that must all be there */
		unsigned a;
		const char *what;
	} sums[] = {
		{ GH_JM_PY, A_PY, "an object with py/ keys" },
		{ GH_JM_PY_CALL, A_PY_CALL, "an object with keys of a call" },
		{ GH_JM_LC | GH_JM_TYPE | GH_JM_CONSTRUCTOR, A_OBJECT, "a LangChain constructor" },
	};
	for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++)
		if ((f->marks & sums[i].all) == sums[i].all)
			say(d, sums[i].a, sums[i].what);
	if (f->zone == GH_JZ_CELLS && d->notebook != NULL)
		gh_notebook_end(d->notebook, d->x.j.depth);
	unsigned nb = GH_JM_NBFORMAT | GH_JM_CELLS;
	d->is_notebook = d->is_notebook || ((f->marks & nb) == nb && d->x.j.depth == 0);
	if ((f->marks & GH_JM_REDUCE) != 0 && (f->marks & GH_JM_MODULE) == 0)
		say(d, A_PY_CALL, "an object with __reduce__");
	unsigned st = GH_JM_IDX | GH_JM_PATH | GH_JM_TYPE, compvis = GH_JM_TARGET | GH_JM_PARAMS;
	if ((f->marks & st) == st && d->path.n != 0 && d->x.j.depth == 1) {
		struct gh_reference ref = {
			.kind = GH_REF_PATH, .system = "file", .target = gh_json_name(&d->path), .from = GH_SPAN("path")
		};
		(void)gh_emit(d->w, GH_EV_REFERENCE, d->path_off, d->path_len, &ref);
	}
	d->path.n = 0;
	if ((f->marks & st) == st && f->named)
		say(d, A_TARGET, "a module of sentence-transformers whose type is not its own");
	if ((f->marks & compvis) == compvis && f->target)
		say(d, A_TARGET, "target and params of an object to be made");
	if ((f->marks & GH_JM_PIPELINE) != 0 && d->x.j.depth == 0)
		on_pipeline(d);
	if (d->x.j.duplicate)
		say(d, A_DUPLICATE, "an object ends here that holds a key twice");
}

/* The zone of a value: its key's own, or what its surroundings are. */
static enum gh_json_zone zone_of(const struct frame *f)
{
	enum gh_json_zone z = f->key.zone;
	return z == GH_JZ_PLAIN || f->zone == GH_JZ_VOCAB ? f->zone : z;
}

/* What a configuration says of its model at the top, or first in a list there. */
static void on_size(struct doc *d, const struct frame *f, struct gh_span text)
{
	unsigned depth = d->x.j.depth;
	bool first = f->array && depth == 2 && f->items == 0;
	struct gh_span key = gh_json_name(first ? &f->hold : &d->name);
	unsigned mark = first ? gh_json_key(key).mark : f->key.mark;
	if ((first || (depth == 1 && !f->array)) && (mark & GH_JM_SIZE) != 0 && text.n != 0 && text.n < 64) {
		struct gh_text size = { .role = "setting", .key = key, .text = text };
		(void)gh_emit(d->w, GH_EV_TEXT, d->x.j.off, d->x.j.len, &size);
	}
}

static enum gh_rc on_token(struct doc *d)
{
	struct gh_json *j = &d->x.j;
	struct frame *f =
		&d->frame[j->tok == GH_JSON_OBJECT_END || j->tok == GH_JSON_ARRAY_END ? j->depth + 1 : j->depth];
	switch (j->tok) {
	case GH_JSON_KEY:
		gh_json_name_set(&d->name, j->text);
		d->asked = false;
		f->key = gh_json_key(gh_json_name(&d->name));
		if (f->zone != GH_JZ_VOCAB)
			f->marks |= f->key.mark;
		if (j->depth == 1 && gh_json_is(j, "lockfileVersion"))
			d->lock_file = "npm";
		else if (j->depth == 2 && gh_json_is(j, "pipfile-spec"))
			d->lock_file = "PyPI";
		if (d->notebook != NULL && j->depth <= 2)
			gh_notebook_key(d->notebook, gh_json_name(&d->name), j->depth);
		return j->full >= LONG_TEXT ? gh_json_text(&d->texts, &d->x, gh_json_name(&d->name), GH_JT_ENCODED)
					    : GH_OK;
	case GH_JSON_OBJECT:
	case GH_JSON_ARRAY:
		if (j->tok == GH_JSON_OBJECT && j->depth == 1)
			on_size(d, f, GH_SPAN("object"));
		if (j->depth == 2 && f->array)
			on_pair_value(d, f);
		if (zone_of(f) == GH_JZ_SERVERS && f->zone != GH_JZ_SERVERS)
			say(d, A_COMMAND, "servers to be started");
		d->frame[j->depth + 1] = (struct frame){ .zone = zone_of(f), .array = j->tok == GH_JSON_ARRAY };
		if (j->depth > 0)
			d->frame[j->depth + 1].hold = f->array ? f->hold : d->name;
		return GH_OK;
	case GH_JSON_OBJECT_END: on_object_end(d, f); return GH_OK;
	case GH_JSON_STRING:
		if ((f->key.mark & GH_JM_TYPE) != 0 && gh_json_is(j, "constructor"))
			f->marks |= GH_JM_CONSTRUCTOR;
		if (f->zone != GH_JZ_VOCAB && !d->lines)
			on_name(d, f);
		if (j->full == j->text.n)
			on_size(d, f, j->text);
		f->items++;
		if (j->depth == 2 && f->array)
			on_pair_value(d, f);
		if (j->depth == 1 && gh_span_is(gh_json_name(&d->name), "_class_name"))
			d->pair.model = memmem(j->text.p, j->text.n, "Pipeline", 8) == NULL;
		return on_string(d, zone_of(f), f->key);
	case GH_JSON_TRUE:
		if ((f->key.mark & GH_JM_TRUST) != 0)
			say(d, A_TRUST, "true");
		/* fall through */
	case GH_JSON_FALSE:
	case GH_JSON_NULL:
	case GH_JSON_NUMBER:
		if (j->depth == 2 && f->array)
			on_pair_value(d, f);
		on_size(d, f,
			j->tok == GH_JSON_TRUE	  ? GH_SPAN("true")
			: j->tok == GH_JSON_FALSE ? GH_SPAN("false")
						  : j->text);
		if (j->odd)
			say(d, A_NAN, gh_safe(j->text).s);
		if (f->zone == GH_JZ_SHARDS && j->tok != GH_JSON_NULL)
			say(d, A_SHARD_TYPE, "not a string");
		return GH_OK;
	case GH_JSON_ARRAY_END:
		if (j->depth == 1)
			on_pair(d, f);
		return gh_setting_list_end(&d->settings, j->off + 1);
	case GH_JSON_BAD:
	case GH_JSON_END: break;
	}
	return GH_OK;
}

/* ---- the document ------------------------------------------------------------------------------------------------ */

static enum gh_rc broken(struct doc *d, uint64_t claimed)
{
	struct gh_json *j = &d->x.j;
	if (j->limit) {
		say(d, A_DEPTH, j->why);
		return gh_fail(d->w->err, GH_E_LIMIT, "%s at byte %llu", j->why, (unsigned long long)j->off);
	}
	say(d, A_JSON, j->why);
	if (claimed != 0)
		return GH_OK; /* what comes after complete values stays unclaimed: somebody else's to explain */
	return gh_fail(d->w->err, GH_E_MALFORMED, "%s at byte %llu", j->why, (unsigned long long)j->off);
}

/* Several values, one a line? Decided on the first window, before anything is said. */
static bool looks_like_lines(struct gh_walk *w)
{
	struct gh_span s = gh_src_window(w->src, 0, GH_CUR_WINDOW);
	struct gh_json *j = GH_NEW(w->arena, struct gh_json, 1);
	if (j == NULL)
		return false;
	*j = gh_json_mem(s, NULL);
	j->accept_nan = true;
	while (gh_json_next(j) > GH_JSON_END)
		;
	return j->tok == GH_JSON_END && j->newline && gh_json_left(j) && memchr("{[", s.p[gh_json_pos(j)], 2) != NULL;
}

static const char *bent_how(unsigned bent)
{
	return (bent & GH_JSON_COMMENT) != 0 ? "comments"
	       : (bent & GH_JSON_COMMA) != 0 ? "a comma before an end, or none between values"
	       : (bent & GH_JSON_BARE) != 0  ? "words without quotes"
					     : "strings as JavaScript writes them";
}

enum gh_rc gh_json_doc(struct gh_walk *w)
{
	struct doc *d = GH_NEW(w->arena, struct doc, 1);
	if (d == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	struct gh_span head = gh_src_window(w->src, 0, GH_PROBE_BYTES);
	struct gh_json_look look = gh_json_look(head, w->src->size);
	bool asked = w->role != NULL && strcmp(w->role, "extra file") != 0 && strcmp(w->role, "asset") != 0;
	if (look.grade == GH_TEXT && !asked && !gh_json_meant(w->name, &look))
		return GH_E_NOTTHIS;
	d->w = w;
	d->lines = looks_like_lines(w);
	d->texts = (struct gh_json_texts){ .w = w,
					   .rules = gh_json_rules,
					   .first_sign = A_SIGN,
					   .role = "configuration",
					   .members_left = 32,
					   .texts_left = SHOWN_TEXTS,
					   .signs_left = SAY };
	d->objects = (struct gh_objects){ .w = w,
					  .x = &d->x,
					  .huge = &gh_json_rules[A_HUGE],
					  .unsafe = &gh_json_rules[A_UNSAFE_MODE],
					  .keras = w->role != NULL && strcmp(w->role, "keras-config") == 0 };
	d->settings.w = w;
	d->notebook = d->lines ? NULL : gh_notebook(w, &gh_json_rules[A_NB_ACTIVE]);
	gh_json_src(&d->x, w->src, 0, w->src->size, w->arena);
	d->x.j.accept_nan = true;
	d->x.j.keep = GH_WINDOW_MAX;
	d->x.j.lenient = look.lenient;
	uint64_t done = 0;
	for (;;) {
		while (gh_json_src_next(&d->x) > GH_JSON_END) {
			/* First, and before others look at the text, because this one leaves it alone. */
			GH_TRY(gh_objects_token(&d->objects), w->err, "at byte %llu", (unsigned long long)d->x.j.off);
			GH_TRY(on_token(d), w->err, "at byte %llu", (unsigned long long)d->x.j.off);
			if (d->x.j.tokens > w->lim->steps)
				return gh_fail(w->err, GH_E_LIMIT, "more tokens than the limit allows");
		}
		if (d->x.j.tok == GH_JSON_BAD) {
			enum gh_rc rc = broken(d, done);
			if (rc != GH_OK)
				return rc;
			break;
		}
		done = gh_json_pos(&d->x.j);
		if (!gh_json_left(&d->x.j) || !d->x.j.newline)
			break;
		gh_json_again(&d->x.j);
		d->name.n = 0;
	}
	d->name.n = 0;
	if (d->x.j.bent != 0)
		gh_anomaly(w, &gh_json_rules[A_LENIENT], d->x.j.bent_off, 0, "%s", bent_how(d->x.j.bent));
	if (d->x.j.lone != 0)
		say(d, A_LONE, "in one or more strings");
	if (d->x.j.unwatched != 0) {
		say(d, A_MANY, "the rest was read, but not compared");
		return gh_fail(w->err, GH_E_LIMIT, "more keys than fit the memory of a reader");
	}
	if (d->is_notebook) {
		gh_anomaly(w, &gh_json_rules[A_NOTEBOOK], 0, done, "cells of code");
		if (d->notebook == NULL)
			return gh_fail(w->err, GH_E_LIMIT, "no memory for the cells of a notebook");
		GH_TRY(gh_notebook_done(d->notebook, done), w->err, "cells");
	}
	gh_claim(w, 0, done, GH_CLAIM_STRUCT);
	return w->src->fail;
}
