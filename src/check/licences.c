/* Licences: what a card, a configuration or the model itself declares, and which text lies in LICENSE and its kind. Nothing
 * here speaks for or against a model; it is told so that nobody has to search for it. */
#include "check/licences.h"

#include "format/format.h"

const struct gh_rule gh_licence_rules[] = {
	[GH_LICENCE_DECLARED] = { "GH-LIC-0001", GH_INFO, GH_CLEAN, "A licence is declared", "None by itself.",
				  "Check that it allows what you want to do.", "" },
	[GH_LICENCE_TEXT] = { "GH-LIC-0002", GH_INFO, GH_CLEAN, "The text of a licence", "None by itself.",
			      "Check that it allows what you want to do.", "" },
	[GH_LICENCE_DIFFERS] = { "GH-LIC-0003", GH_LOW, GH_CLEAN,
				 "The licence that is declared is not the one whose text is here",
				 "None by itself; whoever relies on the wrong one breaks the other.",
				 "Ask the publisher which one holds.", "" },
	[GH_LICENCE_NONE] = { "GH-LIC-0004", GH_INFO, GH_CLEAN, "No licence was found for this model",
			      "None by itself; without a licence nobody but the author may use it.",
			      "Ask the publisher for one.", "" },
	[GH_LICENCE_UNKNOWN] = { "GH-LIC-0005", GH_INFO, GH_CLEAN, "A licence that is not on the list",
				 "None by itself.", "Read it before use.", "" },
	GH_RULES_END
};

enum { TEXT = 48 << 10, HEAD = 8 << 10 };

struct state {
	uint8_t *text;
	size_t n;
	bool none;    /* neither a card nor a licence by its name */
	bool is_text; /* LICENSE and its kind */
};

static uint8_t small(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c; }

static bool starts(struct gh_span s, const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0; i < n; i++)
		if (i >= s.n || small(s.p[i]) != (uint8_t)word[i])
			return false;
	return true;
}

static struct gh_span base_of(struct gh_span name)
{
	const uint8_t *slash = name.n == 0 ? NULL : memrchr(name.p, '/', name.n);
	return slash == NULL ? name : gh_span_cut(name, (uint64_t)(slash - name.p) + 1, name.n);
}

static bool ends(struct gh_span s, const char *word)
{
	size_t n = strlen(word);
	return s.n >= n && starts(gh_span_cut(s, s.n - n, n), word);
}

/* A value without quotes, brackets and what follows it on the line. */
static struct gh_span value_of(struct gh_span s)
{
	while (s.n != 0 && memchr(" \t\"'[{:=-", s.p[0], 9) != NULL)
		s = gh_span_cut(s, 1, s.n);
	size_t n = 0;
	while (n < s.n && n < 100 && memchr("\"'\r\n],}#", s.p[n], 8) == NULL)
		n++;
	while (n > 0 && (s.p[n - 1] == ' ' || s.p[n - 1] == '\t'))
		n--;
	return (struct gh_span){ s.p, n };
}

static void declare(struct gh_scene *s, struct gh_span v, struct gh_range at)
{
	if (v.n < 2 || v.n > 100 || starts(v, "file") || starts(v, "license"))
		return;
	const char *id = gh_licence_of_name(v);
	if (id != NULL)
		gh_find(s, &gh_licence_rules[GH_LICENCE_DECLARED], at, "%s", id);
	else
		gh_find(s, &gh_licence_rules[GH_LICENCE_UNKNOWN], at, "%s", gh_safe(v).s);
}

