/* Advisories: OSV records in, matches out; archives and broken records; VEX. */
#include "support/cm.h"

#include "scan/advisories_read.h"
#include "scan/vex.h"
#include "wire/advset.h"
#include "wire/purl.h"

#include <stdio.h>
#include <string.h>

#define S(x) gh_span_str(x)

static struct gh_buf made(const char *const *doc, size_t n)
{
	struct gh_advisories_count count = { 0 };
	struct gh_err err = { 0 };
	struct gh_buf out = gh_buf(1 << 20);
	struct gh_advdb_make *m = gh_advdb_make(64 << 20);
	for (size_t i = 0; i < n; i++)
		if (gh_advisories_json(m, S(doc[i]), "doc", &count, &err) != GH_OK) {
			char line[400];
			fail_msg("%s", gh_err_line(&err, line, sizeof line));
		}
	assert_int_equal(gh_advdb_write(m, &out, NULL, NULL), GH_OK);
	gh_advdb_make_free(m);
	return out;
}

#define REC(id, modified, rest) "{\"id\":\"" id "\",\"modified\":\"" modified "\"," rest "}"
#define PKG(eco, name) "\"package\":{\"ecosystem\":\"" eco "\",\"name\":\"" name "\"}"
#define RANGE(type, events) "\"ranges\":[{\"type\":\"" type "\",\"events\":[" events "]}]"
#define ONE(eco, name, events) "\"affected\":[{" PKG(eco, name) "," RANGE("ECOSYSTEM", events) "}]"

static enum gh_adv_answer ask(const char *doc, const char *eco, const char *name, const char *version)
{
	gh_auto_buf b = made(&doc, 1);
	struct gh_advdb db;
	uint32_t n;
	assert_int_equal(gh_advdb(gh_buf_view(&b), &db, NULL), GH_OK);
	assert_true(gh_advdb_sound(&db));
	uint32_t first = gh_advdb_find(&db, S(eco), S(name), &n);
	if (n == 0)
		return GH_ADV_NO;
	struct gh_adv_product p = gh_advdb_product(&db, first);
	return gh_advdb_affects(&db, &p, gh_version_rule(S(eco)), S(version), NULL);
}

