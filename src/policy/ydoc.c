#include "policy/ydoc.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"
#include "wire/yaml.h"

/* ---- places ------------------------------------------------------------------------------------------------------------- */
void ydoc_place(const struct ydoc *d, uint64_t off, uint64_t *line, uint64_t *column)
{
	*line = *column = 1;
	for (size_t i = 0; i < d->text.n && i < off; i++) {
		if (d->text.p[i] == '\n') {
			++*line;
			*column = 1;
		} else {
			*column += (d->text.p[i] & 0xc0) != 0x80;
		}
	}
}

/* "rules[3].when": from the node up, put together from its end. */
static void path(const struct ynode *n, char *out, size_t cap)
{
	char text[256], part[80];
	size_t at = sizeof text - 1;
	text[at] = '\0';
	for (; n != NULL && n->up != NULL; n = n->up) {
		int len;
		if (n->up->kind == Y_LIST) {
			size_t i = 0;
			for (const struct ynode *e = n->up->first; e != n && e != NULL; e = e->next)
				i++;
			len = snprintf(part, sizeof part, "[%zu]", i);
		} else {
			len = snprintf(part, sizeof part, "%s%.*s", n->up->up == NULL ? "" : ".",
				       (int)(n->key.n < 60 ? n->key.n : 60), (const char *)n->key.p);
		}
		if (len < 0 || (size_t)len >= sizeof part || (size_t)len > at)
			break;
		at -= (size_t)len;
		memcpy(text + at, part, (size_t)len);
	}
	(void)snprintf(out, cap, "%s", text + at);
}

static void say(const struct ydoc *d, const struct ynode *n, uint64_t off, const char *what)
{
	struct gh_policy_err *e = d->err;
	ydoc_place(d, off, &e->line, &e->column);
	gh_auto_buf safe = gh_buf(sizeof e->path);
	char raw[sizeof e->path];
	path(n, raw, sizeof raw);
	gh_buf_safe(&safe, gh_span_str(raw), sizeof e->path - 4);
	(void)snprintf(e->path, sizeof e->path, "%s", gh_buf_cstr(&safe));
	(void)snprintf(e->what, sizeof e->what, "%s%s%s%s", d->name[0] == '\0' ? "" : "in the base '", d->name,
		       d->name[0] == '\0' ? "" : "': ", what);
}

enum gh_rc ydoc_bad(const struct ydoc *d, const struct ynode *n, bool key, const char *fmt, ...)
{
	char what[sizeof d->err->what];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	say(d, n, key ? n->key_off : n->off, what);
	return GH_E_MALFORMED;
}

