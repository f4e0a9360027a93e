/* Quotes of TPM 2.0, alone and inside of Azure's evidence, and the logs that explain them. */
#include "support/cm.h"

#include "attest/eventlog.h"
#include "support/attested.h"

#include <string.h>

/* ---- logs ------------------------------------------------------------------------------------------------------------------- */
static const struct {
	const char *file;
	unsigned events; /* that extend; 0: only that it is read to its end */
} logs[] = {
	{ "eventlog/tpm/arch-linux-workstation.bin", 0 },
	{ "eventlog/tpm/cos-101-amd-sev.bin", 0 },
	{ "eventlog/tpm/cos-85-amd-sev.bin", 0 },
	{ "eventlog/tpm/cos-93-amd-sev.bin", 0 },
	{ "eventlog/tpm/debian-10.bin", 0 },
	{ "eventlog/tpm/glinux-alex.bin", 0 },
	{ "eventlog/tpm/rhel8-uefi.bin", 0 },
	{ "eventlog/tpm/ubuntu-1804-amd-sev.bin", 0 },
	{ "eventlog/tpm/ubuntu-2104-no-dbx.bin", 0 },
	{ "eventlog/tpm/ubuntu-2104-no-secure-boot.bin", 0 },
	{ "eventlog/ccel/CCEL_unpadded.data.bin", 19 },
	{ "eventlog/ccel/cos-113-intel-tdx-dupe-separator-unpadded.bin", 43 },
	{ "eventlog/ccel/cos-113-intel-tdx-dupe-separator.bin", 43 },
	{ "eventlog/ccel/event_log.bin", 27 },
	{ "dcap/gcp_cos113_ccel_data.dat", 43 },
	{ "dcap/trustee_CCEL_data", 5 },
	{ "dcap/trustee_CCEL_data_ovmf", 20 },
	{ "tpm/swtpm_guest_tis-ovmf/eventlog", 24 },
	{ "tpm/swtpm_guest_tis-seabios/eventlog", 13 },
};

static void logs_are_read_to_the_end(void **state)
{
	static struct gh_eventlog l;
	(void)state;
	for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
		struct attested_file f = attested_load(logs[i].file);
		if (f.p == NULL)
			skip();
		const char *wrong = gh_eventlog_read((struct gh_span){ f.p, f.n }, &l);
		if (wrong != NULL)
			fail_msg("%s: %s", logs[i].file, wrong);
		if (!gh_eventlog_is((struct gh_span){ f.p, f.n }))
			fail_msg("%s: not recognised", logs[i].file);
		if (logs[i].events != 0 && l.nevents != logs[i].events)
			fail_msg("%s: %u events", logs[i].file, l.nevents);
		/* One byte less than the last record is no log any more. */
		if (l.padding == 0)
			assert_non_null(gh_eventlog_read((struct gh_span){ f.p, f.n - 1 }, &l));
		free(f.p);
	}
	struct attested_file table = attested_load("eventlog/ccel/CCEL.bin");
	assert_non_null(gh_eventlog_read((struct gh_span){ table.p, table.n }, &l));
	free(table.p);
}

/* RTMR0 to RTMR3 stand at 48 + 328 of the quote. */
static void ccel_leads_to_the_rtmrs(void **state)
{
	static struct gh_eventlog l;
	struct attested_file log = attested_load("dcap/gcp_cos113_ccel_data.dat");
	struct attested_file quote = attested_load("dcap/gcp_cos113_cos-113-tdx-quote.dat");
	(void)state;
	if (log.p == NULL || quote.p == NULL)
		skip();
	assert_null(gh_eventlog_read((struct gh_span){ log.p, log.n }, &l));
	for (unsigned i = 0; i < 4; i++)
		assert_memory_equal(gh_eventlog_pcr(&l, GH_TPM_SHA384, i + 1).p, quote.p + 48 + 328 + 48 * i, 48);
	free(log.p);
	free(quote.p);
}

