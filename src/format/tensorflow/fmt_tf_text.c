/* TensorFlow's messages as text: saved_model.pbtxt and graph.pbtxt, which loaders take instead of the binary form, and the state file
 * `checkpoint` that says which checkpoint is the latest. The text format (protobuf.dev/reference/protobuf/textformat-spec) is read in
 * full; what matters is found by the names of the messages around it, as they are spelled in the schema. */
#include <stdio.h>

#include "format/formats.h"
#include "format/tensorflow/tf.h"

enum { A_SYNTAX, A_DEEP, A_MANY };
static const struct gh_rule rules[] = {
	[A_SYNTAX] = { "GH-TFX-0001", GH_MEDIUM, GH_INCOMPLETE, "Text that is not of the text format of protobuf",
		       "Some parser may make sense of it; what comes after it is not checked.",
		       "Have the model exported again.", "CWE-20" },
	[A_DEEP] = { "GH-TFX-0002", GH_HIGH, GH_UNSAFE, "Messages nested deeper than any model needs",
		     "Parsers that recurse run out of stack.", "Do not load.", "CWE-674" },
	[A_MANY] = { "GH-TFX-0003", GH_LOW, GH_INCOMPLETE, "More nodes than can be followed in bounded memory",
		     "Files that operations open are not told.", "Split the model.", "CWE-770" },
	GH_RULES_END
};

enum { DEPTH = 128, IDENT = 64, STRING = 4096, PLACES = 16, INPUTS = 4, FOLLOWED = 1 << 16 };

struct ident {
	char s[IDENT];
};

struct text {
	struct gh_walk *w;
	struct gh_cur c;
	struct ident frame[DEPTH];
	uint64_t start[DEPTH]; /* where each frame's name stands */
	unsigned depth, node;  /* depth of the node being read; 0: none */
	struct ident field;    /* the last name, to which values belong */
	uint64_t field_off;
	bool value;   /* a colon came: what follows is a value */
	bool bare;    /* a name came, and nothing yet that belongs to it */
	bool pending; /* a string that may go on in the next token */
	uint8_t str[STRING];
	size_t str_n;
	uint64_t str_off;
	struct tf_text name, op;
	char key[IDENT];
	struct gh_span place[PLACES];
	char place_key[PLACES][IDENT];
	unsigned nplaces;
	uint64_t input[INPUTS], scope, graph;
	unsigned ninputs;
	struct gh_span constant;
	struct gh_recs consts, paths; /* ref: struct gh_span * of the value; the operation's name */
	bool said;
};

static bool in(const struct text *t, const char *frame)
{
	return t->depth > 0 && strcmp(t->frame[t->depth - 1].s, frame) == 0;
}
static bool is(const struct text *t, const char *field) { return strcmp(t->field.s, field) == 0; }

static void set(struct tf_text *to, struct gh_span s)
{
	to->n = s.n < sizeof to->p ? s.n : sizeof to->p;
	if (to->n != 0)
		memcpy(to->p, s.p, to->n);
}
static struct gh_span text(const struct tf_text *s) { return (struct gh_span){ s->p, s->n }; }

static uint64_t scoped(const struct text *t, struct gh_span name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] == ':')
			name.n = i;
	return gh_hash_end(
		gh_hash(gh_hash(GH_HASH_START, (struct gh_span){ (const uint8_t *)&t->scope, sizeof t->scope }), name));
}

static enum gh_rc call(struct text *t, enum gh_call_how how, struct gh_span name, uint64_t off, uint64_t len)
{
	struct gh_call ev = {
		.how = how, .system = "tensorflow", .name = name, .as_name = text(&t->name), .resolved = true
	};
	return gh_emit(t->w, GH_EV_CALL, off, len, &ev);
}

static enum gh_rc refer(struct text *t, struct gh_span target, const char *from, uint64_t off)
{
	bool url = target.n > 3 && memmem(target.p, target.n, "://", 3) != NULL;
	struct gh_reference ev = { .kind = url ? GH_REF_URL : GH_REF_PATH,
				   .target = target,
				   .from = gh_span_str(from) };
	return gh_emit(t->w, GH_EV_REFERENCE, off, 0, &ev);
}

static void remember(struct text *t, struct gh_recs *r, uint64_t id, struct gh_span what)
{
	struct gh_span *keep = GH_NEW(t->w->arena, struct gh_span, 1);
	if (keep != NULL)
		*keep = gh_keep(t->w->arena, what);
	if (keep == NULL || keep->p == NULL || !gh_recs_add(r, (struct gh_rec){ id, t->field_off, (uintptr_t)keep })) {
		if (!t->said)
			gh_anomaly(t->w, &rules[A_MANY], t->field_off, 0, "from byte %llu on",
				   (unsigned long long)t->field_off);
		t->said = true;
	}
}