static void ranges_are_evaluated_as_the_schema_says(void **st)
{
	(void)st;
	static const struct {
		const char *doc, *eco, *name, *version;
		bool affected;
	} rows[] = {
#define Z "2026-01-01T00:00:00Z"
#define FIXED REC("A-1", Z, ONE("PyPI", "Torch_X", "{\"introduced\":\"1.0\"},{\"fixed\":\"1.5\"}"))
		{ FIXED, "PyPI", "torch-x", "0.9", false },
		{ FIXED, "PyPI", "torch-x", "1.0.dev1", false },
		{ FIXED, "PyPI", "torch-x", "1.0", true },
		{ FIXED, "PyPI", "torch-x", "1.5rc1", true },
		{ FIXED, "PyPI", "torch-x", "1.5", false },
		{ FIXED, "PyPI", "torch-x", "1.5+cu118", false },
		{ FIXED, "PyPI", "torch", "1.2", false },
		{ FIXED, "npm", "torch-x", "1.2.0", false },
		{ FIXED, "PyPI", "torch-x", "not a version", false },
#define LAST REC("A-1", Z, ONE("PyPI", "x", "{\"last_affected\":\"2.5.1\"},{\"introduced\":\"0\"}"))
		{ LAST, "PyPI", "x", "2.5.1", true },
		{ LAST, "PyPI", "x", "2.5.1+cu121", true },
		{ LAST, "PyPI", "x", "2.5.1.post1", false },
#define TWICE \
	REC("A-1", Z, \
	    ONE("PyPI", "x", "{\"fixed\":\"2\"},{\"introduced\":\"3\"},{\"fixed\":\"4\"},{\"introduced\":\"1\"}"))
		{ TWICE, "PyPI", "x", "1.5", true },
		{ TWICE, "PyPI", "x", "2.5", false },
		{ TWICE, "PyPI", "x", "3.5", true },
		{ TWICE, "PyPI", "x", "4", false },
#define OPEN REC("A-1", Z, ONE("PyPI", "x", "{\"introduced\":\"0\"}"))
		{ OPEN, "PyPI", "x", "99", true },
#define LIMIT REC("A-1", Z, ONE("PyPI", "x", "{\"introduced\":\"0\"},{\"limit\":\"2\"}"))
		{ LIMIT, "PyPI", "x", "1.9", true },
		{ LIMIT, "PyPI", "x", "2", false },
#define LISTED REC("A-1", Z, "\"affected\":[{" PKG("PyPI", "x") ",\"versions\":[\"1.0\",\"odd one\"]}]")
		{ LISTED, "PyPI", "x", "1.0.0", true },
		{ LISTED, "PyPI", "x", "1.1", false },
#define BOTH \
	REC("A-1", Z, \
	    "\"affected\":[{" PKG("PyPI", "x") "," RANGE( \
		    "ECOSYSTEM", "{\"introduced\":\"0\"},{\"fixed\":\"1\"}") ",\"versions\":[\"0.5\",\"7.0\"]}]")
		{ BOTH, "PyPI", "x", "0.7", true },
		{ BOTH, "PyPI", "x", "7", true },
		{ BOTH, "PyPI", "x", "6", false },
#define SEM \
	REC("A-1", Z, \
	    "\"affected\":[{" PKG("npm", "x") "," RANGE("SEMVER", \
							"{\"introduced\":\"1.0.0-beta\"},{\"fixed\":\"1.2.0\"}") "}]")
		{ SEM, "npm", "x", "1.0.0-alpha", false },
		{ SEM, "npm", "x", "1.0.0", true },
		{ SEM, "npm", "x", "1.2.0", false },
		/* A commit is no version, and an open range of commits is not "all versions". */
		{ REC("A-1", Z, "\"affected\":[{" PKG("PyPI", "x") "," RANGE("GIT", "{\"introduced\":\"0\"}") "}]"),
		  "PyPI", "x", "1.0", false },
		{ REC("A-1", Z,
		      "\"affected\":[{" RANGE("GIT",
					      "{\"introduced\":\"0\"}") ",\"database_specific\":{\"product\":\"llama."
									"cpp\",\"fixed_build\":\"b3561\"}}]"),
		  "product", "llama.cpp", "b1", false },
		{ REC("A-1", Z, "\"withdrawn\":\"" Z "\"," ONE("PyPI", "x", "{\"introduced\":\"0\"}")), "PyPI", "x",
		  "1", false },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		if ((ask(rows[i].doc, rows[i].eco, rows[i].name, rows[i].version) == GH_ADV_YES) != rows[i].affected)
			fail_msg("row %zu: %s of %s", i, rows[i].version, rows[i].doc);
}

static void requirements_against_ranges(void **st)
{
	(void)st;
	static const char *const doc[] = { REC("A-1", Z,
					       ONE("PyPI", "x", "{\"introduced\":\"1.0\"},{\"fixed\":\"2.0\"}")) };
	static const struct {
		const char *set;
		enum gh_adv_answer want;
	} rows[] = { { "<1.0", GH_ADV_NO },	   { ">=2.0", GH_ADV_NO },
		     { ">=1.0,<2.0", GH_ADV_YES }, { "~=1.4", GH_ADV_YES },
		     { ">=1.5", GH_ADV_SOME },	   { "<3", GH_ADV_SOME },
		     { "", GH_ADV_SOME },	   { "==1.*", GH_ADV_SOME },
		     { "==1.2.*", GH_ADV_YES },	   { ">=1.0,<=2.0", GH_ADV_SOME },
		     { "^1.2", GH_ADV_YES },	   { ">1.9,<2", GH_ADV_YES } };
	gh_auto_buf b = made(doc, 1);
	struct gh_advdb db;
	uint32_t n;
	assert_int_equal(gh_advdb(gh_buf_view(&b), &db, NULL), GH_OK);
	struct gh_adv_product p = gh_advdb_product(&db, gh_advdb_find(&db, S("PyPI"), S("x"), &n));
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_version_set set;
		assert_true(gh_version_set(GH_VERSION_PEP440, S(rows[i].set), &set));
		enum gh_adv_answer got = gh_advdb_allows(&db, &p, GH_VERSION_PEP440, &set, NULL);
		if (got != rows[i].want)
			fail_msg("%s: %d, want %d", rows[i].set, (int)got, (int)rows[i].want);
	}
}

