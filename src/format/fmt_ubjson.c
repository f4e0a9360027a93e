/* fmt_ubjson.c - Universal Binary JSON, which XGBoost keeps models in (.ubj): markers of one letter, big-endian numbers,
 * containers with or without a type and a count in front.
 *
 * Source: the UBJSON specification, draft 12 (ubjson.org). Typed arrays of numbers are a model's weights and become tensors. */
#include "format/formats.h"
#include "format/held.h"
#include "format/json_keys.h"
#include "wire/recs.h"

enum { NEST_MAX = 1024, KEY_MAX = 96, SAY = 16, TENSOR_MIN = 16, EMPTY_MAX = 1 << 24 };

enum { A_MARKER, A_LENGTH, A_CUT, A_DEEP, A_TWICE, A_ACTS, A_NUMBER, A_SIGN, RULES = A_SIGN + GH_SIGNS };

#define AGAIN "Get the file again from its author"
static const struct gh_rule rules[RULES + 1] = {
	[A_MARKER] = { "GH-UBJ-0001", GH_MEDIUM, GH_REVIEW, "A marker that does not exist, or not in this place",
		       "Readers stop here, or take what follows for something else.", AGAIN, "CWE-20" },
	[A_LENGTH] = { "GH-UBJ-0002", GH_HIGH, GH_UNSAFE, "A length or count that does not fit the file",
		       "Readers allocate what is declared, or read beyond the end.", AGAIN, "CWE-789 CWE-125" },
	[A_CUT] = { "GH-UBJ-0003", GH_MEDIUM, GH_REVIEW, "The file ends within a value", "Readers stop with an error.",
		    "Get the file again from its source.", "CWE-20" },
	[A_DEEP] = { "GH-UBJ-0004", GH_MEDIUM, GH_INCOMPLETE, "Values nested too deeply",
		     "Readers that recurse run out of stack.", AGAIN, "CWE-674" },
	[A_TWICE] = { "GH-UBJ-0005", GH_HIGH, GH_UNSAFE, "A key occurs twice in one object",
		      "Readers that keep the first and readers that keep the last load different models: what was "
		      "checked is "
		      "not what runs.",
		      AGAIN, "CWE-694 CWE-436" },
	[A_ACTS] = { "GH-UBJ-0006", GH_HIGH, GH_REVIEW, "A key that makes some decoders import and call what it names",
		     "A decoder that rebuilds objects runs the author's choice of callable.",
		     "Load it only with a decoder that returns plain values.", "CWE-502 AML.T0011" },
	[A_NUMBER] = { "GH-UBJ-0007", GH_LOW, GH_REVIEW, "A number as text that is no number",
		       "Readers disagree about its value.", AGAIN, "CWE-20" },
	GH_SIGN_RULES("GH-UBJ", A_SIGN),
	[RULES] = GH_RULES_END,
};

struct level {
	bool object, counted;
	uint8_t type;  /* of every value, or 0: each has a marker */
	uint64_t left; /* values, when counted */
	uint64_t id;
	size_t nkey;
	uint8_t key[KEY_MAX];
};

struct ubj {
	struct gh_walk *w;
	struct gh_cur c;
	struct gh_held held;
	struct level *v;
	size_t depth, cap;
	uint64_t ids, steps;
	struct gh_recs keys;
	unsigned said[RULES];
};

/* Bytes of a value with this marker; 0: none, or not fixed. */
static unsigned width(uint8_t marker)
{
	switch (marker) {
	case 'i':
	case 'U':
	case 'C': return 1;
	case 'I': return 2;
	case 'l':
	case 'd': return 4;
	case 'L':
	case 'D': return 8;
	default: return 0;
	}
}

static bool integer(uint8_t marker) { return marker != '\0' && strchr("iUIlL", marker) != NULL; }

