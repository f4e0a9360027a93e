/* Lists of commands: operators, reserved words, compound commands, redirections, here-documents. */
#include "wire/sh_int.h"

enum { OUT_KEEP = 8192, REDIRS = 64, ITEMS = 64 };

static bool blank(uint8_t c) { return c == ' ' || c == '\t' || c == '\r'; }
static uint8_t peek(const struct gh_sh_frame *f, size_t ahead)
{
	return ahead < f->in.n - f->at ? f->in.p[f->at + ahead] : 0;
}
static bool top(const struct gh_sh *sh, const struct gh_sh_frame *f)
{
	return sh->depth != 0 && f == &sh->frame[sh->depth - 1] && f->at < f->in.n;
}

static void begin(struct gh_sh_frame *f)
{
	if (!f->begun)
		f->start = f->at;
	f->begun = true;
}

static bool fresh(const struct gh_sh_frame *f)
{
	return f->words.n == 0 && f->assigns.n == 0 && f->nredir == 0 && !f->want;
}

/* ---- reserved words ------------------------------------------------------------------------------------------------- */
static const struct {
	const char *word;
	char close; /* opens a list that this closes */
	char closes;
	enum sh_head head;
	bool maybe;
} reserved[] = {
	{ "if", 'f', 0, SH_NO_HEAD, true },	 { "while", 'd', 0, SH_NO_HEAD, true },
	{ "until", 'd', 0, SH_NO_HEAD, true },	 { "for", 'd', 0, SH_FOR, false },
	{ "select", 'd', 0, SH_FOR, true },	 { "case", 'e', 0, SH_CASE, true },
	{ "{", '}', 0, SH_NO_HEAD, false },	 { "fi", 0, 'f', SH_NO_HEAD, false },
	{ "done", 0, 'd', SH_NO_HEAD, false },	 { "esac", 0, 'e', SH_NO_HEAD, false },
	{ "}", 0, '}', SH_NO_HEAD, false },	 { "then", 0, 0, SH_NO_HEAD, false },
	{ "else", 0, 0, SH_NO_HEAD, false },	 { "elif", 0, 0, SH_NO_HEAD, false },
	{ "do", 0, 0, SH_NO_HEAD, false },	 { "!", 0, 0, SH_NO_HEAD, false },
	{ "time", 0, 0, SH_NO_HEAD, false },	 { "coproc", 0, 0, SH_NO_HEAD, false },
	{ "function", 0, 0, SH_NO_HEAD, false },
};

static void next_value(struct gh_sh *sh, struct gh_sh_frame *f)
{
	struct gh_sh_val v = f->next_item < f->items.n ? f->items.v[f->next_item] : gh_sh_any(0);
	f->next_item++;
	gh_sh_set(sh, GH_SH_VAR, f->loop_var, v);
}

static void close_list(struct gh_sh *sh, struct gh_sh_frame *f, size_t len)
{
	if (f->loop_var.n != 0 && f->next_item < f->items.n && f->next_item < ITEMS && f->loop_at != 0) {
		next_value(sh, f);
		f->at = f->loop_at;
		return;
	}
	f->body_end = f->at - len;
	f->in.n = f->at;
}

static void open_list(struct gh_sh *sh, struct gh_sh_frame *f, char close, enum sh_head head, bool maybe)
{
	struct gh_sh_frame *g = sh_push(sh, SH_LIST, SH_TO_COMPOUND, f->in, true);
	if (g == NULL)
		return;
	g->close = close;
	g->head = head;
	g->maybe = g->maybe || maybe || f->fname.n != 0;
}

