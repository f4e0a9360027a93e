/* Makers of evidence: what they get is what the appraisers take, and a host that answers something else is told off. */
#include "support/cm.h"

#include "runtime/make_tsm.h"
#include "support/attested.h"
#include "support/swtpm.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- configfs-tsm: a kernel of our own ------------------------------------------------------------------------------------ */
static struct {
	const char *provider;
	struct gh_span out, aux; /* what comes back */
	uint8_t asked[GH_MAKE_DATA];
	char level[8];
	unsigned generation, made, dropped, busy;
	bool race, deaf; /* somebody else writes too; the answer is to another question */
	char entry[64];
} k;

static int create(int dir, const char *entry)
{
	(void)dir;
	(void)snprintf(k.entry, sizeof k.entry, "%s", entry);
	k.made++;
	return 0;
}

static int drop(int dir, const char *entry)
{
	(void)dir;
	assert_string_equal(entry, k.entry);
	k.dropped++;
	return 0;
}

static int put(int dir, const char *entry, const char *attribute, const void *p, size_t n)
{
	(void)dir;
	assert_string_equal(entry, k.entry);
	k.generation += k.race ? 2 : 1;
	if (strcmp(attribute, "privlevel") == 0)
		(void)snprintf(k.level, sizeof k.level, "%.*s", (int)n, (const char *)p);
	else if (strcmp(attribute, "inblob") == 0 && n == GH_MAKE_DATA)
		memcpy(k.asked, p, n);
	else
		return errno = EINVAL, -1;
	return 0;
}

static ssize_t give(struct gh_span s, void *p, size_t cap)
{
	if (s.n > cap)
		return errno = EFBIG, -1;
	memcpy(p, s.p, s.n);
	return (ssize_t)s.n;
}

static ssize_t get(int dir, const char *entry, const char *attribute, void *p, size_t cap)
{
	char text[32];
	(void)dir;
	assert_string_equal(entry, k.entry);
	if (strcmp(attribute, "provider") == 0)
		return give(gh_span_str(k.provider), p, cap);
	if (strcmp(attribute, "generation") == 0) {
		(void)snprintf(text, sizeof text, "%u\n", k.generation);
		return give(gh_span_str(text), p, cap);
	}
	if (strcmp(attribute, "outblob") == 0 && k.busy != 0) {
		k.busy--;
		return errno = EBUSY, -1;
	}
	if (strcmp(attribute, "outblob") == 0)
		return give(k.out, p, cap);
	if (strcmp(attribute, "auxblob") == 0 && k.aux.n != 0)
		return give(k.aux, p, cap);
	return errno = ENOENT, -1;
}

static const struct gh_tsm_tree tree = { create, drop, put, get };

/* A table of certificates as the host of a guest hands it out: one VCEK. */
static size_t table(struct gh_span vcek, uint8_t *out)
{
	static const uint8_t guid[16] = { 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64,
					  0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd };
	memset(out, 0, 48);
	memcpy(out, guid, 16);
	out[16] = 48;
	for (unsigned i = 0; i < 4; i++)
		out[20 + i] = (uint8_t)(vcek.n >> 8 * i);
	memcpy(out + 48, vcek.p, vcek.n);
	return 48 + vcek.n;
}

static enum gh_rc ask(const struct gh_make_where *w, const uint8_t *data, struct gh_arena *a, struct gh_make_result *m,
		      char why[GH_ERR_TEXT * GH_ERR_LINKS])
{
	struct gh_err err = { 0 };
	enum gh_rc rc = gh_make_tsm_from(&tree, w, data, a, m, &err);
	(void)gh_err_line(&err, why, GH_ERR_TEXT * GH_ERR_LINKS);
	assert_int_equal(k.made, k.dropped); /* nothing is left behind, whatever happened */
	return rc;
}