/* ---- messages -------------------------------------------------------------------------------------------------------- */

static enum gh_rc end_node(struct text *t)
{
	uint64_t off = t->start[t->node - 1];
	enum gh_rc rc = t->op.n == 0 ? GH_OK : call(t, GH_CALL_OPERATION, text(&t->op), off, gh_cur_off(&t->c) - off);
	for (unsigned i = 0; rc == GH_OK && i < t->nplaces; i++) {
		char from[2 * IDENT + TF_NAME];
		(void)snprintf(from, sizeof from, "%.*s.%s", (int)t->op.n, (const char *)t->op.p, t->place_key[i]);
		rc = refer(t, t->place[i], from, off);
	}
	if (t->constant.p != NULL && gh_span_is(text(&t->op), "Const"))
		remember(t, &t->consts, scoped(t, text(&t->name)), t->constant);
	unsigned which = tf_path_inputs(text(&t->op));
	for (unsigned i = 0; i < t->ninputs; i++)
		if ((which & 1u << i) != 0)
			remember(t, &t->paths, t->input[i], text(&t->op));
	t->node = 0;
	return rc;
}

static enum gh_rc open_message(struct text *t)
{
	if (t->depth == DEPTH) {
		gh_anomaly(t->w, &rules[A_DEEP], t->field_off, 0, "at byte %llu", (unsigned long long)t->field_off);
		return gh_fail(t->w->err, GH_E_LIMIT, "messages nested too deep");
	}
	t->start[t->depth] = t->field_off;
	t->frame[t->depth++] = t->field;
	t->value = false;
	if (is(t, "node") || is(t, "node_def")) {
		t->node = t->depth;
		t->name.n = t->op.n = 0;
		t->nplaces = t->ninputs = 0;
		t->key[0] = '\0';
		t->constant = (struct gh_span){ 0 };
	} else if (is(t, "function")) {
		t->scope = t->field_off;
	} else if (is(t, "graph_def")) {
		t->scope = t->graph = t->field_off;
	}
	return GH_OK;
}

static enum gh_rc close_message(struct text *t)
{
	if (t->depth == 0) {
		gh_anomaly(t->w, &rules[A_SYNTAX], gh_cur_off(&t->c) - 1, 1, "a brace without its beginning");
		return gh_fail(t->w->err, GH_E_MALFORMED, "a brace without its beginning");
	}
	enum gh_rc rc = t->node == t->depth ? end_node(t) : GH_OK;
	t->depth--;
	if (strcmp(t->frame[t->depth].s, "function") == 0)
		t->scope = t->graph;
	t->value = false;
	return rc;
}

static bool is_place(struct gh_span s)
{
	return s.n > 1 && (s.p[0] == '/' || s.p[0] == '\\' || memmem(s.p, s.n, "://", 3) != NULL ||
			   memmem(s.p, s.n, "..", 2) != NULL || (s.n > 2 && s.p[1] == ':'));
}

static enum gh_rc node_string(struct text *t, struct gh_span s)
{
	if (t->depth == t->node) {
		if (is(t, "name"))
			set(&t->name, s);
		else if (is(t, "op"))
			set(&t->op, s);
		else if (is(t, "input") && t->ninputs < INPUTS && s.n > 0 && s.p[0] != '^')
			t->input[t->ninputs++] = scoped(t, s);
		return GH_OK;
	}
	if (is(t, "key"))
		(void)snprintf(t->key, sizeof t->key, "%.*s", s.n < IDENT ? (int)s.n : IDENT - 1, (const char *)s.p);
	else if (is(t, "name") && in(t, "func") && s.n != 0)
		return call(t, GH_CALL_IMPORT, s, t->str_off, 0);
	else if (is(t, "string_val") && t->constant.p == NULL)
		t->constant = gh_keep(t->w->arena, s);
	else if (is(t, "s") && is_place(s) && t->nplaces < PLACES) {
		(void)snprintf(t->place_key[t->nplaces], IDENT, "%s", t->key);
		t->place[t->nplaces++] = gh_keep(t->w->arena, s);
	}
	return GH_OK;
}

/* The string that was collected is complete. */
static enum gh_rc flush(struct text *t)
{
	if (!t->pending)
		return GH_OK;
	t->pending = t->value = false;
	struct gh_span s = { t->str, t->str_n };
	if (t->node != 0)
		return node_string(t, s);
	if (is(t, "name") && in(t, "signature")) {
		struct gh_text ev = { .role = "function", .key = GH_SPAN("tensorflow"), .text = s };
		return gh_emit(t->w, GH_EV_TEXT, t->str_off, 0, &ev);
	}
	if (is(t, "gradient_func") && s.n != 0)
		return call(t, GH_CALL_IMPORT, s, t->str_off, 0);
	if (t->depth == 0 && (is(t, "model_checkpoint_path") || is(t, "all_model_checkpoint_paths")))
		return refer(t, s, "checkpoint.path", t->str_off);
	if (is(t, "filename") && in(t, "asset_file_def"))
		return refer(t, s, "asset_file_def", t->str_off);
	return GH_OK;
}

