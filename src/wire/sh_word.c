/* Words: quotes, substitutions, brace expansion and field splitting. */
#include "wire/sh_int.h"

enum { NEST = 64, BRACES = 64, BRACE_LOOKS = 8 << 20 };

/* ---- matching brackets and quotes -------------------------------------------------------------------------------------- */
/* What c does inside of `in`: 1: opens something that closes with *close, -1: closes, 0: nothing. */
static int nesting(struct gh_span in, size_t i, char top, char *close)
{
	uint8_t c = in.p[i], before = i == 0 ? '\n' : in.p[i - 1];
	if (c == (uint8_t)top)
		return -1;
	if (top == '\'' || top == '`')
		return 0;
	*close = c == '(' ? ')' : c == '{' ? '}' : (char)c;
	if (c == '`' || c == '"')
		return 1;
	if (top == '"')
		return (c == '(' || c == '{') && before == '$' ? 1 : 0;
	return c == '\'' || c == '(' || (c == '{' && before == '$') ? 1 : 0;
}

size_t sh_match(struct gh_sh *sh, struct gh_span in, size_t at)
{
	char stack[NEST];
	unsigned n = 0;
	uint8_t first = in.p[at];
	stack[n++] = first == '(' ? ')' : first == '{' ? '}' : (char)first;
	for (size_t i = at + 1; i < in.n; i++) {
		char top = stack[n - 1], close = 0;
		if ((++sh->steps & 1023) == 0 && sh->steps > sh->max_steps)
			break;
		if (in.p[i] == '\\' && top != '\'') {
			i++;
			continue;
		}
		if (in.p[i] == '#' && top == ')' && memchr(" \t\n(", in.p[i - 1], 4) != NULL && first == '(' &&
		    in.p[at + 1 < in.n ? at + 1 : at] != '(') {
			const uint8_t *nl = memchr(in.p + i, '\n', in.n - i);
			i = nl == NULL ? in.n - 1 : (size_t)(nl - in.p);
			continue;
		}
		int what = nesting(in, i, top, &close);
		if (what < 0 && --n == 0)
			return i;
		if (what > 0) {
			if (n == NEST)
				break;
			stack[n++] = close;
		}
	}
	sh->broken = true;
	return in.n;
}

/* ---- values into the word ------------------------------------------------------------------------------------------------ */
void sh_append_split(struct gh_sh *sh, struct gh_sh_frame *f, struct gh_sh_val v)
{
	uint8_t chunk[256];
	size_t k = 0;
	const struct gh_sh_val *ifs = gh_sh_get(sh, GH_SH_VAR, GH_SPAN("IFS"));
	struct gh_span cuts = ifs != NULL && gh_sh_known(ifs->text) ? ifs->text : GH_SPAN(" \t\n");
	for (size_t i = 0; i < v.text.n; i++) {
		uint8_t c = v.text.p[i];
		chunk[k++] = cuts.n != 0 && memchr(cuts.p, c, cuts.n) != NULL ? SH_SPLIT : c;
		if (k == sizeof chunk || i + 1 == v.text.n) {
			if (!sh_put(sh, f, chunk, k))
				return;
			k = 0;
		}
	}
	f->word = true;
}

/* $name and the like, without braces. */
static void variable(struct gh_sh *sh, struct gh_sh_frame *f, struct gh_span name)
{
	f->param = (struct sh_param){ .name = name };
	sh_param_done(sh, f, (struct gh_sh_val){ 0 });
}

static void back_quotes(struct gh_sh *sh, struct gh_sh_frame *f)
{
	size_t end = sh_match(sh, f->in, f->at), n = 0;
	struct gh_span inner = gh_span_cut(f->in, f->at + 1, end - f->at - 1);
	uint8_t *p = gh_alloc(sh->arena, inner.n + 1, 1);
	if (p == NULL) {
		sh->limit = true;
		return;
	}
	for (size_t i = 0; i < inner.n; i++) {
		if (inner.p[i] == '\\' && i + 1 < inner.n && memchr("`\\$", inner.p[i + 1], 3) != NULL)
			i++;
		p[n++] = inner.p[i];
	}
	f->word = true;
	f->at = end < f->in.n ? end + 1 : f->in.n;
	(void)sh_push(sh, SH_LIST, SH_TO_WORD, (struct gh_span){ p, n }, false);
}

