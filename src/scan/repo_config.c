#include "scan/repo_config.h"

#include "scan/shapes.h"

#include <stdarg.h>
#include <stdio.h>

enum { SAID = 16 }; /* disagreements that are told of one configuration */

struct config {
	const struct gh_repo_file *file;
	size_t n, i;
	unsigned said;
	void (*say)(void *arg, size_t i, enum gh_config_matter what, const char *text);
	void *arg;
};

static void tell(struct config *c, enum gh_config_matter what, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void tell(struct config *c, enum gh_config_matter what, const char *fmt, ...)
{
	char text[400];
	va_list ap;
	if (c->said++ >= SAID)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	c->say(c->arg, c->i, what, text);
}

/* ---- what the configuration says ------------------------------------------------------------------------------------- */

static const struct gh_fact *setting(const struct gh_repo_file *f, const char *name)
{
	for (size_t j = 0; name[0] != '\0' && j < f->nfact; j++)
		if (f->fact[j].kind == GH_FACT_SETTING && strcmp(f->fact[j].target, name) == 0)
			return &f->fact[j];
	return NULL;
}

static uint64_t number(void *arg, const char *name)
{
	const struct gh_fact *f = setting(arg, name);
	return f == NULL ? 0 : f->a;
}

static uint64_t first_of(const struct gh_repo_file *f, const char *const *names)
{
	for (; *names != NULL; names++) {
		const struct gh_fact *v = setting(f, *names);
		if (v != NULL && v->a != 0)
			return v->a;
	}
	return 0;
}

/* "model_type=llama": the word of model_type, "" when it has none. */
static const char *word(const struct gh_repo_file *f, const char *name)
{
	size_t n = strlen(name);
	for (size_t j = 0; j < f->nfact; j++)
		if (f->fact[j].kind == GH_FACT_SETTING && strncmp(f->fact[j].target, name, n) == 0 &&
		    f->fact[j].target[n] == '=')
			return f->fact[j].target + n + 1;
	return "";
}

static bool generates(const struct gh_repo_file *f)
{
	const char *w = word(f, "architectures"), *end = strstr(w, "ForCausalLM");
	return end != NULL && end[strlen("ForCausalLM")] == '\0';
}

/* ---- what the weights say -------------------------------------------------------------------------------------------- */

static const char *base(const char *name)
{
	const char *slash = strrchr(name, '/');
	return slash == NULL ? name : slash + 1;
}

static bool same_dir(const char *a, const char *b)
{
	size_t n = (size_t)(base(a) - a);
	return n == (size_t)(base(b) - b) && strncmp(a, b, n) == 0;
}

static const struct gh_fact *fact(const struct gh_repo_file *f, enum gh_fact_kind kind)
{
	for (size_t j = 0; j < f->nfact; j++)
		if (f->fact[j].kind == kind)
			return &f->fact[j];
	return NULL;
}

/* Only weights that the loader takes for this configuration: others lie there for other programs. */
static bool taken(const struct config *c, size_t k)
{
	const char *name = base(c->file[k].name);
	return c->file[k].report != NULL && same_dir(c->file[k].name, c->file[c->i].name) &&
	       (strncmp(name, "model", 5) == 0 || strncmp(name, "pytorch_model", 13) == 0) &&
	       fact(&c->file[k], GH_FACT_TENSORS) != NULL;
}

struct held {
	bool whole; /* all weights of the directory are known */
	const struct gh_fact *embed;
	uint64_t layers;
	bool head; /* an output layer */
};

static struct held weights(const struct config *c)
{
	struct held h = { .whole = true };
	for (size_t k = 0; k < c->n; k++) {
		const struct gh_repo_file *w = &c->file[k];
		if (w->report == NULL || !same_dir(w->name, c->file[c->i].name))
			continue;
		if (w->report->verdict == GH_INCOMPLETE || fact(w, GH_FACT_LOST) != NULL)
			return (struct held){ .whole = false };
		const struct gh_fact *l = fact(w, GH_FACT_LAYERS), *e = fact(w, GH_FACT_EMBED);
		h.layers = l != NULL && l->a > h.layers ? l->a : h.layers;
		h.embed = e != NULL ? e : h.embed;
		for (size_t j = 0; j < w->nfact; j++)
			h.head = h.head || (w->fact[j].kind == GH_FACT_SHAPE && strcmp(w->fact[j].target, "head") == 0);
	}
	return h;
}

/* ---- the comparison -------------------------------------------------------------------------------------------------- */

/* Whatever the type of the model: width and number of embeddings, number of layers. */
static void compare_all(struct config *c, const struct held *h)
{
	static const char *const width[] = { "hidden_size", "n_embd", "d_model", NULL };
	static const char *const depth[] = { "num_hidden_layers", "n_layer", NULL }, *const words[] = { "vocab_size",
													NULL };
	static const char *const apart[] = { "embedding_size", "word_embed_proj_dim", NULL };
	const struct gh_repo_file *f = &c->file[c->i];
	uint64_t hidden = first_of(f, width), vocab = first_of(f, words), layers = first_of(f, depth);
	if (hidden != 0 && first_of(f, apart) == 0 && h->embed->b != hidden)
		tell(c, GH_CONFIG_DIFFERS,
		     "the configuration says that embeddings have %llu numbers, the weights have %llu",
		     (unsigned long long)hidden, (unsigned long long)h->embed->b);
	if (vocab != 0 && h->embed->a < vocab)
		tell(c, GH_CONFIG_DIFFERS, "the configuration says %llu tokens, the weights have %llu",
		     (unsigned long long)vocab, (unsigned long long)h->embed->a);
	if (layers != 0 && h->layers != 0 && h->layers < layers)
		tell(c, GH_CONFIG_DIFFERS, "the configuration says %llu layers, the weights have %llu",
		     (unsigned long long)layers, (unsigned long long)h->layers);
}

static bool told_before(const struct config *c, size_t k, size_t j)
{
	for (size_t i = 0; i <= k; i++)
		for (size_t x = 0; taken(c, i) && x < (i == k ? j : c->file[i].nfact); x++)
			if (c->file[i].fact[x].kind == GH_FACT_SHAPE &&
			    strcmp(c->file[i].fact[x].target, c->file[k].fact[j].target) == 0 &&
			    c->file[i].fact[x].a == c->file[k].fact[j].a &&
			    c->file[i].fact[x].b == c->file[k].fact[j].b)
				return true;
	return false;
}

/* Places whose shape follows from sizes of a type that is known. Targets come from tables: a place that is none of them is
 * not compared, and not printed. */
static void compare_shapes(struct config *c, const struct gh_shape_sizes *s)
{
	for (size_t k = 0; k < c->n; k++)
		for (size_t j = 0; taken(c, k) && j < c->file[k].nfact; j++) {
			const struct gh_fact *f = &c->file[k].fact[j];
			uint64_t rows, cols;
			if (f->kind != GH_FACT_SHAPE)
				continue;
			if (strcmp(f->target, "lm_head") == 0 && s->vocab != 0 && f->a < s->vocab &&
			    !told_before(c, k, j))
				tell(c, GH_CONFIG_DIFFERS,
				     "the configuration says %llu tokens, the output layer has %llu",
				     (unsigned long long)s->vocab, (unsigned long long)f->a);
			if (!gh_shape_expected(s, f->target, &rows, &cols) || (f->a == rows && f->b == cols) ||
			    told_before(c, k, j))
				continue;
			tell(c, GH_CONFIG_DIFFERS, "%s is %llu x %llu, the configuration makes it %llu x %llu",
			     strchr(f->target, ' ') + 1, (unsigned long long)f->a, (unsigned long long)f->b,
			     (unsigned long long)rows, (unsigned long long)cols);
		}
}

static void compare_types(struct config *c)
{
	static const struct {
		const char *word, *dtype;
	} types[] = { { "float32", "F32" }, { "float16", "F16" }, { "bfloat16", "BF16" }, { "float64", "F64" } };
	const struct gh_repo_file *f = &c->file[c->i];
	const char *says = word(f, "torch_dtype"), *want = NULL, *named = "", *other = NULL;
	bool there = false;
	says = says[0] == '\0' ? word(f, "dtype") : says;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(says, types[i].word) == 0) {
			named = types[i].word;
			want = types[i].dtype;
		}
	for (size_t k = 0; want != NULL && k < c->n; k++)
		for (size_t j = 0; taken(c, k) && j < c->file[k].nfact; j++) {
			const struct gh_fact *x = &c->file[k].fact[j];
			if (x->kind != GH_FACT_DTYPE || !gh_shape_numbers(x->target))
				continue;
			there = there || strcmp(x->target, want) == 0;
			other = other == NULL ? x->target : other;
		}
	if (!there && other != NULL)
		tell(c, GH_CONFIG_STORED, "the configuration says %s, the weights are %s", named, other);
}

