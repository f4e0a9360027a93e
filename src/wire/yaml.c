#include "wire/yaml_int.h"

enum kind { STREAM, DOCUMENT, BLOCK_SEQ, BLOCK_MAP, FLOW_SEQ, FLOW_MAP, FLOW_PAIR };
enum { KEY, VALUE, EXPLICIT, AFTER }; /* what comes next; EXPLICIT: the value of a `? key` */

struct gh_yaml_frame {
	uint8_t kind, state;
	bool first;	 /* nothing of it was read yet */
	bool indentless; /* a sequence at the indentation of the mapping that holds it */
	bool question;	 /* FLOW_PAIR: began with `?` */
	long col;
	uint32_t key_base;
};

/* How a node may begin. */
enum { FRESH = 1, INDENTLESS = 2, IS_KEY = 4 };

enum { LOOK_FACTOR = 64, LOOK_LEAST = 1 << 20 };

enum gh_yaml_ev yaml_bad(struct gh_yaml *y, const char *why)
{
	if (y->ev != GH_YAML_BAD || y->why == NULL) {
		y->ev = GH_YAML_BAD;
		y->why = why;
		y->off = y->at < y->s.n ? y->at : y->s.n;
		y->len = 0;
	}
	return GH_YAML_BAD;
}

static enum gh_yaml_ev limit(struct gh_yaml *y, const char *why)
{
	y->limit = true;
	return yaml_bad(y, why);
}

void gh_yaml_open(struct gh_yaml *y, struct gh_span text, struct gh_arena *arena)
{
	*y = (struct gh_yaml){ .ev = GH_YAML_DOC_END, .s = text, .arena = arena };
	y->keys = gh_recs(arena, GH_RECS_MAX);
	if (gh_span_starts(text, "\xef\xbb\xbf"))
		y->at = y->bol = 3;
	y->frame = gh_grow(arena, NULL, &y->cap, 8, sizeof *y->frame);
	if (y->frame == NULL) {
		(void)limit(y, "no memory");
		return;
	}
	y->nframe = 1;
	y->frame[0] = (struct gh_yaml_frame){ .kind = STREAM };
}

static struct gh_yaml_frame *top(struct gh_yaml *y) { return &y->frame[y->nframe - 1]; }

/* ---- events ----------------------------------------------------------------------------------------------------- */

static enum gh_yaml_ev say(struct gh_yaml *y, enum gh_yaml_ev ev, size_t off, size_t end, unsigned flags)
{
	y->ev = ev;
	y->off = off;
	y->len = end - off;
	y->key = (flags & IS_KEY) != 0;
	y->depth = y->nframe < 2 ? 0 : y->nframe - 2;
	return ev;
}

static enum gh_yaml_ev push(struct gh_yaml *y, struct gh_yaml_frame f, enum gh_yaml_ev ev, size_t end, unsigned flags)
{
	if (y->nframe >= GH_YAML_DEPTH)
		return limit(y, "nested too deeply");
	struct gh_yaml_frame *p = gh_grow(y->arena, y->frame, &y->cap, y->nframe + 1, sizeof *p);
	if (p == NULL)
		return limit(y, "no memory");
	(void)say(y, ev, y->at, end, flags);
	y->frame = p;
	f.first = true;
	f.key_base = (uint32_t)y->keys.n;
	y->frame[y->nframe++] = f;
	y->at = end;
	return ev;
}

static enum gh_yaml_ev pop(struct gh_yaml *y, enum gh_yaml_ev ev, size_t end)
{
	struct gh_yaml_frame *f = top(y);
	y->duplicate = false;
	if (ev == GH_YAML_MAP_END) {
		gh_recs_sort(&y->keys, f->key_base);
		for (size_t i = f->key_base + 1u; i < y->keys.n && !y->duplicate; i++)
			if (gh_recs_at(&y->keys, i)->a == gh_recs_at(&y->keys, i - 1)->a) {
				y->duplicate = true;
				y->dup_off = gh_recs_at(&y->keys, i)->b;
			}
	}
	gh_recs_cut(&y->keys, f->key_base);
	y->nframe--;
	y->tag = y->anchor = (struct gh_span){ 0 };
	size_t from = y->at;
	y->at = end;
	return say(y, ev, from, end, 0);
}

