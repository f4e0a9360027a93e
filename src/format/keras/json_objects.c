#include "format/keras/json_objects.h"

#include "wire/digits.h"
#include "wire/path.h"

/* Numbers of elements and of units from which on nobody means it: 256 GiB of float32, and two billion neurons. */
#define HUGE_SHAPE ((uint64_t)1 << 36)
#define HUGE_UNITS ((uint64_t)1 << 31)

enum key {
	K_OTHER,
	K_CLASS,
	K_CONFIG,
	K_MODULE,
	K_REGISTERED,
	K_FUNCTION,
	K_ALSO, /* what a Lambda may have as a function besides */
	K_CODE,
	K_SHAPE,
	K_UNITS,
	K_PATH,
	K_SAFE,
	K_NODE_CLASS,
	K_NODE_MODULE,
	K_NODE_LOADER,
	K_MODULE_PATH,
	K_FUNC,
	K_OBJ,
	K_ITEMS,
};

static const struct {
	const char *name;
	enum key key;
} keys[] = {
	{ "class_name", K_CLASS },
	{ "config", K_CONFIG },
	{ "module", K_MODULE },
	{ "registered_name", K_REGISTERED },
	{ "function", K_FUNCTION },
	{ "output_shape", K_ALSO },
	{ "mask", K_ALSO },
	{ "code", K_CODE },
	{ "shape", K_SHAPE },
	{ "input_shape", K_SHAPE },
	{ "batch_shape", K_SHAPE },
	{ "batch_input_shape", K_SHAPE },
	{ "build_input_shape", K_SHAPE },
	{ "target_shape", K_SHAPE },
	{ "units", K_UNITS },
	{ "filters", K_UNITS },
	{ "input_dim", K_UNITS },
	{ "output_dim", K_UNITS },
	{ "key_dim", K_UNITS },
	{ "num_heads", K_UNITS },
	{ "vocabulary", K_PATH },
	{ "vocabulary_file", K_PATH },
	{ "vocab_file", K_PATH },
	{ "idf_weights", K_PATH },
	{ "filepath", K_PATH },
	{ "file_path", K_PATH },
	{ "filename", K_PATH },
	{ "path", K_PATH },
	{ "model_path", K_PATH },
	{ "saved_model_path", K_PATH },
	{ "weights_path", K_PATH },
	{ "checkpoint_path", K_PATH },
	{ "handle", K_PATH }, /* tensorflow_hub.KerasLayer */
	{ "proto", K_PATH },  /* SentencePiece */
	{ "merges", K_PATH },
	{ "safe_mode", K_SAFE },
	{ "__class__", K_NODE_CLASS },
	{ "__module__", K_NODE_MODULE },
	{ "__loader__", K_NODE_LOADER },
	{ "module_path", K_MODULE_PATH },
	{ "func", K_FUNC },
	{ "obj", K_OBJ },
	{ "items", K_ITEMS }, /* of a tuple: {"class_name": "__tuple__", "items": […]} */
};

enum has {
	HAS_CLASS = 1 << 0,
	HAS_CONFIG = 1 << 1,
	HAS_MODULE = 1 << 2,
	HAS_TEXT = 1 << 3,	/* config is a string: `text` */
	HAS_FN = 1 << 4,	/* a function by name: `text` of a config, `fn` of the object */
	HAS_FN_CODE = 1 << 5,	/* by code, or by program text */
	HAS_FN_OBJECT = 1 << 6, /* by an object, which is judged itself */
	HAS_CUT = 1 << 7,	/* a name was longer than is kept */
	HAS_NODE_CLASS = 1 << 8,
	HAS_NODE_MODULE = 1 << 9,
	HAS_NODE_LOADER = 1 << 10,
	HAS_MODULE_PATH = 1 << 11,
	HAS_FUNC = 1 << 12,
	HAS_OBJ = 1 << 13,
	HAS_FN_ANY = HAS_FN | HAS_FN_CODE | HAS_FN_OBJECT,
};

