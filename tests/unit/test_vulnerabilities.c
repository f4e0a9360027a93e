/* The check "vulnerabilities": packages, producers and formats against a database of its own. */
#include "support/cm.h"

#include "check/vulnerabilities.h"
#include "scan/advisories_read.h"
#include "wire/advset.h"

#include <stdio.h>
#include <string.h>

static const char records[] =
	"[{\"id\":\"CVE-2025-1\",\"modified\":\"2026-01-01T00:00:00Z\",\"aliases\":[\"GHSA-1\"],\"summary\":\"bad\","
	"\"severity\":[{\"type\":\"CVSS_V3\",\"score\":\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\"}],"
	"\"affected\":[{\"package\":{\"ecosystem\":\"PyPI\",\"name\":\"torch\"},\"ranges\":[{\"type\":\"ECOSYSTEM\","
	"\"events\":[{"
	"\"introduced\":\"0\"},{\"fixed\":\"2.6.0\"}]}]}],\"database_specific\":{\"verified\":true,\"formats\":["
	"\"pytorch\"],"
	"\"trigger\":\"load\"}},"
	"{\"id\":\"PYSEC-2025-1\",\"modified\":\"2026-01-01T00:00:00Z\",\"aliases\":[\"CVE-2025-1\"],\"affected\":[{"
	"\"package\":{"
	"\"ecosystem\":\"PyPI\",\"name\":\"torch\"},\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":"
	"\"0\"},{"
	"\"fixed\":\"2.6.0\"}]}]}]},"
	"{\"id\":\"CVE-2025-2\",\"modified\":\"2026-01-01T00:00:00Z\",\"affected\":[{\"package\":{\"ecosystem\":"
	"\"PyPI\",\"name\":"
	"\"high\"},\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"1\"},{\"last_affected\":\"2\"}]}]}"
	"],"
	"\"database_specific\":{\"severity\":\"HIGH\",\"verified\":false}},"
	"{\"id\":\"CVE-2025-3\",\"modified\":\"2026-01-01T00:00:00Z\",\"affected\":[{\"package\":{\"ecosystem\":"
	"\"PyPI\",\"name\":"
	"\"medium\"},\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"}]}]}]},"
	"{\"id\":\"CVE-2025-4\",\"modified\":\"2026-01-01T00:00:00Z\",\"affected\":[{\"package\":{\"ecosystem\":"
	"\"npm\",\"name\":"
	"\"low\"},\"ranges\":[{\"type\":\"SEMVER\",\"events\":[{\"introduced\":\"1.0.0\"},{\"fixed\":\"1.2.0\"}]}]}],"
	"\"database_specific\":{\"severity\":\"LOW\"}}]";

static struct {
	char all[8192];
	size_t n, left_out;
} said;

static void find(struct gh_scene *s, const struct gh_rule *r, struct gh_range at, const char *text)
{
	size_t k = strlen(said.all);
	(void)s;
	(void)at;
	said.n++;
	(void)snprintf(said.all + k, sizeof said.all - k, "%s %s\n", r->id, text);
}
static void looked(struct gh_scene *s, uint64_t units, uint64_t bytes, const char *why)
{
	(void)s;
	(void)units;
	(void)bytes;
	said.left_out += why != NULL;
}

static struct gh_buf section(void)
{
	struct gh_advisories_count count = { 0 };
	struct gh_buf db = gh_buf(1 << 20), set = gh_buf(1 << 20);
	struct gh_advdb_make *m = gh_advdb_make(64 << 20);
	assert_int_equal(gh_advisories_json(m, gh_span_str(records), "records", &count, NULL), GH_OK);
	assert_int_equal(gh_advdb_write(m, &db, NULL, NULL), GH_OK);
	gh_advdb_make_free(m);
	gh_advset_write(&(struct gh_span){ db.p, db.n }, 1, &set);
	gh_buf_free(&db);
	return set;
}

static void tell(struct gh_scene *s, const char *eco, const char *name, const char *version, bool producer)
{
	struct gh_package p = {
		.ecosystem = eco, .name = gh_span_str(name), .version = gh_span_str(version), .producer = producer
	};
	struct gh_event ev = { .kind = GH_EV_PACKAGE, .u.package = &p };
	gh_check_vulnerabilities.on(s, &ev);
}

