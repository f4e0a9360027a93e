/* PDF (ISO 32000): every object of the file in the order of its bytes, whether a table refers to it or not, and the objects inside
 * of object streams. What acts when the document is opened, files that ride along, and streams whose content is a file
 * of its own. Pages are not drawn: the data of a stream are opaque, but for those that hold objects or files. */
#include "format/expand_member.h"
#include "format/formats.h"
#include "wire/recs.h"

#include <stdarg.h>
#include <stdio.h>

enum { SAY = 16, PLACES = 1 << 20, NAME = 64, DEPTH = 256, FILTERS = 4, TEXT = 2048, JUNK_MAX = 1024 };

enum { A_BROKEN, A_SCRIPT, A_LAUNCH, A_FILE, A_ACTION, A_MEDIA, A_FORM, A_ENCRYPTED, A_EXTERNAL, A_NAME, RULES };
static const struct gh_rule rules[] = {
	[A_BROKEN] = { "GH-PDF-0001", GH_MEDIUM, GH_REVIEW, "PDF that is not built as it should be",
		       "Readers repair such files each in their own way: they may show different documents.",
		       "Get the document again; open it only in a sandbox.", "CWE-436 CWE-20" },
	[A_SCRIPT] = { "GH-PDF-0002", GH_HIGH, GH_REVIEW, "PDF with a script",
		       "Opening the document runs the author's JavaScript in the reader.",
		       "Open it in a reader without scripts, or convert it.", "CWE-94 AML.T0011" },
	[A_LAUNCH] = { "GH-PDF-0003", GH_CRITICAL, GH_UNSAFE, "PDF that starts a program",
		       "A click, or opening the document, runs a command.", "Do not open it.", "CWE-78 AML.T0011" },
	[A_FILE] = { "GH-PDF-0004", GH_MEDIUM, GH_REVIEW, "PDF with files attached",
		     "The attachment is opened by a click or by a script.", "Its content was inspected too; remove it.",
		     "CWE-506" },
	[A_ACTION] = { "GH-PDF-0005", GH_MEDIUM, GH_REVIEW, "PDF that sends or fetches data by itself",
		       "The author learns who opens the document, or gets what is entered.", "Open it offline.",
		       "CWE-359 CWE-829" },
	[A_MEDIA] = { "GH-PDF-0006", GH_MEDIUM, GH_REVIEW, "PDF with embedded media or programs",
		      "Players of embedded media have a long history of holes.", "Convert the document.", "CWE-829" },
	[A_FORM] = { "GH-PDF-0007", GH_MEDIUM, GH_REVIEW, "PDF with an XFA form",
		     "The form is a program of its own, with scripts.", "Convert the document.", "CWE-94 CWE-611" },
	[A_ENCRYPTED] = { "GH-PDF-0008", GH_MEDIUM, GH_INCOMPLETE, "PDF that is encrypted",
			  "What is inside was not seen.", "Have it without encryption.", "" },
	[A_EXTERNAL] = { "GH-PDF-0009", GH_HIGH, GH_UNSAFE, "PDF whose content lies in another file",
			 "Opening the document opens a file or an address of the author's choice.", "Do not open it.",
			 "CWE-610 CWE-611" },
	[A_NAME] = { "GH-PDF-0010", GH_MEDIUM, GH_REVIEW, "PDF that hides the names of actions",
		     "Filters that look for the name do not find it.", "Do not open it.", "CWE-506 AML.T0015" },
	GH_RULES_END
};

/* What a dictionary key, or the name of an action, means. */
enum word {
	W_OTHER,
	W_TYPE,
	W_FILTER,
	W_LENGTH,
	W_FFILTER,
	W_F,
	W_ENCRYPT,
	W_ACTION, /* as the value of /S */
	W_JS,
	W_LAUNCH,
	W_SEND,
	W_REMOTE,
	W_AUTO,
	W_MEDIA,
	W_XFA,
	W_ATTACH,
	W_EMBEDDED,
	W_OBJSTM,
	W_FLATE,
};
static const struct {
	const char *name;
	enum word word;
} words[] = {
	{ "Type", W_TYPE },
	{ "Filter", W_FILTER },
	{ "Length", W_LENGTH },
	{ "FFilter", W_FFILTER },
	{ "F", W_F },
	{ "Encrypt", W_ENCRYPT },
	{ "S", W_ACTION },
	{ "JS", W_JS },
	{ "JavaScript", W_JS },
	{ "Launch", W_LAUNCH },
	{ "SubmitForm", W_SEND },
	{ "ImportData", W_SEND },
	{ "GoToR", W_REMOTE },
	{ "GoToE", W_REMOTE },
	{ "OpenAction", W_AUTO },
	{ "AA", W_AUTO },
	{ "RichMedia", W_MEDIA },
	{ "Flash", W_MEDIA },
	{ "XFA", W_XFA },
	{ "EF", W_ATTACH },
	{ "EmbeddedFiles", W_ATTACH },
	{ "EmbeddedFile", W_EMBEDDED },
	{ "ObjStm", W_OBJSTM },
	{ "FlateDecode", W_FLATE },
	{ "Fl", W_FLATE },
};