/* What was seen in an object's configuration, kept until it is known whose it is. */
struct facts {
	struct gh_json_name path_key, path;
	uint64_t path_off, path_len;
	bool has_path, path_bad;
	bool has_huge, has_unsafe;
	uint64_t huge_off, huge_len, unsafe_off;
};

struct gh_object_frame {
	bool array;
	enum key key;	 /* of the value that comes next */
	enum key holder; /* under which this stands */
	unsigned has;
	uint64_t off;
	uint64_t product; /* of the numbers of an array */
	unsigned items;
	bool child_object; /* its last complete value was an object that a loader makes */
	struct gh_json_name key_name, class_name, module, registered, text, fn, fn_module;
	struct facts facts;
};

static enum key key_of(struct gh_span s)
{
	for (size_t i = 0; s.n >= 3 && i < sizeof keys / sizeof keys[0]; i++)
		if ((uint8_t)keys[i].name[0] == s.p[0] && gh_span_is(s, keys[i].name))
			return keys[i].key;
	return K_OTHER;
}

static void reset(struct gh_object_frame *f, bool array, enum key holder, uint64_t off)
{
	f->array = array;
	f->key = K_OTHER;
	f->holder = holder;
	f->has = 0;
	f->off = off;
	f->product = 1;
	f->items = 0;
	f->child_object = false;
	f->key_name.n = f->class_name.n = f->module.n = f->registered.n = f->text.n = f->fn.n = f->fn_module.n = 0;
	f->facts.has_path = f->facts.path_bad = f->facts.has_huge = f->facts.has_unsafe = false;
}

static struct gh_object_frame *frame_at(struct gh_objects *o, unsigned depth)
{
	if (depth >= o->cap) {
		void *p = gh_grow(o->w->arena, o->frame, &o->cap, depth + 1, sizeof *o->frame);
		if (p == NULL)
			return NULL;
		o->frame = p;
	}
	return &o->frame[depth];
}

/* ---- strings ---------------------------------------------------------------------------------------------------- */

static void keep(struct gh_object_frame *f, struct gh_json_name *to, const struct gh_json *j)
{
	gh_json_name_set(to, j->text);
	if (j->full > sizeof to->p)
		f->has |= HAS_CUT;
}

static bool identifier(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool digit = c >= '0' && c <= '9';
		if (!digit && c != '_' && c != '.' && c != '>' && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
			return false;
	}
	return s.n != 0;
}

/* Python's marshal starts a code object with 'c', with or without the flag for references. Python decodes base64 leniently:
 * what is no digit is passed over. */
static bool keep_code(struct gh_objects *o, const struct gh_json *j)
{
	if (j->text.n != j->full || j->full < 16 || o->ncode == GH_OBJECT_CODES)
		return false;
	uint8_t *out = gh_alloc(o->w->arena, 1, j->text.n);
	if (out == NULL)
		return false;
	size_t n = 0;
	uint32_t bits = 0;
	unsigned nbits = 0;
	for (size_t i = 0; i < j->text.n && j->text.p[i] != '='; i++) {
		int v = gh_base64_digit(j->text.p[i]);
		if (v < 0)
			continue;
		bits = bits << 6 | (uint32_t)v;
		nbits += 6;
		if (nbits >= 8) {
			nbits -= 8;
			out[n++] = (uint8_t)(bits >> nbits);
		}
	}
	if (n < 8 || (out[0] & 0x7f) != 'c')
		return false;
	o->code[o->ncode].bytes = (struct gh_span){ out, n };
	o->code[o->ncode].off = j->off;
	o->code[o->ncode++].len = j->len;
	return true;
}

