/* Cards, metadata, notebooks and comments are read by language models today: to summarise, to review, to scan. Orders to them
 * that a person is not meant to see (in comments, in elements that are not shown, in characters without a shape) are an
 * attack. What everybody can read may be an example in a text about such attacks, and is only told. */
#include "check/injection.h"

#include "check/injection_int.h"
#include "check/roll.h"
#include "format/format.h"
#include "wire/recs.h"

enum { R_HIDDEN, R_TAGS, R_SELECTORS, R_ZERO, R_OPEN, R_EXAMPLE, R_TURN, R_DRESSED, R_MORE };
static const struct gh_rule rules[] = {
	[R_HIDDEN] = { "GH-INJ-0001", GH_HIGH, GH_REVIEW, "Orders to a language model where people do not see them",
		       "An assistant that reads the text follows its author: it praises, keeps silent or gives data "
		       "away.",
		       "Read what is hidden; do not let a model read this text.", "CWE-1427 AML.T0051" },
	[R_TAGS] = { "GH-INJ-0002", GH_HIGH, GH_REVIEW, "A message in characters that nothing shows",
		     "A language model reads it, a person does not.",
		     "Read the message given here; remove the characters.", "CWE-1427 CWE-1007 AML.T0051" },
	[R_SELECTORS] = { "GH-INJ-0003", GH_HIGH, GH_REVIEW, "Bytes in variation selectors behind a character",
			  "Any data travels unseen: orders to a model, or a program that a small decoder runs.",
			  "Look at the bytes given here; remove the characters.", "CWE-506 CWE-1007 AML.T0051" },
	[R_ZERO] = { "GH-INJ-0004", GH_MEDIUM, GH_REVIEW, "A row of characters without width",
		     "Bits of a message, or a mark that tells who passed the text on.", "Remove the characters.",
		     "CWE-506 CWE-1007 AML.T0051" },
	[R_OPEN] = { "GH-INJ-0005", GH_MEDIUM, GH_REVIEW,
		     "A text that gives orders to the language model that reads it",
		     "An assistant or an automatic reviewer that reads the text may obey.",
		     "Read the text yourself; do not let a model judge this file.", "CWE-1427 AML.T0051" },
	[R_EXAMPLE] = { "GH-INJ-0006", GH_INFO, GH_CLEAN, "A text that shows or discusses orders to language models",
			"Little: a model that reads it without care may take the example for an order.",
			"None needed, when the text is about such attacks.", "AML.T0051" },
	[R_TURN] = { "GH-INJ-0007", GH_MEDIUM, GH_REVIEW, "The direction of letters is overridden",
		     "A person reads another text than a program.",
		     "Look at the text without the overriding characters.", "CWE-1007 CVE-2021-42574" },
	[R_DRESSED] = { "GH-INJ-0008", GH_LOW, GH_CLEAN,
			"Words with letters of another script, or with unseen characters in them",
			"Filters that look for words do not find these.",
			"Ask the author why; mostly it is an accident of copying.", "CWE-1007" },
	[R_MORE] = { "GH-INJ-0009", GH_LOW, GH_REVIEW, "More hidden messages than are listed",
		     "As for those that are listed.", "Clean the whole file.", "CWE-1007" },
	GH_RULES_END
};

enum { ORDER = 4, OPEN = 6, LOOK_BACK = 4096, TOLD = 20, STRIP = 24 << 10, HEAD = 4096, GROUPS = 4 };
enum { CODED_BEFORE = 400, CODED_AROUND = 1600, CODED_STEP = 300 };

struct state {
	struct gh_roll_common *common;
	struct gh_roll roll;
	struct gh_orders orders;
	struct gh_dressed dressed;
	uint8_t *strip;
	uint8_t *coded;	      /* room for what is undone */
	uint64_t coded_until; /* undone already */
	/* Up to here was looked, in the bytes at hand, for what hides a place, and the last place was seen; 0: nobody knows. */
	uint64_t seen_until;
	uint64_t quiet_until; /* an order was told: its words make no second one */
	unsigned told;
	bool bytes, talk, binary;
	/* The strongest visible order, told at the end: only then it is known whether the text is about such orders. */
	struct {
		unsigned points;
		struct gh_range at;
		struct gh_safe text;
	} open[2]; /* [1]: where quotes are no sign that something is only shown */
};