/* One token, its bytes copied as far as they matter. */
enum kind { T_END, T_BAD, T_NAME, T_NUMBER, T_WORD, T_STRING, T_DICT, T_DICT_END, T_ARRAY, T_ARRAY_END };
struct token {
	enum kind kind;
	uint64_t off, len;
	char text[NAME]; /* NAME: decoded; NUMBER, WORD: as it stands */
	size_t n;
	bool escaped; /* NAME: with #xx of a letter */
	enum word word;
	uint64_t number;
};

/* The dictionary of an object: what its stream, if it has one, needs. */
struct object {
	unsigned filters, flate; /* how many there are, how many are FlateDecode */
	uint64_t length;
	bool has_length, embedded, objects, external;
};

struct open {
	bool dict, value; /* value: the key was read */
	enum word key;
};

struct pdf {
	struct gh_walk *w;
	struct gh_cur c;
	unsigned said[RULES], depth;
	struct open open[DEPTH];
	struct object obj;
	struct token t, back[2]; /* the numbers before */
	uint64_t claimed;
	struct gh_recs places; /* a: offset; b: 0 an object begins there, 1 the table says so */
	bool inner, encrypted; /* inner: within an object stream */
};

static void say(struct pdf *p, unsigned a, uint64_t off, uint64_t len, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
static void say(struct pdf *p, unsigned a, uint64_t off, uint64_t len, const char *fmt, ...)
{
	char text[200];
	va_list ap;
	if (p->said[a]++ >= SAY)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	gh_anomaly(p->w, &rules[a], p->inner ? 0 : off, p->inner ? 0 : len, "%s", text);
}

/* ---- tokens ---------------------------------------------------------------------------------------------------------- */

static bool blank(uint8_t c) { return c == 0 || c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == ' '; }
static bool delimiter(uint8_t c) { return c == '\0' ? false : strchr("()<>[]{}/%", c) != NULL; }

static int peek(struct gh_cur *c)
{
	if (gh_cur_left(c) == 0)
		return -1;
	const uint8_t *b = gh_cur_peek(c, 1);
	return b == NULL ? -1 : *b;
}

static int hex(int c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

/* Blanks and comments; a comment is over with its line. */
static void skip(struct gh_cur *c)
{
	for (int b; (b = peek(c)) >= 0;) {
		if (b == '%')
			while ((b = peek(c)) >= 0 && b != '\n' && b != '\r')
				gh_cur_skip(c, 1);
		else if (blank((uint8_t)b))
			gh_cur_skip(c, 1);
		else
			break;
	}
}

static void take_name(struct pdf *p)
{
	struct token *t = &p->t;
	gh_cur_skip(&p->c, 1);
	for (int b; (b = peek(&p->c)) >= 0 && !blank((uint8_t)b) && !delimiter((uint8_t)b);) {
		gh_cur_skip(&p->c, 1);
		if (b == '#' && gh_cur_left(&p->c) >= 2) {
			const uint8_t *h = gh_cur_peek(&p->c, 2);
			int v = h == NULL || hex(h[0]) < 0 || hex(h[1]) < 0 ? -1 : hex(h[0]) << 4 | hex(h[1]);
			if (v >= 0) {
				gh_cur_skip(&p->c, 2);
				b = v;
				t->escaped = t->escaped || (v | 0x20) >= 'a';
			}
		}
		if (t->n + 1 < sizeof t->text)
			t->text[t->n++] = (char)b;
	}
	t->text[t->n] = '\0';
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i].name, t->text) == 0)
			t->word = words[i].word;
}

