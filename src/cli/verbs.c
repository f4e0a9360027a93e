#include "cli/verbs.h"

#include "format/format.h"

#include <stdarg.h>
#include <string.h>

enum { COLUMNS = 12, DOC = 64 << 20 };

struct list {
	const struct gh_verb *v;
};

static const char *name_at(size_t i, const void *arg) { return ((const struct list *)arg)->v[i].name; }

int gh_verbs_run(struct gh_cli *cli, const struct gh_verb *v, size_t nverbs, const struct gh_client_args *how,
		 const void *args, char **argv, size_t n)
{
	struct gh_client c;
	struct list all = { v };
	size_t i = 0;
	while (i < nverbs && strcmp(v[i].name, argv[0]) != 0)
		i++;
	if (i == nverbs) {
		size_t near = gh_nearest(argv[0], nverbs, name_at, &all);
		return gh_cli_wrong(cli, "'%s' is not known%s%s%s", gh_safe(gh_span_str(argv[0])).s,
				    near == SIZE_MAX ? "" : "; is '", near == SIZE_MAX ? "" : v[near].name,
				    near == SIZE_MAX ? "" : "' meant?");
	}
	if (n - 1 < v[i].min || n - 1 > v[i].max)
		return gh_cli_wrong(cli, "%s takes %s", v[i].name, v[i].takes[0] != '\0' ? v[i].takes : "no arguments");
	int rc = gh_client_open(cli, how, v[i].keys, &c);
	if (rc != GH_CLI_GO)
		return rc;
	rc = v[i].run(&c, args, argv + 1, n - 1);
	gh_client_close(&c);
	return rc;
}

int gh_verbs_ask(struct gh_client *c, const char *op, const struct gh_jval **out, ...)
{
	gh_auto_buf in = gh_buf(1 << 20);
	struct gh_jout j = gh_jout(&in);
	va_list ap;
	gh_jout_open(&j, NULL, '{');
	va_start(ap, out);
	for (const char *name; (name = va_arg(ap, const char *)) != NULL;) {
		const char *value = va_arg(ap, const char *);
		if (value != NULL)
			gh_jout_str(&j, name, value);
	}
	va_end(ap);
	gh_jout_close(&j, '}');
	return gh_client_ask(c, op, &in, -1, out, NULL);
}

int gh_verbs_print(struct gh_client *c, const struct gh_jval *out, unsigned format, gh_verb_text *text)
{
	if (format == GH_FORMAT_JSON)
		return gh_client_json(c->cli, out);
	gh_auto_buf doc = gh_buf(DOC);
	text(gh_client_safe(c, out), &doc);
	int rc = gh_cli_print(c->cli, &doc);
	if (doc.n != 0)
		explicit_bzero(doc.p, doc.n); /* there may be an API key in it */
	return rc;
}

const char *gh_verbs_cell(const struct gh_jval *row, const char *name)
{
	const struct gh_jval *v = gh_jget(row, name);
	if (v == NULL || (v->kind != GH_J_STRING && v->kind != GH_J_NUMBER) || v->text.n == 0)
		return "-";
	return (const char *)v->text.p;
}

void gh_verbs_table(struct gh_buf *doc, const struct gh_jval *rows, const char *none, const char *const columns[])
{
	size_t wide[COLUMNS] = { 0 }, n = 0;
	if (gh_jfirst(rows) == NULL) {
		gh_buf_fmt(doc, "%s\n", none);
		return;
	}
	while (n < COLUMNS && columns[2 * n] != NULL) {
		wide[n] = strlen(columns[2 * n]);
		for (const struct gh_jval *r = gh_jfirst(rows); r != NULL; r = r->next) {
			size_t len = strlen(gh_verbs_cell(r, columns[2 * n + 1]));
			wide[n] = len > wide[n] ? len : wide[n];
		}
		n++;
	}
	for (size_t i = 0; i < n; i++) /* the last one is not padded */
		gh_buf_fmt(doc, "%-*s%s", i + 1 < n ? (int)wide[i] : 0, columns[2 * i], i + 1 < n ? "  " : "\n");
	for (const struct gh_jval *r = gh_jfirst(rows); r != NULL; r = r->next)
		for (size_t i = 0; i < n; i++)
			gh_buf_fmt(doc, "%-*s%s", i + 1 < n ? (int)wide[i] : 0, gh_verbs_cell(r, columns[2 * i + 1]),
				   i + 1 < n ? "  " : "\n");
}