/* $( ) and $(( )) */
static void substitution(struct gh_sh *sh, struct gh_sh_frame *f)
{
	f->word = true;
	if (f->at + 2 < f->in.n && f->in.p[f->at + 2] == '(') {
		size_t end = sh_match(sh, f->in, f->at + 1);
		if (end < f->in.n && end > f->at + 3 && f->in.p[end - 1] == ')' &&
		    sh_match(sh, f->in, f->at + 2) == end - 1) {
			struct gh_span inner = gh_span_cut(f->in, f->at + 3, end - 1 - (f->at + 3));
			f->at = end + 1;
			struct gh_sh_frame *g = sh_push(sh, SH_WORD, SH_TO_ARITH, inner, false);
			if (g != NULL)
				g->dq = g->heredoc = true;
			return;
		}
	}
	f->at += 2;
	struct gh_sh_frame *g = sh_push(sh, SH_LIST, SH_TO_WORD, f->in, true);
	if (g != NULL)
		g->close = ')';
}

static void ansi_c(struct gh_sh *sh, struct gh_sh_frame *f)
{
	size_t from = f->at + 2, to = from;
	while (to < f->in.n && f->in.p[to] != '\'')
		to += f->in.p[to] == '\\' ? 2 : 1;
	to = to < f->in.n ? to : f->in.n;
	struct gh_span s = sh_ansi_c(sh, gh_span_cut(f->in, from, to - from), false);
	if (s.p != NULL)
		(void)sh_put(sh, f, s.p, s.n);
	f->word = f->quoted = true;
	f->at = to < f->in.n ? to + 1 : to;
}

static void dollar(struct gh_sh *sh, struct gh_sh_frame *f)
{
	uint8_t c = f->at + 1 < f->in.n ? f->in.p[f->at + 1] : 0;
	size_t n = 1;
	if (c == '(') {
		substitution(sh, f);
		return;
	}
	if (c == '{') {
		sh_param_start(sh, f);
		return;
	}
	if (c == '\'' && !f->dq) {
		ansi_c(sh, f);
		return;
	}
	if (c == '"' && !f->dq) {
		f->at++;
		return;
	}
	bool special = c != 0 && memchr("@*#?$!-0123456789", c, 17) != NULL;
	while (!special && f->at + n < f->in.n && sh_name_char(f->in.p[f->at + n]))
		n++;
	if (!special && n == 1) {
		(void)sh_byte(sh, f, '$');
		f->at++;
		return;
	}
	struct gh_span name = gh_span_cut(f->in, f->at + 1, special ? 1 : n - 1);
	f->at += 1 + name.n;
	f->word = true;
	variable(sh, f, name);
}

/* ---- pieces ---------------------------------------------------------------------------------------------------------------- */
static void backslash(struct gh_sh *sh, struct gh_sh_frame *f)
{
	if (f->at + 1 >= f->in.n) {
		f->at++;
		return;
	}
	uint8_t c = f->in.p[f->at + 1];
	bool keeps = f->dq && memchr("$`\"\\\n", c, 5) == NULL;
	keeps = keeps || (f->heredoc && c == '"');
	f->at += 2;
	if (keeps)
		(void)sh_byte(sh, f, '\\');
	else if (c == '\n')
		return;
	f->quoted = f->quoted || f->kind == SH_LIST;
	(void)sh_byte(sh, f, c);
}