/* The word in the buffer, at a place where a command begins. False: it is an ordinary word. */
static bool reserved_word(struct gh_sh *sh, struct gh_sh_frame *f)
{
	struct gh_span w = { f->buf, f->n };
	size_t i = 0, n = sizeof reserved / sizeof reserved[0];
	uint8_t one[2] = { SH_BRACE, SH_ECARB };
	for (; i < n; i++)
		if (gh_span_is(w, reserved[i].word) || (w.n == 1 && ((w.p[0] == one[0] && reserved[i].close == '}') ||
								     (w.p[0] == one[1] && reserved[i].closes == '}'))))
			break;
	if (i == n || f->quoted)
		return false;
	if (f->compound) {
		f->word = false;
		sh_end_command(sh, f, ';');
		if (&sh->frame[sh->depth - 1] != f) {
			sh->broken = true;
			return true;
		}
	}
	size_t len = f->n;
	f->word = false;
	f->n = 0;
	f->begun = false;
	if (reserved[i].close != 0) {
		f->begun = true;
		open_list(sh, f, reserved[i].close, reserved[i].head, reserved[i].maybe);
	} else if (reserved[i].closes != 0) {
		if (f->close == reserved[i].closes)
			close_list(sh, f, len);
		else
			sh->broken = true;
	} else if (gh_span_is(gh_span_str(reserved[i].word), "function")) {
		f->fname_next = true;
	} else if (gh_span_is(gh_span_str(reserved[i].word), "do") && f->loop_at == 0) {
		f->loop_at = f->at;
	}
	return true;
}

/* ---- words ------------------------------------------------------------------------------------------------------------ */
static void add_redir(struct gh_sh *sh, struct gh_sh_frame *f, struct gh_sh_redir r)
{
	if (f->nredir >= REDIRS) {
		sh->limit = true;
		return;
	}
	struct gh_sh_redir *p = f->redirs;
	if (f->nredir >= f->credir)
		p = gh_grow(sh->arena, f->redirs, &f->credir, f->nredir + 1, sizeof r);
	if (p == NULL) {
		sh->limit = true;
		return;
	}
	f->redirs = p;
	f->redirs[f->nredir++] = r;
}

/* The word ends here. False when the frame on top is another one now, or this one is at its end: the character at hand is
 * theirs. */
static bool end_word(struct gh_sh *sh, struct gh_sh_frame *f)
{
	if (!f->word)
		return true;
	if (f->want) {
		f->next.to = sh_take_word(sh, f);
		f->want = false;
		add_redir(sh, f, f->next);
	} else if (f->fname_next) {
		f->fname_next = false;
		f->fname = gh_keep(sh->arena, sh_take_word(sh, f).text);
		f->begun = false;
	} else if (f->deliver == SH_TO_ARRAY) {
		(void)sh_take_words(sh, f, &f->words);
	} else if (f->head != SH_NO_HEAD) {
		if (f->head == SH_CASE && f->words.n != 0 && gh_span_is((struct gh_span){ f->buf, f->n }, "in")) {
			f->word = f->begun = false;
			f->n = f->words.n = 0;
			f->head = SH_NO_HEAD;
			f->pattern = true;
		} else {
			(void)sh_take_words(sh, f, &f->words);
		}
	} else if (fresh(f) && reserved_word(sh, f)) {
		return top(sh, f);
	} else if (f->words.n == 0 && f->equals != 0) {
		struct gh_sh_val v = sh_take_word(sh, f);
		(void)sh_vals_add(sh, &f->assigns, v);
	} else {
		(void)sh_take_words(sh, f, &f->words);
		f->test = f->words.n != 0 && gh_span_is(f->words.v[0].text, "[[") &&
			  !gh_span_is(f->words.v[f->words.n - 1].text, "]]");
	}
	return top(sh, f);
}