static void packages_are_matched(void **st)
{
	(void)st;
	static const struct {
		const char *eco, *name, *version;
		bool producer;
		const char *want; /* starts one line that is said; NULL: nothing is */
		const char *too;  /* stands in it */
	} rows[] = {
		{ "PyPI", "torch", "==2.5.1", false, "GH-VUL-0001 CVE-2025-1 pkg:pypi/torch@2.5.1 (GHSA-1): bad",
		  "fixed in 2.6.0; severity critical; CVSS 9.8" },
		{ "PyPI", "Torch", "==2.5.1+cu118", false, "GH-VUL-0001 CVE-2025-1", "before 2.6.0" },
		{ "PyPI", "torch", "==2.6.0", false, NULL, NULL },
		{ "PyPI", "torch", "==2.6.0+cu118", false, NULL, NULL },
		{ "PyPI", "torch", "<2", false, "GH-VUL-0001 CVE-2025-1", "every version that is allowed" },
		{ "PyPI", "torch", ">=1.13", false, "GH-VUL-0005 pkg:pypi/torch", "1 known vulnerability" },
		{ "PyPI", "torch", "", false, "GH-VUL-0005 pkg:pypi/torch", "the worst CVE-2025-1" },
		{ "PyPI", "torch", ">=2.6", false, NULL, NULL },
		{ "PyPI", "torch", "2.0.0", true, "GH-VUL-0006 pkg:pypi/torch@2.0.0 wrote", "1 known" },
		{ "PyPI", "torch", "2.7.0", true, NULL, NULL },
		{ "generic", "pytorch", "2.1.0", true, "GH-VUL-0006 pkg:pypi/torch@2.1.0 wrote", "1 known" },
		{ "generic", "pytorch", "2.1.0", false, NULL, NULL },
		{ "conda", "pytorch", "=2.1", false, "GH-VUL-0001 CVE-2025-1 pkg:conda/pytorch",
		  "matched as torch of PyPI" },
		{ "conda", "pytorch", "2.6.1", false, NULL, NULL },
		{ "PyPI", "high", "==2", false, "GH-VUL-0002 CVE-2025-2", "up to 2; severity high; unconfirmed range" },
		{ "PyPI", "medium", "==9", false, "GH-VUL-0003 CVE-2025-3", "no repaired version is known" },
		/* without an upper end an installer takes what comes out next */
		{ "PyPI", "medium", ">=1", false, "GH-VUL-0005", "no repaired version is known" },
		{ "npm", "low", "1.1.0", false, "GH-VUL-0004 CVE-2025-4 pkg:npm/low@1.1.0", "fixed in 1.2.0" },
		{ "npm", "low", "^1.2.0", false, NULL, NULL },
		{ "PyPI", "torch", "==", false, "GH-VUL-0008", "" },
		{ "docker", "torch", "2.0", false, NULL, NULL },
		{ "PyPI", "torchvision", "==0.1", false, NULL, NULL },
	};
	gh_auto_buf set = section();
	struct gh_data data = { 0 };
	data.section[GH_DATA_ADVISORIES] = gh_buf_view(&set);
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		gh_auto_arena a = { .max = 8 << 20 };
		void *state = NULL;
		struct gh_scene s = {
			.format = "json", .arena = &a, .state = &state, .find = find, .data = &data, .looked = looked
		};
		memset(&said, 0, sizeof said);
		tell(&s, rows[i].eco, rows[i].name, rows[i].version, rows[i].producer);
		if (rows[i].want == NULL ? said.n != 0
					 : said.n != 1 || strncmp(said.all, rows[i].want, strlen(rows[i].want)) != 0 ||
						   strstr(said.all, rows[i].too) == NULL)
			fail_msg("row %zu (%s %s): %s", i, rows[i].name, rows[i].version, said.all);
		assert_int_equal(said.left_out, 0);
	}
}

static void loaders_are_named_once(void **st)
{
	(void)st;
	gh_auto_buf set = section();
	gh_auto_arena a = { .max = 8 << 20 };
	struct gh_data data = { 0 };
	data.section[GH_DATA_ADVISORIES] = gh_buf_view(&set);
	void *state = NULL;
	struct gh_scene s = {
		.format = "pytorch-zip", .arena = &a, .state = &state, .find = find, .data = &data, .looked = looked
	};
	struct gh_event claim = { .kind = GH_EV_CLAIM };
	memset(&said, 0, sizeof said);
	gh_check_vulnerabilities.on(&s, &claim);
	gh_check_vulnerabilities.on(&s, &claim);
	assert_string_equal(said.all, "GH-VUL-0007 torch before 2.6.0: CVE-2025-1 (fixed in 2.6.0)\n");
	state = NULL; /* a member is not what a loader is given */
	s.depth = 1;
	gh_check_vulnerabilities.on(&s, &claim);
	assert_int_equal(said.n, 1);
}

static void nothing_is_said_without_data(void **st)
{
	(void)st;
	gh_auto_arena a = { .max = 1 << 20 };
	void *state = NULL;
	struct gh_scene s = { .format = "json", .arena = &a, .state = &state, .find = find, .looked = looked };
	memset(&said, 0, sizeof said);
	tell(&s, "PyPI", "torch", "==2.5.1", false);
	assert_int_equal(said.n, 0);
}

static void floods_end(void **st)
{
	(void)st;
	gh_auto_buf set = section();
	gh_auto_arena a = { .max = 8 << 20 };
	struct gh_data data = { 0 };
	data.section[GH_DATA_ADVISORIES] = gh_buf_view(&set);
	void *state = NULL;
	struct gh_scene s = {
		.format = "json", .arena = &a, .state = &state, .find = find, .data = &data, .looked = looked
	};
	memset(&said, 0, sizeof said);
	for (unsigned i = 0; i < 20005; i++)
		tell(&s, "PyPI", "unknown", "==1", false);
	assert_int_equal(said.n, 1);
	assert_int_equal(said.left_out, 1);
	assert_non_null(strstr(said.all, "GH-VUL-0009"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packages_are_matched),
		cmocka_unit_test(loaders_are_named_once),
		cmocka_unit_test(nothing_is_said_without_data),
		cmocka_unit_test(floods_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
