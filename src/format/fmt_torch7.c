/* fmt_torch7.c - what torch.save() of Torch7 (Lua) writes: .t7 and .net files, in binary or as text.
 *
 * An object is a type number and, by type: nothing; a double; a length and bytes; a 0 or 1; or an index and, unless an object
 * of that index came before, the object: a table (a count, then keys and values), an object of a class (a version "V 1", the
 * name of the class, what its read function reads), a function (its dumped bytecode and a table of upvalues). Tensors and
 * storages read numbers; every other class reads one table. Loading a function makes bytecode of the file a function, and
 * Lua does not check bytecode. Source: torch7's File.lua, DiskFile.c, generic/Tensor.c and generic/Storage.c. */
#include <stdio.h>
#include <stdlib.h>

#include "format/formats.h"
#include "format/held.h"
#include "wire/recs.h"

enum { NEST_MAX = 4096, NAME_MAX_BYTES = 128, WORD_MAX = 64, SAY = 16, OBJECTS_MAX = 1 << 20 };
enum {
	T_NIL = 0,
	T_NUMBER = 1,
	T_STRING = 2,
	T_TABLE = 3,
	T_TORCH = 4,
	T_BOOLEAN = 5,
	T_FUNCTION = 6,
	T_FUNCTION_OLD = 7,
	T_FUNCTION_UPVALUES = 8,
};

enum {
	A_TYPE,
	A_LENGTH,
	A_CUT,
	A_DEEP,
	A_FUNCTION,
	A_CLASS,
	A_TENSOR,
	A_TEXT,
	A_INDEX,
	A_SIGN,
	RULES = A_SIGN + GH_SIGNS
};

#define AGAIN "Get the file again from its author"
static const struct gh_rule rules[RULES + 1] = {
	[A_TYPE] = { "GH-T7-0001", GH_MEDIUM, GH_REVIEW, "An object of a type that does not exist",
		     "The loader stops; what was read before is in memory.", AGAIN, "CWE-20" },
	[A_LENGTH] = { "GH-T7-0002", GH_HIGH, GH_UNSAFE, "A length that does not fit the file",
		       "The loader allocates what is declared, or reads beyond the end.", AGAIN, "CWE-789 CWE-125" },
	[A_CUT] = { "GH-T7-0003", GH_MEDIUM, GH_REVIEW, "The file ends within an object",
		    "The loader stops with an error.", "Get the file again from its source.", "CWE-20" },
	[A_DEEP] = { "GH-T7-0004", GH_MEDIUM, GH_INCOMPLETE, "Objects nested too deeply, or too many of them",
		     "The loader recurses and runs out of stack.", AGAIN, "CWE-674" },
	[A_FUNCTION] = { "GH-T7-0005", GH_CRITICAL, GH_UNSAFE, "A Lua function in the model",
			 "Loading turns bytecode of the author into a function of the session; a model that calls it "
			 "runs "
			 "the author's code, and malformed bytecode breaks out of the interpreter by itself.",
			 "Do not load it; have the model saved without closures.", "CWE-502 CWE-94 AML.T0011" },
	[A_CLASS] = { "GH-T7-0006", GH_MEDIUM, GH_REVIEW, "An object of a class that does not belong to Torch",
		      "The loader looks the class up in the session and runs its read function on the author's data.",
		      "Find out which package the class is from and read its code.", "CWE-470 CWE-502" },
	[A_TENSOR] = { "GH-T7-0007", GH_HIGH, GH_UNSAFE, "A tensor reaches beyond its storage, or its sizes overflow",
		       "Torch computes addresses with these numbers: memory outside the storage is read or written.",
		       AGAIN, "CWE-125 CWE-787 CWE-190" },
	[A_TEXT] = { "GH-T7-0008", GH_MEDIUM, GH_REVIEW, "Text where a number should be",
		     "The loader stops with an error.", AGAIN, "CWE-20" },
	[A_INDEX] = { "GH-T7-0009", GH_MEDIUM, GH_REVIEW, "An object's index is negative, or given out of order",
		      "Loaders that count objects and loaders that look them up see different ones.", AGAIN,
		      "CWE-436" },
	GH_SIGN_RULES("GH-T7", A_SIGN),
	[RULES] = GH_RULES_END,
};