/* ---- the end of a command --------------------------------------------------------------------------------------------- */
static void assign(struct gh_sh *sh, struct gh_sh_val a)
{
	const uint8_t *eq = a.text.n == 0 ? NULL : memchr(a.text.p, '=', a.text.n);
	if (eq == NULL)
		return;
	struct gh_span name = { a.text.p, (size_t)(eq - a.text.p) };
	struct gh_sh_val v = { gh_span_cut(a.text, name.n + 1, a.text.n), a.marks };
	bool more = name.n > 1 && name.p[name.n - 1] == '+';
	name.n -= more;
	const uint8_t *index = name.n == 0 ? NULL : memchr(name.p, '[', name.n);
	if (index != NULL) { /* one item of an array: the whole of it is no longer known */
		name.n = (size_t)(index - name.p);
		const struct gh_sh_val *old = gh_sh_get(sh, GH_SH_VAR, name);
		struct gh_sh_val both[2] = { old == NULL ? v : *old, v };
		v = old == NULL ? v : gh_sh_join(sh, both, 2, SH_SPLIT);
	} else if (more) {
		const struct gh_sh_val *old = gh_sh_get(sh, GH_SH_VAR, name);
		struct gh_sh_val both[2] = { old == NULL ? gh_sh_any(0) : *old, v };
		bool items = old != NULL && old->text.n != 0 && memchr(old->text.p, SH_SPLIT, old->text.n) != NULL;
		v = gh_sh_join(sh, both, 2, items ? SH_SPLIT : 0);
	}
	gh_sh_set(sh, GH_SH_VAR, name, v);
}

static void reset(struct gh_sh_frame *f)
{
	f->words.n = f->assigns.n = f->nredir = f->nsinks = 0;
	/* what the command holds still points into these: the next one gets arrays of its own */
	f->words = f->assigns = (struct sh_vals){ 0 };
	f->redirs = NULL;
	f->credir = 0;
	f->begun = f->compound = f->rerun = f->test = f->want = f->fname_next = false;
	f->n = f->equals = 0;
	f->word = f->quoted = false;
	f->marks = 0;
}

static struct gh_sh_val input_of(struct gh_sh *sh, struct gh_sh_frame *f, bool *fed)
{
	struct gh_sh_val in = f->piped ? f->pipe : f->fed ? f->in_val : gh_sh_any(0);
	*fed = f->piped || f->fed;
	for (size_t i = 0; i < f->nredir; i++) {
		const struct gh_sh_redir *r = &f->redirs[i];
		if (r->fd > 0 || (r->op != GH_SH_IN && r->op != GH_SH_HERE))
			continue;
		in = r->op == GH_SH_HERE ? r->to : gh_sh_file(sh, r->to.text);
		in.marks |= r->to.marks;
		*fed = true;
	}
	return in;
}

static void append_out(struct gh_sh *sh, struct gh_sh_frame *f, struct gh_sh_val out)
{
	if (f->deliver == SH_TO_NONE || out.text.n == 0) {
		f->out.marks |= out.marks;
		return;
	}
	struct gh_sh_val both[2] = { f->out, out };
	bool big = f->out.text.n != 0 && f->out.text.n + out.text.n > OUT_KEEP;
	f->out = big ? gh_sh_any(f->out.marks | out.marks) : f->out.text.n == 0 ? out : gh_sh_join(sh, both, 2, 0);
	f->out.marks |= both[0].marks;
}

void sh_finish(struct gh_sh *sh, struct gh_sh_frame *f, struct gh_sh_val out)
{
	struct gh_span sinks[4];
	size_t nsinks = f->nsinks;
	struct gh_sh_val all = out;
	memcpy(sinks, f->sinks, sizeof sinks);
	for (size_t i = 0; i < f->nredir; i++) {
		const struct gh_sh_redir *r = &f->redirs[i];
		if ((r->op != GH_SH_OUT && r->op != GH_SH_APPEND) || r->fd > 1)
			continue;
		if (sh->wrote != NULL)
			sh->wrote(sh, &f->cmd, r->to, out);
		struct gh_sh_val v = out;
		const struct gh_sh_val *old = gh_sh_get(sh, GH_SH_FILE, r->to.text);
		if (r->op == GH_SH_APPEND && old != NULL) {
			struct gh_sh_val both[2] = { *old, out };
			v = old->text.n + out.text.n > OUT_KEEP * 4 ? gh_sh_any(old->marks | out.marks)
								    : gh_sh_join(sh, both, 2, 0);
		}
		if (gh_sh_known(r->to.text))
			gh_sh_set(sh, GH_SH_FILE, r->to.text, v);
		out = (struct gh_sh_val){ .marks = 0 };
	}
	if (f->sep == '|') {
		f->pipe = out;
		f->piped = true;
	} else {
		append_out(sh, f, out);
		f->piped = false;
		f->pipe = (struct gh_sh_val){ 0 };
	}
	reset(f);
	for (size_t i = 0; i < nsinks; i++) {
		struct gh_sh_frame *g = sh_push(sh, SH_LIST, SH_TO_NONE, sinks[i], false);
		if (g == NULL)
			return;
		g->in_val = all;
		g->fed = true;
	}
}