static int64_t be(const uint8_t *p, unsigned n, bool sign)
{
	uint64_t v = sign && (p[0] & 0x80) != 0 ? UINT64_MAX : 0;
	for (unsigned i = 0; i < n; i++)
		v = v << 8 | p[i];
	return (int64_t)v;
}

/* ---- what it is ----------------------------------------------------------------------------------------------------- */

/* An object's first key, a marker behind it, and something that text does not hold. */
static enum gh_match probe(const struct gh_probe *p)
{
	struct gh_span s = p->head;
	if (s.n < 5 || s.p[0] != '{' || !integer(s.p[1]))
		return GH_NO;
	unsigned n = width(s.p[1]);
	int64_t len = s.n < 2 + n ? 0 : be(s.p + 2, n, s.p[1] != 'U');
	if (len < 2 || len > KEY_MAX || (uint64_t)len + 3 + n > s.n)
		return GH_NO;
	bool binary = false;
	for (size_t i = 2; i < s.n && i < 64; i++)
		binary = binary || s.p[i] < '\t';
	const uint8_t *key = s.p + 2 + n;
	for (int64_t i = 0; i < len; i++)
		if (key[i] <= ' ' || key[i] >= 0x7f)
			return GH_NO;
	return binary && key[len] != '\0' && strchr("ZNTFiUIlLdDHCS[{}", key[len]) != NULL ? GH_STRONG : GH_NO;
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

static void say(struct ubj *u, unsigned a, uint64_t off, uint64_t len, const char *what, struct gh_span text)
{
	if (off > u->w->src->size)
		off = u->w->src->size;
	if (len > u->w->src->size - off)
		len = u->w->src->size - off;
	if (u->said[a]++ < SAY)
		gh_anomaly(u->w, &rules[a], off, len, "%s%s%s", what, text.n != 0 ? ": " : "", gh_safe(text).s);
}

static enum gh_rc broken(struct ubj *u, unsigned a, const char *what)
{
	if (u->w->src->fail != GH_OK)
		return gh_fail(u->w->err, u->w->src->fail, "the bytes could not be read");
	if (u->c.bad)
		a = A_CUT;
	say(u, a, u->c.bad ? u->w->src->size : gh_cur_off(&u->c), 0, what, (struct gh_span){ 0 });
	return gh_fail(u->w->err, a == A_DEEP ? GH_E_LIMIT : GH_E_MALFORMED, "%s", what);
}

static struct gh_span key_here(const struct ubj *u)
{
	for (size_t i = u->depth; i > 0; i--)
		if (u->v[i - 1].nkey != 0)
			return (struct gh_span){ u->v[i - 1].key, u->v[i - 1].nkey };
	return (struct gh_span){ 0 };
}

static uint8_t peek(struct ubj *u)
{
	const uint8_t *p = gh_cur_peek(&u->c, 1);
	return p == NULL ? 0 : *p;
}

/* A marker of an integer and the integer: a length or a count. */
static bool length(struct ubj *u, uint64_t *out)
{
	uint8_t marker = gh_cur_u8(&u->c);
	unsigned n = integer(marker) ? width(marker) : 0;
	const uint8_t *p = n == 0 ? NULL : gh_cur_take(&u->c, n);
	int64_t v = p == NULL ? -1 : be(p, n, marker != 'U');
	*out = (uint64_t)v;
	return v >= 0;
}

/* Same key, same object? The keys of all objects stand in one table. */
static enum gh_rc read_key(struct ubj *u, struct level *l)
{
	uint64_t len = 0, start = gh_cur_off(&u->c);
	if (!length(u, &len))
		return broken(u, A_MARKER, "no length before a key");
	if (len > gh_cur_left(&u->c))
		return broken(u, A_LENGTH, "a key longer than the file");
	uint64_t off = gh_cur_off(&u->c);
	uint64_t hash = gh_hash(GH_HASH_START, (struct gh_span){ (const uint8_t *)&l->id, sizeof l->id });
	l->nkey = 0;
	for (uint64_t done = 0; done < len;) {
		size_t n = len - done < GH_CUR_WINDOW ? (size_t)(len - done) : GH_CUR_WINDOW;
		const uint8_t *p = gh_cur_take(&u->c, n);
		if (p == NULL)
			return broken(u, A_CUT, "within a key");
		if (done == 0) {
			l->nkey = n < KEY_MAX ? n : KEY_MAX;
			memcpy(l->key, p, l->nkey);
		}
		hash = gh_hash(hash, (struct gh_span){ p, n });
		done += n;
	}
	struct gh_span k = { l->key, l->nkey };
	if ((gh_json_key(k).mark & (GH_JM_PY | GH_JM_PY_CALL | GH_JM_TARGET)) != 0 || gh_span_is(k, "__reduce__") ||
	    gh_span_is(k, "__class__"))
		say(u, A_ACTS, off, len, "key", k);
	enum gh_rc rc = len > KEY_MAX ? gh_held_text(&u->held, k, off, len) : GH_OK;
	if (rc == GH_OK && !gh_recs_add(&u->keys, (struct gh_rec){ gh_hash_end(hash), start, 0 }))
		rc = gh_fail(u->w->err, GH_E_LIMIT, "too many keys");
	return rc;
}

static enum gh_rc read_text(struct ubj *u, bool is_number)
{
	uint64_t len = 0;
	if (!length(u, &len))
		return broken(u, A_MARKER, "no length before a text");
	if (len > gh_cur_left(&u->c))
		return broken(u, A_LENGTH, "a text longer than the file");
	uint64_t off = gh_cur_off(&u->c);
	if (is_number) {
		struct gh_span s = gh_src_window(u->w->src, off, len < 1024 ? (size_t)len : 1024);
		for (size_t i = 0; i < s.n; i++)
			if (strchr("0123456789+-.eE", s.p[i]) == NULL || s.p[i] == '\0' || len > 1024) {
				say(u, A_NUMBER, off, len, "a number", gh_span_cut(s, 0, 40));
				break;
			}
	}
	enum gh_rc rc = gh_held_text(&u->held, key_here(u), off, len);
	gh_cur_seek(&u->c, off + len);
	return rc;
}

/* All values of an array of numbers at once. */
static enum gh_rc numbers(struct ubj *u, uint8_t type, uint64_t n)
{
	static const struct {
		char marker;
		const char *dtype;
	} names[] = { { 'i', "I8" },  { 'U', "U8" },  { 'C', "U8" },  { 'I', "I16" },
		      { 'l', "I32" }, { 'L', "I64" }, { 'd', "F32" }, { 'D', "F64" } };
	unsigned each = width(type);
	if (n > gh_cur_left(&u->c) / each)
		return broken(u, A_LENGTH, "an array longer than the file");
	uint64_t off = gh_cur_off(&u->c);
	enum gh_rc rc = GH_OK;
	if (n >= TENSOR_MIN) {
		size_t i = 0;
		while ((uint8_t)names[i].marker != (uint8_t)type)
			i++;
		struct gh_tensor t = { .name = key_here(u),
				       .dtype = names[i].dtype,
				       .bits = 8 * each,
				       .ndim = 1,
				       .dim = &n,
				       .src = u->w->src,
				       .big_endian = true };
		rc = each == 1 ? gh_held_bytes(&u->held, key_here(u), off, n)
			       : gh_held_tensor(&u->held, &t, off, n * each);
	}
	gh_cur_seek(&u->c, off + n * each);
	return rc;
}

static enum gh_rc open_level(struct ubj *u, bool object)
{
	struct level l = { .object = object, .id = ++u->ids };
	if (peek(u) == '$') {
		(void)gh_cur_u8(&u->c);
		l.type = gh_cur_u8(&u->c);
		if (l.type == '\0' || strchr("ZTFiUIlLdDHCS[{", l.type) == NULL || peek(u) != '#')
			return broken(u, A_MARKER, "a type without a count, or no type");
	}
	if (peek(u) == '#') {
		(void)gh_cur_u8(&u->c);
		l.counted = true;
		if (!length(u, &l.left))
			return broken(u, A_MARKER, "no count");
		/* Values of these types have no bytes: a count is all there is to them. */
		bool bodiless = l.type != 0 && strchr("ZTF", l.type) != NULL && !object;
		if (bodiless ? l.left > EMPTY_MAX : l.left > gh_cur_left(&u->c))
			return broken(u, A_LENGTH, "more values than bytes");
		if (bodiless)
			return GH_OK;
		if (!object && l.type != 0 && width(l.type) != 0)
			return numbers(u, l.type, l.left);
	}
	struct level *v = u->depth < u->cap ? u->v : gh_grow(u->w->arena, u->v, &u->cap, u->depth + 1, sizeof *v);
	if (v == NULL || u->depth >= NEST_MAX)
		return broken(u, A_DEEP, "nested too deeply");
	u->v = v;
	u->v[u->depth++] = l;
	return GH_OK;
}

static enum gh_rc value(struct ubj *u, uint8_t marker)
{
	switch (marker) {
	case 'Z':
	case 'T':
	case 'F':
	case 'N': return GH_OK;
	case 'S': return read_text(u, false);
	case 'H': return read_text(u, true);
	case '[': return open_level(u, false);
	case '{': return open_level(u, true);
	default: break;
	}
	if (width(marker) == 0)
		return broken(u, A_MARKER, "a marker that does not exist");
	return gh_cur_take(&u->c, width(marker)) == NULL ? broken(u, A_CUT, "within a number") : GH_OK;
}

/* The next thing of the innermost container; its end as well. */
static enum gh_rc step(struct ubj *u)
{
	struct level *l = &u->v[u->depth - 1];
	if (l->counted && l->left == 0) {
		u->depth--;
		return GH_OK;
	}
	uint8_t marker = peek(u);
	if (u->c.bad || gh_cur_left(&u->c) == 0) {
		u->c.bad = true;
		return broken(u, A_CUT, "within a container");
	}
	if (!l->counted && marker == (l->object ? '}' : ']')) {
		(void)gh_cur_u8(&u->c);
		u->depth--;
		return GH_OK;
	}
	if (marker == 'N' && l->type == 0) {
		(void)gh_cur_u8(&u->c);
		return GH_OK;
	}
	l->left -= l->counted;
	uint8_t type = l->type;
	if (l->object) {
		enum gh_rc rc = read_key(u, l);
		if (rc != GH_OK)
			return rc;
	}
	return value(u, type != 0 ? type : gh_cur_u8(&u->c));
}

static void twice(struct ubj *u)
{
	gh_recs_sort(&u->keys, 0);
	for (size_t i = 1; i < u->keys.n; i++)
		if (gh_recs_at(&u->keys, i)->a == gh_recs_at(&u->keys, i - 1)->a)
			say(u, A_TWICE, gh_recs_at(&u->keys, i)->b, 0, "the same key came before in the same object",
			    (struct gh_span){ 0 });
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct ubj *u = GH_NEW(w->arena, struct ubj, 1);
	if (u == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	u->w = w;
	u->c = gh_cur(w->src, 0);
	u->held = gh_held(w, rules, A_SIGN);
	u->keys = gh_recs(w->arena, GH_RECS_MAX);
	enum gh_rc rc = value(u, gh_cur_u8(&u->c));
	while (rc == GH_OK && u->depth > 0)
		rc = ++u->steps > w->lim->steps ? gh_fail(w->err, GH_E_LIMIT, "too many values") : step(u);
	gh_held_claim(&u->held, gh_cur_off(&u->c) < w->src->size ? gh_cur_off(&u->c) : w->src->size);
	twice(u);
	return rc;
}

const struct gh_fmt gh_fmt_ubjson = {
	.name = "ubjson",
	.about = "Universal Binary JSON: models of XGBoost",
	.exts = "ubj ubjson",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
