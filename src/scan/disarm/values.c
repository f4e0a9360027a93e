#include "scan/disarm/values.h"

#include <inttypes.h>
#include <stdio.h>

enum { DEPTH = 128, VISITS = 1 << 23, PATH = 4096, SAY_LITERALS = 4096 };

enum shape {
	PAIRS,	/* a dict: key and value of pair i */
	ITEMS,	/* a list or tuple */
	STATE,	/* an object that was given its items after it was made: key, value, key, value, …, or a state */
	COUPLES /* a list of [key, value], as old picklers spell an ordered dict */
};

struct frame {
	gh_val v;
	uint64_t i, n;
	size_t path; /* length of the path that leads here */
	enum shape shape;
	bool module; /* its keys are the attributes of a module */
};

struct walk {
	struct gh_dis_job *j;
	struct gh_heap *h;
	const struct gh_dis_links *links;
	struct frame f[DEPTH];
	unsigned n;
	uint64_t visits;
	struct gh_buf path;
	uint64_t unsaid; /* dropped values beyond those listed */
	unsigned said;
};

bool gh_dis_class(struct gh_heap *h, gh_val v, struct gh_span *module, struct gh_span *name)
{
	gh_val c = gh_val_callee(h, v);
	if (!gh_val_global(h, c, module, name))
		return false;
	bool copyreg = gh_span_is(*module, "copyreg") || gh_span_is(*module, "copy_reg");
	return !copyreg || gh_val_global(h, gh_val_item(h, gh_val_args(h, v), 0), module, name);
}

void gh_dis_type(struct gh_heap *h, gh_val v, char *out)
{
	static const char *const names[] = {
		[GH_V_NONE] = "None",
		[GH_V_BOOL] = "bool",
		[GH_V_INT] = "int",
		[GH_V_BIGINT] = "int",
		[GH_V_FLOAT] = "float",
		[GH_V_STR] = "str",
		[GH_V_BYTES] = "bytes",
		[GH_V_BYTEARRAY] = "bytearray",
		[GH_V_TUPLE] = "tuple",
		[GH_V_LIST] = "list",
		[GH_V_DICT] = "dict",
		[GH_V_SET] = "set",
		[GH_V_FROZENSET] = "frozenset",
		[GH_V_PERSID] = "persistent object",
		[GH_V_BUFFER] = "buffer",
		[GH_V_UNKNOWN] = "unknown",
		[GH_V_GLOBAL] = "imported",
		[GH_V_OBJECT] = "object",
	};
	enum gh_vkind k = gh_val_kind(h, v);
	struct gh_span m, n;
	gh_auto_buf b = gh_buf(GH_DIS_WHAT_MAX - 1);
	if ((k == GH_V_OBJECT && gh_dis_class(h, v, &m, &n)) || (k == GH_V_GLOBAL && gh_val_global(h, v, &m, &n)))
		gh_buf_fmt(&b, "%s%s.%s", k == GH_V_GLOBAL ? "import " : "", gh_safe(m).s, gh_safe(n).s);
	else
		gh_buf_str(&b, names[k]);
	memcpy(out, gh_buf_cstr(&b), b.n + 1);
}

struct gh_dis_store *gh_dis_range(struct gh_dis_job *j, struct gh_src *src, uint64_t off, uint64_t len)
{
	struct gh_dis_store *s = GH_NEW(j->arena, struct gh_dis_store, 1);
	if (s != NULL)
		*s = (struct gh_dis_store){ .src = src, .off = off, .len = len, .size = len };
	return s;
}

static void on_call(void *arg, const struct gh_call *c, struct gh_range at)
{
	(void)at;
	gh_dis_hear_call(arg, c);
}

enum gh_rc gh_dis_load(struct gh_dis_job *j, struct gh_src *src, uint64_t off, struct gh_pickle_result *r)
{
	struct gh_walk w = {
		.src = src, .arena = j->arena, .sink = j->sink, .lim = j->lim, .name = j->name, .err = j->err
	};
	const struct gh_pickle_hooks hooks = { .arg = j, .call = on_call, .keep = GH_DIS_KEEP };
	enum gh_rc rc = gh_pickle_run(&w, off, &hooks, r);
	if (rc != GH_OK)
		return rc;
	if (r->end == GH_PICKLE_LIMIT)
		return gh_fail(j->err, GH_E_LIMIT, "pickle: %s", r->why);
	if (r->end == GH_PICKLE_BROKEN)
		return gh_fail(j->err, GH_E_MALFORMED, "the pickle breaks off at byte %" PRIu64 ": %s", r->off, r->why);
	return GH_OK;
}

/* ---- notes --------------------------------------------------------------------------------------------------- */