void sh_compound_done(struct gh_sh *sh, struct gh_sh_frame *f)
{
	f->begun = true;
	if (f->fname.n == 0)
		return;
	struct gh_span body = gh_span_cut(f->in, f->body, f->body_end > f->body ? f->body_end - f->body : 0);
	gh_sh_set(sh, GH_SH_FUNC, f->fname, (struct gh_sh_val){ body, 0 });
	f->fname = (struct gh_span){ 0 };
	reset(f);
}

static void end_head(struct gh_sh *sh, struct gh_sh_frame *f)
{
	if (f->head == SH_FOR && f->words.n != 0) {
		f->loop_var = gh_keep(sh->arena, f->words.v[0].text);
		size_t skip = f->words.n > 1 && gh_span_is(f->words.v[1].text, "in") ? 2 : f->words.n;
		f->items.v = f->words.v + skip;
		f->items.n = f->words.n - skip;
		f->items.cap = f->items.n;
		f->next_item = 0;
		next_value(sh, f);
	}
	f->head = SH_NO_HEAD;
	reset(f);
}

void sh_end_command(struct gh_sh *sh, struct gh_sh_frame *f, char sep)
{
	if (f->word && !end_word(sh, f) && &sh->frame[sh->depth - 1] != f)
		return;
	f->sep = sep;
	if (f->deliver == SH_TO_ARRAY) {
		f->begun = f->compound = false;
		return;
	}
	if (f->head != SH_NO_HEAD) {
		if (f->head == SH_FOR || f->at >= f->in.n)
			end_head(sh, f);
		return;
	}
	if (f->fname.n != 0 && !f->compound && f->words.n == 0) {
		f->begun = false;
		return; /* the body of a function may stand on the next line */
	}
	sh->broken = sh->broken || f->want;
	if (!f->begun && !f->compound)
		return;
	struct gh_sh_cmd c = { .word = f->words.v,
			       .n = f->words.n,
			       .assign = f->assigns.v,
			       .nassign = f->assigns.n,
			       .redir = f->redirs,
			       .nredir = f->nredir,
			       .piped = sep == '|',
			       .compound = f->compound,
			       .off = sh_off(f, f->start),
			       .len = f->mapped && f->at > f->start ? f->at - f->start : 0 };
	c.in = input_of(sh, f, &c.fed);
	c.out = f->compound ? f->compound_out : gh_sh_any(0);
	for (size_t i = 0; i < f->assigns.n; i++)
		assign(sh, f->assigns.v[i]);
	bool here = false;
	for (size_t i = 0; i < f->nredir; i++)
		here = here || f->redirs[i].op == GH_SH_HERE || f->redirs[i].op == GH_SH_IN;
	if (f->compound && here && !f->rerun && f->body_end > f->body) { /* its input is known only now */
		f->rerun = true;
		c.script = (struct gh_sh_val){ gh_span_cut(f->in, f->body, f->body_end - f->body), 0 };
		f->cmd = c;
		sh_run_script(sh, f, &c);
		return;
	}
	sh->commands++;
	sh->command(sh, &c);
	f->cmd = c;
	if (c.runs)
		sh_run_script(sh, f, &c);
	else
		sh_finish(sh, f, c.out);
}

