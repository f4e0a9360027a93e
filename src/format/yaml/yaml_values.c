#include "format/encoded.h"
#include "format/packages.h"
#include "format/yaml/yaml_doc.h"
#include "wire/dep.h"

enum { LONG_TEXT = 256 };

static bool contains(struct gh_span s, const char *what)
{
	return s.n != 0 && memmem(s.p, s.n, what, strlen(what)) != NULL;
}

/* ---- callables -------------------------------------------------------------------------------------------------- */

static enum gh_rc call(struct yaml_doc *d, const char *system, enum gh_call_how how, struct gh_span name, uint64_t off,
		       uint64_t len, const char *as)
{
	size_t dot = name.n;
	while (dot > 0 && name.p[dot - 1] != '.' && name.p[dot - 1] != ':')
		dot--;
	struct gh_call c = { .how = how,
			     .system = system,
			     .module = gh_span_cut(name, 0, dot > 0 ? dot - 1 : 0),
			     .name = gh_span_cut(name, dot, name.n),
			     .resolved = true };
	c.as_module = c.module;
	c.as_name = as != NULL ? gh_span_str(as) : c.name;
	return gh_emit(d->w, GH_EV_CALL, off, len, &c);
}

static const char PYTHON[] = "tag:yaml.org,2002:python/", CORE[] = "tag:yaml.org,2002:";

/* Kinds of PyYAML's Python tags that import something, the longest first. */
static const struct {
	const char *prefix, *as;
	enum gh_call_how how;
} python_tags[] = {
	{ "object/apply:", "object/apply", GH_CALL_REDUCE },
	{ "object/new:", "object/new", GH_CALL_NEW },
	{ "object:", "object", GH_CALL_INST },
	{ "name:", "name", GH_CALL_IMPORT },
	{ "module:", "module", GH_CALL_IMPORT },
};

/* Tags of HyperPyYAML, which SpeechBrain's configurations are written in. */
static const char *const hyper_tags[] = { "!new:", "!name:", "!apply:", "!module:" };

static bool core_type(struct gh_span s)
{
	static const char *const types[] = { "str",  "int",   "float",	"bool",	     "null",  "seq",   "map", "set",
					     "omap", "pairs", "binary", "timestamp", "merge", "value", "yaml" };
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (gh_span_is(s, types[i]))
			return true;
	return false;
}

enum gh_rc yaml_tag_event(struct yaml_doc *d)
{
	const struct gh_yaml *y = &d->y;
	struct gh_span tag = y->tag;
	if (gh_span_starts(tag, PYTHON)) {
		struct gh_span kind = gh_span_cut(tag, sizeof PYTHON - 1, tag.n);
		for (size_t i = 0; i < sizeof python_tags / sizeof python_tags[0]; i++)
			if (gh_span_starts(kind, python_tags[i].prefix))
				return call(d, "yaml", python_tags[i].how,
					    gh_span_cut(kind, strlen(python_tags[i].prefix), kind.n), y->off, y->len,
					    python_tags[i].as);
		return GH_OK; /* plain values: python/tuple */
	}
	for (size_t i = 0; i < sizeof hyper_tags / sizeof hyper_tags[0]; i++)
		if (gh_span_starts(tag, hyper_tags[i]))
			return call(d, "hydra", GH_CALL_INST, gh_span_cut(tag, strlen(hyper_tags[i]), tag.n), y->off,
				    y->len, NULL);
	if (gh_span_starts(tag, "!include:")) {
		struct gh_span target = gh_span_cut(tag, 9, tag.n);
		struct gh_reference r = { .kind = contains(target, "://") ? GH_REF_URL : GH_REF_PATH,
					  .system = "file",
					  .target = target,
					  .from = GH_SPAN("!include") };
		return gh_emit(d->w, GH_EV_REFERENCE, y->off, y->len, &r);
	}
	if (gh_span_starts(tag, CORE)) {
		struct gh_span type = gh_span_cut(tag, sizeof CORE - 1, tag.n);
		if (core_type(type))
			return GH_OK;
		/* Java's readers take a global tag for the name of a class to be made. */
		if (contains(type, "."))
			return call(d, "yaml", GH_CALL_INST, type, y->off, y->len, "object");
	}
	bool foreign = gh_span_starts(tag, "!ruby/") || contains(tag, "ruby.yaml.org") || contains(tag, "perl/");
	if (tag.n < 2)
		return GH_OK;
	struct gh_call c = { .how = GH_CALL_IMPORT,
			     .system = "yaml",
			     .module = foreign ? GH_SPAN("ruby") : (struct gh_span){ 0 },
			     .name = tag,
			     .as_name = foreign ? GH_SPAN("name") : GH_SPAN("application"),
			     .resolved = true };
	return gh_emit(d->w, GH_EV_CALL, y->off, y->len, &c);
}

