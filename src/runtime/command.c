#include "runtime/command.h"

#include "base/buf.h"

enum { WORD = 8192 };

/* One word from *at on. False: a quote is open. */
static bool word(const char **at, struct gh_buf *b)
{
	const char *p = *at;
	char quote = 0;
	for (; *p != '\0' && (quote != 0 || strchr(" \t\n", *p) == NULL); p++) {
		if (quote == 0 && (*p == '\'' || *p == '"'))
			quote = *p;
		else if (quote != 0 && *p == quote)
			quote = 0;
		else if (*p == '\\' && quote != '\'' && p[1] != '\0')
			gh_buf_ch(b, *++p);
		else
			gh_buf_ch(b, *p);
	}
	*at = p;
	return quote == 0 && !b->full;
}

const char **gh_command_split(struct gh_arena *a, const char *text, size_t max, size_t *n)
{
	const char **v = GH_NEW(a, const char *, max + 1);
	*n = 0;
	while (v != NULL) {
		text += strspn(text, " \t\n");
		if (*text == '\0')
			break;
		gh_auto_buf b = gh_buf(WORD);
		if (*n >= max || !word(&text, &b))
			return NULL;
		struct gh_span kept = gh_keep(a, gh_span_str(gh_buf_cstr(&b)));
		if (kept.p == NULL)
			return NULL;
		v[(*n)++] = (const char *)kept.p;
	}
	return *n == 0 ? NULL : v;
}

const char *gh_command_fill(struct gh_arena *a, const char *text, const char *path)
{
	static const char mark[] = "{path}";
	gh_auto_buf b = gh_buf(2 * WORD);
	for (const char *hit; (hit = strstr(text, mark)) != NULL; text = hit + sizeof mark - 1) {
		gh_buf_put(&b, text, (size_t)(hit - text));
		gh_buf_str(&b, path);
	}
	gh_buf_str(&b, text);
	struct gh_span kept = gh_keep(a, gh_span_str(gh_buf_cstr(&b)));
	return b.full ? NULL : (const char *)kept.p;
}