/* ---- redirections ------------------------------------------------------------------------------------------------------ */
/* The delimiter of a here-document: its quotes removed. */
static struct gh_span delimiter(struct gh_sh *sh, struct gh_sh_frame *f, bool *literal)
{
	while (blank(peek(f, 0)))
		f->at++;
	size_t from = f->at, n = 0;
	while (f->at < f->in.n && !blank(f->in.p[f->at]) && memchr("\n;&|<>()", f->in.p[f->at], 8) == NULL)
		f->at++;
	uint8_t *p = gh_alloc(sh->arena, f->at - from + 1, 1);
	*literal = false;
	for (size_t i = from; p != NULL && i < f->at; i++) {
		bool mark = memchr("'\"\\", f->in.p[i], 3) != NULL;
		*literal = *literal || mark;
		if (!mark)
			p[n++] = f->in.p[i];
	}
	sh->limit = sh->limit || p == NULL;
	return (struct gh_span){ p, n };
}

static void here_document(struct gh_sh *sh, struct gh_sh_frame *f, int fd)
{
	bool strip = peek(f, 0) == '-', literal;
	f->at += strip;
	struct gh_span end = delimiter(sh, f, &literal);
	size_t at = f->here_end != 0 ? f->here_end : f->at;
	if (f->here_end == 0) {
		const uint8_t *nl = at < f->in.n ? memchr(f->in.p + at, '\n', f->in.n - at) : NULL;
		at = nl == NULL ? f->in.n : (size_t)(nl - f->in.p) + 1;
	}
	size_t from = at, to = f->in.n;
	while (at < f->in.n) {
		const uint8_t *nl = memchr(f->in.p + at, '\n', f->in.n - at);
		size_t next = nl == NULL ? f->in.n : (size_t)(nl - f->in.p) + 1;
		struct gh_span line = { f->in.p + at, next - at - (nl != NULL) };
		while (strip && line.n != 0 && line.p[0] == '\t')
			line = gh_span_cut(line, 1, line.n);
		if (line.n != 0 && line.p[line.n - 1] == '\r')
			line.n--;
		sh->steps += line.n / 16 + 1;
		if (gh_span_eq(line, end)) {
			to = at;
			at = next;
			break;
		}
		at = next;
	}
	f->here_end = at;
	struct gh_span body = gh_span_cut(f->in, from, to > from ? to - from : 0);
	add_redir(sh, f, (struct gh_sh_redir){ .op = GH_SH_HERE, .fd = fd, .to = { body, 0 } });
	if (literal || body.n == 0 || sh->limit)
		return;
	struct gh_sh_frame *g = sh_push(sh, SH_WORD, SH_TO_HERE, body, false);
	if (g != NULL)
		g->heredoc = g->dq = true;
}

static void redirection(struct gh_sh *sh, struct gh_sh_frame *f, int fd)
{
	static const struct {
		const char *mark;
		enum gh_sh_op op;
		bool here, both;
	} ops[] = {
		{ "<<<", GH_SH_HERE, false, false }, { "<<", GH_SH_HERE, true, false },
		{ "<&", GH_SH_DUP, false, false },   { "<>", GH_SH_RDWR, false, false },
		{ "<", GH_SH_IN, false, false },     { ">>", GH_SH_APPEND, false, false },
		{ ">|", GH_SH_OUT, false, false },   { ">&", GH_SH_OUT, false, true },
		{ ">", GH_SH_OUT, false, false },
	};
	struct gh_span rest = gh_span_cut(f->in, f->at, 3);
	begin(f);
	for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
		if (!gh_span_starts(rest, ops[i].mark))
			continue;
		f->at += strlen(ops[i].mark);
		if (ops[i].here) {
			here_document(sh, f, fd);
			return;
		}
		f->next = (struct gh_sh_redir){ .op = ops[i].op, .fd = ops[i].both && fd < 0 ? -2 : fd };
		uint8_t c = peek(f, 0);
		if (ops[i].both && ((c >= '0' && c <= '9') || c == '-'))
			f->next.op = GH_SH_DUP;
		f->want = true;
		return;
	}
}

