/* pyargs.c - arguments that matter whatever library is called: places that are written, addresses that carry local data, queries that
 * call, options that let others' code run. */
#include "check/pymention_int.h"

enum { ARGS = 24, DEEP = 8 };

/* Out of a configuration, which whoever made the model wrote as well? */
static bool of_config(const struct look *l, uint32_t i)
{
	static const char *const names[] = { "config", "cfg", "conf", "hparams", "hps", "model_config" };
	for (unsigned k = 0; k < DEEP; k++) {
		const struct gh_pyn *n = node(l, i);
		if (n->kind == GH_PYN_CALL) {
			i = n->a;
			continue;
		}
		if (n->kind != GH_PYN_ATTR && n->kind != GH_PYN_SUBSCR)
			return false;
		i = n->a;
		for (size_t w = 0; w < sizeof names / sizeof names[0]; w++)
			if (gh_span_is(node(l, i)->text, names[w]))
				return true;
	}
	return false;
}

/* Is a consent given by the text itself or its configuration, and not by who calls it? */
static bool grants(const struct look *l, uint32_t i)
{
	const struct gh_pyn *n = node(l, i);
	return (n->kind == GH_PYN_CONST && n->op == 'T') || n->kind == GH_PYN_NUM || n->kind == GH_PYN_STR ||
	       n->kind == GH_PYN_UNARY || (n->kind == GH_PYN_CALL && n->nkids <= 1 && calls_name(l, i, "bool")) ||
	       of_config(l, i);
}

/* Where people let notebooks and containers write. */
static bool for_results(struct gh_span s)
{
	static const char *const places[] = { "/content", "/kaggle",   "/workspace", "/mnt/",	 "/data",
					      "/opt/ml/", "/dev/null", "/dev/shm/",  "/dbfs/",	 "/scratch",
					      "/output",  "/results",  "/path/",     "/workdir", "/app/" };
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (gh_span_starts(s, places[i]))
			return true;
	return false;
}

/* Options of trainers, loggers and savers that say where results go. */
void pyc_option_place(struct look *l, uint32_t at, struct gh_span option, uint32_t set_to)
{
	static const char *const starts[] = { "output", "log",	    "save",	    "export", "checkpoint", "ckpt",
					      "cache",	"download", "default_root", "dest",   "target",	    "result",
					      "run",	"work",	    "dump",	    "dir" };
	static const char *const ends[] = { "dir",    "path",	  "file",    "directory",
					    "folder", "filename", "dirpath", "output" };
	bool begins = false, place = false;
	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
		begins = begins || gh_span_starts(option, starts[i]);
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		place = place || gh_span_ends(option, ends[i]);
	if (!begins || !place || !known_text(l, set_to))
		return;
	struct gh_span s = gh_pyv_text(value(l, set_to));
	bool rooted = s.n > 1 &&
		      (s.p[0] == '/' || s.p[0] == '~' || gh_span_starts(s, "../") || gh_span_starts(s, "$HOME"));
	if (!rooted || s.n > 4096 || for_results(s))
		return;
	if (gh_pypath_persistent(s) || pyc_start_place(s) || pyc_secret_place(s))
		pyc_mention(l, GH_PYC_HARMS, at, s, "a place from where things are run or configured");
	else if (s.p[0] == '/' && gh_pypath_system(s))
		pyc_mention(l, GH_PYC_WRITE, at, s, "a place of the system is written");
}

void pyc_consent(struct look *l, uint32_t at, struct gh_span name, uint32_t set_to)
{
	pyc_option_place(l, at, name, set_to);
	bool foreign = gh_span_is(name, "custom_pipeline") ||
		       (gh_span_is(name, "trust_remote_code") && grants(l, set_to));
	if (foreign)
		pyc_mention(l, GH_PYC_FOREIGN, at, name, "runs the code of a repository");
	else if (gh_span_is(name, "allow_pickle") && grants(l, set_to))
		pyc_mention(l, GH_PYC_DESERIALISE, at, name, "objects may come out of what is read");
}