static void single_quotes(struct gh_sh *sh, struct gh_sh_frame *f)
{
	size_t from = f->at + 1;
	const uint8_t *end = from < f->in.n ? memchr(f->in.p + from, '\'', f->in.n - from) : NULL;
	size_t to = end == NULL ? f->in.n : (size_t)(end - f->in.p);
	sh->broken = sh->broken || end == NULL;
	f->word = f->quoted = true;
	(void)sh_put(sh, f, f->in.p + from, to > from ? to - from : 0);
	f->at = end == NULL ? f->in.n : to + 1;
}

/* Is what the buffer holds the name of an assignment: NAME, NAME+, NAME[index]? */
static bool assigns(const struct gh_sh_frame *f)
{
	size_t i = 0;
	if (f->n == 0 || f->quoted || f->equals != 0 || f->kind != SH_LIST || (f->buf[0] >= '0' && f->buf[0] <= '9'))
		return false;
	while (i < f->n && sh_name_char(f->buf[i]))
		i++;
	if (i != 0 && i < f->n && f->buf[i] == '[') {
		const uint8_t *end = memchr(f->buf + i, ']', f->n - i);
		i = end == NULL ? 0 : (size_t)(end - f->buf) + 1;
	}
	return i != 0 && (i == f->n || (i + 1 == f->n && f->buf[i] == '+'));
}

void sh_piece(struct gh_sh *sh, struct gh_sh_frame *f)
{
	uint8_t c = f->in.p[f->at];
	bool list = f->kind == SH_LIST;
	switch (c) {
	case '\\': backslash(sh, f); return;
	case '$': dollar(sh, f); return;
	case '`': back_quotes(sh, f); return;
	case '\'':
		if (f->dq || f->heredoc || f->dq_outer)
			break;
		single_quotes(sh, f);
		return;
	case '"':
		if (f->heredoc)
			break;
		f->dq = !f->dq;
		f->word = f->quoted = true;
		f->at++;
		return;
	case '{':
	case ',':
	case '}':
		f->at++;
		if (list && !f->dq)
			c = c == '{' ? SH_BRACE : c == ',' ? SH_COMMA : SH_ECARB;
		(void)sh_byte(sh, f, c);
		return;
	case '=': {
		f->at++;
		bool is = !f->dq && assigns(f);
		(void)sh_byte(sh, f, c);
		if (is)
			f->equals = f->n;
		return;
	}
	default: break;
	}
	size_t n = 0;
	if (c >= SH_ALIEN && c <= SH_SPLIT) { /* bytes that no text has mean something here */
		f->at++;
		(void)sh_byte(sh, f, SH_ALIEN);
		return;
	}
	if (f->dq || !list) {
		while (f->at + n < f->in.n && memchr("\\$`\"'{,}=", f->in.p[f->at + n], 9) == NULL &&
		       (f->in.p[f->at + n] > SH_SPLIT || f->in.p[f->at + n] == 0))
			n++;
	} else {
		while (f->at + n < f->in.n &&
		       (sh_name_char(f->in.p[f->at + n]) || f->in.p[f->at + n] >= 0x80 ||
			memchr("./-:%@~", f->in.p[f->at + n], 7) != NULL) &&
		       f->in.p[f->at + n] != 0)
			n++;
	}
	n = n == 0 ? 1 : n;
	(void)sh_put(sh, f, f->in.p + f->at, n);
	f->at += n;
}

void sh_step_word(struct gh_sh *sh, struct gh_sh_frame *f) { sh_piece(sh, f); }

/* ---- the end of a word -------------------------------------------------------------------------------------------------- */
static void clear(struct gh_sh_frame *f)
{
	f->n = f->equals = 0;
	f->word = f->quoted = false;
	f->marks = 0;
}

static void plain(uint8_t *p, size_t n, bool spaces)
{
	for (size_t i = 0; i < n; i++)
		p[i] = p[i] == SH_BRACE		    ? '{'
		       : p[i] == SH_COMMA	    ? ','
		       : p[i] == SH_ECARB	    ? '}'
		       : p[i] == SH_SPLIT && spaces ? ' '
						    : p[i];
}