bool yaml_acts(const struct gh_yaml *y)
{
	if (gh_span_starts(y->tag, PYTHON) || gh_span_starts(y->tag, "!new:") || gh_span_starts(y->tag, "!apply:") ||
	    (gh_span_starts(y->tag, CORE) && contains(y->tag, ".") &&
	     contains(gh_span_cut(y->tag, sizeof CORE - 1, y->tag.n), ".")))
		return true;
	return y->ev == GH_YAML_SCALAR && y->key && gh_json_key(y->text).zone == GH_JZ_TARGET;
}

/* ---- texts ------------------------------------------------------------------------------------------------------ */

static enum gh_rc encoded(struct yaml_doc *d, struct gh_span key)
{
	struct gh_encoded e;
	gh_encoded_open(&e, d->w, key, d->y.off, d->y.len, &d->members_left);
	gh_encoded_put(&e, d->y.text);
	enum gh_rc rc = gh_encoded_close(&e);
	if (e.code && d->signs_left > 0) {
		d->signs_left--;
		gh_anomaly(d->w, &yaml_rules[YAML_SIGN + GH_SIGN_ENCODED], d->y.off, d->y.len,
			   "in \"%s\": program text in base64 or hex", gh_safe(key).s);
	}
	return rc;
}

static enum gh_rc text(struct yaml_doc *d, const char *role, struct gh_span key)
{
	struct gh_text t = { .role = role, .key = key, .text = d->y.text };
	if (d->texts_left == 0)
		return GH_OK;
	d->texts_left--;
	return gh_emit(d->w, GH_EV_TEXT, d->y.off, d->y.len, &t);
}

static enum gh_rc script(struct yaml_doc *d, const char *language, struct gh_span key, struct gh_span body,
			 uint64_t off, uint64_t len)
{
	struct gh_src_mem mem;
	struct gh_code code = { .language = language, .name = key, .src = gh_src_mem(&mem, body) };
	return gh_emit(d->w, GH_EV_CODE, off, len, &code);
}

/* Keys whose values continuous integration hands to a shell. A word alone is rather the name of a file. */
static bool is_script(struct gh_span key)
{
	return gh_span_is(key, "script") || gh_span_is(key, "before_script") || gh_span_is(key, "after_script");
}

static bool name_like(struct gh_span s)
{
	bool dot = false;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool word = c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
		if (!word && (c != '.' || i == 0 || i + 1 == s.n))
			return false;
		dot = dot || c == '.';
	}
	return dot;
}

/* A module of a package and a class in it: "nemo.collections.asr.models.EncDecCTCModel". */
static bool class_path(struct gh_span s)
{
	const uint8_t *last = s.n == 0 ? NULL : memrchr(s.p, '.', s.n);
	return last != NULL && last[1] >= 'A' && last[1] <= 'Z' && memchr(s.p, '.', (size_t)(last - s.p)) != NULL;
}

static bool is_true(const struct gh_yaml *y)
{
	return y->style == GH_YAML_PLAIN &&
	       (gh_yaml_is(y, "true") || gh_yaml_is(y, "True") || gh_yaml_is(y, "TRUE") || gh_yaml_is(y, "yes") ||
		gh_yaml_is(y, "on") || gh_yaml_is(y, "Yes") || gh_yaml_is(y, "On"));
}

/* ---- dependencies ----------------------------------------------------------------------------------------------- */

/* "numpy==1.21", "python=3.9.7", "conda-forge::pytorch >=1.8": conda's and pip's ways to name a version. */
static enum gh_rc dependency(struct yaml_doc *d)
{
	struct gh_span s = d->y.text;
	if (contains(s,
		     "://")) { /* a package by its address, or a channel of the author's choice in front of its name */
		gh_anomaly(d->w, &gh_package_rules[GH_PKG_ADDRESS], d->y.off, d->y.len, "%s", gh_safe(s).s);
		struct gh_reference r = { .kind = GH_REF_URL, .target = s, .from = GH_SPAN("dependencies") };
		return gh_emit(d->w, GH_EV_REFERENCE, d->y.off, d->y.len, &r);
	}
	for (size_t i = 0; i + 1 < s.n; i++)
		if (s.p[i] == ':' && s.p[i + 1] == ':') {
			s = gh_span_cut(s, i + 2, s.n);
			break;
		}
	size_t n = 0;
	while (n < s.n && memchr(" =<>!~;[@", s.p[n], 9) == NULL)
		n++;
	struct gh_package p = { .ecosystem = "conda", .name = gh_span_cut(s, 0, n), .version = gh_span_cut(s, n, s.n) };
	while (p.version.n != 0 && p.version.p[0] == ' ')
		p.version = gh_span_cut(p.version, 1, p.version.n);
	/* "=1.2=build" is exact, "=1.2" is 1.2 and what begins with it */
	const uint8_t *build = p.version.n < 2 || p.version.p[1] == '=' ? NULL
									: memchr(p.version.p + 1, '=', p.version.n - 1);
	if (p.version.p != NULL && p.version.n != 0 && p.version.p[0] == '=' && build != NULL)
		p.version = gh_span_cut(p.version, 1, (uint64_t)(build - p.version.p) - 1);
	if (n == 0 || s.p[0] == '-' || contains(p.name, "/"))
		return GH_OK;
	return gh_emit(d->w, GH_EV_PACKAGE, d->y.off, d->y.len, &p);
}