static void take_string(struct pdf *p)
{
	unsigned nest = 0;
	for (int b; (b = peek(&p->c)) >= 0;) {
		gh_cur_skip(&p->c, b == '\\' && gh_cur_left(&p->c) >= 2 ? 2 : 1);
		nest += b == '(';
		if (b == ')' && --nest == 0)
			return;
	}
	p->t.kind = T_BAD;
}

static void take_word(struct pdf *p)
{
	struct token *t = &p->t;
	bool number = true;
	for (int b; (b = peek(&p->c)) >= 0 && !blank((uint8_t)b) && !delimiter((uint8_t)b);) {
		gh_cur_skip(&p->c, 1);
		if (t->n + 1 < sizeof t->text)
			t->text[t->n++] = (char)b;
		number = number && ((b >= '0' && b <= '9') || b == '.' || b == '-' || b == '+');
	}
	t->text[t->n] = '\0';
	t->kind = number ? T_NUMBER : T_WORD;
	for (size_t i = 0; number && i < t->n && i < 18 && t->text[i] >= '0' && t->text[i] <= '9'; i++)
		t->number = t->number * 10 + (uint64_t)(t->text[i] - '0');
	if (t->n == 0) { /* a delimiter in a place of its own: ) } { */
		gh_cur_skip(&p->c, 1);
		t->kind = T_BAD;
	}
}

static enum kind next(struct pdf *p)
{
	skip(&p->c);
	p->back[1] = p->back[0];
	p->back[0] = p->t;
	p->t = (struct token){ .off = gh_cur_off(&p->c) };
	struct token *t = &p->t;
	int b = peek(&p->c);
	if (b < 0)
		return t->kind = T_END;
	const uint8_t *two = gh_cur_left(&p->c) >= 2 ? gh_cur_peek(&p->c, 2) : NULL;
	bool twice = two != NULL && two[0] == two[1];
	if (b == '/') {
		t->kind = T_NAME;
		take_name(p);
	} else if (b == '(') {
		t->kind = T_STRING;
		take_string(p);
	} else if ((b == '<' || b == '>') && twice) {
		t->kind = b == '<' ? T_DICT : T_DICT_END;
		gh_cur_skip(&p->c, 2);
	} else if (b == '<') {
		t->kind = T_STRING;
		while ((b = peek(&p->c)) >= 0 && b != '>')
			gh_cur_skip(&p->c, 1);
		gh_cur_skip(&p->c, b == '>');
	} else if (b == '[' || b == ']') {
		t->kind = b == '[' ? T_ARRAY : T_ARRAY_END;
		gh_cur_skip(&p->c, 1);
	} else
		take_word(p);
	t->len = gh_cur_off(&p->c) - t->off;
	return t->kind;
}

/* ---- dictionaries ------------------------------------------------------------------------------------------------------ */

/* A key, before its value. */
static void on_key(struct pdf *p)
{
	const struct token *t = &p->t;
	if (t->escaped && t->word >= W_ENCRYPT)
		say(p, A_NAME, t->off, t->len, "/%s", t->text);
	if (t->word == W_JS)
		say(p, A_SCRIPT, t->off, t->len, "/%s", t->text);
	else if (t->word == W_XFA)
		say(p, A_FORM, t->off, t->len, "an XFA form");
	else if (t->word == W_ATTACH)
		say(p, A_FILE, t->off, t->len, "/%s", t->text);
	else if (t->word == W_FFILTER)
		p->obj.external = true;
	else if (t->word == W_ENCRYPT)
		p->encrypted = true;
}

/* A name as a value, or inside an array that is the value, of `key`. */
static void on_value_name(struct pdf *p, enum word key)
{
	const struct token *t = &p->t;
	if (t->escaped && t->word >= W_ACTION)
		say(p, A_NAME, t->off, t->len, "/%s", t->text);
	switch (t->word) {
	case W_JS: say(p, A_SCRIPT, t->off, t->len, "an action of type %s", t->text); break;
	case W_LAUNCH: say(p, A_LAUNCH, t->off, t->len, "an action of type %s", t->text); break;
	case W_SEND: say(p, A_ACTION, t->off, t->len, "an action of type %s", t->text); break;
	case W_REMOTE: /* a link that a reader clicks on is none of it */
		for (unsigned i = 0; i < p->depth; i++)
			if (p->open[i].key == W_AUTO)
				say(p, A_ACTION, t->off, t->len, "an action of type %s when it is opened", t->text);
		break;
	case W_MEDIA: say(p, A_MEDIA, t->off, t->len, "%s", t->text); break;
	case W_EMBEDDED:
		if (key == W_TYPE && p->depth == 1)
			p->obj.embedded = true;
		break;
	case W_OBJSTM:
		if (key == W_TYPE && p->depth == 1)
			p->obj.objects = true;
		break;
	default: break;
	}
	if (key == W_FILTER) {
		p->obj.filters++;
		p->obj.flate += t->word == W_FLATE;
	}
}