/* ---- tokens ------------------------------------------------------------------------------------------------------------ */

static void put(struct text *t, uint8_t b)
{
	if (t->str_n < sizeof t->str)
		t->str[t->str_n++] = b;
}

static int digit(uint8_t b, unsigned base)
{
	unsigned v = 99;
	if (b >= '0' && b <= '9')
		v = b - (unsigned)'0';
	else if ((b | 0x20) >= 'a' && (b | 0x20) <= 'f')
		v = (b | 0x20u) - 'a' + 10;
	return v < base ? (int)v : -1;
}

static void escape(struct text *t)
{
	static const char plain[] = "abfnrtv", means[] = "\a\b\f\n\r\t\v";
	uint8_t b = gh_cur_u8(&t->c);
	const char *at = memchr(plain, b, sizeof plain - 1);
	unsigned v = 0, base = b == 'x' || b == 'X' ? 16 : 8, most = base == 16 ? 2 : 3;
	if (at != NULL) {
		put(t, (uint8_t)means[at - plain]);
		return;
	}
	if (base == 8 && digit(b, 8) < 0) {
		put(t, b); /* quotes, backslash; \u is left as it is spelled */
		return;
	}
	if (base == 8) {
		v = (unsigned)digit(b, 8);
		most--;
	}
	for (; most > 0 && gh_cur_left(&t->c) > 0; most--) {
		const uint8_t *p = gh_cur_peek(&t->c, 1);
		int d = p == NULL ? -1 : digit(*p, base);
		if (d < 0)
			break;
		v = v * base + (unsigned)d;
		gh_cur_skip(&t->c, 1);
	}
	put(t, (uint8_t)v);
}

/* A string from its quote on; several in a row are one. */
static bool string(struct text *t, uint8_t quote)
{
	if (!t->pending) {
		t->str_n = 0;
		t->str_off = gh_cur_off(&t->c) - 1;
	}
	t->pending = true;
	while (gh_cur_left(&t->c) > 0) {
		uint8_t b = gh_cur_u8(&t->c);
		if (b == quote)
			return true;
		if (b == '\n')
			return false;
		if (b == '\\')
			escape(t);
		else
			put(t, b);
	}
	return false;
}

static bool word_char(uint8_t b)
{
	return (b >= '0' && b <= '9') || ((b | 0x20) >= 'a' && (b | 0x20) <= 'z') || b == '_' || b == '.' || b == '-' ||
	       b == '+' || b == '/';
}

/* A name or a number; only a name that is no value becomes the field. */
static void word(struct text *t, uint8_t first)
{
	struct ident w = { { (char)first } };
	size_t n = 1;
	uint64_t off = gh_cur_off(&t->c) - 1;
	for (const uint8_t *p; gh_cur_left(&t->c) > 0 && (p = gh_cur_peek(&t->c, 1)) != NULL && word_char(*p);) {
		if (n < IDENT - 1)
			w.s[n++] = (char)*p;
		gh_cur_skip(&t->c, 1);
	}
	if (t->value) {
		t->value = false;
		return;
	}
	t->field = w;
	t->field_off = off;
	t->bare = true;
}

static void comment(struct text *t)
{
	while (gh_cur_left(&t->c) > 0 && gh_cur_u8(&t->c) != '\n')
		;
}

static enum gh_rc dangling(struct text *t)
{
	gh_anomaly(t->w, &rules[A_SYNTAX], t->field_off, 0, "a name without a value");
	return gh_fail(t->w->err, GH_E_MALFORMED, "a name without a value");
}

static enum gh_rc token(struct text *t)
{
	uint8_t b = gh_cur_u8(&t->c);
	if (b == ' ' || b == '\n' || b == '\t' || b == '\r')
		return GH_OK;
	if (b == '#') {
		comment(t);
		return GH_OK;
	}
	if (b == '"' || b == '\'') {
		if (t->bare)
			return dangling(t);
		if (string(t, b))
			return GH_OK;
		gh_anomaly(t->w, &rules[A_SYNTAX], t->str_off, 0, "a string without its end");
		return gh_fail(t->w->err, GH_E_MALFORMED, "a string without its end");
	}
	enum gh_rc rc = flush(t);
	if (rc == GH_OK && t->bare && b != ':' && b != '{' && b != '<')
		rc = dangling(t);
	if (rc != GH_OK)
		return rc;
	t->bare = false;
	switch (b) {
	case ':': t->value = true; return GH_OK;
	case '{':
	case '<': return open_message(t);
	case '}':
	case '>': return close_message(t);
	case '[':
	case ']':
	case ',':
	case ';': return GH_OK;
	default: break;
	}
	if (word_char(b)) {
		word(t, b);
		return GH_OK;
	}
	gh_anomaly(t->w, &rules[A_SYNTAX], gh_cur_off(&t->c) - 1, 1, "byte 0x%02x", b);
	return gh_fail(t->w->err, GH_E_MALFORMED, "byte 0x%02x at %llu", b, (unsigned long long)gh_cur_off(&t->c) - 1);
}

