#include "scan/badlist.h"

#include "format/format.h"

#include <stdlib.h>

static struct gh_span word(struct gh_span *line)
{
	size_t n = 0, at;
	while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t')
		n++;
	for (at = n; at < line->n && (line->p[at] == ' ' || line->p[at] == '\t');)
		at++;
	struct gh_span w = gh_span_cut(*line, 0, n);
	*line = gh_span_cut(*line, at, line->n);
	return w;
}

static int hex(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

static bool read_digest(struct gh_span s, uint8_t out[GH_SHA256_BYTES])
{
	for (size_t i = 0; s.n == 2 * GH_SHA256_BYTES && i < GH_SHA256_BYTES; i++) {
		int a = hex(s.p[2 * i]), b = hex(s.p[2 * i + 1]);
		if (a < 0 || b < 0)
			return false;
		out[i] = (uint8_t)(a << 4 | b);
	}
	return s.n == 2 * GH_SHA256_BYTES;
}

static bool read_size(struct gh_span s, uint64_t *out)
{
	*out = UINT64_MAX;
	if (gh_span_is(s, "-"))
		return true;
	*out = 0;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9' || *out > (UINT64_MAX - 9) / 10)
			return false;
		else
			*out = *out * 10 + (uint64_t)(s.p[i] - '0');
	return s.n != 0;
}

static bool all_digits(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

/* As sha256sum(1) writes: the digest, then two characters, "  " or " *", then the file's name, which may be anything. */
static bool of_sha256sum(struct gh_span whole, struct gh_span *name)
{
	enum { AT = 2 * GH_SHA256_BYTES };
	if (whole.n < AT + 3 || whole.p[AT] != ' ' || (whole.p[AT + 1] != ' ' && whole.p[AT + 1] != '*'))
		return false;
	*name = gh_span_cut(whole, AT + 2, whole.n);
	return true;
}

static enum gh_rc one_line(struct gh_span line, struct gh_badlist_rows *list, size_t number, struct gh_err *err)
{
	struct gh_badlist_row row;
	struct gh_span whole = line, digest = word(&line);
	if (!read_digest(digest, row.digest))
		return gh_fail(err, GH_E_MALFORMED, "line %zu: '%s' is no SHA-256 in 64 hexadecimal digits", number,
			       gh_safe(digest).s);
	row.size = UINT64_MAX;
	if (!of_sha256sum(whole, &line)) {
		struct gh_span rest = line, size = word(&rest);
		bool sized = gh_span_is(size, "-") || (size.n != 0 && all_digits(size));
		if (sized && !read_size(size, &row.size))
			return gh_fail(err, GH_E_MALFORMED, "line %zu: a size in bytes, or '-', not '%s'", number,
				       gh_safe(size).s);
		if (sized && rest.n == 0)
			return gh_fail(err, GH_E_MALFORMED, "line %zu: after the size comes a name", number);
		line = sized ? rest : line;
	}
	if (line.n == 0)
		line = GH_SPAN("on the list, without a name");
	if (list->n == list->cap) {
		size_t cap = list->cap == 0 ? 64 : 2 * list->cap;
		struct gh_badlist_row *v = realloc(list->v, cap * sizeof *v);
		if (v == NULL)
			return gh_fail(err, GH_E_NOMEM, "no memory for the list");
		list->v = v;
		list->cap = cap;
	}
	row.name = (uint32_t)list->names.n;
	gh_buf_safe(&list->names, line, GH_BADLIST_NAME);
	gh_buf_ch(&list->names, '\0');
	list->v[list->n++] = row;
	return list->names.full ? gh_fail(err, GH_E_NOMEM, "line %zu: names are too long", number) : GH_OK;
}

enum gh_rc gh_badlist_parse(struct gh_span text, struct gh_badlist_rows *list, struct gh_err *err)
{
	if (list->names.max == 0)
		list->names = gh_buf((size_t)2 * GH_BADLIST_MAX);
	for (size_t number = 1; text.n != 0; number++) {
		const uint8_t *nl = memchr(text.p, '\n', text.n);
		size_t n = nl == NULL ? text.n : (size_t)(nl - text.p), skip = nl == NULL ? n : n + 1;
		struct gh_span line = gh_span_cut(text, 0, n);
		while (line.n != 0 && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == ' '))
			line.n--;
		text = gh_span_cut(text, skip, text.n);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		enum gh_rc rc = one_line(line, list, number, err);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

static int by_digest(const void *a, const void *b)
{
	const struct gh_badlist_row *x = a, *y = b;
	int c = memcmp(x->digest, y->digest, sizeof x->digest);
	return c != 0 ? c : x->name < y->name ? -1 : x->name > y->name;
}

static void put_le(struct gh_buf *out, uint64_t v, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		gh_buf_ch(out, (char)(v >> (8 * i)));
}

enum gh_rc gh_badlist_write(struct gh_badlist_rows *list, struct gh_buf *out, struct gh_err *err)
{
	size_t n = 0, loose = 0;
	if (list->n > 1)
		qsort(list->v, list->n, sizeof *list->v, by_digest);
	for (size_t i = 0; i < list->n; i++) {
		if (n != 0 && memcmp(list->v[n - 1].digest, list->v[i].digest, GH_SHA256_BYTES) == 0)
			continue;
		list->v[n++] = list->v[i];
		loose += list->v[n - 1].size == UINT64_MAX;
	}
	list->n = n;
	uint64_t names = GH_BADLIST_HEAD + (uint64_t)n * GH_BADLIST_ROW;
	if (names + list->names.n > UINT32_MAX)
		return gh_fail(err, GH_E_LIMIT, "the list of known bad files is too long");
	put_le(out, n, 8);
	put_le(out, loose, 8);
	for (size_t i = 0; i < n; i++) {
		gh_buf_put(out, list->v[i].digest, GH_SHA256_BYTES);
		put_le(out, list->v[i].size, 8);
		put_le(out, names + list->v[i].name, 4);
		put_le(out, 0, 4);
	}
	gh_buf_span(out, gh_buf_view(&list->names));
	return out->full ? gh_fail(err, GH_E_NOMEM, "no memory for the list of known bad files") : GH_OK;
}

void gh_badlist_free(struct gh_badlist_rows *list)
{
	free(list->v);
	gh_buf_free(&list->names);
	*list = (struct gh_badlist_rows){ 0 };
}