struct gh_sh_val sh_take_word(struct gh_sh *sh, struct gh_sh_frame *f)
{
	struct gh_sh_val v = { gh_keep(sh->arena, (struct gh_span){ f->buf, f->n }), f->marks };
	if (v.text.p == NULL) {
		sh->limit = true;
		v = gh_sh_any(f->marks);
	} else {
		/* The items of an array stay apart in its variable. */
		uint8_t *p = (uint8_t *)gh_alloc(sh->arena, v.text.n + 1, 1);
		if (p == NULL) {
			sh->limit = true;
			return gh_sh_any(f->marks);
		}
		memcpy(p, v.text.p, v.text.n);
		plain(p, v.text.n, f->equals == 0);
		v.text.p = p;
	}
	clear(f);
	return v;
}

/* The first brace expression with a comma of its own: offsets of its brace and its end. */
static bool first_brace(struct gh_sh *sh, struct gh_span s, size_t *from, size_t *to)
{
	size_t looks = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != SH_BRACE)
			continue;
		unsigned depth = 0;
		bool comma = false;
		for (size_t k = i; k < s.n; k++) {
			if (++looks > BRACE_LOOKS) { /* none of them closes */
				sh->limit = true;
				return false;
			}
			depth += s.p[k] == SH_BRACE;
			comma = comma || (s.p[k] == SH_COMMA && depth == 1);
			if (s.p[k] == SH_ECARB && --depth == 0) {
				if (!comma)
					break;
				*from = i;
				*to = k;
				return true;
			}
		}
	}
	return false;
}

/* One field into v, brace expressions written out. */
static bool expand(struct gh_sh *sh, struct sh_vals *v, struct gh_span field, unsigned marks)
{
	struct gh_span todo[BRACES];
	size_t n = 0;
	todo[n++] = field;
	while (n != 0) {
		struct gh_span s = todo[--n];
		size_t from = 0, to = 0;
		sh->steps += s.n / 4 + 1;
		if (sh->steps > sh->max_steps || !first_brace(sh, s, &from, &to)) {
			uint8_t *p = gh_alloc(sh->arena, s.n + 1, 1);
			if (p == NULL) {
				sh->limit = true;
				return false;
			}
			if (s.n != 0)
				memcpy(p, s.p, s.n);
			plain(p, s.n, false);
			if (!sh_vals_add(sh, v, (struct gh_sh_val){ { p, s.n }, marks }))
				return false;
			continue;
		}
		/* Alternatives from the last to the first: the first one is on top then. */
		size_t end = to;
		unsigned depth = 1;
		for (size_t k = to; k-- > from;) {
			depth += s.p[k] == SH_ECARB;
			depth -= s.p[k] == SH_BRACE;
			if (!(s.p[k] == SH_COMMA && depth == 1) && k != from)
				continue;
			size_t len = from + (end - k - 1) + (s.n - to - 1);
			uint8_t *p = n == BRACES ? NULL : gh_alloc(sh->arena, len + 1, 1);
			if (p == NULL) {
				sh->limit = true;
				return false;
			}
			memcpy(p, s.p, from);
			memcpy(p + from, s.p + k + 1, end - k - 1);
			memcpy(p + from + (end - k - 1), s.p + to + 1, s.n - to - 1);
			todo[n++] = (struct gh_span){ p, len };
			end = k;
		}
	}
	return true;
}

bool sh_take_words(struct gh_sh *sh, struct gh_sh_frame *f, struct sh_vals *v)
{
	bool any = false, ok = true;
	for (size_t i = 0; i <= f->n && ok;) {
		const uint8_t *end = i < f->n ? memchr(f->buf + i, SH_SPLIT, f->n - i) : NULL;
		size_t n = end == NULL ? f->n - i : (size_t)(end - (f->buf + i));
		if (n != 0 || (f->quoted && !any && end == NULL)) {
			ok = expand(sh, v, gh_span_cut((struct gh_span){ f->buf, f->n }, i, n), f->marks);
			any = true;
		}
		i += n + 1;
	}
	clear(f);
	return ok;
}