static void newer_records_replace_older_ones(void **st)
{
	(void)st;
	static const char *const doc[] = {
		REC("A-1", "2026-01-01T00:00:00Z", "\"summary\":\"old\"," ONE("PyPI", "x", "{\"introduced\":\"0\"}")),
		REC("A-1", "2026-02-01T00:00:00Z", "\"summary\":\"new\"," ONE("PyPI", "y", "{\"introduced\":\"0\"}")),
	};
	gh_auto_buf one = made(doc, 2), two = made(&doc[1], 1), old = made(doc, 1);
	struct gh_advdb db;
	uint32_t n;
	assert_int_equal(gh_advdb(gh_buf_view(&one), &db, NULL), GH_OK);
	assert_int_equal(db.nrecord, 1);
	assert_string_equal(db.date, "2026-02-01T00:00:00Z");
	assert_true(gh_span_is(gh_advdb_record(&db, 0).summary, "new"));
	(void)gh_advdb_find(&db, S("PyPI"), S("x"), &n);
	assert_int_equal(n, 0);
	/* Copied record by record it is the same file. */
	struct gh_advdb_make *m = gh_advdb_make(8 << 20);
	gh_auto_buf copy = gh_buf(1 << 20);
	assert_int_equal(gh_advdb_add_all(m, &db, NULL), GH_OK);
	assert_int_equal(gh_advdb_write(m, &copy, NULL, NULL), GH_OK);
	gh_advdb_make_free(m);
	assert_true(gh_span_eq(gh_buf_view(&copy), gh_buf_view(&one)));
	/* Two databases: the newer record counts, whichever holds it. */
	struct gh_span dbs[2] = { gh_buf_view(&old), gh_buf_view(&two) };
	gh_auto_buf set_bytes = gh_buf(1 << 20);
	struct gh_advset set;
	gh_advset_write(dbs, 2, &set_bytes);
	assert_true(gh_advset(gh_buf_view(&set_bytes), &set));
	struct gh_adv_record first = gh_advdb_record(&set.db[0], 0), second = gh_advdb_record(&set.db[1], 0);
	assert_true(gh_advset_replaced(&set, 0, &first));
	assert_false(gh_advset_replaced(&set, 1, &second));
	assert_false(gh_advset((struct gh_span){ set_bytes.p, set_bytes.n - 1 }, &set));
}