/* The function of a Lambda, as a string or as the first of [code, defaults, closure]. */
static void on_function(struct gh_objects *o, struct gh_object_frame *f, const struct gh_json *j)
{
	if (keep_code(o, j) || !identifier(j->text) || j->full > sizeof f->fn.p) {
		f->has |= HAS_FN_CODE;
		return;
	}
	keep(f, &f->fn, j);
	f->has |= HAS_FN;
}

static bool leads_out(struct gh_span s)
{
	unsigned odd = GH_PATH_ESCAPES | GH_PATH_ABSOLUTE | GH_PATH_DRIVE | GH_PATH_NUL | GH_PATH_DOTDOT;
	return (gh_path_flags(s) & odd) != 0 || memmem(s.p, s.n, "://", 3) != NULL || s.p[0] == '~';
}

static void on_path(struct gh_object_frame *f, const struct gh_json *j)
{
	struct facts *c = &f->facts;
	if (j->text.n == 0)
		return;
	bool bad = leads_out(j->text);
	if (c->has_path && (c->path_bad || !bad))
		return;
	c->has_path = true;
	c->path_bad = bad;
	c->path_off = j->off;
	c->path_len = j->len;
	c->path_key = f->key_name;
	gh_json_name_set(&c->path, j->text);
}

static enum gh_rc send(struct gh_objects *o, const struct gh_object_frame *f, struct gh_call *call)
{
	const struct gh_json *j = &o->x->j;
	call->as_module = call->module;
	if (call->as_name.n == 0)
		call->as_name = call->name;
	o->calls++;
	return gh_emit(o->w, GH_EV_CALL, f->off, j->off + j->len - f->off, call);
}

/* A second class or module in one object: Python keeps the last, but what was read so far is judged as well. */
static void on_again(struct gh_object_frame *f, unsigned bit)
{
	if ((f->has & bit) != 0)
		f->has |= HAS_CUT;
}

static void on_string(struct gh_objects *o, struct gh_object_frame *f)
{
	const struct gh_json *j = &o->x->j;
	if (f->array) {
		if (f->holder == K_FUNCTION && f->items == 0)
			on_function(o, f, j);
		else if ((f->holder == K_ALSO || f->holder == K_FUNCTION) && keep_code(o, j))
			f->has |= HAS_FN_CODE;
		return;
	}
	switch (f->key) {
	case K_CLASS:
		on_again(f, HAS_CLASS);
		f->has |= HAS_CLASS;
		keep(f, &f->class_name, j);
		break;
	case K_CONFIG:
		on_again(f, HAS_CONFIG);
		f->has |= HAS_CONFIG | HAS_TEXT;
		keep(f, &f->text, j);
		break;
	case K_MODULE:
		on_again(f, HAS_MODULE);
		f->has |= HAS_MODULE;
		gh_json_name_set(&f->module, j->text); /* may be the weights of a TorchModuleWrapper */
		break;
	case K_REGISTERED: keep(f, &f->registered, j); break;
	case K_FUNCTION: on_function(o, f, j); break;
	case K_CODE: (void)keep_code(o, j); break;
	case K_PATH: on_path(f, j); break;
	case K_NODE_CLASS:
		f->has |= HAS_NODE_CLASS;
		keep(f, &f->class_name, j);
		break;
	case K_NODE_MODULE:
		f->has |= HAS_NODE_MODULE;
		keep(f, &f->module, j);
		break;
	case K_NODE_LOADER:
		f->has |= HAS_NODE_LOADER;
		keep(f, &f->registered, j);
		break;
	case K_MODULE_PATH:
		f->has |= HAS_MODULE_PATH;
		keep(f, &f->fn_module, j);
		break;
	case K_FUNC:
		f->has |= HAS_FUNC;
		keep(f, &f->text, j);
		break;
	default: break;
	}
}