enum { UNSEEN, NO_STORAGE, SIZE_0 };
enum state { S_TABLE, S_UPVALUES, S_STORAGE, S_BODY };
struct level {
	uint8_t state;
	bool key;      /* a TABLE: the next object is a key */
	uint64_t left; /* TABLE: objects; else 0 or 1 */
	size_t nname;
	uint8_t name[NAME_MAX_BYTES]; /* of the class, or the key of the value that is read */
	/* a tensor waiting for its storage */
	uint64_t need; /* elements */
};

struct t7 {
	struct gh_walk *w;
	struct gh_cur c;
	struct gh_held held;
	bool text;
	struct level *v;
	size_t depth, cap;
	uint64_t *seen;	     /* by index: UNSEEN, NO_STORAGE, or SIZE_0 and the storage's elements */
	size_t nseen, index; /* of the object read last */
	uint64_t steps;
	unsigned said[RULES];
	uint64_t storage; /* elements of the storage read last */
};

static void say(struct t7 *t, unsigned a, uint64_t off, uint64_t len, const char *what, struct gh_span text)
{
	if (off > t->w->src->size)
		off = t->w->src->size;
	if (len > t->w->src->size - off)
		len = t->w->src->size - off;
	if (t->said[a]++ < SAY)
		gh_anomaly(t->w, &rules[a], off, len, "%s%s%s", what, text.n != 0 ? ": " : "", gh_safe(text).s);
}

static enum gh_rc broken(struct t7 *t, unsigned a, const char *what)
{
	if (t->w->src->fail != GH_OK)
		return gh_fail(t->w->err, t->w->src->fail, "the bytes could not be read");
	if (t->c.bad)
		a = A_CUT;
	say(t, a, t->c.bad ? t->w->src->size : gh_cur_off(&t->c), 0, what, (struct gh_span){ 0 });
	return gh_fail(t->w->err, a == A_DEEP ? GH_E_LIMIT : GH_E_MALFORMED, "%s", what);
}

/* ---- numbers and bytes ---------------------------------------------------------------------------------------------- */

static bool space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static size_t word(struct gh_cur *c, char out[WORD_MAX])
{
	size_t n = 0;
	const uint8_t *p;
	while (gh_cur_left(c) > 0 && (p = gh_cur_peek(c, 1)) != NULL && space(*p))
		c->at++;
	while (gh_cur_left(c) > 0 && n < WORD_MAX - 1 && (p = gh_cur_peek(c, 1)) != NULL && !space(*p)) {
		out[n++] = (char)*p;
		c->at++;
	}
	out[n] = '\0';
	if (memchr(out, '\0', n) != NULL)
		return 0;
	c->bad = c->bad || n == 0;
	return n;
}

static bool number(struct t7 *t, unsigned bytes, int64_t *out)
{
	if (!t->text) {
		const uint8_t *p = gh_cur_take(&t->c, bytes);
		*out = p == NULL ? 0 : bytes == 4 ? (int32_t)gh_le32(p) : (int64_t)gh_le64(p);
		return p != NULL;
	}
	char s[WORD_MAX], *end = s;
	if (word(&t->c, s) == 0)
		return false;
	*out = strtoll(s, &end, 10);
	return *end == '\0';
}

static bool real(struct t7 *t)
{
	char s[WORD_MAX], *end = s;
	if (!t->text)
		return gh_cur_take(&t->c, 8) != NULL;
	if (word(&t->c, s) == 0)
		return false;
	(void)strtod(s, &end);
	return *end == '\0' || strcmp(s, "-nan") == 0 || strcmp(s, "nan") == 0;
}

/* A length and that many bytes; in text there is one line break between them. */
static bool bytes(struct t7 *t, uint64_t *off, uint64_t *len)
{
	int64_t n = 0;
	if (!number(t, 4, &n) || n < 0)
		return false;
	if (t->text)
		gh_cur_skip(&t->c, 1);
	*off = gh_cur_off(&t->c);
	*len = (uint64_t)n;
	return *len <= gh_cur_left(&t->c);
}

static struct gh_span keep_bytes(struct t7 *t, uint64_t off, uint64_t len, uint8_t to[NAME_MAX_BYTES])
{
	struct gh_span s = gh_src_window(t->w->src, off, len < NAME_MAX_BYTES ? (size_t)len : NAME_MAX_BYTES);
	if (s.n != 0)
		memcpy(to, s.p, s.n);
	return (struct gh_span){ to, s.n };
}