static void wrong_records_are_named(void **st)
{
	(void)st;
	static const struct {
		const char *doc, *why;
	} rows[] = {
		{ "", "not JSON" },
		{ "[1]", "an object is expected" },
		{ "{\"a\":1}", "no \"id\"" },
		{ REC("A-1", "yesterday", "\"a\":1"), "\"modified\" is no date" },
		{ "{\"id\":\"A-1\",\"modified\":\"2026-01-01T00:00:00Z\",}", "not JSON" },
		{ REC("A-1", Z, "\"affected\":{}"), "\"affected\" is not what" },
		{ REC("A-1", Z, "\"affected\":[{\"ranges\":[{\"events\":[]}]}]"), "\"ranges.type\"" },
		{ REC("A-1", Z, "\"affected\":[{\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"fixed\":1}]}]}]"),
		  "\"fixed\"" },
		{ "\n\n" REC("A-1", Z, "\"id\":7"), "line 3" },
		{ REC("A-1", Z, "\"a\":1") " x", "not JSON" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_advisories_count count = { 0 };
		struct gh_err err = { 0 };
		char line[600];
		struct gh_advdb_make *m = gh_advdb_make(8 << 20);
		assert_int_not_equal(gh_advisories_json(m, S(rows[i].doc), "file.json", &count, &err), GH_OK);
		(void)gh_err_line(&err, line, sizeof line);
		if (strstr(line, rows[i].why) == NULL || strstr(line, "file.json") == NULL)
			fail_msg("'%s': %s", rows[i].doc, line);
		gh_advdb_make_free(m);
	}
}

static void broken_databases_are_harmless(void **st)
{
	(void)st;
	static const char *const doc[] = { FIXED, SEM, BOTH };
	gh_auto_buf b = made(doc, 1);
	struct gh_advdb db;
	for (size_t i = 0; i < b.n; i++) {
		uint8_t was = b.p[i];
		b.p[i] = 0xff;
		if (gh_advdb(gh_buf_view(&b), &db, NULL) == GH_OK) {
			(void)gh_advdb_sound(&db);
			for (uint32_t k = 0; k < 3 && k < db.nproduct; k++) {
				struct gh_adv_product p = gh_advdb_product(&db, k);
				(void)gh_advdb_affects(&db, &p, GH_VERSION_PEP440, S("1.2"), NULL);
				(void)gh_advdb_record(&db, p.record);
			}
		}
		b.p[i] = was;
	}
	for (size_t n = 0; n < b.n; n++)
		if (gh_advdb((struct gh_span){ b.p, n }, &db, NULL) == GH_OK)
			assert_false(gh_advdb_sound(&db) && n + 4 < b.n);
}

static void package_urls(void **st)
{
	(void)st;
	static const char *const rows[][4] = {
		{ "PyPI", "Scikit_Learn", "1.0", "pkg:pypi/scikit-learn@1.0" },
		{ "npm", "@scope/x", "1.2.3", "pkg:npm/%40scope/x@1.2.3" },
		{ "PyPI", "torch", "2.6.0+cu124", "pkg:pypi/torch@2.6.0%2Bcu124" },
		{ "conda", "numpy", "", "pkg:conda/numpy" },
		{ "whatever", "a b", "", "pkg:generic/a%20b" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		char out[GH_PURL];
		(void)gh_purl(S(rows[i][0]), S(rows[i][1]), S(rows[i][2]), out);
		assert_string_equal(out, rows[i][3]);
		assert_true(gh_purl_valid(S(out)));
	}
	static const char *const bad[] = { "",		 "pkg:",	 "pkg:pypi/",  "pkg:/x",
					   "http://x/y", "pkg:pypi/a b", "pkg:pypi/@1" };
	for (size_t i = 0; i < GH_ROWS(bad); i++)
		assert_false(gh_purl_valid(S(bad[i])));
}

/* ---- VEX ------------------------------------------------------------------------------------------------------------------- */
#define VEX(statements) \
	"{\"@context\":\"https://openvex.dev/ns/v0.2.0\",\"@id\":\"urn:x\",\"author\":\"me\"," \
	"\"timestamp\":\"2026-01-10T00:00:00Z\",\"version\":1,\"statements\":[" statements "]}"
#define SAYS(name, product, rest) \
	"{\"vulnerability\":{\"name\":\"" name "\"},\"products\":[{\"@id\":\"" product "\"}]," rest "}"
#define NOT "\"status\":\"not_affected\",\"justification\":\"vulnerable_code_not_present\""

static const struct gh_rule critical = { "GH-VUL-0001", GH_CRITICAL, GH_REVIEW, "t", "g", "f", "" };
static const struct gh_rule pickle = { "GH-PKL-0001", GH_CRITICAL, GH_UNSAFE, "t", "g", "f", "" };

/* How many findings a document silences on that day; -1: it is refused. */
static int silenced(const char *doc, const char *day, enum gh_verdict *verdict)
{
	struct gh_vex *vex = NULL;
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_finding f[] = {
		{ .rule = &critical, .detail = "CVE-2025-1 pkg:pypi/torch@2.5.1: text", .member = "", .times = 1 },
		{ .rule = &pickle, .detail = "CVE-2025-1 pkg:pypi/torch@2.5.1: text", .member = "", .times = 1 },
	};
	struct gh_file_report r = {
		.path = "x", .finding = f, .nfinding = verdict == NULL ? 2 : 1, .sha256 = "abcd", .verdict = GH_REVIEW
	};
	struct gh_err err = { 0 };
	if (gh_vex_read(&vex, S(doc), day, &err) != GH_OK) {
		assert_null(vex);
		assert_int_not_equal(err.n, 0);
		return -1;
	}
	size_t n = gh_vex_apply(vex, NULL, &r, 1, &a);
	if (verdict != NULL)
		*verdict = r.verdict;
	else
		assert_int_equal(r.verdict, GH_UNSAFE); /* what a file does is never silenced */
	if (n == 1)
		assert_non_null(strstr(r.finding[r.nfinding - 1].detail, "silenced by VEX"));
	gh_vex_free(vex);
	return (int)n;
}

static void statements_silence_what_they_name(void **st)
{
	(void)st;
	static const struct {
		const char *doc, *day;
		int want;
	} rows[] = {
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", NOT)), "2026-06-01", 1 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch@2.5.1", NOT)), "2026-06-01", 1 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/Torch@2.5.1?x=y", NOT)), "2026-06-01", 1 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch@2.5.0", NOT)), "2026-06-01", 0 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torchvision", NOT)), "2026-06-01", 0 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/tor", NOT)), "2026-06-01", 0 },
		{ VEX(SAYS("CVE-2025-10", "pkg:pypi/torch", NOT)), "2026-06-01", 0 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", "\"status\":\"fixed\"")), "2026-06-01", 1 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", "\"status\":\"affected\",\"action_statement\":\"x\"")),
		  "2026-06-01", 0 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", "\"status\":\"under_investigation\"")), "2026-06-01", 0 },
		/* a year after its date, or on the day it names */
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", NOT)), "2027-01-10", 1 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", NOT)), "2027-01-11", 0 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", NOT ",\"status_notes\":\"ok; expires: 2026-03-01.\"")),
		  "2026-03-01", 1 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", NOT ",\"status_notes\":\"ok; expires: 2026-03-01.\"")),
		  "2026-03-02", 0 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", NOT) "," SAYS("CVE-2025-1", "pkg:pypi/torch",
									 "\"status\":\"affected\"")),
		  "2026-06-01", 0 },
		{ VEX("{\"vulnerability\":{\"name\":\"X-1\",\"aliases\":[\"CVE-2025-1\"]},\"products\":[{\"@id\":\"urn:"
		      "app\",\"subcomponents\":[{\"@id\":\"pkg:pypi/torch\"}]}]," NOT "}"),
		  "2026-06-01", 1 },
		{ VEX("{\"vulnerability\":{\"name\":\"CVE-2025-1\"},\"products\":[{\"@id\":\"pkg:pypi/"
		      "torch\",\"hashes\":{\"sha-256\":\"ffff\"}}]," NOT "}"),
		  "2026-06-01", 0 },
		{ VEX("{\"vulnerability\":{\"name\":\"CVE-2025-1\"},\"products\":[{\"@id\":\"pkg:pypi/"
		      "torch\",\"hashes\":{\"sha-256\":\"abcd\"}}]," NOT "}"),
		  "2026-06-01", 1 },
		/* the newest counts, in whatever order; the same moment: the last */
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch",
			   "\"status\":\"affected\",\"timestamp\":\"2026-02-01T00:00:00Z\"") "," SAYS("CVE-2025-1",
												      "pkg:pypi/torch",
												      NOT
												      ",\"timestamp\":"
												      "\"2026-01-01T00:"
												      "00:00Z\"")),
		  "2026-06-01", 0 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", NOT ",\"timestamp\":\"2026-02-01T12:00:00Z\"") "," SAYS(
			  "CVE-2025-1", "pkg:pypi/torch",
			  "\"status\":\"affected\",\"timestamp\":\"2026-02-01T13:30:00+02:00\"")),
		  "2026-06-01", 1 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", "\"status\":\"affected\"") "," SAYS("CVE-2025-1",
											       "pkg:pypi/torch", NOT)),
		  "2026-06-01", 1 },
		/* in other words, and of several days the first */
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", NOT ",\"status_notes\":\"Expires: 2026-03-01.\"")),
		  "2026-03-02", 0 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", NOT ",\"status_notes\":\"EXPIRES ON 2026-03-01\"")),
		  "2026-03-01", 1 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", NOT ",\"status_notes\":\"expiry date = 2026-03-01\"")),
		  "2026-03-02", 0 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", NOT ",\"status_notes\":\"valid until 2026-03-01\"")),
		  "2026-03-02", 0 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", NOT ",\"status_notes\":\"until it is fixed\"")),
		  "2026-06-01", 1 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch",
			   NOT ",\"status_notes\":\"expires 2026-09-01, was expires 2026-03-01\"")),
		  "2026-06-01", 0 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", NOT ",\"status_notes\":\"expires 2026-02-30\"")),
		  "2026-02-01", -1 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", NOT ",\"status_notes\":\"Expires soon\"")), "2026-06-01",
		  -1 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", NOT ",\"status_notes\":\"expires\"")), "2026-06-01", -1 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", NOT ",\"status_notes\":\"exp\"")), "2026-06-01", 1 },
		/* what has expired does not bring back what it replaced */
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", NOT) "," SAYS(
			  "CVE-2025-1", "pkg:pypi/torch",
			  NOT ",\"timestamp\":\"2026-02-01T00:00:00Z\",\"status_notes\":\"expires 2026-03-01\"")),
		  "2026-06-01", 0 },
		/* from after the scan */
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", NOT ",\"timestamp\":\"2030-01-01T00:00:00Z\"")),
		  "2026-06-01", 0 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", NOT ",\"timestamp\":\"2026-06-01T23:00:00Z\"")),
		  "2026-06-01", 1 },
		/* refused */
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", NOT ",\"timestamp\":\"2026-06-01T25:00:00Z\"")),
		  "2026-06-01", -1 },
		{ "", "2026-06-01", -1 },
		{ "{}", "2026-06-01", -1 },
		{ "[]", "2026-06-01", -1 },
		{ VEX("{}"), "2026-06-01", -1 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", "\"status\":\"fine\"")), "2026-06-01", -1 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", "\"status\":\"not_affected\"")), "2026-06-01", -1 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch",
			   "\"status\":\"not_affected\",\"justification\":\"because\"")),
		  "2026-06-01", -1 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", NOT ",\"status_notes\":\"expires soon\"")), "2026-06-01",
		  -1 },
		{ VEX("{\"vulnerability\":\"CVE-2025-1\",\"products\":[\"pkg:pypi/torch\"]," NOT "}"), "2026-06-01",
		  -1 },
		{ VEX("{\"vulnerability\":{\"name\":\"CVE-2025-1\"}," NOT "}"), "2026-06-01", -1 },
		{ VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", NOT)) "x", "2026-06-01", -1 },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		enum gh_verdict v = GH_UNSAFE;
		int got = silenced(rows[i].doc, rows[i].day, &v);
		if (got != rows[i].want)
			fail_msg("row %zu: %d, want %d: %s", i, got, rows[i].want, rows[i].doc);
		if (got >= 0)
			assert_int_equal(v, got == 1 ? GH_CLEAN : GH_REVIEW);
	}
	/* GH-VUL-0010 is what is left; a pickle's finding stays whatever a statement says. */
	assert_int_equal(silenced(VEX(SAYS("CVE-2025-1", "pkg:pypi/torch", NOT)), "2026-06-01", NULL), 1);
	assert_string_equal(gh_vex_rules[0].id, "GH-VUL-0010");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_evaluated_as_the_schema_says),
		cmocka_unit_test(requirements_against_ranges),
		cmocka_unit_test(newer_records_replace_older_ones),
		cmocka_unit_test(wrong_records_are_named),
		cmocka_unit_test(broken_databases_are_harmless),
		cmocka_unit_test(package_urls),
		cmocka_unit_test(statements_silence_what_they_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