static bool white(uint8_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* Where byte `at` of the decoded text stands in the source: YAML folds white space and adds quotes and backslashes, and keeps
 * everything else, so the two are walked side by side. */
enum gh_rc ydoc_bad_in(const struct ydoc *d, const struct ynode *n, size_t at, const char *what)
{
	struct gh_span src = gh_span_cut(d->text, n->off, n->len);
	size_t i = 0, k = 0;
	if (src.n != 0 && (src.p[0] == '|' || src.p[0] == '>'))
		while (i < src.n && src.p[i] != '\n')
			i++;
	else if (src.n != 0 && n->quoted)
		i = 1;
	for (; i < src.n; i++) {
		while (k < n->text.n && k < at && white(n->text.p[k]))
			k++;
		if (white(src.p[i]) && (k < at || k >= n->text.n || !white(n->text.p[k])))
			continue;
		if (k >= at)
			break;
		if (n->quoted && src.p[i] == '\\' && n->text.p[k] != '\\')
			continue;
		if (n->quoted && i + 1 < src.n && (src.p[i] == '\\' || src.p[i] == '\'') && src.p[i + 1] == src.p[i])
			i++;
		k++;
	}
	say(d, n, n->off + (i < src.n ? i : src.n), what);
	return GH_E_MALFORMED;
}

/* ---- the tree ------------------------------------------------------------------------------------------------------------- */
struct building {
	struct ydoc *d;
	struct gh_yaml y;
	struct ynode *open[YDOC_DEPTH + 1], *last[YDOC_DEPTH + 1];
	size_t depth, nodes;
	struct ynode *key; /* node made for a key, which waits for its value */
	struct ynode *top;
};

static enum gh_rc at(struct building *b, uint64_t off, const char *what)
{
	const struct ynode *here = b->key != NULL ? b->key : b->depth != 0 ? b->open[b->depth - 1] : NULL;
	say(b->d, here, off, what);
	return GH_E_MALFORMED;
}

static bool is_null(const struct gh_yaml *y)
{
	return y->style == GH_YAML_PLAIN && (y->text.n == 0 || gh_yaml_is(y, "~") || gh_yaml_is(y, "null"));
}

static void key(struct building *b, struct ynode *n)
{
	struct ynode *map = b->open[b->depth - 1];
	n->key = n->text;
	n->key_off = n->off;
	n->text = (struct gh_span){ 0 };
	n->up = map;
	b->key = n;
}

/* Put a value below what is open; a value of a map takes the node that its key made. */
static struct ynode *place(struct building *b, struct ynode *n)
{
	if (b->depth == 0) {
		b->top = n;
		return n;
	}
	struct ynode *up = b->open[b->depth - 1], *last = b->last[b->depth - 1];
	if (b->key != NULL) {
		struct ynode *k = b->key;
		struct ynode merged = *n;
		merged.key = k->key;
		merged.key_off = k->key_off;
		*k = merged;
		n = k;
		b->key = NULL;
	}
	n->up = up;
	if (last == NULL)
		up->first = n;
	else
		last->next = n;
	b->last[b->depth - 1] = n;
	up->n++;
	return n;
}

static enum gh_rc node(struct building *b)
{
	struct gh_yaml *y = &b->y;
	if (y->tag.n != 0 || y->anchor.n != 0)
		return at(b, y->off, "tags (!x) and anchors (&x) cannot be used here");
	if (y->text.n != y->full)
		return at(b, y->off, "this text is too long");
	struct ynode *n = GH_NEW(b->d->arena, struct ynode, 1);
	if (n == NULL)
		return GH_E_NOMEM;
	if (++b->nodes > YDOC_NODES)
		return at(b, y->off, "this file has too many parts");
	*n = (struct ynode){ .off = y->off, .len = y->len };
	if (y->ev == GH_YAML_SCALAR) {
		n->kind = is_null(y) && !y->key ? Y_NULL : Y_TEXT;
		n->quoted = y->style == GH_YAML_SINGLE || y->style == GH_YAML_DOUBLE;
		n->text = gh_keep(b->d->arena, y->text);
		if (n->text.p == NULL)
			return GH_E_NOMEM;
	} else {
		n->kind = y->ev == GH_YAML_MAP ? Y_MAP : Y_LIST;
	}
	if (y->key && n->kind != Y_TEXT)
		return at(b, y->off, "a key is one word");
	if (y->key) {
		key(b, n);
		return GH_OK;
	}
	n = place(b, n);
	if (y->ev == GH_YAML_SCALAR)
		return GH_OK;
	if (b->depth == YDOC_DEPTH)
		return at(b, y->off, "this is nested too deeply");
	b->open[b->depth] = n;
	b->last[b->depth++] = NULL;
	return GH_OK;
}

static enum gh_rc build(struct building *b)
{
	struct gh_yaml *y = &b->y;
	while (gh_yaml_next(y) > GH_YAML_END) {
		enum gh_rc rc = GH_OK;
		switch (y->ev) {
		case GH_YAML_SCALAR:
		case GH_YAML_MAP:
		case GH_YAML_SEQ: rc = node(b); break;
		case GH_YAML_ALIAS: rc = at(b, y->off, "aliases (*x) cannot be used here"); break;
		case GH_YAML_MAP_END:
			if (y->duplicate)
				rc = at(b, y->dup_off, "this key stands here for the second time");
			/* fall through */
		case GH_YAML_SEQ_END: b->depth--; break;
		case GH_YAML_DOC:
			if (y->documents > 1)
				rc = at(b, y->off, "this file holds more than one document");
			break;
		default: break;
		}
		if (rc != GH_OK)
			return rc;
	}
	if (y->ev == GH_YAML_BAD)
		return at(b, y->off, y->why);
	return y->unwatched == 0 ? GH_OK : GH_E_NOMEM;
}

enum gh_rc ydoc_read(struct ydoc *d)
{
	struct building b = { .d = d };
	if (d->text.n > GH_POLICY_TEXT) {
		(void)snprintf(d->err->what, sizeof d->err->what, "the file is larger than %d KiB",
			       GH_POLICY_TEXT >> 10);
		return GH_E_LIMIT;
	}
	for (size_t i = 0; i < d->text.n;) {
		uint32_t cp;
		unsigned n = gh_utf8_next(gh_span_cut(d->text, i, d->text.n), &cp);
		/* Line ends that only some readers see, and characters that make a text look like another one. */
		if (n == 0 || (cp != '\n' && cp != '\r' && cp != '\t' && gh_utf8_deceptive(cp)) || cp == 0x2028 ||
		    cp == 0x2029 || cp == 0x85)
			return at(&b, i, n == 0 ? "this is not UTF-8" : "this character is invisible or misleading");
		i += n;
	}
	gh_yaml_open(&b.y, d->text, d->arena);
	enum gh_rc rc = build(&b);
	if (rc != GH_OK)
		return rc;
	if (b.top == NULL || b.top->kind != Y_MAP)
		return at(&b, 0, "the file must be a mapping (key: value)");
	d->top = b.top;
	return GH_OK;
}

/* ---- maps by table -------------------------------------------------------------------------------------------------------- */
static const char *kind_name(enum ykind k)
{
	static const char *const names[] = { "nothing", "a single value", "a mapping (key: value)",
					     "a list (- value)" };
	return names[k];
}

const struct ynode *ydoc_get(const struct ynode *map, const char *key_name)
{
	for (const struct ynode *m = map->kind == Y_MAP ? map->first : NULL; m != NULL; m = m->next)
		if (gh_span_is(m->key, key_name))
			return m;
	return NULL;
}

static enum gh_rc unknown(struct ydoc *d, const struct ynode *m, const struct ykey *keys, size_t n)
{
	gh_auto_buf list = gh_buf(200), shown = gh_buf(64);
	for (size_t i = 0; i < n; i++)
		gh_buf_fmt(&list, "%s%s", i == 0 ? "" : ", ", keys[i].name);
	gh_buf_safe(&shown, m->key, 40);
	return ydoc_bad(d, m, true, "there is no key '%s' here; there are: %s", gh_buf_cstr(&shown),
			gh_buf_cstr(&list));
}

enum gh_rc ydoc_map(struct ydoc *d, const struct ynode *map, const struct ykey *keys, size_t n, void *into)
{
	if (map->kind != Y_MAP)
		return ydoc_bad(d, map, false, "here stands %s; expected is %s", kind_name(map->kind),
				kind_name(Y_MAP));
	for (const struct ynode *m = map->first; m != NULL; m = m->next) {
		size_t i = 0;
		while (i < n && !gh_span_is(m->key, keys[i].name))
			i++;
		if (i == n)
			return unknown(d, m, keys, n);
		if (keys[i].kind != Y_NULL && m->kind != keys[i].kind)
			return ydoc_bad(d, m, m->kind == Y_NULL, "'%s' is %s; expected is %s", keys[i].name,
					kind_name(m->kind), kind_name(keys[i].kind));
	}
	for (size_t i = 0; i < n; i++)
		if (keys[i].needed && ydoc_get(map, keys[i].name) == NULL)
			return ydoc_bad(d, map, false, "the key '%s' is missing", keys[i].name);
	/* In the order of the table: a row may rely on those before it. */
	for (size_t i = 0; i < n; i++) {
		const struct ynode *m = ydoc_get(map, keys[i].name);
		enum gh_rc rc = m == NULL ? GH_OK : keys[i].read(d, m, into);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

/* ---- as JSON ---------------------------------------------------------------------------------------------------------------- */
const struct gh_jval *ydoc_json(struct gh_arena *arena, const struct ynode *top)
{
	static const enum gh_jkind kinds[] = { GH_J_NULL, GH_J_STRING, GH_J_OBJECT, GH_J_ARRAY };
	struct {
		const struct ynode *n;
		struct gh_jval *made, *last;
	} open[YDOC_DEPTH + 1];
	size_t depth = 0;
	struct gh_jval *root = NULL;
	const struct ynode *n = top;
	while (n != NULL) {
		struct gh_jval *v = GH_NEW(arena, struct gh_jval, 1);
		if (v == NULL)
			return NULL;
		*v = (struct gh_jval){ .kind = kinds[n->kind], .key = n->key, .text = n->text, .n = n->n };
		if (depth == 0)
			root = v;
		else if (open[depth - 1].last == NULL)
			open[depth - 1].made->first = v;
		else
			open[depth - 1].last->next = v;
		if (depth != 0)
			open[depth - 1].last = v;
		if (n->first != NULL && depth <= YDOC_DEPTH) {
			open[depth].n = n;
			open[depth].made = v;
			open[depth++].last = NULL;
			n = n->first;
			continue;
		}
		while (n != top && n->next == NULL && depth != 0)
			n = open[--depth].n;
		n = n == top ? NULL : n->next;
	}
	return root;
}
