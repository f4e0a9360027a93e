#include "format/json_look.h"

#include "format/json_doc.h"
#include "wire/json.h"

enum { SOME_TOKENS = 8 };

/* The grade of a head for one kind of reader. */
static enum gh_match look_once(struct gh_json *j, struct gh_span head, uint64_t size, struct gh_json_look *l)
{
	bool at_map = false, container = false;
	j->accept_nan = true;
	while (gh_json_next(j) > GH_JSON_END) {
		if (j->tokens == 1 && j->tok != GH_JSON_OBJECT && j->tok != GH_JSON_ARRAY)
			return GH_NO;
		container = true;
		if (at_map && j->tok == GH_JSON_OBJECT && j->depth == 1)
			l->index = true;
		at_map = j->tok == GH_JSON_KEY && j->depth == 1 && gh_json_is(j, "weight_map");
	}
	l->tokens = j->tokens;
	l->cut = !container && j->bent == GH_JSON_COMMENT && j->off >= head.n && head.n < size;
	if (!container)
		return GH_NO;
	if (j->tok == GH_JSON_BAD) {
		bool cut = head.n < size && j->off + 16 >= head.n; /* broken only by the end of the head */
		if (cut || j->limit)
			return GH_STRONG;
		return j->tokens > SOME_TOKENS ? GH_TEXT : GH_NO;
	}
	/* Something after a tiny value is rather a text that starts with brackets: "[1] see below". */
	return gh_json_left(j) && j->tokens < 4 && !j->newline ? GH_NO : GH_STRONG;
}

/* As strict readers see it, and, when they refuse, as the others do. */
struct gh_json_look gh_json_look(struct gh_span head, uint64_t size)
{
	struct gh_json_look l = { 0 };
	struct gh_json j = gh_json_mem(head, NULL);
	l.grade = look_once(&j, head, size, &l);
	if (l.grade == GH_STRONG)
		return l;
	l.index = false;
	j = gh_json_mem(head, NULL);
	j.lenient = l.lenient = true;
	enum gh_match lenient = look_once(&j, head, size, &l);
	l.whole = lenient == GH_STRONG;
	l.bent = j.bent;
	if (lenient != GH_NO || l.cut || (j.tok == GH_JSON_BAD && j.tokens > 2))
		l.grade = GH_TEXT;
	return l;
}

/* No name makes a text JSON that has not begun like it, but one that readers of JSON would be given is never let off as
 * mere text. Without such a name, quotes as Python writes them make a list of labels and no configuration. */
bool gh_json_meant(struct gh_span name, const struct gh_json_look *l)
{
	static const char *const names[] = { ".json", ".jsonc", ".json5", ".webmanifest", ".ipynb", ".code-workspace" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (gh_span_ends(name, names[i]))
			return l->tokens > 1 || l->cut;
	return l->whole ? (l->bent & (GH_JSON_QUOTE | GH_JSON_BARE)) == 0 && l->tokens > 3 : l->tokens > SOME_TOKENS;
}

/* STRONG: an object or array whose first 64 KiB are JSON. TEXT: one for readers that pass over comments or trailing
 * commas, or it starts like one and goes on for a while before it breaks: it must not pass as mere text. */
enum gh_match gh_json_doc_probe(const struct gh_probe *p, bool *index)
{
	struct gh_json_look l = gh_json_look(p->head, p->size);
	if (index != NULL)
		*index = l.index;
	return l.grade;
}