struct look {
	struct gh_scene *scene;
	struct state *st;
	struct gh_range fixed;
	uint64_t base;
	bool decoded;
	bool binary; /* strings between bytes of any kind: such bytes are no characters */
};

static struct gh_range place(const struct look *l, size_t at, size_t len)
{
	return l->fixed.len != 0 ? l->fixed : (struct gh_range){ l->base + at, len };
}

/* Letters and digits of what follows a place, whatever escapes stand between them; was this told in the other form? */
static bool again(struct look *l, unsigned rule, struct gh_span s)
{
	uint8_t word[48] = { (uint8_t)rule };
	size_t n = 1;
	for (size_t i = 0; i < s.n && n < sizeof word; i++) {
		uint8_t c = s.p[i];
		if (c == '\\')
			i++;
		else if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
			word[n++] = c;
	}
	return gh_roll_told(l->st->common, gh_hash_end(gh_hash(GH_HASH_START, (struct gh_span){ word, n })),
			    l->decoded);
}

static bool more(struct look *l)
{
	if (l->st->told++ < TOLD)
		return true;
	gh_find(l->scene, &rules[R_MORE], (struct gh_range){ 0 }, "the first %d are listed", (int)TOLD);
	return false;
}

/* ---- what people do not see ------------------------------------------------------------------------------------------ */

/* What is not shown, and where it ends. */
static const struct {
	const char *open, *close, *name;
} unseen[] = {
	{ "<!--", "-->", "a comment of HTML" },
	{ "{#", "#}", "a comment of a template" },
	{ "[//]: #", "\n", "a comment of Markdown" },
	{ "[comment]:", "\n", "a comment of Markdown" },
	{ "display:none", "</", "an element that is not shown" },
	{ "display: none", "</", "an element that is not shown" },
	{ "visibility:hidden", "</", "an element that is not shown" },
	{ "visibility: hidden", "</", "an element that is not shown" },
	{ "font-size:0", "</", "letters without size" },
	{ "font-size: 0", "</", "letters without size" },
	{ "font-size:1px", "</", "letters without size" },
	{ "opacity:0", "</", "letters that cannot be seen" },
	{ "opacity: 0", "</", "letters that cannot be seen" },
	{ "color:white", "</", "white letters" },
	{ "color: white", "</", "white letters" },
	{ "color:#fff", "</", "white letters" },
	{ "color: #fff", "</", "white letters" },
	{ "color=\"white\"", "</", "white letters" },
	{ "color:transparent", "</", "letters that cannot be seen" },
	{ "left:-9999", "</", "an element outside the page" },
	{ "left: -9999", "</", "an element outside the page" },
	{ " hidden>", "</", "an element that is not shown" },
	{ "<template", "</", "an element that is not shown" },
	{ "alt=\"", "\"", "the text for a picture" },
	{ "\\color{white}", "}", "white letters" },
	{ "<title>", "</", NULL },
};
enum { UNSEEN = sizeof unseen / sizeof unseen[0] };

static uint8_t small(uint8_t c) { return c >= 'A' && c <= 'Z' ? c | 0x20 : c; }

/* Behind the last of each of them in s; 0: it is not there. One pass from the end. */
static void last_of(struct gh_span s, uint16_t last[UNSEEN])
{
	uint32_t begins[256] = { 0 }, left = (UINT32_C(1) << UNSEEN) - 1;
	_Static_assert((int)UNSEEN < 32 && (int)LOOK_BACK <= UINT16_MAX, "bits, places");
	for (unsigned k = 0; k < UNSEEN; k++)
		begins[(uint8_t)unseen[k].open[0]] |= UINT32_C(1) << k;
	memset(last, 0, UNSEEN * sizeof last[0]);
	for (size_t i = s.n; i > 0 && left != 0; i--)
		for (uint32_t m = begins[small(s.p[i - 1])] & left; m != 0; m &= m - 1) {
			unsigned k = (unsigned)__builtin_ctz(m);
			const char *w = unseen[k].open;
			size_t n = 0;
			while (w[n] != '\0' && i - 1 + n < s.n && small(s.p[i - 1 + n]) == (uint8_t)w[n])
				n++;
			if (w[n] != '\0')
				continue;
			last[k] = (uint16_t)(i - 1 + n);
			left &= ~(UINT32_C(1) << k);
		}
}

