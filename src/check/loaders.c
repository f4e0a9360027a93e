#include "check/loaders.h"

#include "base/buf.h"
#include "format/format.h"
#include "wire/version.h"

#include <stdio.h>

/* Formats, the word that advisories use for them (database_specific.formats), and whose loaders read them. */
static const struct surface {
	const char *format;   /* of the reader; separated by blanks */
	const char *word;     /* the same */
	const char *packages; /* "ecosystem:name", the same; product:llama.cpp */
	const char *name;     /* of the file; NULL: any */
} surfaces[] = {
	{ "pytorch-zip pytorch-legacy pytorch-tar", "pytorch pickle", "PyPI:torch PyPI:vllm PyPI:llamafactory", NULL },
	{ "torchscript pytorch-export", "torchscript pytorch", "PyPI:torch", NULL },
	{ "pickle", "pickle joblib", "PyPI:scikit-learn PyPI:joblib", NULL },
	{ "joblib-zfile", "joblib pickle", "PyPI:joblib PyPI:scikit-learn", NULL },
	{ "npy npz", "npy npz", "PyPI:numpy", NULL },
	{ "keras", "keras", "PyPI:keras", NULL },
	{ "hdf5", "h5", "PyPI:keras", NULL },
	{ "tf-savedmodel", "savedmodel tensorflow", "PyPI:keras PyPI:tensorflow PyPI:protobuf", NULL },
	{ "onnx", "onnx", "PyPI:onnx PyPI:protobuf", NULL },
	{ "gguf", "gguf", "product:llama.cpp PyPI:llama-cpp-python Go:github.com/ollama/ollama PyPI:sglang", NULL },
	{ "skops", "skops", "PyPI:skops", NULL },
	{ "torchserve", "mar", "PyPI:torchserve", NULL },
	{ "r-data r-lazyload", "rds rdx", "product:R", NULL },
	{ "nemo", "nemo", "PyPI:nemo-toolkit", NULL },
	/* What servers and trackers find by the name of a file. */
	{ "yaml text", "mlflow", "PyPI:mlflow", "MLmodel" },
	{ "json", "config", "PyPI:vllm", "config.json" },
	{ "jinja", "jinja", "PyPI:jinja2", NULL },
};

static struct gh_span word(struct gh_span *s)
{
	const uint8_t *at = s->n == 0 ? NULL : memchr(s->p, ' ', s->n);
	struct gh_span w = at == NULL ? *s : gh_span_cut(*s, 0, (uint64_t)(at - s->p));
	*s = at == NULL ? (struct gh_span){ 0 } : gh_span_cut(*s, w.n + 1, s->n);
	return w;
}

static bool among(struct gh_span list, struct gh_span w)
{
	struct gh_span one;
	while ((one = word(&list)).n != 0)
		if (gh_span_eq(one, w))
			return true;
	return false;
}

static bool share(struct gh_span a, struct gh_span b)
{
	struct gh_span one;
	while ((one = word(&a)).n != 0)
		if (among(b, one))
			return true;
	return false;
}

/* Things that happen when a file is loaded or used, not when a server is asked, a network is reached or a scanner looks. */
static bool on_load(struct gh_span trigger)
{
	static const char *const when[] = { "load",    "call",	   "script compilation", "first chat", "create",
					    "request", "register", "download helper",	 "save",       "parse",
					    "render",  "training" };
	for (size_t i = 0; i < sizeof when / sizeof when[0]; i++)
		if (gh_span_is(trigger, when[i]))
			return true;
	return false;
}

enum { SHOWN = 8 };

struct told {
	struct gh_buf text;
	unsigned n;
	struct gh_span latest; /* the version from which on all are repaired */
	bool open;	       /* one has no repaired version */
};

static void add(struct told *t, enum gh_version_rule rule, const struct gh_adv_record *r,
		const struct gh_adv_interval *i)
{
	if (t->n++ < SHOWN) {
		gh_buf_fmt(&t->text, "%s%s", t->n == 1 ? "" : ", ", gh_safe(r->id).s);
		if ((i->flags & GH_ADV_TO_NONE) != 0)
			gh_buf_str(&t->text, " (no repaired version is known)");
		else
			gh_buf_fmt(&t->text, " (%s %s%s)", (i->flags & GH_ADV_TO_INCLUDED) != 0 ? "up to" : "fixed in",
				   gh_safe(i->to).s, (r->flags & GH_ADV_UNVERIFIED) != 0 ? ", unconfirmed" : "");
	}
	t->open = t->open || (i->flags & (GH_ADV_TO_NONE | GH_ADV_TO_INCLUDED)) != 0;
	if (rule != GH_VERSION_NONE && i->to.n != 0 &&
	    (t->latest.n == 0 || gh_version_cmp(rule, i->to, t->latest) == 1))
		t->latest = i->to;
}

static void one_package(struct gh_scene *s, struct gh_range at, const struct gh_advset *set, const struct surface *f,
			struct gh_span package, const struct gh_rule *rule)
{
	const uint8_t *colon = memchr(package.p, ':', package.n);
	struct gh_span eco = gh_span_cut(package, 0, (uint64_t)(colon - package.p));
	struct gh_span name = gh_span_cut(package, eco.n + 1, package.n);
	enum gh_version_rule by = gh_version_rule(eco);
	struct told t = { .text = gh_buf(1400) };
	for (unsigned d = 0; d < set->n; d++) {
		uint32_t n, first = gh_advdb_find(&set->db[d], eco, name, &n);
		for (uint32_t k = 0; k < n; k++) {
			struct gh_adv_product p = gh_advdb_product(&set->db[d], first + k);
			struct gh_adv_record r = gh_advdb_record(&set->db[d], p.record);
			struct gh_adv_interval last = { 0 }, i;
			if (!share(r.formats, gh_span_str(f->word)) || !on_load(r.trigger) ||
			    gh_advset_replaced(set, d, &r))
				continue;
			for (unsigned x = 0; gh_advdb_interval(&set->db[d], &p, x, &i); x++)
				last = i;
			if (last.to.n != 0 || last.flags != 0)
				add(&t, by, &r, &last);
		}
	}
	if (t.n != 0) {
		char more[32] = "";
		if (t.n > SHOWN)
			(void)snprintf(more, sizeof more, " and %u more", t.n - SHOWN);
		gh_find(s, rule, at, "%s%s%s: %s%s", gh_safe(name).s, t.latest.n == 0 || t.open ? "" : " before ",
			t.latest.n == 0 || t.open ? "" : gh_safe(t.latest).s, gh_buf_cstr(&t.text), more);
	}
	gh_buf_free(&t.text);
}

static bool called(struct gh_span path, const char *name)
{
	size_t n = name == NULL ? 0 : strlen(name);
	return n == 0 || (gh_span_ends(path, name) && (path.n == n || path.p[path.n - n - 1] == '/'));
}

void gh_loaders_tell(struct gh_scene *s, struct gh_range at, const struct gh_advset *set, const struct gh_rule *rule)
{
	for (size_t i = 0; i < sizeof surfaces / sizeof surfaces[0]; i++) {
		if (!among(gh_span_str(surfaces[i].format), gh_span_str(s->format)) ||
		    !called(s->name, surfaces[i].name))
			continue;
		struct gh_span packages = gh_span_str(surfaces[i].packages), p;
		while ((p = word(&packages)).n != 0)
			one_package(s, at, set, &surfaces[i], p, rule);
	}
}