/* Where conda takes packages from: a name is one of anaconda.org's, an address is anybody's. */
static enum gh_rc channel(struct yaml_doc *d)
{
	static const char *const known[] = { "https://conda.anaconda.org/", "https://repo.anaconda.com/",
					     "https://repo.continuum.io/", "https://conda.nvidia.com/",
					     "https://mirrors.tuna.tsinghua.edu.cn/anaconda/" };
	struct gh_span s = d->y.text;
	if (!contains(s, "://"))
		return GH_OK;
	bool ok = false;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		ok = ok || gh_span_starts(s, known[i]);
	if (!ok)
		gh_anomaly(d->w, &gh_package_rules[GH_PKG_INDEX], d->y.off, d->y.len, "%s", gh_safe(s).s);
	struct gh_reference r = { .kind = GH_REF_URL, .target = s, .from = GH_SPAN("channels") };
	return gh_emit(d->w, GH_EV_REFERENCE, d->y.off, d->y.len, &r);
}

/* ---- values ----------------------------------------------------------------------------------------------------- */

/* Values that are names of what a loader imports. */
static enum gh_rc named(struct yaml_doc *d, struct yaml_frame *f, enum gh_json_zone zone)
{
	const struct gh_yaml *y = &d->y;
	unsigned mark = f->key.mark;
	if (zone == GH_JZ_TARGET && y->text.n != 0)
		return call(d, "hydra", GH_CALL_INST, y->text, y->off, y->len, NULL);
	if (zone == GH_JZ_REMOTE)
		yaml_say(d, contains(y->text, "--") || contains(y->text, "://") ? YAML_REMOTE : YAML_LOCAL, y->off,
			 y->len, gh_safe(y->text).s);
	if ((mark & GH_JM_TRUST) != 0 && is_true(y))
		yaml_say(d, YAML_TRUST, y->off, y->len, "true");
	if ((mark & GH_JM_LOADER_MOD) != 0) {
		struct gh_call c = { .how = GH_CALL_IMPORT,
				     .system = "mlflow",
				     .module = y->text,
				     .name = GH_SPAN("_load_pyfunc"),
				     .resolved = true };
		return gh_emit(d->w, GH_EV_CALL, y->off, y->len, &c);
	}
	if ((mark & GH_JM_TARGET) != 0 && name_like(y->text)) {
		/* NeMo makes the class that a top-level `target` names; others only with `params` beside it. */
		if (d->depth == 1 && class_path(y->text))
			return call(d, "hydra", GH_CALL_INST, y->text, y->off, y->len, NULL);
		gh_json_name_set(&f->target, y->text);
	}
	if ((mark & GH_JM_ACTS) != 0 && gh_json_names_system(y->text))
		return call(d, "hydra", GH_CALL_INST, y->text, y->off, y->len, NULL);
	return GH_OK;
}

static void sibling_names(struct yaml_doc *d, struct yaml_frame *f)
{
	struct gh_span name = gh_json_name(&f->name);
	if (gh_span_is(name, "class_name"))
		gh_json_name_set(&f->class_name, d->y.text);
	else if (gh_span_is(name, "module"))
		gh_json_name_set(&f->module, d->y.text);
	else if (gh_span_is(name, "registered_name"))
		gh_json_name_set(&f->registered, d->y.text);
	else if (gh_span_is(name, "shell"))
		f->python = gh_span_starts(d->y.text, "python");
}

/* Templates under other names are of all sorts of languages; those of prompts are Jinja. */
static bool is_prompt(struct gh_span key)
{
	return contains(key, "chat_template") || contains(key, "prompt") || contains(key, "jinja");
}

/* `{{ … }}` or `{% … %}` that names Python's internals. */
static bool escapes(struct gh_span s, size_t *at)
{
	return (contains(s, "{{") || contains(s, "{%")) && gh_signs_template(s, at);
}