/* Is the end of `before` inside something that is not shown? Names it; *open: where it begins. */
static const char *unseen_place(struct gh_span before, size_t *open)
{
	uint16_t last[UNSEEN];
	last_of(before, last);
	for (size_t i = 0; i < UNSEEN; i++) {
		size_t at = last[i];
		struct gh_span since = gh_span_cut(before, at, before.n);
		size_t n = strlen(unseen[i].close);
		if (at != 0 && unseen[i].name != NULL &&
		    (since.n < n || memmem(since.p, since.n, unseen[i].close, n) == NULL)) {
			*open = at - strlen(unseen[i].open);
			return unseen[i].name;
		}
	}
	/* Pushed out of the window by blanks. */
	size_t blanks = 0, most = 0;
	for (size_t i = before.n < 1200 ? 0 : before.n - 1200; i < before.n; i++) {
		blanks = before.p[i] == ' ' || before.p[i] == '\n' || before.p[i] == '\t' ? blanks + 1 : 0;
		most = blanks > most ? blanks : most;
	}
	*open = before.n < 300 ? 0 : before.n - 300;
	return most >= 400 ? "text behind hundreds of blanks" : NULL;
}

/* Formats in which every text stands between quotes. */
static bool quotes_all(const struct gh_scene *s)
{
	static const char *const formats[] = { "json", "yaml", "toml", "ini", "xml", "pickle", "npy" };
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
		if (strcmp(s->format, formats[i]) == 0)
			return true;
	return false;
}

/* A sentence between quotes or in a block of code is shown, not said; `plain`: quotes mean nothing. */
static bool quoted(struct gh_span before, bool plain)
{
	unsigned fences = 0;
	const uint8_t *tick = before.n == 0 ? NULL : memchr(before.p, '`', before.n);
	for (size_t i = 0; tick != NULL && (i = (size_t)(tick - before.p)) + 3 <= before.n;) {
		bool fence = tick[1] == '`' && tick[2] == '`';
		fences += fence;
		i += fence ? 3 : 1;
		tick = i == before.n ? NULL : memchr(before.p + i, '`', before.n - i);
	}
	struct gh_span near = before.n < 160 ? before : gh_span_cut(before, before.n - 160, 160);
	const uint8_t *nl = memrchr(near.p, '\n', near.n);
	struct gh_span line = nl == NULL ? near : gh_span_cut(near, (uint64_t)(nl - near.p) + 1, near.n);
	unsigned marks = 0;
	for (size_t i = 0; i < line.n; i++)
		marks += (line.p[i] == '"' && !plain) || line.p[i] == '`' ||
			 (line.p[i] == 0xe2 && i + 2 < line.n && line.p[i + 1] == 0x80 &&
			  (line.p[i + 2] == 0x9c || line.p[i + 2] == 0x9d));
	return (fences & 1) != 0 || (marks & 1) != 0;
}

/* Does what begins at `open` stand in a span of code, which begins before it on its line and ends behind `at` on the line of
 * that? Then it is shown as it is. */
static bool in_code(struct gh_span s, size_t open, size_t at)
{
	unsigned ticks = 0;
	size_t from = open, most = 512;
	while (from > 0 && open - from < most && s.p[from - 1] != '\n')
		ticks += s.p[--from] == '`';
	struct gh_span rest = gh_span_cut(s, open, at - open + most);
	const uint8_t *nl = rest.n == 0 ? NULL : memchr(rest.p, '\n', rest.n);
	rest.n = nl == NULL ? rest.n : (size_t)(nl - rest.p);
	return (ticks & 1) != 0 && rest.n > at - open &&
	       memchr(rest.p + (at - open), '`', rest.n - (at - open)) != NULL;
}