/* A recorded report, asked for with its own report data: what the maker returns is accepted as it is. */
static void a_recorded_snp_guest(void **state)
{
	struct attested_file r = attested_load("snp/milan_v2_report.bin"), c = attested_load("snp/milan_v2_vcek.der");
	static uint8_t aux[8192];
	char why[GH_ERR_TEXT * GH_ERR_LINKS], bad[200];
	gh_auto_arena a = { .max = GH_MAKE_ARENA };
	struct gh_make_result m;
	(void)state;
	if (r.p == NULL || c.p == NULL)
		skip();
	memset(&k, 0, sizeof k);
	k.provider = "sev_guest\n";
	k.out = (struct gh_span){ r.p, r.n };
	k.aux = (struct gh_span){ aux, table((struct gh_span){ c.p, c.n }, aux) };
	k.busy = 2;
	const struct gh_make_where w = { .tsm = "/tmp", .level = 2 };
	assert_int_equal(ask(&w, r.p + 0x50, &a, &m, why), GH_OK);
	assert_string_equal(m.kind, "snp");
	assert_int_equal(m.cls, GH_AC_VM_TEE);
	assert_string_equal(k.level, "1");
	assert_memory_equal(k.asked, r.p + 0x50, GH_MAKE_DATA);
	const struct gh_attest_question q = { .evidence = m.evidence,
					      .endorsement = m.endorsement,
					      .nendorsement = m.nendorsement,
					      .report_data = m.bound,
					      .at = attested_time("2024-01-01T00:00:00Z") };
	if (attested("snp", &q, bad, sizeof bad) != GH_ATTEST_ACCEPTED)
		fail_msg("%s", bad);
	free(r.p);
	free(c.p);
}

/* Quotes of both versions, from a host that may say anything: only the place of the report data is looked at. */
static void a_td_guest(void **state)
{
	static uint8_t quote[2][4000];
	static const size_t at[2] = { 48 + 520, 54 + 520 };
	uint8_t data[GH_MAKE_DATA];
	char dir[] = "/tmp/gh-makers-XXXXXX", log[64], why[GH_ERR_TEXT * GH_ERR_LINKS];
	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(log, sizeof log, "%s/ccel", dir);
	FILE *f = fopen(log, "w");
	assert_non_null(f);
	(void)fputs("a log", f);
	(void)fclose(f);
	memset(data, 0x5a, sizeof data);
	for (unsigned v = 0; v < 2; v++) {
		gh_auto_arena a = { .max = GH_MAKE_ARENA };
		struct gh_make_result m;
		memset(&k, 0, sizeof k);
		k.provider = "tdx_guest\n";
		quote[v][0] = (uint8_t)(4 + v);
		memcpy(quote[v] + at[v], data, sizeof data);
		k.out = (struct gh_span){ quote[v], sizeof quote[v] };
		const struct gh_make_where w = { .tsm = "/tmp", .ccel = log }, none = { .tsm = "/tmp", .ccel = "" };
		assert_int_equal(ask(&w, data, &a, &m, why), GH_OK);
		assert_string_equal(m.kind, "tdx");
		assert_int_equal(m.nendorsement, 1);
		assert_true(gh_span_is(m.endorsement[0].name, "ccel.bin") &&
			    gh_span_is(m.endorsement[0].bytes, "a log"));
		assert_int_equal(ask(&none, data, &a, &m, why), GH_OK);
		assert_int_equal(m.nendorsement, 0);
	}
	(void)unlink(log);
	(void)rmdir(dir);
}