/* Lines that declare: front matter of cards, TOML, METADATA, CITATION.cff. */
static void head(struct gh_scene *s, struct gh_span t)
{
	bool front = starts(t, "---"), name = false;
	struct gh_span file = base_of(s->name);
	if (!front && (starts(file, "readme") || starts(file, "model")))
		return; /* a sentence may begin like that */
	t = gh_span_cut(t, 0, HEAD);
	for (size_t i = 0, line = 0; i < t.n; line++) {
		const uint8_t *nl = memchr(t.p + i, '\n', t.n - i);
		size_t len = nl == NULL ? t.n - i : (size_t)(nl - (t.p + i));
		struct gh_span l = { t.p + i, len };
		if (front && line > 0 && starts(l, "---"))
			return;
		if (starts(l, "license:") || starts(l, "licence:") || starts(l, "license =") || starts(l, "license="))
			declare(s, value_of(gh_span_cut(l, 7, len)), (struct gh_range){ i, len });
		else if (starts(l, "license_name:") && !name) {
			name = true;
			declare(s, value_of(gh_span_cut(l, 13, len)), (struct gh_range){ i, len });
		} else if (starts(l, "classifier: license ::"))
			declare(s, value_of(gh_span_cut(l, 12, len)), (struct gh_range){ i, len });
		i += len + 1;
	}
}

static void judge(struct gh_scene *s, struct state *st)
{
	struct gh_span t = { st->text, st->n };
	uint8_t *room = st->is_text ? gh_alloc(s->arena, 1, st->n + 2) : NULL;
	if (!st->is_text) {
		head(s, t);
		return;
	}
	const char *id = room == NULL ? NULL : gh_licence_of_text(t, room);
	if (id != NULL)
		gh_find(s, &gh_licence_rules[GH_LICENCE_TEXT], (struct gh_range){ 0, st->n }, "%s", id);
	else if (st->n > 400 && memmem(t.p, t.n, "icen", 4) != NULL)
		gh_find(s, &gh_licence_rules[GH_LICENCE_UNKNOWN], (struct gh_range){ 0, st->n },
			"the text is none of those known here");
}

static void bytes(struct gh_scene *s, struct gh_span block, uint64_t off, bool last)
{
	static const char *const texts[] = { "licen", "copying", "unlicense", "notice" };
	static const char *const cards[] = { "readme",	 "model_card", "modelcard",    "pyproject.toml",
					     "metadata", "pkg-info",   "citation.cff", "setup.cfg" };
	struct state *st = *s->state;
	if (st == NULL) {
		struct gh_span b = base_of(s->name);
		st = GH_NEW(s->arena, struct state, 1);
		if (st == NULL)
			return; /* nothing depends on it */
		*s->state = st;
		st->none = true;
		for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
			st->is_text = st->is_text || starts(b, texts[i]);
		for (size_t i = 0; i < sizeof cards / sizeof cards[0]; i++)
			st->none = st->none && !starts(b, cards[i]);
		st->is_text = st->is_text && !ends(b, ".py") && !ends(b, ".json") && !ends(b, ".js");
		st->none = st->none && !st->is_text;
		st->text = st->none ? NULL : gh_alloc(s->arena, 1, TEXT);
		st->none = st->text == NULL;
	}
	if (st->none)
		return;
	size_t n = block.n < TEXT - st->n ? block.n : TEXT - st->n;
	if (off == st->n && n != 0) {
		memcpy(st->text + st->n, block.p, n);
		st->n += n;
	}
	if (last)
		judge(s, st);
}

/* Metadata of model files and configurations. */
static void on(struct gh_scene *s, const struct gh_event *ev)
{
	static const char *const keys[] = { "license",		 "licence",
					    "general.license",	 "general.license.name",
					    "modelspec.license", "license_name",
					    "metadata.license" };
	const struct gh_text *t = ev->u.text;
	const struct state *st = *s->state;
	if (st != NULL && !st->none)
		return; /* a card: its head was read */
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (t->text.n < 100 && t->key.n == strlen(keys[i]) && starts(t->key, keys[i])) {
			declare(s, value_of(t->text), ev->at);
			return;
		}
}

const struct gh_check gh_check_licences = {
	.name = "licences",
	.about = "licences that are declared, and texts of licences",
	.stage = GH_STAGE_SECRETS,
	.events = 1u << GH_EV_TEXT,
	.on = on,
	.bytes = bytes,
	.rules = gh_licence_rules,
};