static void on_number(struct gh_objects *o, struct gh_object_frame *f)
{
	const struct gh_json *j = &o->x->j;
	uint64_t v = 0;
	bool whole = gh_json_u64(j, &v);
	bool long_one = !whole && j->len >= 20 && !j->odd;
	bool huge = false;
	if (f->array && f->holder == K_SHAPE && (whole || long_one)) {
		huge = long_one || __builtin_mul_overflow(f->product, v == 0 ? 1 : v, &f->product) ||
		       f->product >= HUGE_SHAPE;
	} else if (!f->array && f->key == K_UNITS) {
		huge = long_one || v >= HUGE_UNITS;
	}
	if (huge && !f->facts.has_huge) {
		f->facts.has_huge = true;
		f->facts.huge_off = j->off;
		f->facts.huge_len = j->len;
	}
}

/* ---- the end of an object --------------------------------------------------------------------------------------- */

static enum gh_rc flush_code(struct gh_objects *o, struct gh_span name)
{
	enum gh_rc rc = GH_OK;
	for (unsigned i = 0; i < o->ncode && rc == GH_OK; i++) {
		struct gh_src_mem mem;
		struct gh_code code = { .language = "python-bytecode",
					.name = name,
					.src = gh_src_mem(&mem, o->code[i].bytes) };
		rc = gh_emit(o->w, GH_EV_CODE, o->code[i].off, o->code[i].len, &code);
	}
	o->ncode = 0;
	return rc;
}

static enum gh_rc send_facts(struct gh_objects *o, const struct gh_object_frame *f)
{
	const struct facts *c = &f->facts;
	struct gh_span class_name = gh_json_name(&f->class_name);
	if (c->has_huge)
		gh_anomaly(o->w, o->huge, c->huge_off, c->huge_len, "%s", gh_safe(class_name).s);
	if (c->has_unsafe)
		gh_anomaly(o->w, o->unsafe, c->unsafe_off, 5, "%s", gh_safe(class_name).s);
	if (!c->has_path)
		return GH_OK;
	uint8_t from[2 * GH_JSON_NAME + 1];
	memcpy(from, class_name.p, class_name.n);
	from[class_name.n] = '.';
	memcpy(from + class_name.n + 1, c->path_key.p, c->path_key.n);
	struct gh_reference ref = { .kind = memmem(c->path.p, c->path.n, "://", 3) != NULL ? GH_REF_URL : GH_REF_PATH,
				    .system = "keras",
				    .target = gh_json_name(&c->path),
				    .from = { from, class_name.n + 1 + c->path_key.n } };
	return gh_emit(o->w, GH_EV_REFERENCE, c->path_off, c->path_len, &ref);
}

static enum gh_rc send_keras(struct gh_objects *o, const struct gh_object_frame *f)
{
	struct gh_span class_name = gh_json_name(&f->class_name), module = gh_json_name(&f->module);
	bool lambda = gh_span_ends(class_name, "Lambda");
	enum gh_rc rc = GH_OK;
	if (gh_span_is(class_name, "function")) {
		struct gh_call call = { .how = GH_CALL_IMPORT,
					.system = "keras",
					.module = module,
					.name = gh_json_name(&f->text),
					.resolved = (f->has & HAS_TEXT) != 0 && (f->has & HAS_CUT) == 0 };
		return send(o, f, &call);
	}
	struct gh_call call = { .how = GH_CALL_OPERATION,
				.system = "keras",
				.module = module,
				.name = class_name,
				.as_name = gh_json_name(&f->registered),
				.resolved = (f->has & HAS_CUT) == 0 };
	if (lambda && ((f->has & HAS_FN_CODE) != 0 || (f->has & HAS_FN_ANY) == 0))
		call.resolved = false;
	rc = send(o, f, &call);
	if (rc == GH_OK && lambda && (f->has & HAS_FN) != 0) {
		bool op = !gh_span_is(class_name, "Lambda");
		struct gh_call fn = { .how = GH_CALL_IMPORT,
				      .system = "keras",
				      .module = op ? GH_SPAN("tensorflow") : gh_json_name(&f->fn_module),
				      .name = gh_json_name(&f->fn),
				      .resolved = true };
		rc = send(o, f, &fn);
	}
	return rc == GH_OK ? send_facts(o, f) : rc;
}