static bool open_one(struct pdf *p, bool dict)
{
	if (p->depth == DEPTH)
		return false;
	enum word key = p->depth == 0 ? W_OTHER : p->open[p->depth - 1].key;
	p->open[p->depth++] = (struct open){ .dict = dict, .key = dict ? W_OTHER : key };
	return true;
}

/* One token inside or outside of containers. False: nesting that cannot be followed. */
static bool on_token(struct pdf *p)
{
	struct open *o = p->depth == 0 ? NULL : &p->open[p->depth - 1];
	switch (p->t.kind) {
	case T_NAME:
		if (o != NULL && o->dict && !o->value) {
			o->key = p->t.word;
			o->value = true;
			on_key(p);
			return true;
		}
		on_value_name(p, o == NULL ? W_OTHER : o->key);
		break;
	case T_NUMBER:
		if (o != NULL && o->dict && o->key == W_LENGTH && p->depth == 1 && o->value) {
			p->obj.length = p->t.number;
			p->obj.has_length = true;
		}
		return true; /* 5 0 R: the value goes on, and the next name is a key all the same */
	case T_WORD:
		if (strcmp(p->t.text, "R") == 0 && o != NULL && o->dict && o->key == W_LENGTH && p->depth == 1)
			p->obj.has_length = false;
		break;
	case T_DICT:
	case T_ARRAY:
		if (o != NULL)
			o->value = o->dict ? false : o->value;
		return open_one(p, p->t.kind == T_DICT);
	case T_DICT_END:
	case T_ARRAY_END:
		if (o == NULL || o->dict != (p->t.kind == T_DICT_END))
			return false;
		p->depth--;
		return true;
	case T_STRING:
		if (o != NULL && o->dict && o->key == W_F && p->depth == 1)
			p->obj.external = true; /* counts only when a stream follows */
		break;
	case T_END:
	case T_BAD: break;
	}
	if (o != NULL && o->dict)
		o->value = false;
	return true;
}

/* A number ends the value of a key only when what follows is no reference: settle it when the next key comes. */
static void settle(struct pdf *p)
{
	struct open *o = p->depth == 0 ? NULL : &p->open[p->depth - 1];
	if (o != NULL && o->dict && o->value && p->t.kind == T_NAME && p->back[0].kind == T_NUMBER)
		o->value = false;
}

/* ---- streams ------------------------------------------------------------------------------------------------------------- */

static void claim(struct pdf *p, uint64_t to, enum gh_claim kind)
{
	if (!p->inner && to > p->claimed) {
		gh_claim(p->w, p->claimed, to - p->claimed, kind);
		p->claimed = to;
	}
}

/* Where does the data that start at off end? By its length when "endstream" stands there, else where that word is. */
static uint64_t data_end(struct pdf *p, uint64_t off)
{
	struct gh_src *s = p->w->src;
	if (p->obj.has_length && p->obj.length <= s->size - off) {
		struct gh_span w = gh_src_window(s, off + p->obj.length, 16);
		size_t i = 0;
		while (i < w.n && i < 2 && (w.p[i] == '\r' || w.p[i] == '\n'))
			i++;
		if (gh_span_starts(gh_span_cut(w, i, w.n), "endstream"))
			return off + p->obj.length;
	}
	if (p->obj.has_length)
		say(p, A_BROKEN, off, 0, "a stream that does not end where its length says");
	for (uint64_t at = off; at < s->size;) {
		struct gh_span w = gh_src_window(s, at, GH_CUR_WINDOW);
		const uint8_t *e = w.n == 0 ? NULL : memmem(w.p, w.n, "endstream", 9);
		if (e != NULL)
			return at + (uint64_t)(e - w.p);
		if (w.n < 16)
			break;
		at += w.n - 9;
		gh_src_advance(s, at);
	}
	return UINT64_MAX;
}