static void drop(struct walk *w, gh_val v, const char *why)
{
	char type[GH_DIS_WHAT_MAX];
	enum gh_vkind k = gh_val_kind(w->h, v);
	if (w->said == SAY_LITERALS) {
		w->unsaid++;
		return;
	}
	w->said++;
	gh_dis_type(w->h, v, type);
	gh_auto_buf b = gh_buf(160);
	if (why == NULL && (k == GH_V_INT || k == GH_V_FLOAT || k == GH_V_BOOL || k == GH_V_STR))
		gh_val_render(w->h, v, &b, 60);
	gh_dis_say(w->j, GH_DIS_ACT_DROPPED, gh_buf_view(&w->path), type, k == GH_V_OBJECT ? 0 : gh_val_len(w->h, v),
		   "%s", why != NULL ? why : gh_buf_cstr(&b));
}

/* ---- the way down -------------------------------------------------------------------------------------------- */

/* Add a key to the path. False: it is no text and no number. */
static bool enter_key(struct walk *w, gh_val key)
{
	int64_t i;
	enum gh_vkind k = gh_val_kind(w->h, key);
	struct gh_span s = { 0 };
	if (k == GH_V_STR || k == GH_V_BYTES)
		s = gh_val_text(w->h, key, PATH);
	else if (k != GH_V_INT || !gh_val_int(w->h, key, &i))
		return false;
	if (k != GH_V_INT && s.p == NULL)
		return false;
	if (w->path.n != 0)
		gh_buf_ch(&w->path, '.');
	if (k == GH_V_INT)
		gh_buf_fmt(&w->path, "%" PRId64, i);
	else
		gh_buf_span(&w->path, s);
	return true;
}

static bool mapping_class(struct gh_span m, struct gh_span n)
{
	static const char *const names[] = { "OrderedDict", "defaultdict", "dict", "Counter" };
	if (!gh_span_is(m, "collections") && !gh_span_is(m, "builtins") && !gh_span_is(m, "__builtin__"))
		return false;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (gh_span_is(n, names[i]))
			return true;
	return false;
}

/* The state of a module: a dict with its parts. */
static bool module_state(struct gh_heap *h, gh_val v, gh_val *state)
{
	for (uint64_t i = gh_val_len(h, v); i > 0 && i + 4 > gh_val_len(h, v); i--) {
		gh_val parts;
		*state = gh_val_item(h, v, i - 1);
		if (gh_val_kind(h, *state) == GH_V_DICT && gh_val_get(h, *state, "_modules", &parts) &&
		    gh_val_get(h, *state, "_parameters", &parts))
			return true;
	}
	return false;
}

/* Can this value be walked into? */
static bool container(struct walk *w, gh_val v, struct frame *f)
{
	struct gh_span m, n;
	*f = (struct frame){ .v = v, .path = w->path.n };
	switch (gh_val_kind(w->h, v)) {
	case GH_V_DICT: f->shape = PAIRS; break;
	case GH_V_LIST:
	case GH_V_TUPLE: f->shape = ITEMS; break;
	case GH_V_OBJECT:
		if (gh_dis_class(w->h, v, &m, &n) && mapping_class(m, n)) {
			gh_val args = gh_val_args(w->h, v), first = gh_val_item(w->h, args, 0);
			bool filled = gh_val_kind(w->h, args) == GH_V_TUPLE && gh_val_len(w->h, args) == 1;
			f->shape = STATE;
			if (filled && gh_val_len(w->h, v) == 0 && gh_val_kind(w->h, first) == GH_V_LIST)
				*f = (struct frame){ .v = first, .path = w->path.n, .shape = COUPLES };
			else if (filled && gh_val_len(w->h, v) == 0 && gh_val_kind(w->h, first) == GH_V_DICT)
				*f = (struct frame){ .v = first, .path = w->path.n, .shape = PAIRS };
		} else if (module_state(w->h, v, &f->v)) {
			f->shape = PAIRS;
			f->module = true;
		} else {
			return false;
		}
		break;
	default: return false;
	}
	f->n = gh_val_len(w->h, f->v);
	return true;
}

/* Nothing but plain values in it: one line says what it is. */
static bool plain_only(struct walk *w, const struct frame *f)
{
	for (uint64_t i = 0; i < f->n; i++) {
		gh_val v = f->shape == PAIRS ? gh_val_at(w->h, f->v, i) : gh_val_item(w->h, f->v, i);
		switch (gh_val_kind(w->h, v)) {
		case GH_V_NONE:
		case GH_V_BOOL:
		case GH_V_INT:
		case GH_V_BIGINT:
		case GH_V_FLOAT:
		case GH_V_STR: break;
		default: return false;
		}
	}
	return f->n != 0;
}

/* Is the path on the way to, or below, what --only names? */
static bool wanted(const struct walk *w)
{
	size_t want = strlen(w->j->opt->only), n = w->path.n < want ? w->path.n : want;
	if (want == 0 || n == 0)
		return true;
	if (memcmp(w->path.p, w->j->opt->only, n) != 0)
		return false;
	return w->path.n == want || (w->path.n > want ? w->path.p[want] == '.' : w->j->opt->only[w->path.n] == '.');
}

static enum gh_rc keep(struct walk *w, struct gh_dis_tensor *t)
{
	size_t want = strlen(w->j->opt->only);
	t->name = gh_buf_view(&w->path);
	if (want != 0 && w->path.n < want)
		return GH_OK;
	if (want != 0)
		t->name = gh_span_cut(t->name, want + (t->name.n > want), t->name.n);
	return gh_dis_add(w->j, t);
}