/* The sentence around a place, for a person to read. */
static struct gh_safe sentence(struct gh_span s, size_t at)
{
	size_t from = at < 60 ? 0 : at - 60;
	while (from > 0 && from < at && (s.p[from] & 0xc0) == 0x80)
		from++;
	return gh_safe(gh_span_cut(s, from, 140));
}

/* The last place was not hidden, and nothing that hides begins between it and this one: neither is this. A run of blanks that pushes
 * text out of the window would be as long as what was passed. */
static bool still_seen(const struct state *st, struct gh_span s, size_t at)
{
	enum { BLANKS = 400, LONGEST = 24 };
	if (st->seen_until == 0 || at + 1 < st->seen_until || at + 1 - st->seen_until >= BLANKS)
		return false;
	size_t from = (size_t)st->seen_until - 1;
	uint16_t last[UNSEEN];
	from = from < LONGEST ? 0 : from - LONGEST;
	last_of(gh_span_cut(s, from, at - from), last);
	for (unsigned k = 0; k < UNSEEN; k++)
		if (last[k] != 0)
			return false;
	return true;
}

static void order(struct look *l, struct gh_span s, size_t at, unsigned points)
{
	struct state *st = l->st;
	size_t from = at < LOOK_BACK ? 0 : at - LOOK_BACK;
	struct gh_span before = gh_span_cut(s, from, at - from);
	size_t open = 0;
	const char *where = still_seen(st, s, at) ? NULL : unseen_place(before, &open);
	st->seen_until = where == NULL ? at + 1 : 0;
	bool code = where != NULL && in_code(s, from + open, at), talk = false;
	/* What stands before the hidden part, or in another one, counts only where it makes a strong case. */
	struct gh_span part = gh_span_cut(s, from + open, at - from - open + 260);
	if (where != NULL && !code && points < OPEN && gh_orders_of(&st->common->kw, part, &talk) < ORDER)
		return;
	if (where != NULL && !code) {
		st->quiet_until = l->base + at + 300;
		if (!again(l, R_HIDDEN, gh_span_cut(s, at, 400)) && more(l))
			gh_find(l->scene, &rules[R_HIDDEN], place(l, at, 1), "in %s: %s", where, sentence(s, at).s);
		return;
	}
	for (unsigned plain = 0; plain < 2; plain++) {
		if (points <= st->open[plain].points && (unsigned)ORDER <= st->open[plain].points)
			continue; /* however it is shown */
		unsigned p = code || quoted(before, plain != 0) ? ORDER : points;
		if (p <= st->open[plain].points)
			continue;
		st->open[plain].points = p;
		st->open[plain].at = place(l, at, 1);
		st->open[plain].text = sentence(s, at);
	}
}

static void hidden(void *arg, const struct gh_unseen *u)
{
	static const unsigned rule[] = { [GH_UNSEEN_TAGS] = R_TAGS,
					 [GH_UNSEEN_SELECTORS] = R_SELECTORS,
					 [GH_UNSEEN_ZERO] = R_ZERO,
					 [GH_UNSEEN_TURN] = R_TURN };
	struct look *l = arg;
	if ((u->n != 0 && again(l, rule[u->kind], (struct gh_span){ u->text, u->n })) || !more(l))
		return;
	if (u->n != 0)
		gh_find(l->scene, &rules[rule[u->kind]], place(l, u->at, u->len), "%llu characters: %s",
			(unsigned long long)u->chars, gh_safe((struct gh_span){ u->text, u->n }).s);
	else
		gh_find(l->scene, &rules[rule[u->kind]], place(l, u->at, u->len), "%llu character%s",
			(unsigned long long)u->chars, u->chars == 1 ? "" : "s");
}

/* Words that are split or dressed up: is there an order beneath? */
static void undress(struct look *l, struct gh_span s, size_t from, size_t to)
{
	struct state *st = l->st;
	if (st->strip == NULL && (st->strip = gh_alloc(l->scene->arena, 1, STRIP)) == NULL) {
		gh_not_looked(l->scene, "no memory for the search of texts");
		return;
	}
	for (size_t i = from; i < to; i += STRIP - 512) {
		bool talk = false;
		struct gh_span part = gh_span_cut(s, i, STRIP);
		unsigned plain = gh_orders_of(&st->common->kw, part, &talk);
		unsigned beneath = gh_orders_of(&st->common->kw,
						(struct gh_span){ st->strip, gh_unseen_strip(part, st->strip) }, &talk);
		if (beneath >= ORDER && beneath > plain && more(l))
			gh_find(l->scene, &rules[R_HIDDEN], place(l, i, 1),
				"in words with unseen characters or letters of another script");
	}
}