/* ---- quotes ----------------------------------------------------------------------------------------------------------------- */
enum { KEY, SIG, PCRS, LOG, FILES };
struct machine {
	const char *dir, *key;
	const char *nonce;
	bool has_log;
};
static const struct machine machines[] = {
	{ "tpm/swtpm_guest_tis-ovmf/", "ak.pub", "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff",
	  true },
	{ "tpm/swtpm_guest_tis-seabios/", "ak.pub", "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff",
	  true },
	{ "tpm/swtpm_host/", "ak.pem", "\xaa\xbb\xcc\xdd", false },
};

static struct attested_file of(const struct machine *m, const char *name)
{
	char path[200];
	(void)snprintf(path, sizeof path, "%s%s", m->dir, name);
	return attested_load(path);
}

static void refused(const struct gh_attest_question *q, const char *what, size_t at)
{
	char bad[300];
	if (attested("tpm", q, bad, sizeof bad) == GH_ATTEST_ACCEPTED)
		fail_msg("%s: byte %zu", what, at);
}

static void quotes(void **state)
{
	(void)state;
	for (size_t m = 0; m < sizeof machines / sizeof machines[0]; m++) {
		const struct machine *w = &machines[m];
		struct attested_file quote = of(w, "q.msg");
		if (quote.p == NULL)
			skip();
		struct attested_file f[FILES] = { of(w, w->key), of(w, "q.sig"), of(w, "q.pcrs"),
						  w->has_log ? of(w, "eventlog") : (struct attested_file){ 0 } };
		struct gh_attest_file e[FILES];
		for (size_t i = 0; i < FILES; i++)
			e[i] = (struct gh_attest_file){ GH_SPAN("x"), { f[i].p, f[i].n } };
		struct gh_attest_question q = { .evidence = { quote.p, quote.n },
						.endorsement = e,
						.nendorsement = w->has_log ? 4 : 3,
						.nonce = { (const uint8_t *)w->nonce, w->has_log ? 16 : 4 } };
		char bad[300];
		if (attested("tpm", &q, bad, sizeof bad) != GH_ATTEST_ACCEPTED)
			fail_msg("%s: %s", w->dir, bad);
		for (size_t i = 0; i < quote.n; i++) {
			quote.p[i] ^= (uint8_t)(1u << i % 8);
			refused(&q, "a bit of the quote can be changed", i);
			quote.p[i] ^= (uint8_t)(1u << i % 8);
		}
		for (q.evidence.n = 0; q.evidence.n < quote.n; q.evidence.n++)
			refused(&q, "a part of the quote is enough", q.evidence.n);
		for (size_t i = 0; i < f[SIG].n; i++) {
			f[SIG].p[i] ^= (uint8_t)(1u << i % 8);
			refused(&q, "a bit of the signature can be changed", i);
			f[SIG].p[i] ^= (uint8_t)(1u << i % 8);
		}
		for (size_t i = 0; w->has_log && i < f[LOG].n; i++) { /* what extends a register, at least */
			f[LOG].p[i] ^= 1;
			(void)attested("tpm", &q, bad, sizeof bad);
			f[LOG].p[i] ^= 1;
		}
		q.nonce.n--;
		assert_int_equal(attested("tpm", &q, bad, sizeof bad), GH_ATTEST_REJECTED);
		assert_string_equal(bad, "nonce");
		q.nonce.n = 0;
		q.endorsement = e + 1; /* without the key */
		q.nendorsement--;
		assert_int_equal(attested("tpm", &q, bad, sizeof bad), GH_ATTEST_INCOMPLETE);
		assert_string_equal(bad, "attestation_key");
		for (size_t i = 0; i < FILES; i++)
			free(f[i].p);
		free(quote.p);
	}
}

/* A key that comes with the evidence is nobody's. */
static void own_key(void **state)
{
	struct attested_file f = attested_load("tpm/trustee_tpm_evidence.json");
	char bad[300];
	(void)state;
	if (f.p == NULL)
		skip();
	const struct gh_attest_question q = { .evidence = { f.p, f.n } };
	assert_int_equal(attested("tpm", &q, bad, sizeof bad), GH_ATTEST_REJECTED);
	assert_non_null(strstr(bad, "attestation_key"));
	free(f.p);
}