/* The last name of what is called, also of getattr(x, "name")(…). */
static struct gh_span called_as(const struct look *l, uint32_t call)
{
	uint32_t f = node(l, call)->a;
	const struct gh_pyn *n = node(l, f);
	if (n->kind == GH_PYN_CALL && calls_name(l, f, "getattr") && known_text(l, nth(l, f, 1)))
		return gh_pyv_text(value(l, nth(l, f, 1)));
	struct gh_pyv v = value(l, f);
	struct gh_span path = n->kind == GH_PYN_NAME && v.kind == GH_PYV_REF ? gh_pyv_text(v) : n->text;
	size_t dot = path.n;
	while (dot > 0 && path.p[dot - 1] != '.')
		dot--;
	return gh_span_cut(path, dot, path.n);
}

static void saves(struct look *l, uint32_t call, struct gh_span as, struct gh_span s)
{
	bool home = gh_span_starts(s, "~/"), absolute = s.n > 1 && s.p[0] == '/', up = gh_span_starts(s, "../");
	if (s.n > 4096 || (!home && !absolute && !up) || memchr(s.p, '\n', s.n) != NULL)
		return;
	if (gh_pypath_persistent(s) || pyc_start_place(s) || pyc_secret_place(s))
		pyc_mention(l, GH_PYC_HARMS, call, s, "a place from where things are run or configured");
	else if (!up && !home && gh_pypath_system(s) && !for_results(s))
		pyc_mention(l, when(l, call) == GH_PYW_IMPORT ? GH_PYC_HARMS : GH_PYC_WRITE, call, s,
			    "a place of the system is written");
	else if (!for_results(s) && when(l, call) >= GH_PYW_HOOK)
		pyc_mention(l, GH_PYC_WRITE, call, as, "a place that is not the caller's choice is written");
}

/* Calls within a query of pandas; a mention of them is enough, wherever in the argument. */
static void query(struct look *l, uint32_t call, struct gh_span s)
{
	if (s.n != 0 && memchr(s.p, '@', s.n) != NULL &&
	    (memchr(s.p, '(', s.n) != NULL || memmem(s.p, s.n, "__", 2) != NULL))
		pyc_mention(l, GH_PYC_CODE, call, s, "calls within a query");
}

/* Something is read from an address that local data is a part of. */
static void carries(struct look *l, uint32_t call, struct gh_span as, struct gh_pyv v)
{
	static const uint32_t local = GH_PYF_FILE | GH_PYF_ENVALL | GH_PYF_HOST | GH_PYF_PROC | GH_PYF_SECRET;
	struct gh_span s = gh_pyv_text(v);
	bool reader = gh_span_starts(as, "read_") || gh_span_starts(as, "load") || gh_span_starts(as, "open") ||
		      gh_span_starts(as, "imread") || gh_span_starts(as, "from_") || gh_span_starts(as, "get_file");
	if (!reader || (v.flags & local) == 0)
		return;
	if (gh_span_starts(s, "http://") || gh_span_starts(s, "https://") || gh_span_starts(s, "ftp://"))
		pyc_mention(l, when(l, call) >= GH_PYW_HOOK ? GH_PYC_STEALS : GH_PYC_NETWORK, call, as,
			    "local data leaves in the address that is read");
}

/* Texts that an argument is made of, as far as they are written in it. */
static void pieces(struct look *l, uint32_t call, uint32_t arg, void (*on)(struct look *, uint32_t, struct gh_span))
{
	uint32_t todo[4 * DEEP];
	unsigned n = 0;
	todo[n++] = arg;
	for (unsigned k = 0; n != 0 && k < 64; k++) {
		uint32_t i = todo[--n];
		const struct gh_pyn *x = node(l, i);
		bool two = x->kind == GH_PYN_COND || x->kind == GH_PYN_BOOL || x->kind == GH_PYN_BIN;
		if (known_text(l, i))
			on(l, call, gh_pyv_text(value(l, i)));
		else if (x->kind == GH_PYN_STR)
			on(l, call, x->text);
		if (two && n + 2 <= sizeof todo / sizeof todo[0]) {
			todo[n++] = x->a;
			todo[n++] = x->b;
		}
	}
}