static void hosts_that_do_not_answer_for_this(void **state)
{
	static uint8_t report[1184], quote6[700] = { 6 };
	static const struct {
		const char *provider;
		struct gh_span out;
		bool race;
		unsigned busy;
		enum gh_rc rc;
		const char *says;
	} rows[] = {
		{ "sev_guest", { report, 1184 }, false, 0, GH_E_IO, "does not hold the data" },
		{ "sev_guest", { report, 100 }, false, 0, GH_E_IO, "does not hold the data" },
		{ "sev_guest", { report, 0 }, false, 0, GH_E_IO, "does not hold the data" },
		{ "sev_guest", { report, 1184 }, true, 0, GH_E_IO, "somebody else" },
		{ "tdx_guest", { quote6, 700 }, false, 0, GH_E_IO, "does not hold the data" },
		{ "arm_cca_guest", { report, 1184 }, false, 0, GH_E_ABSENT, "not served" },
		{ "\x1b[2J", { report, 1184 }, false, 0, GH_E_ABSENT, "not served" },
		{ "sev_guest", { report, 1184 }, false, 1000, GH_E_IO, "busy" },
	};
	uint8_t data[GH_MAKE_DATA];
	(void)state;
	memset(data, 0x77, sizeof data);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		gh_auto_arena a = { .max = GH_MAKE_ARENA };
		struct gh_make_result m;
		char why[GH_ERR_TEXT * GH_ERR_LINKS];
		const struct gh_make_where w = { .tsm = "/tmp" };
		memset(&k, 0, sizeof k);
		k.provider = rows[i].provider;
		k.out = rows[i].out;
		k.race = rows[i].race;
		k.busy = rows[i].busy;
		enum gh_rc rc = ask(&w, data, &a, &m, why);
		if (rc != rows[i].rc || strstr(why, rows[i].says) == NULL || strchr(why, '\x1b') != NULL)
			fail_msg("row %zu: %d, %s", i, rc, why);
	}
}

static void no_configfs(void **state)
{
	const struct gh_make_where w = { .tsm = "/tmp/gh-there-is-no-such-directory" };
	uint8_t data[GH_MAKE_DATA] = { 0 };
	gh_auto_arena a = { .max = GH_MAKE_ARENA };
	struct gh_make_result m;
	const char *why = NULL;
	(void)state;
	assert_int_equal(gh_make_tsm.make(&w, data, &a, &m, NULL), GH_E_ABSENT);
	assert_false(gh_make_tsm.there(&w, &why));
	assert_non_null(strstr(why, "no configfs-tsm"));
	/* An ordinary directory makes no reports: the entry that mkdir() left is taken away again. */
	char dir[] = "/tmp/gh-makers-XXXXXX";
	assert_non_null(mkdtemp(dir));
	const struct gh_make_where plain = { .tsm = dir };
	assert_int_equal(gh_make_tsm.make(&plain, data, &a, &m, NULL), GH_E_IO);
	assert_int_equal(rmdir(dir), 0);
}

/* ---- a TPM of software ------------------------------------------------------------------------------------------------------ */
static struct swtpm tpm;

static struct gh_attest_question question(const struct gh_make_result *m)
{
	return (struct gh_attest_question){ .evidence = m->evidence,
					    .endorsement = m->endorsement,
					    .nendorsement = m->nendorsement,
					    .nonce = m->bound };
}

static enum gh_attest_verdict appraise(const struct gh_make_result *m, const char *policy, char *bad, size_t cap)
{
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_attest_question q = question(m);
	if (policy != NULL)
		assert_int_equal(gh_attest_policy_read(&a, gh_span_str(policy), gh_attest_kind("tpm"), &q.policy, NULL),
				 GH_OK);
	return attested("tpm", &q, bad, cap);
}