/* <( ) and >( ) are words. */
static void process_substitution(struct gh_sh *sh, struct gh_sh_frame *f)
{
	bool out = f->in.p[f->at] == '>';
	begin(f);
	f->word = true;
	if (out) {
		size_t end = sh_match(sh, f->in, f->at + 1);
		struct gh_span inner = gh_span_cut(f->in, f->at + 2, end > f->at + 2 ? end - f->at - 2 : 0);
		if (f->nsinks < 4)
			f->sinks[f->nsinks++] = inner;
		else
			sh->limit = true;
		(void)sh_put(sh, f, "/dev/fd/w", 9);
		f->at = end < f->in.n ? end + 1 : f->in.n;
		return;
	}
	f->at += 2;
	struct gh_sh_frame *g = sh_push(sh, SH_LIST, SH_TO_PROC, f->in, true);
	if (g != NULL)
		g->close = ')';
}

/* ---- operators ---------------------------------------------------------------------------------------------------------- */
static void open_paren(struct gh_sh *sh, struct gh_sh_frame *f)
{
	size_t k = 1;
	while (blank(peek(f, k)))
		k++;
	if (f->word && f->equals != 0 && f->n == f->equals) { /* NAME=( ) */
		f->at++;
		struct gh_sh_frame *g = sh_push(sh, SH_LIST, SH_TO_ARRAY, f->in, true);
		if (g != NULL)
			g->close = ')';
		return;
	}
	if (f->word && f->n != 0 && memchr("?*+@!", f->buf[f->n - 1], 5) != NULL && f->words.n != 0) {
		size_t end = sh_match(sh, f->in, f->at);
		f->at = end < f->in.n ? end + 1 : f->in.n;
		return;
	}
	if (peek(f, k) == ')' && (f->words.n + f->word) <= 1 && f->deliver != SH_TO_ARRAY) {
		if (f->word)
			f->fname = gh_keep(sh->arena, sh_take_word(sh, f).text);
		else if (f->words.n == 1)
			f->fname = f->words.v[0].text;
		struct gh_span name = f->fname;
		reset(f);
		f->fname = name;
		f->at += k + 1;
		return;
	}
	bool arithmetic = peek(f, 1) == '(' && (fresh(f) || f->head == SH_FOR) && !f->word;
	if (arithmetic) {
		size_t end = sh_match(sh, f->in, f->at);
		if (end < f->in.n && end > f->at + 2 && f->in.p[end - 1] == ')') {
			struct gh_span inner = gh_span_cut(f->in, f->at + 2, end - 1 - f->at - 2);
			f->at = end + 1;
			struct gh_sh_frame *g = sh_push(sh, SH_WORD, SH_TO_NONE, inner, false);
			if (g != NULL)
				g->dq = g->heredoc = true;
			return;
		}
	}
	if (f->test || f->deliver == SH_TO_ARRAY || f->head != SH_NO_HEAD) {
		if (end_word(sh, f))
			f->at++;
		return;
	}
	if (!end_word(sh, f))
		return;
	sh->broken = sh->broken || f->words.n != 0;
	begin(f);
	f->at++;
	open_list(sh, f, ')', SH_NO_HEAD, false);
}

static void close_paren(struct gh_sh *sh, struct gh_sh_frame *f)
{
	if (!end_word(sh, f))
		return;
	if (f->test) {
		f->at++;
		return;
	}
	if (f->close == ')') {
		f->body_end = f->at++;
		f->in.n = f->at;
		sh_end_command(sh, f, 0);
		return;
	}
	bool outer = false;
	for (unsigned i = sh->depth; i-- > 1 && sh->frame[i].same;)
		outer = outer || sh->frame[i - 1].close == ')';
	sh->broken = true;
	if (outer) { /* an unfinished list inside of it */
		f->body_end = f->at;
		f->in.n = f->at;
	} else {
		f->at++;
	}
	sh_end_command(sh, f, ';');
}