void gh_repo_config(const struct gh_repo_file *file, size_t n, size_t i,
		    void (*say)(void *arg, size_t i, enum gh_config_matter what, const char *text), void *arg)
{
	struct config c = { .file = file, .n = n, .i = i, .say = say, .arg = arg };
	struct held h = weights(&c);
	if (!h.whole)
		return;	     /* not all is known */
	if (h.embed != NULL) /* else not a whole language model in this directory */
		compare_all(&c, &h);
	if (word(&file[i], "quantization_config")[0] != '\0' || word(&file[i], "quantization")[0] != '\0')
		return; /* packed: shapes and types are the packer's */
	struct gh_shape_sizes s = gh_shape_sizes(word(&file[i], "model_type"), number, (void *)(uintptr_t)&file[i]);
	const struct gh_fact *tied = setting(&file[i], "tie_word_embeddings");
	if (s.scheme != NULL)
		compare_shapes(&c, &s);
	if (s.layers != 0 && h.embed != NULL && h.layers > s.layers)
		tell(&c, GH_CONFIG_DIFFERS, "the configuration says %llu layers, the weights have %llu",
		     (unsigned long long)s.layers, (unsigned long long)h.layers);
	if (s.ties && h.embed != NULL && !h.head && tied != NULL && tied->a == 0 && generates(&file[i]))
		tell(&c, GH_CONFIG_DIFFERS,
		     "the configuration says that the output layer is one of its own, the weights have none");
	compare_types(&c);
}