static enum gh_rc send_node(struct gh_objects *o, const struct gh_object_frame *f)
{
	struct gh_call call = { .how = GH_CALL_OPERATION,
				.system = "skops",
				.module = gh_json_name(&f->module),
				.name = gh_json_name(&f->class_name),
				.as_name = gh_json_name(&f->registered),
				.resolved = (f->has & HAS_CUT) == 0 };
	return send(o, f, &call);
}

static enum gh_rc send_named(struct gh_objects *o, const struct gh_object_frame *f)
{
	bool method = (f->has & HAS_MODULE_PATH) == 0;
	struct gh_call call = { .how = GH_CALL_IMPORT,
				.system = "skops",
				.module = method ? GH_SPAN("") : gh_json_name(&f->fn_module),
				.name = gh_json_name(method ? &f->text : &f->fn),
				.resolved = (f->has & HAS_CUT) == 0 };
	return send(o, f, &call);
}

/* A function in the wrapping of a tuple or a list: {"class_name": "__tuple__", "items": [code, defaults, closure]}. */
static bool wrapped_function(const struct gh_object_frame *f)
{
	struct gh_span name = gh_json_name(&f->class_name);
	return !f->array && (f->holder == K_FUNCTION || f->holder == K_ALSO) && (f->has & HAS_CONFIG) == 0 &&
	       (gh_span_is(name, "__tuple__") || gh_span_is(name, "__list__"));
}

/* Hand on to the parent what it will be judged by. */
static void pass_up(struct gh_object_frame *up, const struct gh_object_frame *f, bool made)
{
	const struct facts *c = &f->facts;
	up->child_object = made;
	bool list = f->array || wrapped_function(f);
	bool part = up->array ? up->holder == K_FUNCTION || up->holder == K_ALSO
			      : up->key == K_ITEMS && (up->holder == K_FUNCTION || up->holder == K_ALSO);
	if (part) { /* of such a tuple */
		up->has |= f->has & HAS_FN_ANY;
		up->fn = (f->has & HAS_FN) != 0 ? f->fn : up->fn;
	}
	if (!up->array && up->key == K_FUNCTION)
		up->has |= made					? HAS_FN_OBJECT
			   : list && (f->has & HAS_FN_ANY) != 0 ? f->has & HAS_FN_ANY
								: HAS_FN_CODE;
	if (!up->array && up->key == K_ALSO)
		up->has |= f->has & HAS_FN_CODE;
	if (!up->array && up->key == K_FUNCTION && list && (f->has & HAS_FN) != 0)
		up->fn = f->fn;
	if (!up->array && up->key == K_CONFIG && !f->array) {
		up->has |= f->has & (HAS_FN_ANY);
		up->fn = f->fn;
		up->fn_module = f->module;
	}
	if (made)
		return;
	if (c->has_path && (!up->facts.has_path || (c->path_bad && !up->facts.path_bad))) {
		bool huge = up->facts.has_huge, bad = up->facts.has_unsafe;
		uint64_t off = up->facts.huge_off, len = up->facts.huge_len, at = up->facts.unsafe_off;
		up->facts = *c;
		up->facts.has_huge = huge;
		up->facts.has_unsafe = bad;
		up->facts.huge_off = off;
		up->facts.huge_len = len;
		up->facts.unsafe_off = at;
	}
	if (c->has_huge && !up->facts.has_huge) {
		up->facts.has_huge = true;
		up->facts.huge_off = c->huge_off;
		up->facts.huge_len = c->huge_len;
	}
	if (c->has_unsafe && !up->facts.has_unsafe) {
		up->facts.has_unsafe = true;
		up->facts.unsafe_off = c->unsafe_off;
	}
}

