/* Mode "card", inside the worker. */
#include "base/utf8.h"
#include "scan/card_side.h"
#include "scan/card_tool.h"
#include "scan/tool_side.h"
#include "wire/yaml.h"

#include <string.h>

enum { LEVELS = 8, NAME = 200, VALUE = 700, PIECE = 3000 };

/* Where in the front matter we are: the keys of the open mappings, the places in open lists. */
struct path {
	char part[LEVELS][64];
	unsigned index[LEVELS];
	bool list[LEVELS];
};

static void join(const struct path *p, unsigned depth, char out[NAME])
{
	size_t n = 0;
	out[0] = '\0';
	for (unsigned i = 0; i < depth && i < LEVELS; i++) {
		if (p->list[i])
			continue; /* a list of scalars gives rows of one name */
		size_t k = strlen(p->part[i]);
		if (n + k + 2 > NAME)
			return;
		if (n > 0)
			out[n++] = '.';
		memcpy(out + n, p->part[i], k + 1);
		n += k;
	}
}

static void field(struct gh_tool *t, const char *name, struct gh_span value)
{
	char text[NAME + VALUE];
	size_t k = strlen(name) + 1;
	if (value.n > VALUE)
		value.n = VALUE;
	memcpy(text, name, k);
	if (value.n > 0)
		memcpy(text + k, value.p, value.n);
	gh_tool_say(t, GH_CARD_SAY_FIELD, NULL, 0, (struct gh_span){ (const uint8_t *)text, k + value.n });
}

/* The lines between "---" and "---" at the start. False: there are none. */
static bool front(struct gh_span s, struct gh_span *yaml, struct gh_span *rest)
{
	size_t at = gh_span_starts(s, "\xef\xbb\xbf") ? 3 : 0;
	*rest = s;
	if (!gh_span_starts(gh_span_cut(s, at, 4), "---\n") && !gh_span_starts(gh_span_cut(s, at, 5), "---\r\n"))
		return false;
	size_t from = at + (s.p[at + 3] == '\r' ? 5 : 4);
	for (size_t i = from; i < s.n;) {
		const uint8_t *nl = memchr(s.p + i, '\n', s.n - i);
		size_t end = nl == NULL ? s.n : (size_t)(nl - s.p);
		struct gh_span line = gh_span_cut(s, i, end - i);
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (gh_span_is(line, "---")) {
			*yaml = gh_span_cut(s, from, i - from);
			*rest = gh_span_cut(s, end + (nl != NULL), s.n);
			return true;
		}
		i = end + 1;
	}
	return false;
}

static void fields(struct gh_tool *t, struct gh_span yaml)
{
	struct path p = { 0 };
	struct gh_yaml y;
	char name[NAME];
	size_t n = 0;
	gh_yaml_open(&y, yaml, &t->arena);
	while (gh_yaml_next(&y) > GH_YAML_END) {
		if (y.ev == GH_YAML_MAP || y.ev == GH_YAML_SEQ) {
			if (y.depth < LEVELS) {
				p.list[y.depth] = y.ev == GH_YAML_SEQ;
				p.part[y.depth][0] = '\0';
			}
			continue;
		}
		if (y.ev != GH_YAML_SCALAR)
			continue;
		if (y.key) {
			size_t k = y.text.n < sizeof p.part[0] - 1 ? y.text.n : sizeof p.part[0] - 1;
			if (y.depth >= 1 && y.depth <= LEVELS) {
				memcpy(p.part[y.depth - 1], y.text.p, k);
				p.part[y.depth - 1][k] = '\0';
			}
			continue;
		}
		join(&p, y.depth, name);
		if (n++ == GH_CARD_FIELDS) {
			gh_tool_say(t, GH_CARD_SAY_CUT, NULL, 0, (struct gh_span){ 0 });
			return;
		}
		field(t, name, y.text);
	}
	if (y.ev == GH_YAML_BAD)
		gh_tool_say(t, GH_CARD_SAY_WRONG, NULL, 0, gh_span_str(y.why));
}

static void text(struct gh_tool *t, struct gh_span s)
{
	bool cut = s.n > GH_CARD_TEXT;
	s = gh_span_cut(s, 0, GH_CARD_TEXT);
	while (s.n > 0) {
		size_t n = s.n < PIECE ? s.n : PIECE;
		while (n < s.n && n > PIECE - 4 && (s.p[n] & 0xc0) == 0x80) /* not inside a character */
			n--;
		gh_tool_say(t, GH_CARD_SAY_TEXT, NULL, 0, gh_span_cut(s, 0, n));
		s = gh_span_cut(s, n, s.n);
	}
	if (cut)
		gh_tool_say(t, GH_CARD_SAY_CUT, NULL, 0, (struct gh_span){ 0 });
}

enum gh_rc gh_card_main(struct gh_tool *t, struct gh_err *err)
{
	struct gh_src_fd src;
	struct gh_span yaml, rest;
	if (t->nfile != 1 || t->file[0].size > GH_CARD_FILE_MAX)
		return gh_fail(err, GH_E_LIMIT, "a card of more than %d MiB", GH_CARD_FILE_MAX >> 20);
	size_t n = (size_t)t->file[0].size, at = 0;
	uint8_t *p = gh_alloc(&t->arena, n + 1, 1);
	if (p == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	GH_TRY(gh_tool_open(t, 0, &src, err), err, "the card");
	while (at < n) {
		struct gh_span w = gh_src_window(&src.src, at, n - at);
		if (w.n == 0)
			break;
		memcpy(p + at, w.p, w.n);
		at += w.n;
	}
	gh_src_fd_close(&src);
	if (at != n)
		return gh_fail(err, GH_E_IO, "the card cannot be read");
	if (front((struct gh_span){ p, n }, &yaml, &rest))
		fields(t, yaml);
	text(t, rest);
	return GH_OK;
}