/* ---- Azure ------------------------------------------------------------------------------------------------------------------ */
static void azure(void **state)
{
	static const char *const good[] = { "v0", "v1", "v2", "genoa" };
	char name[80], bad[400];
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		(void)snprintf(name, sizeof name, "azure-snp-vtpm/evidence-%s.json", good[i]);
		struct attested_file f = attested_load(name);
		if (f.p == NULL)
			skip();
		struct gh_attest_question q = { .evidence = { f.p, f.n }, .at = attested_time("2025-02-01T00:00:00Z") };
		if (attested("azure", &q, bad, sizeof bad) != GH_ATTEST_ACCEPTED)
			fail_msg("%s: %s", name, bad);
		q.nonce = GH_SPAN("challenge");
		if (i < 2 && attested("azure", &q, bad, sizeof bad) != GH_ATTEST_ACCEPTED)
			fail_msg("%s: %s", name, bad);
		q.nonce = GH_SPAN("Challenge");
		assert_int_equal(attested("azure", &q, bad, sizeof bad), GH_ATTEST_REJECTED);
		assert_string_equal(bad, "nonce");
		q.nonce.n = 0;
		q.at = attested_time("2040-01-01T00:00:00Z");
		assert_int_equal(attested("azure", &q, bad, sizeof bad), GH_ATTEST_REJECTED);
		assert_string_equal(bad, "snp.validity snp.complete");
		free(f.p);
	}
}

/* In the text of the evidence only two things are under no signature: the version's digit, which says how the rest is spelt and
 * comes to the same, and registers that were not quoted, which are not looked at. */
static void azure_bits(void **state)
{
	struct attested_file f = attested_load("azure-snp-vtpm/evidence-v1.json");
	char bad[400];
	(void)state;
	if (f.p == NULL)
		skip();
	struct gh_attest_question q = { .evidence = { f.p, f.n }, .at = attested_time("2025-02-01T00:00:00Z") };
	q.cache = gh_attest_cache_new();
	const char *text = (const char *)f.p;
	f.p[f.n] = 0;
	size_t pcrs = (size_t)(strstr(text, "\"pcrs\"") - text), version = (size_t)(strstr(text, "\"version\"") - text);
	size_t end = (size_t)(strchr(text + pcrs, ']') - text);
	for (size_t i = 0; i < f.n; i++) {
		if (i > pcrs + 7 && i < end)
			continue;
		f.p[i] ^= 1;
		bool taken = attested("azure", &q, bad, sizeof bad) == GH_ATTEST_ACCEPTED;
		f.p[i] ^= 1;
		bool white = f.p[i] == ' ' || f.p[i] == '\n' || f.p[i] == '\t';
		if (taken && !white && !(i > version + 9 && i < version + 13))
			fail_msg("a bit of byte %zu can be changed: %.20s", i, text + i);
	}
	for (size_t n = 0; n < f.n; n += 7) {
		q.evidence.n = n;
		char *tail = strchr(text + n, '}');
		if (tail != NULL && attested("azure", &q, bad, sizeof bad) == GH_ATTEST_ACCEPTED)
			fail_msg("%zu bytes are enough", n);
	}
	gh_attest_cache_free(q.cache);
	free(f.p);
}

static void azure_tdx(void **state)
{
	struct attested_file f = attested_load("azure-tdx-vtpm/evidence-v1.json");
	char bad[600];
	(void)state;
	if (f.p == NULL)
		skip();
	/* No collateral in the set, SEPT_VE_DISABLE is 0: never accepted by default; what Azure adds is sound. */
	const struct gh_attest_question q = { .evidence = { f.p, f.n }, .at = attested_time("2025-02-01T00:00:00Z") };
	assert_int_not_equal(attested("azure", &q, bad, sizeof bad), GH_ATTEST_ACCEPTED);
	assert_null(strstr(bad, "binding"));
	assert_null(strstr(bad, "quote_signature"));
	assert_non_null(strstr(bad, "tdx."));
	free(f.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logs_are_read_to_the_end),
		cmocka_unit_test(ccel_leads_to_the_rtmrs),
		cmocka_unit_test(quotes),
		cmocka_unit_test(own_key),
		cmocka_unit_test(azure),
		cmocka_unit_test(azure_bits),
		cmocka_unit_test(azure_tdx),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