/* One value: kept, walked into, or dropped. */
static enum gh_rc visit(struct walk *w, gh_val v, bool in_module)
{
	struct gh_dis_tensor t = { 0 };
	struct frame f;
	const char *why = NULL;
	if (++w->visits > VISITS)
		return gh_fail(w->j->err, GH_E_LIMIT, "more than %d values, counting those that are met again", VISITS);
	if (!wanted(w)) {
		size_t n = strlen(w->j->others), room = sizeof w->j->others - n;
		struct gh_safe key = gh_safe(gh_buf_view(&w->path));
		if (strlen(key.s) + 3 < room)
			(void)snprintf(w->j->others + n, room, "%s%s", n == 0 ? "" : ", ", key.s);
		drop(w, v, "not below what --only names");
		return GH_OK;
	}
	enum gh_rc rc = gh_dis_torch_tensor(w->j, w->h, v, w->links, &t, &why);
	if (rc == GH_E_NOTTHIS)
		rc = gh_dis_ndarray(w->j, w->h, v, &t, &why);
	if (rc == GH_OK)
		return keep(w, &t);
	if (rc == GH_E_UNREAD) {
		drop(w, v, why);
		return GH_OK;
	}
	if (rc != GH_E_NOTTHIS)
		return gh_fail(w->j->err, rc, "'%s'", gh_safe(gh_buf_view(&w->path)).s);
	if (!container(w, v, &f)) {
		if (!in_module || gh_val_kind(w->h, v) != GH_V_NONE) /* a part that is not there */
			drop(w, v, NULL);
		return GH_OK;
	}
	if (plain_only(w, &f)) {
		drop(w, v, NULL);
		return GH_OK;
	}
	if (f.module)
		drop(w, v, "the class is dropped; its weights are kept under the names of its state_dict");
	if (w->n == DEPTH)
		return gh_fail(w->j->err, GH_E_LIMIT, "more than %d levels of containers", DEPTH);
	w->f[w->n++] = f;
	return GH_OK;
}

/* Attributes of a module: its parts go by no name of their own, the rest is code's business. */
static bool part_of_module(struct walk *w, gh_val key)
{
	return gh_val_is(w->h, key, "_parameters") || gh_val_is(w->h, key, "_buffers") ||
	       gh_val_is(w->h, key, "_modules");
}

/* The next value of a frame. False: there is none (any more), or it was dealt with. */
static bool next(struct walk *w, struct frame *f, gh_val *v)
{
	gh_val key = 0;
	w->path.n = f->path;
	switch (f->shape) {
	case PAIRS:
		key = gh_val_key(w->h, f->v, f->i);
		*v = gh_val_at(w->h, f->v, f->i++);
		if (f->module)
			return part_of_module(w, key);
		break;
	case ITEMS:
		*v = gh_val_item(w->h, f->v, f->i);
		if (w->path.n != 0)
			gh_buf_ch(&w->path, '.');
		gh_buf_fmt(&w->path, "%" PRIu64, f->i++);
		return true;
	case STATE:
		key = gh_val_item(w->h, f->v, f->i++);
		if (gh_val_kind(w->h, key) == GH_V_DICT || f->i == f->n) { /* a state: attributes beside the items */
			gh_buf_str(&w->path, w->path.n == 0 ? "(attributes)" : ".(attributes)");
			drop(w, key, NULL);
			return false;
		}
		*v = gh_val_item(w->h, f->v, f->i++);
		break;
	case COUPLES:
		key = gh_val_item(w->h, f->v, f->i++);
		*v = gh_val_item(w->h, key, 1);
		key = gh_val_item(w->h, key, 0);
		break;
	}
	if (enter_key(w, key))
		return true;
	gh_buf_str(&w->path, w->path.n == 0 ? "(key that is no text)" : ".(key that is no text)");
	drop(w, *v, "its key is neither text nor a whole number");
	return false;
}

enum gh_rc gh_dis_values(struct gh_dis_job *j, struct gh_heap *h, gh_val v, const struct gh_dis_links *links)
{
	struct walk *w = GH_NEW(j->arena, struct walk, 1);
	if (w == NULL)
		return gh_fail(j->err, GH_E_LIMIT, "memory (--limit-memory)");
	*w = (struct walk){ .j = j, .h = h, .links = links, .path = gh_buf(64 << 10) };
	enum gh_rc rc = visit(w, v, false);
	while (rc == GH_OK && w->n != 0) {
		struct frame *f = &w->f[w->n - 1];
		if (f->i >= f->n) {
			w->n--;
			continue;
		}
		bool in_module = f->module;
		if (next(w, f, &v))
			rc = visit(w, v, in_module);
	}
	if (w->unsaid != 0)
		gh_dis_say(j, GH_DIS_ACT_DROPPED, GH_SPAN("…"), "values", w->unsaid, "and %" PRIu64 " more", w->unsaid);
	gh_buf_free(&w->path);
	return rc;
}