/* A scalar was read. If it is a key, remember it. */
static enum gh_yaml_ev scalar(struct gh_yaml *y, enum gh_yaml_ev ev, size_t from, unsigned flags)
{
	if ((flags & IS_KEY) != 0 && ev == GH_YAML_SCALAR && !gh_span_is(y->text, "<<")) {
		struct gh_rec r = { .a = gh_hash_end(gh_hash(gh_hash(GH_HASH_START, y->tag), y->text)), .b = from };
		y->unwatched += !gh_recs_add(&y->keys, r);
	}
	return say(y, ev, from, y->at, flags);
}

static enum gh_yaml_ev empty(struct gh_yaml *y, unsigned flags)
{
	y->text = (struct gh_span){ 0 };
	y->full = 0;
	y->style = GH_YAML_PLAIN;
	return say(y, GH_YAML_SCALAR, y->at, y->at, flags);
}

/* ---- nodes ------------------------------------------------------------------------------------------------------ */

/* What is no block collection: a scalar, an alias, the start of a flow collection. */
static enum gh_yaml_ev content(struct gh_yaml *y, long indent, bool flow, bool one_line, unsigned flags)
{
	size_t from = y->at;
	int c = yaml_ch(y, y->at);
	if (c == '[' || c == '{')
		return push(y, (struct gh_yaml_frame){ .kind = c == '[' ? FLOW_SEQ : FLOW_MAP, .col = indent },
			    c == '[' ? GH_YAML_SEQ : GH_YAML_MAP, y->at + 1, flags);
	if (c == '*')
		return yaml_alias(y) ? scalar(y, GH_YAML_ALIAS, from, flags) : GH_YAML_BAD;
	if (c == '"' || c == '\'')
		return yaml_quoted(y) ? scalar(y, GH_YAML_SCALAR, from, flags) : GH_YAML_BAD;
	if ((c == '|' || c == '>') && !flow && !one_line)
		return yaml_block(y, indent) ? scalar(y, GH_YAML_SCALAR, from, flags) : GH_YAML_BAD;
	if (!yaml_plain_start(y, flow))
		return yaml_bad(y, "a character that begins nothing");
	return yaml_plain(y, indent, flow, one_line) ? scalar(y, GH_YAML_SCALAR, from, flags) : GH_YAML_BAD;
}

static bool dash(const struct gh_yaml *y) { return yaml_ch(y, y->at) == '-' && yaml_space(y, y->at + 1); }

static enum gh_yaml_ev block_start(struct gh_yaml *y, bool seq, unsigned flags, bool indentless)
{
	return push(y,
		    (struct gh_yaml_frame){
			    .kind = seq ? BLOCK_SEQ : BLOCK_MAP, .col = (long)yaml_col(y), .indentless = indentless },
		    seq ? GH_YAML_SEQ : GH_YAML_MAP, y->at, flags);
}

/* A node of a block collection whose indentation is `indent`, from behind its indicator on. */
static enum gh_yaml_ev node(struct gh_yaml *y, long indent, unsigned flags)
{
	bool fresh = (flags & FRESH) != 0;
	for (;;) {
		bool crossed = yaml_skip(y);
		long col = (long)yaml_col(y);
		int here = yaml_ch(y, y->at); /* block scalars need no indentation: libyaml and PyYAML */
		bool same = crossed && col == indent &&
			    (((flags & INDENTLESS) != 0 && dash(y)) || here == '|' || here == '>');
		if (yaml_block_over(y) || (crossed && col <= indent && !same))
			return empty(y, flags);
		if (crossed && yaml_tabbed(y))
			return yaml_bad(y, "a tab in the indentation");
		fresh = fresh || crossed;
		bool question = yaml_ch(y, y->at) == '?' && yaml_space(y, y->at + 1);
		if (dash(y))
			return fresh ? block_start(y, true, flags, same) : yaml_bad(y, "a list inside a line");
		if (question || yaml_colon(y, y->at, false) || (fresh && yaml_key_ahead(y, false)))
			return fresh ? block_start(y, false, flags, false) : yaml_bad(y, "a mapping inside a line");
		int c = yaml_ch(y, y->at);
		if (c != '&' && c != '!')
			return content(y, indent, false, false, flags);
		if (!yaml_properties(y, false))
			return GH_YAML_BAD;
		fresh = false; /* until the line ends */
	}
}

