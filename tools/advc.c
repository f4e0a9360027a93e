/* advc - compile advisories in OSV form into the database that ships with the program (src/wire/advdb.h).
 *
 * usage: advc OUT.db OUT.date FILE...
 *
 * Each FILE is a JSON document of records. OUT.date gets the date of the newest one. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "scan/advisories_read.h"

enum { FILE_MAX = 256 << 20 };

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "advc: %s: %s\n", what, why);
	return 1;
}

static int read_file(const char *path, struct gh_buf *out)
{
	uint8_t chunk[64 << 10];
	size_t n;
	FILE *in = fopen(path, "re");
	if (in == NULL)
		return fail(path, strerror(errno));
	while ((n = fread(chunk, 1, sizeof chunk, in)) != 0)
		gh_buf_put(out, chunk, n);
	int bad = ferror(in) != 0 || out->full;
	(void)fclose(in);
	return bad ? fail(path, "cannot be read") : 0;
}

static int write_file(const char *path, struct gh_span s)
{
	FILE *f = fopen(path, "we");
	if (f == NULL)
		return fail(path, strerror(errno));
	size_t n = fwrite(s.p, 1, s.n, f);
	return fclose(f) == 0 && n == s.n ? 0 : fail(path, "cannot be written");
}

int main(int argc, char **argv)
{
	struct gh_advisories_count count = { 0 };
	struct gh_err err = { 0 };
	char why[600];
	if (argc < 4)
		return fail("usage", "advc OUT.db OUT.date FILE...");
	struct gh_advdb_make *m = gh_advdb_make((size_t)1 << 30);
	gh_auto_buf db = gh_buf(GH_ADVDB_MAX);
	enum gh_rc rc = m == NULL ? GH_E_NOMEM : GH_OK;
	for (int i = 3; rc == GH_OK && i < argc; i++) {
		gh_auto_buf text = gh_buf(FILE_MAX);
		if (read_file(argv[i], &text) != 0) {
			gh_advdb_make_free(m);
			return 1;
		}
		rc = gh_advisories_json(m, gh_buf_view(&text), argv[i], &count, &err);
	}
	if (rc == GH_OK)
		rc = gh_advdb_write(m, &db, NULL, &err);
	gh_advdb_make_free(m);
	struct gh_advdb check;
	if (rc == GH_OK)
		rc = gh_advdb(gh_buf_view(&db), &check, &err);
	if (rc != GH_OK || !gh_advdb_sound(&check))
		return fail(argv[1], gh_err_line(&err, why, sizeof why));
	if (count.bare != 0)
		return fail(argv[1], "a record without a package: it would never be matched");
	gh_auto_buf date = gh_buf(64);
	gh_buf_fmt(&date, "%s\n", check.date);
	return write_file(argv[1], gh_buf_view(&db)) != 0 ? 1 : write_file(argv[2], gh_buf_view(&date));
}