/* ---- what it is ----------------------------------------------------------------------------------------------------- */

static bool printable(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] < 0x20 || p[i] >= 0x7f)
			return false;
	return n != 0;
}

/* A tensor, a module or a table of them, saved with torch.save(): object 1, and the start of what it holds. */
static bool binary_start(struct gh_span s)
{
	if (s.n < 24 || gh_le32(s.p + 4) != 1)
		return false;
	uint32_t type = gh_le32(s.p), n = gh_le32(s.p + 8), of = gh_le32(s.p + 12);
	if (type == T_TORCH)
		return n >= 3 && n <= 64 && s.n >= 12 + n && printable(s.p + 12, n) &&
		       ((s.p[12] == 'V' && s.p[13] == ' ') || memchr(s.p + 12, '.', n) != NULL);
	if (type == T_FUNCTION || type == T_FUNCTION_UPVALUES)
		return s.p[12] == 0x1b && n > 4;
	if (type != T_TABLE || n == 0 || n > 1u << 24)
		return false;
	if (of == T_STRING) { /* the first key */
		uint32_t len = gh_le32(s.p + 16);
		return len > 0 && len <= 64 && s.n >= 20 + len && printable(s.p + 20, len);
	}
	/* 1.0, and a type behind it */
	static const uint8_t one[8] = { 0, 0, 0, 0, 0, 0, 0xf0, 0x3f };
	return of == T_NUMBER && s.n >= 28 && memcmp(s.p + 16, one, 8) == 0 && gh_le32(s.p + 24) <= 8;
}

static bool text_start(struct gh_span s)
{
	static const char *const starts[] = { "4\n1\n3\nV 1\n", "4\n1\n3\nV 2\n" };
	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
		if (gh_span_starts(s, starts[i]))
			return true;
	/* A table: "3\n1\nN\n", a key (a text, or the number 1), and a value that is an object. */
	if (!gh_span_starts(s, "3\n1\n") || s.n < 16)
		return false;
	size_t i = 4;
	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	struct gh_span key = gh_span_cut(s, i, 64);
	if (i == 4 || i > 12)
		return false;
	if (gh_span_starts(key, "\n1\n1\n4\n") || gh_span_starts(key, "\n1\n1\n3\n"))
		return true;
	if (!gh_span_starts(key, "\n2\n"))
		return false;
	size_t len = 0;
	for (i = 3; i < key.n && key.p[i] >= '0' && key.p[i] <= '9' && len < 40; i++)
		len = len * 10 + (size_t)(key.p[i] - '0');
	return len > 0 && i + 1 + len < key.n && key.p[i] == '\n' && printable(key.p + i + 1, len) &&
	       key.p[i + 1 + len] == '\n';
}

static enum gh_match probe(const struct gh_probe *p)
{
	return binary_start(p->head) || text_start(p->head) ? GH_STRONG : GH_NO;
}

/* ---- objects -------------------------------------------------------------------------------------------------------- */

/* Elements of torch's classes. */
static const struct {
	const char *name; /* torch.<name>Tensor, torch.<name>Storage */
	const char *dtype;
	uint8_t bytes;
} elements[] = {
	{ "Byte", "U8", 1 },	 { "Char", "I8", 1 },	   { "Short", "I16", 2 },      { "Int", "I32", 4 },
	{ "Long", "I64", 8 },	 { "Float", "F32", 4 },	   { "Double", "F64", 8 },     { "Half", "F16", 2 },
	{ "Cuda", "F32", 4 },	 { "CudaByte", "U8", 1 },  { "CudaChar", "I8", 1 },    { "CudaShort", "I16", 2 },
	{ "CudaInt", "I32", 4 }, { "CudaLong", "I64", 8 }, { "CudaDouble", "F64", 8 }, { "CudaHalf", "F16", 2 },
};

/* Which of them a class is; -1: none. */
static int element_of(struct gh_span cls, const char *kind)
{
	if (!gh_span_starts(cls, "torch.") || !gh_span_ends(cls, kind))
		return -1;
	struct gh_span name = gh_span_cut(cls, 6, cls.n - 6 - strlen(kind));
	for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++)
		if (gh_span_is(name, elements[i].name))
			return (int)i;
	return -1;
}