/* Does a loader act on the value because of the name it stands under? A list has the name of the key that holds it. */
static enum gh_rc setting(struct yaml_doc *d, const struct yaml_frame *f)
{
	const struct yaml_frame *map = f;
	while (map > d->frame && !map->map)
		map--;
	struct gh_setting v = {
		.key = gh_json_name(&f->name), .text = d->y.text, .item = !f->map, .off = d->y.off, .len = d->y.len
	};
	if (map > d->frame + 1) {
		v.holder = gh_json_name(&map[-1].name);
		v.top = gh_json_name(&d->frame[1].name);
	}
	return d->y.text.n == d->y.full ? gh_setting(&d->settings, &v) : GH_OK;
}

enum gh_rc yaml_value(struct yaml_doc *d, struct yaml_frame *f)
{
	struct gh_yaml *y = &d->y;
	struct gh_span name = gh_json_name(&f->name);
	enum gh_json_zone zone = f->key.zone != GH_JZ_PLAIN && f->map ? f->key.zone : f->zone;
	size_t at = 0;
	if (f->map)
		sibling_names(d, f);
	yaml_lock_value(d, f);
	GH_TRY(named(d, f, zone), d->w->err, "value");
	if (y->text.n == 0)
		return GH_OK;
	if (d->depth > 0 && f == &d->frame[d->depth]) /* a value, not a key that is rendered */
		GH_TRY(setting(d, f), d->w->err, "value");
	bool rendered = contains(y->text, "{{") || contains(y->text, "{%");
	if (escapes(y->text, &at))
		yaml_say(d, YAML_ESCAPE, y->off, y->len, gh_safe(gh_span_cut(y->text, at, 80)).s);
	if (zone == GH_JZ_TEMPLATE || (rendered && is_prompt(name)))
		return text(d, "chat-template", name);
	if (f->map && gh_span_is(name, "run")) { /* of a workflow's step, whose `shell` may stand behind it */
		f->run = gh_keep(d->w->arena, y->text);
		f->run_off = y->off;
		f->run_len = y->len;
		return f->run.p == NULL ? GH_E_LIMIT : GH_OK;
	}
	if (is_script(name) && (contains(y->text, " ") || contains(y->text, "\n")))
		return script(d, "shell", name, y->text, y->off, y->len);
	if (d->conda && !f->map && d->depth == 2 && gh_span_is(name, "dependencies"))
		return dependency(d);
	if (d->conda && !f->map && d->depth == 2 && gh_span_is(name, "channels"))
		return channel(d);
	if (d->conda && !f->map && d->depth == 4 && gh_span_is(name, "pip"))
		return gh_package_line(d->w, y->text, y->off, y->len); /* conda hands them to pip in a file */
	if (y->style == GH_YAML_PLAIN && y->full < 8)
		return GH_OK;
	/* The archive of a data set, as Ultralytics has it. */
	bool data = d->depth == 1 && gh_span_is(name, "download") && gh_span_starts(y->text, "https://") &&
		    gh_span_ends(y->text, ".zip");
	if (d->signs_left > 0 && zone != GH_JZ_TARGET && !data &&
	    gh_signs_report(d->w, yaml_rules, YAML_SIGN, name, y->text, y->off, y->len) != 0)
		d->signs_left--;
	enum gh_rc rc = GH_OK;
	if (y->full >= LONG_TEXT || gh_span_ends(y->tag, ":binary"))
		rc = encoded(d, name);
	return rc == GH_OK && gh_json_shown(name) ? text(d, "configuration", name) : rc;
}

enum gh_rc yaml_map_end(struct yaml_doc *d, struct yaml_frame *f)
{
	uint64_t len = d->y.off - f->off;
	unsigned compvis = GH_JM_TARGET | GH_JM_PARAMS;
	GH_TRY(yaml_lock_end(d, f), d->w->err, "package");
	if (f->run.n != 0)
		GH_TRY(script(d, f->python ? "python" : "shell", GH_SPAN("run"), f->run, f->run_off, f->run_len),
		       d->w->err, "script");
	if ((f->marks & compvis) == compvis && f->target.n != 0)
		GH_TRY(call(d, "hydra", GH_CALL_INST, gh_json_name(&f->target), f->off, len, NULL), d->w->err, "call");
	if (f->class_name.n == 0 || (f->marks & GH_JM_CONFIG) == 0)
		return GH_OK;
	/* Keras wrote models as YAML until 2.6. What a function of a Lambda says is not looked at: there is no good one. */
	struct gh_call c = { .how = GH_CALL_OPERATION,
			     .system = "keras",
			     .module = gh_json_name(&f->module),
			     .name = gh_json_name(&f->class_name),
			     .as_name = gh_json_name(&f->registered),
			     .resolved = !gh_span_ends(gh_json_name(&f->class_name), "Lambda") };
	c.as_module = c.module;
	if (c.as_name.n == 0)
		c.as_name = c.name;
	return gh_emit(d->w, GH_EV_CALL, f->off, len, &c);
}