/* ---- other writings -------------------------------------------------------------------------------------------------- */

static uint8_t *coded_room(struct look *l)
{
	if (l->st->coded == NULL && (l->st->coded = gh_alloc(l->scene->arena, 1, GH_CODED_ROOM)) == NULL)
		gh_not_looked(l->scene, "no memory for the search of texts");
	return l->st->coded;
}

/* The sentence that was hidden, from its first word that counts. */
static void tell_coded(struct look *l, size_t at, struct gh_span text, enum gh_coding how)
{
	bool talk = false;
	unsigned which = GH_KW_NONE;
	if (gh_orders_of(&l->st->common->kw, text, &talk) < ORDER)
		return;
	size_t first = 0;
	while ((first = gh_kw_find(&l->st->common->kw, text, first, text.n, &which)) != SIZE_MAX &&
	       gh_order_of(which) >= GH_ORDER_TALK)
		first++;
	first = first == SIZE_MAX ? 0 : first;
	if (!again(l, R_HIDDEN, gh_span_cut(text, first, 400)) && more(l))
		gh_find(l->scene, &rules[R_HIDDEN], place(l, at, 1), "in %s: %s", gh_coding_name[how],
			sentence(text, first).s);
}

static void said(void *arg, size_t at, struct gh_span text) { tell_coded(arg, at, text, GH_CODING_BASE64); }

/* A word in another writing stands at `at`. */
static void coded(struct look *l, struct gh_span s, size_t at, enum gh_coding how)
{
	uint8_t *room = coded_room(l);
	if (room == NULL || l->base + at < l->st->coded_until)
		return;
	l->st->coded_until = l->base + at + CODED_STEP;
	size_t from = at < CODED_BEFORE ? 0 : at - CODED_BEFORE;
	struct gh_span part = gh_span_cut(s, from, CODED_AROUND);
	tell_coded(l, at, (struct gh_span){ room, gh_coded_undo(how, part, room) }, how);
}

static void look(void *arg, struct gh_span s, size_t from, size_t to, uint64_t base);
static void plain(void *arg, struct gh_span text, size_t from, size_t to, struct gh_range at)
{
	struct look *l = arg, copy = *l;
	struct gh_orders orders = l->st->orders;
	uint64_t quiet = l->st->quiet_until, undone = l->st->coded_until;
	copy.decoded = true;
	copy.fixed = at;
	l->st->orders = (struct gh_orders){ 0 };
	l->st->quiet_until = l->st->coded_until = 0;
	look(&copy, text, from, to, 0);
	l->st->orders = orders;
	l->st->quiet_until = quiet;
	l->st->coded_until = undone;
	l->st->seen_until = 0;
}

static void look(void *arg, struct gh_span s, size_t from, size_t to, uint64_t base)
{
	struct look *l = arg;
	struct state *st = l->st;
	unsigned which = GH_KW_NONE;
	struct gh_dressed before = st->dressed;
	l->base = base;
	st->seen_until = 0; /* other bytes */
	for (size_t i = from; (i = gh_kw_find(&st->common->kw, s, i, to, &which)) != SIZE_MAX; i++) {
		enum gh_order what = gh_order_of(which);
		if (what == GH_ORDER_CODED) {
			coded(l, s, i, gh_order_coding(which));
			continue;
		}
		st->talk = st->talk || what == GH_ORDER_TALK;
		unsigned points = gh_orders_put(&st->orders, what, base + i);
		if (points >= ORDER && base + i >= st->quiet_until)
			order(l, s, i, points);
	}
	if (coded_room(l) != NULL)
		gh_coded_runs(s, from, to, st->coded, said, l);
	if (l->binary)
		return;
	gh_unseen_look(s, from, to, &st->dressed, hidden, l);
	if (st->dressed.split > before.split + 4 || st->dressed.mixed > before.mixed + 2 ||
	    st->dressed.folded > before.folded + 8)
		undress(l, s, from, to);
	if (!l->decoded && !gh_roll_escapes(st->common, l->scene->arena, s, from, to, base, plain, l))
		gh_not_looked(l->scene, "no memory for the search of texts");
}