/* Packages of Torch and of its distribution: their classes hold one table. */
static bool known_class(struct gh_span cls)
{
	static const char *const packages[] = { "nn.",	    "cudnn.", "cunn.", "inn.", "graph.",
						"nngraph.", "optim.", "dpnn.", "rnn.", "stn." };
	static const char *const torch[] = { "torch.Generator", "torch.Timer" };
	for (size_t i = 0; i < sizeof packages / sizeof packages[0]; i++)
		if (gh_span_starts(cls, packages[i]))
			return printable(cls.p, cls.n);
	for (size_t i = 0; i < sizeof torch / sizeof torch[0]; i++)
		if (gh_span_is(cls, torch[i]))
			return true;
	return false;
}

static struct level *push(struct t7 *t, enum state state, uint64_t left)
{
	struct level *v = t->depth < t->cap ? t->v : gh_grow(t->w->arena, t->v, &t->cap, t->depth + 1, sizeof *v);
	if (v == NULL || t->depth >= NEST_MAX)
		return NULL;
	t->v = v;
	t->v[t->depth] = (struct level){ .state = (uint8_t)state, .key = true, .left = left };
	return &t->v[t->depth++];
}

static struct gh_span name_here(struct t7 *t)
{
	for (size_t i = t->depth; i > 0; i--)
		if (t->v[i - 1].nname != 0 && t->v[i - 1].state == S_TABLE)
			return (struct gh_span){ t->v[i - 1].name, t->v[i - 1].nname };
	return (struct gh_span){ 0 };
}

static enum gh_rc read_storage(struct t7 *t, int e)
{
	int64_t n = 0;
	if (!number(t, 8, &n))
		return broken(t, A_TEXT, "a storage");
	unsigned each = elements[e].bytes;
	uint64_t left = gh_cur_left(&t->c);
	if (n < 0 || (uint64_t)n > left / (t->text ? 1 : each))
		return broken(t, A_LENGTH, "a storage larger than the file");
	t->storage = (uint64_t)n;
	t->seen[t->index] = SIZE_0 + (uint64_t)n;
	if (t->text) { /* bytes and characters are written as they are, all others as numbers */
		if (each == 1) {
			gh_cur_skip(&t->c, 1 + (uint64_t)n);
			return t->c.bad ? broken(t, A_CUT, "a storage") : GH_OK;
		}
		for (int64_t i = 0; i < n; i++)
			if (!real(t))
				return broken(t, A_TEXT, "a storage");
		return GH_OK;
	}
	uint64_t off = gh_cur_off(&t->c), len = (uint64_t)n * each, dim = (uint64_t)n;
	struct gh_tensor ev = { .name = name_here(t),
				.dtype = elements[e].dtype,
				.bits = 8u * each,
				.ndim = 1,
				.dim = &dim,
				.src = t->w->src };
	enum gh_rc rc = gh_held_tensor(&t->held, &ev, off, len);
	gh_cur_seek(&t->c, off + len);
	return rc;
}

static enum gh_rc read_tensor(struct t7 *t)
{
	int64_t ndim = 0, v = 0, size[GH_DIMS_MAX], stride = 0;
	if (!number(t, 4, &ndim))
		return broken(t, A_TEXT, "a tensor");
	if (ndim < 0 || ndim > GH_DIMS_MAX)
		return broken(t, A_LENGTH, "a tensor of more dimensions than can be");
	uint64_t last = 0; /* the farthest element, from the offset */
	bool empty = ndim == 0, wild = false;
	for (int64_t i = 0; i < ndim; i++) {
		if (!number(t, 8, &size[i]))
			return broken(t, A_TEXT, "a tensor's size");
		empty = empty || size[i] == 0;
		wild = wild || size[i] < 0;
	}
	for (int64_t i = 0; i < ndim; i++) {
		uint64_t reach = 0;
		if (!number(t, 8, &stride))
			return broken(t, A_TEXT, "a tensor's stride");
		wild = wild || stride < 0 ||
		       (!empty && size[i] > 0 &&
			(__builtin_mul_overflow((uint64_t)(size[i] - 1), (uint64_t)stride, &reach) ||
			 __builtin_add_overflow(last, reach, &last)));
	}
	if (!number(t, 8, &v)) /* the offset, counted from 1 */
		return broken(t, A_TEXT, "a tensor's offset");
	wild = wild || v < 0 || (!empty && v < 1);
	uint64_t need = empty || wild ? 0 : last;
	wild = wild || (!empty && __builtin_add_overflow(need, (uint64_t)v, &need));
	if (wild)
		say(t, A_TENSOR, gh_cur_off(&t->c), 0, "sizes, strides or offset of", name_here(t));
	struct level *l = push(t, S_STORAGE, 1);
	if (l == NULL)
		return broken(t, A_DEEP, "nested too deeply");
	l->need = wild ? 0 : need;
	t->storage = UINT64_MAX;
	return GH_OK;
}