/* ---- the row ------------------------------------------------------------------------------------------------------------ */

static struct gh_span skip_space(struct gh_span s)
{
	for (;;) {
		while (s.n > 0 && (*s.p == ' ' || *s.p == '\n' || *s.p == '\t' || *s.p == '\r'))
			s = gh_span_cut(s, 1, s.n);
		if (s.n == 0 || *s.p != '#')
			return s;
		while (s.n > 0 && *s.p != '\n')
			s = gh_span_cut(s, 1, s.n);
	}
}

static bool eat(struct gh_span *s, const char *what)
{
	if (!gh_span_starts(*s, what))
		return false;
	*s = skip_space(gh_span_cut(*s, strlen(what), s->n));
	return true;
}

/* How such texts begin, and what comes next. */
static enum gh_match probe(const struct gh_probe *p)
{
	static const struct {
		const char *first, *then[4];
	} rows[] = {
		{ "saved_model_schema_version", { ":" } },
		{ "meta_graphs", { "{", ":" } },
		{ "meta_info_def", { "{", ":" } },
		{ "graph_def", { "{", ":" } },
		{ "model_checkpoint_path", { ":" } },
		{ "node", { "{ name:", "{ op:", "{name:", "{op:" } },
		{ "library", { "{ function", "{function" } },
	};
	struct gh_span s = skip_space(p->head), rest;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		rest = s;
		if (!eat(&rest, rows[i].first))
			continue;
		for (size_t k = 0; k < 4 && rows[i].then[k] != NULL; k++) {
			struct gh_span r = rest;
			const char *want = rows[i].then[k];
			bool brace = want[0] == '{' && want[1] != '\0';
			if (!brace && gh_span_starts(r, want))
				return GH_STRONG;
			if (brace && eat(&r, "{") && gh_span_starts(r, want + 1 + (want[1] == ' ')))
				return GH_STRONG;
		}
	}
	return GH_NO;
}

static enum gh_rc tell_paths(struct text *t)
{
	gh_recs_sort(&t->consts, 0);
	gh_recs_sort(&t->paths, 0);
	for (size_t i = 0, k = 0; i < t->paths.n; i++) {
		const struct gh_rec *p = gh_recs_at(&t->paths, i);
		while (k < t->consts.n && gh_recs_at(&t->consts, k)->a < p->a)
			k++;
		if (k == t->consts.n || gh_recs_at(&t->consts, k)->a != p->a)
			continue;
		const struct gh_span *v = (const struct gh_span *)(uintptr_t)gh_recs_at(&t->consts, k)->ref;
		const struct gh_span *op = (const struct gh_span *)(uintptr_t)p->ref;
		enum gh_rc rc = refer(t, *v, (const char *)op->p, p->b); /* gh_keep() ends it with a NUL */
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct text *t = GH_NEW(w->arena, struct text, 1);
	enum gh_rc rc = GH_OK;
	if (t == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	t->w = w;
	t->c = gh_cur(w->src, 0);
	t->consts = gh_recs(w->arena, FOLLOWED);
	t->paths = gh_recs(w->arena, FOLLOWED);
	while (rc == GH_OK && gh_cur_left(&t->c) > 0)
		rc = token(t);
	if (rc == GH_OK)
		rc = flush(t);
	if (rc == GH_OK && t->bare)
		rc = dangling(t);
	gh_claim(w, 0, gh_cur_off(&t->c), GH_CLAIM_STRUCT);
	if (rc != GH_OK)
		return rc;
	if (w->src->fail != GH_OK)
		return gh_fail(w->err, w->src->fail, "the text could not be read");
	if (t->depth != 0) {
		gh_anomaly(w, &rules[A_SYNTAX], w->src->size, 0, "%u messages do not end", t->depth);
		return gh_fail(w->err, GH_E_MALFORMED, "%u messages do not end", t->depth);
	}
	return tell_paths(t);
}

const struct gh_fmt gh_fmt_tf_text = {
	.name = "tf-text",
	.about = "TensorFlow graphs and saved models as text (pbtxt), state files of checkpoints",
	.exts = "pbtxt",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