/* **config.x into what loads: any option may be in it. */
static void options(struct look *l, uint32_t call, struct gh_span as, uint32_t given)
{
	static const char *const loaders[] = { "load",	     "from_pretrained", "pipeline",
					       "load_model", "load_dataset",	"from_config" };
	for (size_t i = 0; i < sizeof loaders / sizeof loaders[0]; i++)
		if (gh_span_is(as, loaders[i]) && of_config(l, given))
			pyc_mention(l, GH_PYC_DESERIALISE, call, as, "its options come out of a configuration");
}

/* An array of Python objects that lies on raw bytes: addresses out of the file are taken for objects. */
static bool of_objects(const struct look *l, uint32_t dtype)
{
	static const char *const names[] = { "O",  "|O",     "=O",	"<O",	   ">O",
					     "O8", "object", "object_", "object0", "pyobject" };
	if (node(l, dtype)->kind == GH_PYN_CALL) /* np.dtype("O") */
		dtype = nth(l, dtype, 0);
	const struct gh_pyn *n = node(l, dtype);
	struct gh_pyv v = value(l, dtype);
	struct gh_span s = gh_pyv_text(v);
	if (s.n == 0)
		s = n->text;
	const uint8_t *dot = s.n == 0 ? NULL : memrchr(s.p, '.', s.n);
	if (dot != NULL && v.kind == GH_PYV_REF)
		s = gh_span_cut(s, (uint64_t)(dot - s.p) + 1, s.n);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (gh_span_is(s, names[i]))
			return true;
	return false;
}

static void raw_objects(struct look *l, uint32_t call, struct gh_span as)
{
	static const struct {
		const char *name;
		unsigned at; /* of the type of its elements among the arguments */
	} views[] = {
		{ "memmap", 1 }, { "open_memmap", 2 }, { "fromfile", 1 }, { "frombuffer", 1 }, { "fromstring", 1 }
	};
	const struct gh_pyn *n = node(l, call);
	for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
		if (!gh_span_is(as, views[i].name))
			continue;
		uint32_t dtype = nth(l, call, views[i].at);
		for (uint32_t k = 0; k < n->nkids; k++) {
			const struct gh_pyn *a = node(l, l->t->kid[n->kids + k]);
			if (a->kind == GH_PYN_KWARG && gh_span_is(a->text, "dtype"))
				dtype = a->a;
		}
		if (dtype != GH_PYN_NIL && of_objects(l, dtype))
			pyc_mention(l, GH_PYC_DESERIALISE, call, as,
				    "bytes of a file are taken for addresses of objects");
	}
}

static bool keeps_results(struct gh_span as)
{
	static const char *const ends[] = { "Arguments", "Checkpoint", "Logger", "Writer" };
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (gh_span_ends(as, ends[i]))
			return true;
	return false;
}

void pyc_arguments(struct look *l, uint32_t call)
{
	struct gh_span as = called_as(l, call);
	const struct gh_pyn *n = node(l, call);
	bool asks = gh_span_is(as, "query") || gh_span_is(as, "eval"), keeps = pyc_word(as) == PYC_W_SAVES;
	raw_objects(l, call, as);
	bool sound = gh_span_is(as, "write") && node(l, n->a)->kind == GH_PYN_ATTR && imported_head(l, n->a);
	for (uint32_t k = 0; k < n->nkids && k < ARGS; k++) {
		uint32_t arg = l->t->kid[n->kids + k];
		const struct gh_pyn *a = node(l, arg);
		if (a->kind == GH_PYN_DSTAR) {
			options(l, call, as, a->a);
			continue;
		}
		if (a->kind == GH_PYN_KWARG)
			arg = a->a;
		else if (k == 0 && keeps_results(as)) /* their first parameter is such an option */
			pyc_option_place(l, call, GH_SPAN("output_dir"), arg);
		if (asks)
			pieces(l, call, arg, query);
		struct gh_pyv v = value(l, arg);
		if ((keeps || sound) && known_text(l, arg))
			saves(l, call, as, gh_pyv_text(v));
		carries(l, call, as, v);
	}
}