static enum gh_rc on_close(struct gh_objects *o, struct gh_object_frame *f, unsigned depth)
{
	unsigned node = HAS_NODE_CLASS | HAS_NODE_MODULE;
	bool keras = (f->has & HAS_CLASS) != 0 && !wrapped_function(f) &&
		     ((f->has & (HAS_CONFIG | HAS_MODULE)) != 0 || o->keras);
	bool skops = (f->has & node) == node || (f->has & HAS_NODE_LOADER) != 0;
	enum gh_rc rc = GH_OK;
	if (keras)
		rc = send_keras(o, f);
	else if (skops)
		rc = send_node(o, f);
	else if ((f->has & (HAS_MODULE_PATH | HAS_FN)) == (HAS_MODULE_PATH | HAS_FN) ||
		 (f->has & (HAS_FUNC | HAS_OBJ)) == (HAS_FUNC | HAS_OBJ))
		rc = send_named(o, f);
	if (rc == GH_OK && o->ncode != 0 && (keras || depth == 0))
		rc = flush_code(o, gh_json_name(&f->class_name));
	if (depth > 0)
		pass_up(&o->frame[depth], f, keras || skops);
	else if (o->keras && !keras && rc == GH_OK)
		rc = send_facts(o, f);
	return rc;
}

/* What an array or object is part of that begins under this key. */
static enum key holder_of(const struct gh_object_frame *at, enum key key)
{
	bool function = at->holder == K_FUNCTION || at->holder == K_ALSO;
	if (!at->array) /* the items of a tuple are the tuple */
		return function && key == K_ITEMS ? at->holder : key;
	/* A list of shapes is made of shapes; the list that holds a function is no function's list itself, but code may be
	 * anywhere in it. */
	return key == K_SHAPE ? key : function ? K_ALSO : K_OTHER;
}

enum gh_rc gh_objects_token(struct gh_objects *o)
{
	const struct gh_json *j = &o->x->j;
	bool end = j->tok == GH_JSON_OBJECT_END || j->tok == GH_JSON_ARRAY_END;
	struct gh_object_frame *f = frame_at(o, j->depth + 1); /* before anything points into the frames */
	if (f == NULL)
		return GH_E_LIMIT;
	struct gh_object_frame *at = &o->frame[j->depth];
	if (j->depth == 0 && !end)
		reset(at, true, K_OTHER, j->off);
	enum key key = at->array ? at->holder : at->key;
	switch (j->tok) {
	case GH_JSON_OBJECT:
	case GH_JSON_ARRAY:
		if (!at->array && at->key == K_CONFIG)
			at->has |= HAS_CONFIG;
		if (!at->array && at->key == K_OBJ)
			at->has |= HAS_OBJ;
		at->items++;
		reset(f, j->tok == GH_JSON_ARRAY, holder_of(at, key), j->off);
		return GH_OK;
	case GH_JSON_OBJECT_END: return on_close(o, f, j->depth);
	case GH_JSON_ARRAY_END:
		if (j->depth > 0)
			pass_up(at, f, false);
		return GH_OK;
	case GH_JSON_KEY:
		at->key = key_of(j->text);
		if (at->key == K_PATH)
			gh_json_name_set(&at->key_name, j->text);
		return GH_OK;
	case GH_JSON_STRING:
		on_string(o, at);
		at->items++;
		return GH_OK;
	case GH_JSON_NUMBER:
		on_number(o, at);
		at->items++;
		return GH_OK;
	case GH_JSON_FALSE:
		if (!at->array && at->key == K_SAFE) {
			at->facts.has_unsafe = true;
			at->facts.unsafe_off = j->off;
		}
		at->items++;
		return GH_OK;
	case GH_JSON_NULL:
	case GH_JSON_TRUE:
		if (!at->array && at->key == K_CONFIG)
			at->has |= HAS_CONFIG;
		at->items++;
		return GH_OK;
	case GH_JSON_BAD:
	case GH_JSON_END: break;
	}
	return GH_OK;
}