/* A key and its properties, on one line. */
static enum gh_yaml_ev key_node(struct gh_yaml *y)
{
	if (!yaml_properties(y, false))
		return GH_YAML_BAD;
	if (yaml_colon(y, y->at, false))
		return empty(y, IS_KEY);
	return content(y, (long)y->at, false, true, IS_KEY);
}

static enum gh_yaml_ev flow_node(struct gh_yaml *y, unsigned flags)
{
	for (;;) {
		(void)yaml_skip(y);
		int c = yaml_ch(y, y->at);
		if (c < 0 || yaml_marker(y, y->at, '-') || yaml_marker(y, y->at, '.'))
			return yaml_bad(y, "a flow collection without its end");
		if (c == '&' || c == '!') {
			if (!yaml_properties(y, true))
				return GH_YAML_BAD;
			continue;
		}
		if (c == ',' || c == ']' || c == '}' || yaml_colon(y, y->at, true))
			return empty(y, flags);
		return content(y, 0, true, false, flags);
	}
}

/* ---- collections ------------------------------------------------------------------------------------------------ */

static enum gh_yaml_ev stream(struct gh_yaml *y)
{
	for (;;) {
		(void)yaml_skip(y);
		if (!yaml_marker(y, y->at, '.'))
			break;
		y->at += 3;
	}
	if (y->at >= y->s.n)
		return say(y, GH_YAML_END, y->s.n, y->s.n, 0);
	if (!yaml_directives(y))
		return GH_YAML_BAD;
	bool marked = yaml_marker(y, y->at, '-');
	y->documents++;
	return push(y, (struct gh_yaml_frame){ .kind = DOCUMENT, .question = marked }, GH_YAML_DOC,
		    marked ? y->at + 3 : y->at, 0);
}

static enum gh_yaml_ev document(struct gh_yaml *y, struct gh_yaml_frame *f)
{
	if (f->first) {
		f->first = false;
		return node(y, -1, f->question ? 0 : FRESH);
	}
	(void)yaml_skip(y);
	if (!yaml_block_over(y))
		return yaml_bad(y, "something behind the end of a document");
	return pop(y, GH_YAML_DOC_END, y->at);
}

static enum gh_yaml_ev block_seq(struct gh_yaml *y, struct gh_yaml_frame *f)
{
	(void)yaml_skip(y);
	long col = (long)yaml_col(y);
	if (!f->first && (yaml_block_over(y) || (yaml_line_start(y) && col < f->col)))
		return pop(y, GH_YAML_SEQ_END, y->at);
	if (!f->first && (!yaml_line_start(y) || yaml_tabbed(y) || col != f->col))
		return yaml_bad(y, "a list goes on at another place");
	if (!dash(y))
		return f->indentless ? pop(y, GH_YAML_SEQ_END, y->at) : yaml_bad(y, "no `-` where a list goes on");
	f->first = false;
	y->at++;
	return node(y, f->col, FRESH);
}

static enum gh_yaml_ev block_key(struct gh_yaml *y, struct gh_yaml_frame *f)
{
	(void)yaml_skip(y);
	long col = (long)yaml_col(y);
	if (!f->first && (yaml_block_over(y) || (yaml_line_start(y) && col < f->col)))
		return pop(y, GH_YAML_MAP_END, y->at);
	if (!f->first && (!yaml_line_start(y) || yaml_tabbed(y) || col != f->col))
		return yaml_bad(y, "a mapping goes on at another place");
	f->first = false;
	if (yaml_ch(y, y->at) == '?' && yaml_space(y, y->at + 1)) {
		y->at++;
		f->state = EXPLICIT;
		return node(y, f->col, FRESH | INDENTLESS | IS_KEY);
	}
	f->state = VALUE;
	if (yaml_colon(y, y->at, false))
		return empty(y, IS_KEY);
	return yaml_key_ahead(y, false) ? key_node(y) : yaml_bad(y, "no `:` behind a key");
}