static void a_quote(void **state)
{
	static const uint32_t pcrs[] = { 0, 0x800000, 0xff00, 0xffffff, 0x15 };
	uint8_t data[GH_MAKE_DATA];
	char bad[300];
	(void)state;
	memset(data, 0x42, sizeof data);
	for (size_t i = 0; i < sizeof pcrs / sizeof pcrs[0]; i++) {
		gh_auto_arena a = { .max = GH_MAKE_ARENA };
		struct gh_make_result m;
		struct gh_err err = { 0 };
		char why[GH_ERR_TEXT * GH_ERR_LINKS];
		const struct gh_make_where w = { .tcti = tpm.tcti, .pcrs = pcrs[i], .log = "" };
		if (gh_make_tpm.make(&w, data, &a, &m, &err) != GH_OK)
			fail_msg("%s", gh_err_line(&err, why, sizeof why));
		assert_string_equal(m.kind, "tpm");
		assert_int_equal(m.nendorsement, 3);
		if (appraise(&m, NULL, bad, sizeof bad) != GH_ATTEST_ACCEPTED)
			fail_msg("row %zu: %s", i, bad);
		assert_int_equal(appraise(&m, "require_hardware: true\n", bad, sizeof bad), GH_ATTEST_REJECTED);
		assert_string_equal(bad, "hardware");
		assert_int_equal(appraise(&m, "ak_name: [000b00]\n", bad, sizeof bad), GH_ATTEST_REJECTED);
		assert_string_equal(bad, "ak_name");
		data[0]++; /* another question */
		struct gh_make_result other;
		assert_int_equal(gh_make_tpm.make(&w, data, &a, &other, &err), GH_OK);
		m.bound = other.bound;
		assert_int_equal(appraise(&m, NULL, bad, sizeof bad), GH_ATTEST_REJECTED);
		assert_string_equal(bad, "nonce");
		assert_true(
			gh_span_eq(m.endorsement[0].bytes, other.endorsement[0].bytes)); /* the same key each time */
	}
}

/* What is measured shows: the register is another, and the old values are not those of the new quote. */
static void measuring_shows(void **state)
{
	const char *const extend[] = { "tpm2_pcrextend", "-T", tpm.tcti,
				       "11:sha256=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
				       NULL };
	const struct gh_make_where w = { .tcti = tpm.tcti, .pcrs = 1 << 11, .log = "" };
	uint8_t data[GH_MAKE_DATA] = { 1 };
	gh_auto_arena a = { .max = GH_MAKE_ARENA };
	struct gh_make_result before, after;
	char bad[300];
	(void)state;
	assert_int_equal(gh_make_tpm.make(&w, data, &a, &before, NULL), GH_OK);
	assert_true(swtpm_run(extend));
	assert_int_equal(gh_make_tpm.make(&w, data, &a, &after, NULL), GH_OK);
	assert_false(gh_span_eq(before.endorsement[2].bytes, after.endorsement[2].bytes));
	after.endorsement[2] = before.endorsement[2];
	assert_int_equal(appraise(&after, NULL, bad, sizeof bad), GH_ATTEST_REJECTED);
	assert_string_equal(bad, "pcr_values");
}

static void no_tpm(void **state)
{
	const struct gh_make_where w = { .tcti = "device:/tmp/gh-there-is-no-tpm" }, odd = { .pcrs = 1u << 24 };
	uint8_t data[GH_MAKE_DATA] = { 0 };
	gh_auto_arena a = { .max = GH_MAKE_ARENA };
	struct gh_make_result m;
	(void)state;
	assert_int_equal(gh_make_tpm.make(&w, data, &a, &m, NULL), GH_E_ABSENT);
	assert_int_equal(gh_make_tpm.make(&odd, data, &a, &m, NULL), GH_E_BUG);
	assert_ptr_equal(gh_maker("tsm"), &gh_make_tsm);
	assert_null(gh_maker("paper"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recorded_snp_guest),
		cmocka_unit_test(a_td_guest),
		cmocka_unit_test(hosts_that_do_not_answer_for_this),
		cmocka_unit_test(no_configfs),
		cmocka_unit_test(no_tpm),
	};
	const struct CMUnitTest with_tpm[] = { cmocka_unit_test(a_quote), cmocka_unit_test(measuring_shows) };
	int failed = cmocka_run_group_tests_name("makers", tests, NULL, NULL);
	char dir[] = "/tmp/gh-makers-XXXXXX";
	if (mkdtemp(dir) == NULL)
		return 1;
	if (swtpm_there() && swtpm_start(&tpm, dir))
		failed += cmocka_run_group_tests_name("makers_tpm", with_tpm, NULL, NULL);
	else
		puts("skipped: swtpm or tpm2-tools is not installed, or swtpm does not start");
	swtpm_stop(&tpm);
	const char *const rm[] = { "rm", "-rf", dir, NULL };
	(void)swtpm_run(rm);
	return failed;
}
