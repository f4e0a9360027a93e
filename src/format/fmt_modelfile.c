/* Modelfiles of Ollama (docs/modelfile.md there): FROM a model, how it is run, its prompts. Templates are Go's text/template, which
 * calls no functions but its own. Nothing in such a file is run: what matters is where FROM and ADAPTER lead, and what prompts say. */
#include "format/formats.h"
#include "format/shell_code.h"

enum { FILE_MAX = 1 << 20 };

static enum gh_match probe(const struct gh_probe *p)
{
	(void)p; /* the text reader decides, by the name */
	return GH_NO;
}

static const struct {
	const char *word;
	bool leads, shown;
} words[] = {
	{ "from", true, false },      { "adapter", true, false },   { "parameter", false, false },
	{ "template", false, true },  { "system", false, true },    { "message", false, true },
	{ "license", false, false },  { "renderer", false, false }, { "parser", false, false },
	{ "requires", false, false },
};

static bool blank(uint8_t c) { return c == ' ' || c == '\t' || c == '\r'; }

static int word_at(struct gh_span s, size_t *n)
{
	for (*n = 0; *n < s.n && ((s.p[*n] | 0x20) >= 'a' && (s.p[*n] | 0x20) <= 'z'); ++*n)
		;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		size_t k = 0;
		while (k < *n && words[i].word[k] != '\0' && (s.p[k] | 0x20) == (uint8_t)words[i].word[k])
			k++;
		if (k == *n && words[i].word[k] == '\0')
			return (int)i;
	}
	return -1;
}

/* The next instruction from *at: its row, or -1 at the end, -2 for what is none. */
static int next(struct gh_span text, size_t *at, struct gh_span *value)
{
	size_t i = *at, n;
	while (i < text.n && (blank(text.p[i]) || text.p[i] == '\n' || text.p[i] == '#')) {
		const uint8_t *nl = text.p[i] == '#' ? memchr(text.p + i, '\n', text.n - i) : NULL;
		if (text.p[i] == '#' && nl == NULL)
			return -1;
		i = nl != NULL ? (size_t)(nl - text.p) + 1 : i + 1;
	}
	if (i >= text.n)
		return -1;
	int row = word_at(gh_span_cut(text, i, text.n), &n);
	i += n;
	if (row < 0 || i >= text.n || !blank(text.p[i]))
		return -2;
	while (i < text.n && blank(text.p[i]))
		i++;
	const uint8_t *nl = i < text.n ? memchr(text.p + i, '\n', text.n - i) : NULL;
	size_t end = nl == NULL ? text.n : (size_t)(nl - text.p);
	/* """ may stand behind the role of a MESSAGE as well. */
	const uint8_t *open = memmem(text.p + i, end - i, "\"\"\"", 3);
	if (open != NULL) {
		size_t body = (size_t)(open - text.p) + 3;
		const uint8_t *close = memmem(text.p + body, text.n - body, "\"\"\"", 3);
		if (close == NULL)
			return -2;
		*value = gh_span_cut(text, body, (size_t)(close - text.p) - body);
		*at = (size_t)(close - text.p) + 3;
		return row;
	}
	*at = end;
	while (end > i && blank(text.p[end - 1]))
		end--;
	if (end - i >= 2 && text.p[i] == '"' && text.p[end - 1] == '"')
		i++, end--;
	*value = gh_span_cut(text, i, end - i);
	return row;
}

static enum gh_rc lead(struct gh_walk *w, int row, struct gh_span to, struct gh_span text)
{
	bool url = to.n != 0 && memmem(to.p, to.n, "://", 3) != NULL;
	bool path = to.n != 0 &&
		    (memchr("./~\\", to.p[0], 4) != NULL || memmem(to.p, to.n, "..", 2) != NULL ||
		     gh_span_ends(to, ".gguf") || gh_span_ends(to, ".bin") || gh_span_ends(to, ".safetensors"));
	struct gh_reference r = { .kind = url ? GH_REF_URL : GH_REF_PATH,
				  .system = "file",
				  .target = to,
				  .from = gh_span_str(words[row].word) };
	if (!url && !path)
		return GH_OK; /* the name of a model, which Ollama fetches */
	return gh_emit(w, GH_EV_REFERENCE, (uint64_t)(to.p - text.p), to.n, &r);
}

static enum gh_rc walk(struct gh_walk *w)
{
	if (w->src->size > FILE_MAX)
		return GH_E_NOTTHIS;
	struct gh_span text = gh_text_whole(w, FILE_MAX), value = { 0 };
	if (text.p == NULL)
		return gh_fail(w->err, w->src->fail != GH_OK ? w->src->fail : GH_E_LIMIT, "no room for a Modelfile");
	bool from = false;
	int row;
	for (size_t at = 0; (row = next(text, &at, &value)) != -1;) {
		if (row == -2)
			return GH_E_NOTTHIS;
		from = from || row == 0;
	}
	if (!from)
		return GH_E_NOTTHIS;
	for (size_t at = 0; (row = next(text, &at, &value)) >= 0;) {
		struct gh_text t = { .role = "configuration", .key = gh_span_str(words[row].word), .text = value };
		if (words[row].leads)
			GH_TRY(lead(w, row, value, text), w->err, "at byte %zu", at);
		else if (words[row].shown && value.n != 0)
			GH_TRY(gh_emit(w, GH_EV_TEXT, (uint64_t)(value.p - text.p), value.n, &t), w->err, "at byte %zu",
			       at);
	}
	gh_claim(w, 0, text.n, GH_CLAIM_STRUCT);
	return GH_OK;
}

const struct gh_fmt *gh_modelfile_text(struct gh_span name)
{
	const uint8_t *slash = name.n == 0 ? NULL : memrchr(name.p, '/', name.n);
	struct gh_span base = slash == NULL ? name : gh_span_cut(name, (uint64_t)(slash - name.p) + 1, name.n);
	bool named = gh_span_starts(base, "Modelfile") || gh_span_ends(base, "Modelfile") ||
		     gh_span_ends(base, ".modelfile");
	return named ? &gh_fmt_modelfile : NULL;
}

const struct gh_fmt gh_fmt_modelfile = {
	.name = "modelfile",
	.about = "Modelfiles of Ollama: which model, adapter and prompts",
	.exts = "modelfile",
	.probe = probe,
	.walk = walk,
};
