#include "cli/attest_collect.h"

#include "cli/output.h"
#include "format/format.h"
#include "runtime/makers.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_ROOM = 4096 };

static enum gh_rc put(const char *dir, struct gh_span name, struct gh_span bytes, struct gh_err *err)
{
	char path[PATH_ROOM];
	int n = snprintf(path, sizeof path, "%s/%.*s", dir, (int)name.n, (const char *)name.p);
	if (n < 0 || (size_t)n >= sizeof path)
		return gh_fail(err, GH_E_IO, "the name of the directory is too long");
	return gh_output_write(path, bytes, err);
}

/* The evidence last: while it is not there, nothing of this directory passes for whole. */
static enum gh_rc write_all(const char *dir, const struct gh_make_result *m, struct gh_err *err)
{
	if (mkdir(dir, 0777) != 0 && errno != EEXIST)
		return gh_fail_sys(err, errno, "'%.100s' cannot be made", dir);
	for (size_t i = 0; i < m->nendorsement; i++)
		GH_TRY(put(dir, m->endorsement[i].name, m->endorsement[i].bytes, err), err, "evidence");
	return put(dir, GH_SPAN("evidence.bin"), m->evidence, err);
}

int gh_attest_collect(struct gh_cli *cli, const char *maker, struct gh_span data, const char *tcti, const char *dir)
{
	gh_auto_arena a = { .max = GH_MAKE_ARENA };
	gh_auto_buf doc = gh_buf(PATH_ROOM * 4), names = gh_buf(512);
	uint8_t asked[GH_MAKE_DATA] = { 0 };
	char why[GH_ERR_LINKS * GH_ERR_TEXT];
	const struct gh_maker *m = gh_maker(maker);
	const struct gh_make_where w = { .tcti = tcti };
	struct gh_make_result got;
	struct gh_err err = { 0 };
	for (size_t i = 0; i < gh_makers_n; i++)
		gh_buf_fmt(&names, "%s%s", i == 0 ? "" : ", ", gh_makers[i]->name);
	if (m == NULL)
		return gh_cli_wrong(cli, "collect: '%s' is none of %s", gh_safe(gh_span_str(maker)).s,
				    gh_buf_cstr(&names));
	if (dir == NULL || data.n == 0 || data.n > sizeof asked)
		return gh_cli_wrong(cli, "collect: --report-data HEX and --output DIR are needed");
	memcpy(asked, data.p, data.n);
	enum gh_rc rc = m->make(&w, asked, &a, &got, &err);
	rc = rc == GH_OK ? write_all(dir, &got, &err) : rc;
	if (rc != GH_OK) {
		gh_cli_error(cli, "%s", gh_err_line(&err, why, sizeof why));
		return GH_EXIT_UNFINISHED;
	}
	bool digest = got.bound.n != GH_MAKE_DATA; /* a TPM binds the digest of the data */
	gh_buf_fmt(&doc, "gatehouse attest verify %s/evidence.bin --kind %s", gh_safe(gh_span_str(dir)).s, got.kind);
	for (size_t i = 0; i < got.nendorsement; i++)
		gh_buf_fmt(&doc, " --endorsements %s/%.*s", gh_safe(gh_span_str(dir)).s, (int)got.endorsement[i].name.n,
			   (const char *)got.endorsement[i].name.p);
	gh_buf_fmt(&doc, " %s ", digest ? "--nonce" : "--report-data");
	for (size_t i = 0; i < got.bound.n; i++)
		gh_buf_fmt(&doc, "%02x", got.bound.p[i]);
	gh_buf_str(&doc, "\n");
	return gh_cli_print(cli, &doc);
}