static void operator(struct gh_sh *sh, struct gh_sh_frame *f)
{
	uint8_t c = f->in.p[f->at], d = peek(f, 1);
	if (c == '&' && d == '>' && !f->test) {
		if (!end_word(sh, f))
			return;
		f->at++;
		redirection(sh, f, -2);
		return;
	}
	if (f->test && !(c == ';')) { /* inside of [[ ]] they compare and combine */
		if (end_word(sh, f))
			f->at++;
		return;
	}
	if (!end_word(sh, f))
		return;
	bool pipe = c == '|' && d != '|', two = c == d || (c == '|' && d == '&') || (c == ';' && d == '&');
	bool next = c == ';' && two && f->close == 'e';
	f->at += two ? 2 : 1;
	if (next) {
		if (peek(f, 0) == '&')
			f->at++;
		f->pattern = true;
	}
	sh_end_command(sh, f, pipe ? '|' : ';');
}

static void newline(struct gh_sh *sh, struct gh_sh_frame *f)
{
	if (!end_word(sh, f))
		return;
	f->at = f->here_end > f->at ? f->here_end : f->at + 1;
	f->here_end = 0;
	if (f->test || (f->head == SH_CASE && f->at < f->in.n))
		return;
	bool waits = f->piped && !f->begun && !f->compound; /* `a |` goes on */
	if (!waits)
		sh_end_command(sh, f, '\n');
}

/* A pattern of `case`, up to its closing parenthesis. */
static void pattern(struct gh_sh *sh, struct gh_sh_frame *f)
{
	while (f->at < f->in.n && (blank(f->in.p[f->at]) || f->in.p[f->at] == '\n' || f->in.p[f->at] == '('))
		f->at++;
	if (f->at < f->in.n && f->in.p[f->at] == '#') {
		const uint8_t *nl = memchr(f->in.p + f->at, '\n', f->in.n - f->at);
		f->at = nl == NULL ? f->in.n : (size_t)(nl - f->in.p);
		return;
	}
	f->pattern = false;
	if (gh_span_starts(gh_span_cut(f->in, f->at, 4), "esac") && !sh_name_char(peek(f, 4)))
		return;
	while (f->at < f->in.n && f->in.p[f->at] != ')') {
		uint8_t c = f->in.p[f->at];
		sh->steps++;
		if (c == '\\')
			f->at++;
		else if (c == '\'' || c == '"' || c == '`')
			f->at = sh_match(sh, f->in, f->at);
		f->at++;
	}
	f->at = f->at < f->in.n ? f->at + 1 : f->in.n;
}

void sh_step_list(struct gh_sh *sh, struct gh_sh_frame *f)
{
	if (f->at >= f->in.n)
		return;
	if (f->pattern) {
		pattern(sh, f);
		return;
	}
	uint8_t c = f->in.p[f->at], d = peek(f, 1);
	if (f->dq) {
		sh_piece(sh, f);
		return;
	}
	if (blank(c)) {
		if (end_word(sh, f))
			f->at++;
		return;
	}
	switch (c) {
	case '\n':
		if (f->deliver != SH_TO_ARRAY)
			newline(sh, f);
		else if (end_word(sh, f))
			f->at++;
		return;
	case '#':
		if (f->word)
			break;
		{
			const uint8_t *nl = memchr(f->in.p + f->at, '\n', f->in.n - f->at);
			f->at = nl == NULL ? f->in.n : (size_t)(nl - f->in.p);
		}
		return;
	case '<':
	case '>':
		if (d == '(') {
			process_substitution(sh, f);
		} else if (f->test) {
			if (end_word(sh, f))
				f->at++;
		} else {
			int fd = -1;
			bool digits = f->word && !f->quoted && f->n > 0 && f->n < 4;
			for (size_t i = 0; digits && i < f->n; i++)
				digits = f->buf[i] >= '0' && f->buf[i] <= '9';
			if (digits) {
				fd = 0;
				for (size_t i = 0; i < f->n; i++)
					fd = fd * 10 + f->buf[i] - '0';
				(void)sh_take_word(sh, f);
			} else if (!end_word(sh, f)) {
				return;
			}
			redirection(sh, f, fd);
		}
		return;
	case '|':
	case '&':
	case ';': operator(sh, f); return;
	case '(': open_paren(sh, f); return;
	case ')': close_paren(sh, f); return;
	default: break;
	}
	begin(f);
	sh_piece(sh, f);
}