/* What a class reads. */
static enum gh_rc read_class(struct t7 *t)
{
	uint8_t keep[NAME_MAX_BYTES];
	uint64_t off = 0, len = 0;
	if (!bytes(t, &off, &len))
		return broken(t, A_LENGTH, "a class name longer than the file");
	struct gh_span cls = keep_bytes(t, off, len, keep);
	gh_cur_seek(&t->c, off + len);
	if (len > 2 && len < 12 && gh_span_starts(cls, "V ")) { /* a version; the name follows */
		if (!bytes(t, &off, &len))
			return broken(t, A_LENGTH, "a class name longer than the file");
		cls = keep_bytes(t, off, len, keep);
		gh_cur_seek(&t->c, off + len);
	}
	int e = element_of(cls, "Storage");
	if (e >= 0)
		return read_storage(t, e);
	if (element_of(cls, "Tensor") >= 0)
		return read_tensor(t);
	struct gh_call call = { .how = GH_CALL_OPERATION, .system = "torch7", .name = cls, .resolved = true };
	enum gh_rc rc = gh_emit(t->w, GH_EV_CALL, off, len, &call);
	if (rc != GH_OK)
		return rc;
	if (len > NAME_MAX_BYTES || !known_class(cls))
		say(t, A_CLASS, off, len, "class", cls);
	return push(t, S_BODY, 1) == NULL ? broken(t, A_DEEP, "nested too deeply") : GH_OK;
}

static enum gh_rc read_function(struct t7 *t, uint64_t start)
{
	uint64_t off = 0, len = 0;
	if (!bytes(t, &off, &len))
		return broken(t, A_LENGTH, "a function longer than the file");
	struct gh_span head = gh_src_window(t->w->src, off, 3);
	bool jit = gh_span_starts(head, "\x1bLJ"), lua = gh_span_starts(head, "\x1bLu");
	say(t, A_FUNCTION, start, off + len - start,
	    jit	  ? "LuaJIT bytecode"
	    : lua ? "Lua bytecode"
		  : "no bytecode: source",
	    name_here(t));
	struct gh_src_sub sub;
	struct gh_code code = { .language = jit || lua ? "lua-bytecode" : "lua",
				.name = name_here(t),
				.src = gh_src_sub(&sub, t->w->src, off, len) };
	enum gh_rc rc = gh_emit(t->w, GH_EV_CODE, off, len, &code);
	gh_cur_seek(&t->c, off + len);
	if (rc != GH_OK)
		return rc;
	return push(t, S_UPVALUES, 1) == NULL ? broken(t, A_DEEP, "nested too deeply") : GH_OK;
}

/* The place of an object's index; *first: none of that index came before. */
static enum gh_rc first_time(struct t7 *t, int64_t index, bool *first)
{
	if (index < 1)
		say(t, A_INDEX, gh_cur_off(&t->c), 0, "an index below 1", (struct gh_span){ 0 });
	if (index < 0 || index >= OBJECTS_MAX)
		return broken(t, A_DEEP, "an object of a very high index");
	size_t at = (size_t)index;
	if (at >= t->nseen) {
		size_t cap = t->nseen;
		uint64_t *v = gh_grow(t->w->arena, t->seen, &cap, at + 1, sizeof *v);
		if (v == NULL)
			return broken(t, A_DEEP, "too many objects");
		memset(v + t->nseen, 0, (cap - t->nseen) * sizeof *v);
		t->seen = v;
		t->nseen = cap;
	}
	*first = t->seen[at] == UNSEEN;
	if (*first) {
		t->seen[at] = NO_STORAGE;
		t->index = at;
	} else if (t->seen[at] != NO_STORAGE) {
		t->storage = t->seen[at] - SIZE_0;
	}
	return GH_OK;
}