static enum gh_rc scan(struct pdf *p);

static enum gh_rc inside(void *ctx, struct gh_src *src)
{
	struct pdf *out = ctx;
	struct pdf *p = GH_NEW(out->w->arena, struct pdf, 1);
	if (p == NULL)
		return gh_fail(out->w->err, GH_E_LIMIT, "no memory");
	p->w = out->w;
	p->inner = true;
	p->c = gh_cur(src, 0);
	enum gh_rc rc = scan(p);
	for (unsigned i = 0; i < RULES; i++)
		out->said[i] += p->said[i];
	return rc == GH_E_MALFORMED ? GH_OK : rc;
}

static enum gh_rc on_data(struct pdf *p, uint64_t off, uint64_t len)
{
	const struct object *o = &p->obj;
	bool plain = o->filters == 0, flate = o->filters == 1 && o->flate == 1;
	struct gh_member m = { .how = o->embedded ? GH_MEMBER_FILE : GH_MEMBER_HIDDEN,
			       .role = o->embedded ? "attachment" : "stream",
			       .raw = !o->embedded };
	if (o->embedded)
		say(p, A_FILE, off, len, "%llu bytes", (unsigned long long)len);
	if (p->encrypted || len == 0 || !(plain || flate)) {
		claim(p, off + len, GH_CLAIM_DATA);
		return (o->embedded || o->objects) && len != 0
			       ? gh_fail(p->w->err, GH_E_UNREAD,
					 "a stream that holds files or objects is encoded twice")
			       : GH_OK;
	}
	m.how = GH_MEMBER_FILE;
	if (plain) {
		struct gh_src_sub sub;
		m.src = gh_src_sub(&sub, p->w->src, off, len);
		claim(p, off + len, o->embedded ? GH_CLAIM_MEMBER : GH_CLAIM_DATA);
		return gh_emit(p->w, GH_EV_MEMBER, off, len, &m);
	}
	struct gh_expanded got;
	claim(p, off + len, GH_CLAIM_DATA);
	enum gh_rc rc = gh_member_expand_with(p->w, m, GH_CODEC_ZLIB, off, len, &got, o->objects ? inside : NULL, p);
	if (rc == GH_OK && got.rc != GH_OK && (o->embedded || o->objects))
		say(p, A_BROKEN, off, len, "a stream that cannot be expanded");
	return rc;
}

static enum gh_rc on_stream(struct pdf *p)
{
	uint64_t off = gh_cur_off(&p->c);
	struct gh_span w = gh_src_window(p->w->src, off, 2);
	off += w.n > 1 && w.p[0] == '\r' && w.p[1] == '\n' ? 2 : w.n > 0 && (w.p[0] == '\n' || w.p[0] == '\r');
	uint64_t end = data_end(p, off);
	if (p->obj.external)
		say(p, A_EXTERNAL, off, 0, "the data of a stream");
	if (end == UINT64_MAX) {
		say(p, A_BROKEN, off, 0, "a stream without an end");
		return gh_fail(p->w->err, GH_E_MALFORMED, "a stream without an end at byte %llu",
			       (unsigned long long)off);
	}
	claim(p, off, GH_CLAIM_STRUCT);
	enum gh_rc rc = on_data(p, off, end - off);
	p->c = gh_cur(p->w->src, end);
	return rc;
}

/* ---- the walk -------------------------------------------------------------------------------------------------------------- */

static bool known_word(const char *s)
{
	static const char *const list[] = { "obj",  "endobj", "endstream", "xref", "trailer", "startxref",
					    "true", "false",  "null",	   "R",	   "n",	      "f" };
	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
		if (strcmp(s, list[i]) == 0)
			return true;
	return false;
}

static enum gh_rc broken(struct pdf *p, const char *what)
{
	say(p, A_BROKEN, p->t.off, p->t.len, "%s", what);
	return gh_fail(p->w->err, GH_E_MALFORMED, "%s at byte %llu", what, (unsigned long long)p->t.off);
}

/* `5 0 obj`: an object begins; `0000000123 00000 n`: the table says that one does. */
static void note_place(struct pdf *p)
{
	const struct token *first = &p->back[1];
	if (first->kind != T_NUMBER || p->back[0].kind != T_NUMBER)
		return;
	if (strcmp(p->t.text, "obj") == 0)
		(void)gh_recs_add(&p->places, (struct gh_rec){ first->off, 0, 0 });
	else if (strcmp(p->t.text, "n") == 0)
		(void)gh_recs_add(&p->places, (struct gh_rec){ first->number, 1, 0 });
}