/* ---- events ---------------------------------------------------------------------------------------------------------- */

static struct state *state_of(struct gh_scene *s)
{
	if (*s->state == NULL) {
		struct state *st = GH_NEW(s->arena, struct state, 1);
		if (st != NULL)
			st->common = gh_roll_common(s, gh_order_words, gh_order_words_n);
		if (st == NULL || st->common == NULL) {
			gh_not_looked(s, "no memory for the search of texts");
			return NULL;
		}
		*s->state = st;
	}
	return *s->state;
}

/* Texts that people read as they stand, and values that stand where a model is described; code and vocabularies hold sentences
 * of all kinds. */
static bool is_card(const struct gh_scene *s)
{
	static const char *const formats[] = { "text", "html",	 "gguf",      "safetensors", "json",
					       "yaml", "toml",	 "ini",	      "xml",	     "npy",
					       "npz",  "pickle", "modelfile", "onnx",	     "pdf" };
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
		if (strcmp(s->format, formats[i]) == 0)
			return true;
	return false;
}

static void report(struct gh_scene *s, struct state *st)
{
	unsigned plain = quotes_all(s);
	if (st->open[plain].points != 0) {
		bool orders = st->open[plain].points >= OPEN && !st->talk && is_card(s);
		gh_find(s, &rules[orders ? R_OPEN : R_EXAMPLE], st->open[plain].at, "%s", st->open[plain].text.s);
	}
	if (st->dressed.groups >= GROUPS)
		gh_find(s, &rules[R_ZERO], (struct gh_range){ 0 },
			"%u groups of unseen characters, %llu characters in all", st->dressed.groups,
			(unsigned long long)st->dressed.grouped);
	if (st->dressed.split >= 16 || st->dressed.mixed >= 8)
		gh_find(s, &rules[R_DRESSED], (struct gh_range){ 0 },
			"%u unseen characters within words, %u letters of another script", st->dressed.split,
			st->dressed.mixed);
}

static void bytes(struct gh_scene *s, struct gh_span block, uint64_t off, bool last)
{
	struct state *st = state_of(s);
	if (st == NULL)
		return;
	struct look l = { .scene = s, .st = st, .decoded = s->decoded };
	if (off == 0)
		st->binary = memchr(block.p, '\0', block.n < HEAD ? block.n : HEAD) != NULL;
	l.binary = st->binary;
	st->bytes = !st->binary;
	if (!gh_roll_bytes(&st->roll, st->common, s, block, off, last, look, &l))
		gh_not_looked(s, "no memory for the search of texts");
	if (last && strcmp(s->format, "unknown") != 0)
		report(s, st);
}

static void on(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_text *t = ev->u.text;
	struct state *st = state_of(s);
	/* Templates have a reader who judges what they make of a conversation. */
	if (st == NULL || strcmp(t->role, "chat-template") == 0 || strcmp(t->role, "setting") == 0)
		return;
	/* What was seen as bytes is looked at again only where escapes may hide it. */
	if (st->bytes && (strcmp(s->format, "text") == 0 || t->text.n < 40))
		return;
	struct look l = { .scene = s, .st = st, .fixed = ev->at, .decoded = true };
	l.fixed.len += l.fixed.len == 0;
	st->orders = (struct gh_orders){ 0 };
	st->quiet_until = st->coded_until = 0;
	look(&l, t->text, 0, t->text.n, 0);
	st->orders = (struct gh_orders){ 0 };
}

static void end(struct gh_scene *s)
{
	if (*s->state != NULL)
		report(s, *s->state);
}

const struct gh_check gh_check_injection = {
	.name = "injection",
	.about =
		"orders to language models that read a text: hidden ones, and messages in characters that are not seen",
	.stage = GH_STAGE_SECRETS,
	.events = 1u << GH_EV_TEXT,
	.on = on,
	.end = end,
	.bytes = bytes,
	.rules = rules,
};