static enum gh_rc read_table(struct t7 *t)
{
	int64_t n = 0;
	if (!number(t, 4, &n))
		return broken(t, A_TEXT, "a table");
	if (n < 0 || (uint64_t)n > gh_cur_left(&t->c) / (t->text ? 4 : 8))
		return broken(t, A_LENGTH, "a table of more entries than bytes");
	return push(t, S_TABLE, 2 * (uint64_t)n) == NULL ? broken(t, A_DEEP, "nested too deeply") : GH_OK;
}

static enum gh_rc read_string(struct t7 *t, bool key)
{
	uint64_t off = 0, len = 0;
	if (!bytes(t, &off, &len))
		return broken(t, A_LENGTH, "a text longer than the file");
	enum gh_rc rc = GH_OK;
	if (key) {
		struct level *l = &t->v[t->depth - 1];
		l->nname = keep_bytes(t, off, len, l->name).n;
	}
	if (!key || len > NAME_MAX_BYTES)
		rc = gh_held_text(&t->held, name_here(t), off, len);
	gh_cur_seek(&t->c, off + len);
	return rc;
}

static enum gh_rc object(struct t7 *t)
{
	uint64_t start = gh_cur_off(&t->c);
	int64_t type = 0, v = 0;
	struct level *l = t->depth > 0 ? &t->v[t->depth - 1] : NULL;
	bool key = l != NULL && l->state == S_TABLE && l->left % 2 == 0, first = false;
	if (l != NULL)
		l->left--;
	if (key)
		l->nname = 0;
	if (!number(t, 4, &type))
		return broken(t, A_TEXT, "a type");
	switch (type) {
	case T_NIL: return GH_OK;
	case T_NUMBER: return real(t) ? GH_OK : broken(t, A_TEXT, "a number");
	case T_BOOLEAN: return number(t, 4, &v) && (v == 0 || v == 1) ? GH_OK : broken(t, A_TEXT, "a truth value");
	case T_STRING: return read_string(t, key);
	case T_TABLE:
	case T_TORCH:
	case T_FUNCTION:
	case T_FUNCTION_OLD:
	case T_FUNCTION_UPVALUES: break;
	default: return broken(t, A_TYPE, "a type that does not exist");
	}
	if (!number(t, 4, &v))
		return broken(t, A_TEXT, "an index");
	enum gh_rc rc = first_time(t, v, &first);
	if (rc != GH_OK || !first)
		return rc;
	return type == T_TABLE ? read_table(t) : type == T_TORCH ? read_class(t) : read_function(t, start);
}

/* A level is done. A tensor now knows its storage. */
static void pop(struct t7 *t)
{
	struct level *l = &t->v[--t->depth];
	if (l->state != S_STORAGE)
		return;
	uint64_t has = t->storage == UINT64_MAX ? 0 : t->storage; /* nil: a tensor without a storage */
	if (l->need > has)
		say(t, A_TENSOR, gh_cur_off(&t->c), 0, "more elements than its storage has", name_here(t));
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct t7 *t = GH_NEW(w->arena, struct t7, 1);
	if (t == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	t->w = w;
	t->c = gh_cur(w->src, 0);
	t->held = gh_held(w, rules, A_SIGN);
	t->storage = UINT64_MAX;
	struct gh_span head = gh_src_window(w->src, 0, 4);
	t->text = head.n >= 2 && head.p[1] == '\n';
	enum gh_rc rc = object(t);
	while (rc == GH_OK && t->depth > 0) {
		if (t->v[t->depth - 1].left == 0)
			pop(t);
		else if (++t->steps > w->lim->steps)
			rc = gh_fail(w->err, GH_E_LIMIT, "too many objects");
		else
			rc = object(t);
	}
	const uint8_t *p;
	while (rc == GH_OK && t->text && gh_cur_left(&t->c) > 0 && (p = gh_cur_peek(&t->c, 1)) != NULL && *p == '\n')
		t->c.at++;
	gh_held_claim(&t->held, gh_cur_off(&t->c) < w->src->size ? gh_cur_off(&t->c) : w->src->size);
	return rc;
}

const struct gh_fmt gh_fmt_torch7 = {
	.name = "torch7",
	.about = "Object saved by Torch7 (Lua), binary or text",
	.exts = "t7 th7 net",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