static enum gh_yaml_ev block_map(struct gh_yaml *y, struct gh_yaml_frame *f)
{
	if (f->state == KEY)
		return block_key(y, f);
	bool explicit = f->state == EXPLICIT;
	f->state = KEY;
	if (explicit) {
		(void)yaml_skip(y);
		if (!yaml_line_start(y) || (long)yaml_col(y) != f->col || !yaml_colon(y, y->at, false))
			return empty(y, 0);
		y->at++;
		return node(y, f->col, FRESH | INDENTLESS);
	}
	while (yaml_blank(yaml_ch(y, y->at)))
		y->at++;
	if (yaml_ch(y, y->at) != ':')
		return yaml_bad(y, "no `:` behind a key");
	y->at++;
	return node(y, f->col, INDENTLESS);
}

/* The next character of a flow collection; -1 and BAD when there is none. */
static int flow_next(struct gh_yaml *y)
{
	(void)yaml_skip(y);
	if (!yaml_over(y))
		return yaml_ch(y, y->at);
	(void)yaml_bad(y, "a flow collection without its end");
	return -1;
}

static bool flow_question(const struct gh_yaml *y) { return yaml_ch(y, y->at) == '?' && yaml_space(y, y->at + 1); }

static enum gh_yaml_ev flow_seq(struct gh_yaml *y, struct gh_yaml_frame *f)
{
	int c = flow_next(y);
	if (c == ',' && f->state == AFTER) {
		f->state = KEY;
		y->at++;
		c = flow_next(y);
	}
	if (c < 0)
		return GH_YAML_BAD;
	if (c == ']')
		return pop(y, GH_YAML_SEQ_END, y->at + 1);
	if (f->state == AFTER || c == ',' || c == '}')
		return yaml_bad(y, "no `,` between the items of a list");
	f->state = AFTER;
	bool question = flow_question(y);
	if (question || yaml_colon(y, y->at, true) || yaml_key_ahead(y, true))
		return push(y, (struct gh_yaml_frame){ .kind = FLOW_PAIR, .question = question }, GH_YAML_MAP,
			    y->at + question, 0);
	return flow_node(y, 0);
}

static enum gh_yaml_ev flow_pair(struct gh_yaml *y, struct gh_yaml_frame *f)
{
	if (f->state == KEY) {
		f->state = VALUE;
		return flow_node(y, IS_KEY);
	}
	if (f->state == AFTER)
		return pop(y, GH_YAML_MAP_END, y->at);
	f->state = AFTER;
	int c = flow_next(y);
	if (c < 0)
		return GH_YAML_BAD;
	if (c != ':')
		return f->question ? empty(y, 0) : yaml_bad(y, "no `:` behind a key");
	y->at++;
	return flow_node(y, 0);
}

static enum gh_yaml_ev flow_map(struct gh_yaml *y, struct gh_yaml_frame *f)
{
	int c = flow_next(y);
	if (f->state == VALUE) {
		f->state = AFTER;
		if (c != ':')
			return c < 0 ? GH_YAML_BAD : empty(y, 0);
		y->at++;
		return flow_node(y, 0);
	}
	if (c == ',' && f->state == AFTER) {
		f->state = KEY;
		y->at++;
		c = flow_next(y);
	}
	if (c < 0)
		return GH_YAML_BAD;
	if (c == '}')
		return pop(y, GH_YAML_MAP_END, y->at + 1);
	if (f->state == AFTER || c == ',' || c == ']')
		return yaml_bad(y, "no `,` between the pairs of a mapping");
	f->state = VALUE;
	if (flow_question(y))
		y->at++;
	return flow_node(y, IS_KEY);
}

enum gh_yaml_ev gh_yaml_next(struct gh_yaml *y)
{
	if (y->ev == GH_YAML_BAD || y->ev == GH_YAML_END)
		return y->ev;
	if (y->looked / LOOK_FACTOR > (uint64_t)y->s.n + LOOK_LEAST)
		return limit(y, "too many possible keys");
	struct gh_yaml_frame *f = top(y);
	y->tag = y->anchor = y->text = (struct gh_span){ 0 };
	y->full = 0;
	switch ((enum kind)f->kind) {
	case STREAM: return stream(y);
	case DOCUMENT: return document(y, f);
	case BLOCK_SEQ: return block_seq(y, f);
	case BLOCK_MAP: return block_map(y, f);
	case FLOW_SEQ: return flow_seq(y, f);
	case FLOW_PAIR: return flow_pair(y, f);
	case FLOW_MAP: return flow_map(y, f);
	}
	return yaml_bad(y, "no such state");
}
