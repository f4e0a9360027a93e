#include "runtime/say.h"

enum { TEXT = 600, MODULES = 64 << 10, NAME = 120 };

static const char *safe(struct gh_arena *a, struct gh_span s)
{
	gh_auto_buf b = gh_buf(2 * TEXT);
	gh_buf_safe(&b, s, TEXT);
	struct gh_span kept = gh_keep(a, gh_buf_view(&b));
	return kept.p == NULL ? "" : (const char *)kept.p;
}

static void add(const char **v, size_t *n, const char *text)
{
	if (*n < GH_SAID_MAX)
		v[(*n)++] = text;
}

/* Names of modules that may be handed to an import: letters, digits, underscores, dots. */
static void module_names(struct gh_buf *b, struct gh_span s)
{
	for (size_t i = 0; i < s.n;) {
		size_t n = 0;
		bool good = true;
		for (; i + n < s.n && s.p[i + n] != ' '; n++) {
			uint8_t c = s.p[i + n];
			good = good && (c == '_' || c == '.' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
					(c >= 'A' && c <= 'Z'));
		}
		if (good && n > 0 && n < NAME) {
			gh_buf_put(b, s.p + i, n);
			gh_buf_ch(b, '\n');
		}
		i += n + 1;
	}
}

/* One line behind its word. What names the loader counts before the model is opened, what was done with the model after. */
static void heard(struct gh_said *s, struct gh_span line, struct gh_buf *version, struct gh_buf *modules,
		  struct gh_arena *a)
{
	struct gh_span rest = gh_span_cut(line, 2, line.n < 2 ? 0 : line.n - 2);
	while (rest.n != 0 && rest.p[rest.n - 1] == ' ')
		rest.n--;
	switch (line.n == 0 ? 0 : line.p[0]) {
	case 'V':
		if (s->loading)
			break;
		gh_buf_str(version, version->n != 0 ? ", " : "");
		gh_buf_safe(version, rest, TEXT / 2);
		break;
	case 'L': s->loading = true; break;
	case 'X':
		if (s->loading)
			add(s->exercised, &s->nexercised, safe(a, rest));
		break;
	case 'N': add(s->not_exercised, &s->nnot_exercised, safe(a, rest)); break;
	case 'F': s->failed = safe(a, rest); break;
	case 'D': s->done = s->loading; break;
	case 'R': s->r = s->loading; break;
	case 'M': module_names(modules, rest); break;
	default: break; /* what it means is its own business */
	}
}

void gh_said_read(struct gh_said *s, struct gh_span text, const char *word, struct gh_arena *a)
{
	*s = (struct gh_said){ .version = "", .modules = "" };
	gh_auto_buf modules = gh_buf(MODULES), version = gh_buf(TEXT);
	const size_t w = strlen(word);
	for (size_t i = 0; w != 0 && i < text.n;) {
		const uint8_t *p = text.p + i, *nl = memchr(p, '\n', text.n - i);
		size_t n = nl == NULL ? text.n - i : (size_t)(nl - p);
		if (n > w && memcmp(p, word, w) == 0 && p[w] == ' ')
			heard(s, gh_span_cut(text, i + w + 1, n - w - 1), &version, &modules, a);
		else if (nl != NULL) /* the last line may be cut off where no more is kept */
			s->forged++;
		i += n + 1;
	}
	if (s->failed != NULL)
		s->done = false;
	struct gh_span v = gh_keep(a, gh_buf_view(&version)), m = gh_keep(a, gh_buf_view(&modules));
	s->version = v.p == NULL ? "" : (const char *)v.p;
	s->modules = m.p == NULL ? "" : (const char *)m.p;
}

void gh_said_not(struct gh_said *s, struct gh_arena *a, const char *text)
{
	add(s->not_exercised, &s->nnot_exercised, safe(a, gh_span_str(text)));
}

void gh_said_tail(struct gh_buf *b, struct gh_span text)
{
	size_t end = text.n;
	while (end > 0 && (text.p[end - 1] == '\n' || text.p[end - 1] == ' '))
		end--;
	size_t start = end;
	while (start > 0 && text.p[start - 1] != '\n')
		start--;
	gh_buf_safe(b, gh_span_cut(text, start, end - start), 300);
}