/* Readers find objects by the table, repairing readers by looking for them: they should find the same ones. */
static void check_places(struct pdf *p)
{
	uint64_t object = UINT64_MAX, off = 0, wrong = 0;
	gh_recs_sort(&p->places, 0);
	for (size_t i = 0; i < p->places.n; i++) {
		struct gh_rec r = *gh_recs_at(&p->places, i);
		if (r.b == 0)
			object = r.a;
		else if (r.a != object && wrong++ == 0)
			off = r.a;
	}
	if (wrong != 0)
		say(p, A_BROKEN, off < p->w->src->size ? off : 0, 0, "%llu places in the table where no object begins",
		    (unsigned long long)wrong);
}

static enum gh_rc scan(struct pdf *p)
{
	uint64_t steps = 0;
	while (next(p) != T_END) {
		if (++steps > p->w->lim->steps)
			return gh_fail(p->w->err, GH_E_LIMIT, "more tokens than the limit allows");
		if (p->t.kind == T_BAD)
			return broken(p, "something that is no object");
		settle(p);
		if (p->t.kind == T_WORD && strcmp(p->t.text, "stream") == 0 && !p->inner) {
			p->depth = 0;
			enum gh_rc rc = on_stream(p);
			if (rc != GH_OK)
				return rc;
			continue;
		}
		if (p->t.kind == T_WORD && !known_word(p->t.text))
			return broken(p, "a word that has no meaning");
		if (p->t.kind == T_WORD && (strcmp(p->t.text, "obj") == 0 || strcmp(p->t.text, "trailer") == 0)) {
			p->obj = (struct object){ 0 };
			p->depth = 0;
		}
		if (p->t.kind == T_WORD && !p->inner)
			note_place(p);
		if (!on_token(p))
			return broken(p, "brackets that do not match");
		if (!p->inner)
			gh_src_advance(p->w->src, p->claimed);
	}
	return GH_OK;
}

/* The end of the last "%%EOF" and the line end behind it. */
static uint64_t last_mark(struct gh_src *s)
{
	uint64_t from = s->size > JUNK_MAX ? s->size - JUNK_MAX : 0;
	struct gh_span w = gh_src_window(s, from, JUNK_MAX);
	for (size_t i = w.n < 5 ? 0 : w.n - 4; i-- > 0;)
		if (memcmp(w.p + i, "%%EOF", 5) == 0) {
			i += 5;
			for (unsigned n = 0; n < 2 && i < w.n && (w.p[i] == '\r' || w.p[i] == '\n'); n++)
				i++;
			return from + i;
		}
	return 0;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct pdf *p = GH_NEW(w->arena, struct pdf, 1);
	if (p == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	p->w = w;
	p->places = gh_recs(w->arena, PLACES);
	uint64_t end = last_mark(w->src);
	p->c = gh_cur(w->src, 0);
	enum gh_rc rc = scan(p);
	if (w->src->fail != GH_OK)
		return gh_fail(w->err, w->src->fail, "PDF");
	if (p->encrypted) {
		say(p, A_ENCRYPTED, 0, 0, "strings and streams");
		if (rc == GH_OK)
			rc = gh_fail(w->err, GH_E_UNREAD, "the document is encrypted");
	}
	if (rc != GH_OK)
		return rc;
	if (end == 0) {
		say(p, A_BROKEN, w->src->size, 0, "no mark of its end");
		return gh_fail(w->err, GH_E_MALFORMED, "no %%%%EOF in the last %u bytes", (unsigned)JUNK_MAX);
	}
	check_places(p);
	claim(p, end, GH_CLAIM_STRUCT);
	return GH_OK;
}

static enum gh_match probe(const struct gh_probe *p)
{
	return gh_span_starts(p->head, "%PDF-") && p->head.n > 8 && p->head.p[5] >= '1' && p->head.p[5] <= '2' &&
			       p->head.p[6] == '.'
		       ? GH_STRONG
		       : GH_NO;
}

const struct gh_fmt gh_fmt_pdf = {
	.name = "pdf",
	.about = "PDF documents: scripts, actions, attachments, hidden files",
	.exts = "pdf",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
