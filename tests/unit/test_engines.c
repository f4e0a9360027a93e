/* Engine profiles, what programs need to be loaded, and the measured list. */
#include "support/cm.h"

#include "os/jail_serve.h"
#include "runtime/engines.h"
#include "runtime/stub/stub.h"
#include "wire/elfneed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct gh_arena arena = { .max = 16 << 20 };

static void test_shipped(void **state)
{
	struct gh_err err = { 0 };
	(void)state;
	size_t n = 0;
	for (; gh_engine_name_at(n) != NULL; n++) {
		struct gh_engine_profile p;
		struct sock_filter ins[GH_JAIL_FILTER_MAX];
		struct sock_fprog f;
		if (gh_engine_named(&arena, gh_engine_name_at(n), &p, &err) != GH_OK)
			fail_msg("%s: %s", gh_engine_name_at(n), err.text[0]);
		assert_true(p.about != NULL && p.nargv > 1 && p.ready != NULL && p.memory != 0 && p.processes != 0);
		assert_true(
			gh_serve_filter(&(struct gh_serve_filter){ p.syscalls, p.socket == GH_ENGINE_BIND }, ins, &f));
	}
	assert_int_equal(n, 4);
	struct gh_engine_profile p;
	assert_int_equal(gh_engine_named(&arena, "nosuch", &p, &err), GH_E_ABSENT);
	assert_non_null(strstr(err.text[0], "llama, llama-server, vllm, ollama"));
}

#define REST \
	"about: x\nprogram: /bin/x\nlibraries: find\nsyscalls: engine\nsocket: inherit\nmodel: descriptor\nready: " \
	"/health\n" \
	"ready_seconds: 5\nmemory_mib: 10\ndisk_mib: 1\nprocesses: 4\n"

static void test_profiles(void **state)
{
	static const struct {
		const char *text, *why; /* NULL: it is one */
	} rows[] = {
		{ REST "command: [/bin/x, '{model}']\n", NULL },
		{ REST "command: [/bin/x]\nfiles: [/a, '?/b -> /c', '{engine}/d/* -> /e']\ntrees: [/t]\n", NULL },
		{ REST "command: [/bin/x]\ndirectory: /opt/x\n", NULL },
		{ REST "command: [/bin/x]\ndirectory: x\n", "no absolute path" },
		{ REST, "missing: command" },
		{ REST "command: []\n", "first word of command" },
		{ REST "command: [x]\n", "first word of command" },
		{ REST "command: [/bin/x]\nabout: y\n", "said twice: about" },
		{ REST "command: [/bin/x]\nshell: y\n", "no such key: shell" },
		{ REST "command: /bin/x\n", "expected a list for: command" },
		{ REST "command: [[/bin/x]]\n", "expected texts in: command" },
		{ REST "command: [/bin/x]\nenvironment: [A]\n", "expected NAME=VALUE" },
		{ REST "command: [/bin/x]\nfiles: [a]\n", "no absolute path" },
		{ REST "command: [/bin/x]\nfiles: [/a/../b]\n", "no absolute path" },
		{ REST "command: [/bin/x]\nfiles: ['/a -> b']\n", "no absolute path" },
		{ REST "command: [\"/bin/x\\n\"]\n", "control character" },
		{ "[]", "expected one mapping" },
		{ "a: b\n---\nc: d\n", "no such key" },
		{ "about: x\nsyscalls: all\n", "no such list of system calls" },
		{ "socket: tcp\n", "expected inherit or bind" },
		{ "model: path\n", "expected descriptor or directory" },
		{ "memory_mib: 0\n", "out of range" },
		{ "memory_mib: -1\n", "expected a whole number" },
		{ "memory_mib: 99999999999999999999\n", "expected a whole number" },
		{ "ready: http://x\n", "expected a path" },
		{ "about: {a: b}\n", "expected a plain value" },
		{ "about: !!python/object x\n", "expected a text" },
		{ "\"", "line 1" },
	};
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_err err = { 0 };
		struct gh_engine_profile p;
		enum gh_rc rc = gh_engine_read(&arena, "test", gh_span_str(rows[i].text), &p, &err);
		if (rows[i].why == NULL ? rc != GH_OK
					: rc != GH_E_MALFORMED || strstr(err.text[0], rows[i].why) == NULL)
			fail_msg("row %zu: %d %s", i, rc, err.text[0]);
	}
}

/* ---- what programs need ----------------------------------------------------------------------------------------------------- */

static struct gh_span load(const char *path)
{
	static uint8_t *bytes;
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	free(bytes);
	bytes = malloc(256 << 20);
	assert_non_null(bytes);
	size_t n = fread(bytes, 1, 256 << 20, f);
	(void)fclose(f);
	return (struct gh_span){ bytes, n };
}

static void test_elf(void **state)
{
	struct gh_elf_need need;
	bool libc = false;
	(void)state;
	struct gh_span s = load("/proc/self/exe");
	assert_true(gh_elf_need(s, &need));
	assert_true(gh_span_starts(need.interpreter, "/lib"));
	for (size_t i = 0; i < need.nneeded; i++)
		libc = libc || gh_span_starts(need.needed[i], "libc.so.");
	assert_true(libc);
	/* cut at any length it is an answer, and what is named lies inside */
	for (size_t n = 0; n < 70000 && n < s.n; n += n < 4096 ? 1 : 997) {
		struct gh_span cut = { malloc(n + 1), n };
		assert_non_null(cut.p);
		memcpy((uint8_t *)(uintptr_t)cut.p, s.p, n);
		if (gh_elf_need(cut, &need))
			for (size_t i = 0; i < need.nneeded; i++)
				assert_true(need.needed[i].p >= cut.p &&
					    need.needed[i].p + need.needed[i].n < cut.p + n);
		free((void *)(uintptr_t)cut.p);
	}
	assert_false(gh_elf_need(GH_SPAN("#!/bin/sh\n"), &need));
	assert_false(gh_elf_need((struct gh_span){ 0 }, &need));
}

/* ---- the list ------------------------------------------------------------------------------------------------------------------ */

static void test_measured(void **state)
{
	const struct gh_part parts[] = { { GH_PART_CONFIG, "llama", { 3 }, 7 },
					 { GH_PART_LIBRARY, "/lib/b.so", { 2 }, 5 },
					 { GH_PART_LIBRARY, "/lib/a.so", { 1 }, 4 },
					 { GH_PART_STUB, "gatehouse-stub", { 9 }, 1 } };
	struct gh_part again[4], bad[4];
	struct gh_measurement m, o;
	struct gh_err err = { 0 };
	gh_auto_buf text = gh_buf(10000), why = gh_buf(1000);
	(void)state;
	assert_int_equal(gh_measure(&arena, parts, 4, &m, &err), GH_OK);
	gh_measure_text(&m, &text);
	assert_memory_equal(gh_buf_cstr(&text), "gatehouse measurement v1\nstub 09000000", 38);
	const char *a = strstr(gh_buf_cstr(&text), " 4 /lib/a.so\nlibrary "),
		   *b = strstr(gh_buf_cstr(&text), " 5 /lib/b.so\nconfig ");
	assert_true(a != NULL && b != NULL && a < b);
	for (size_t i = 0; i < 4; i++)
		again[i] = parts[3 - i];
	assert_int_equal(gh_measure(&arena, again, 4, &o, &err), GH_OK);
	assert_memory_equal(m.digest, o.digest, 32); /* the order of what comes in does not count */
	assert_false(gh_measure_differ(&m, &o, &why));
	again[2].sha256[31] = 1;
	again[0].name = "gatehouse-other";
	assert_int_equal(gh_measure(&arena, again, 4, &o, &err), GH_OK);
	assert_memory_not_equal(m.digest, o.digest, 32);
	assert_true(gh_measure_differ(&m, &o, &why));
	assert_string_equal(gh_buf_cstr(&why), "stub gatehouse-stub is not there; library /lib/b.so is another one; "
					       "stub gatehouse-other is new");
	memcpy(bad, parts, sizeof bad);
	bad[1].name = "/lib/a.so";
	assert_int_equal(gh_measure(&arena, bad, 4, &o, &err), GH_E_MALFORMED);
	bad[1].name = "/lib/a b.so";
	assert_int_equal(gh_measure(&arena, bad, 4, &o, &err), GH_E_MALFORMED);
	bad[1].name = "/lib/a\nstub";
	assert_int_equal(gh_measure(&arena, bad, 4, &o, &err), GH_E_MALFORMED);
}

/* ---- words ------------------------------------------------------------------------------------------------------------------ */

static void test_words(void **state)
{
	struct gh_stub_input in[2] = { { .file.name = "m.gguf" }, { .file.name = "a/b.bin" } };
	struct gh_stub_told t = { .input = in, .ninput = 2 };
	char out[64];
	static const struct {
		enum gh_stub_model model;
		const char *word, *want; /* NULL: refused */
	} rows[] = {
		{ GH_STUB_DESCRIPTOR, "--model={model}", "--model=/proc/self/fd/10" },
		{ GH_STUB_DESCRIPTOR, "{file:a/b.bin}", "/proc/self/fd/11" },
		{ GH_STUB_DIRECTORY, "{model}", "/model" },
		{ GH_STUB_DIRECTORY, "x{file:a/b.bin}y",
		  "x/model/a/b.bin"
		  "y" },
		{ GH_STUB_DIRECTORY, "{file:none}", NULL },
		{ GH_STUB_DIRECTORY, "{other}", NULL },
		{ GH_STUB_DIRECTORY, "{open", "{open" },
		{ GH_STUB_DIRECTORY, "", "" },
		{ GH_STUB_DIRECTORY, "0123456789012345678901234567890123456789012345678901234567890123", NULL },
	};
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		t.start.model = rows[i].model;
		bool ok = gh_stub_word_fill(&t, rows[i].word, out, sizeof out);
		assert_int_equal(ok, rows[i].want != NULL);
		if (ok)
			assert_string_equal(out, rows[i].want);
	}
	gh_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shipped),	 cmocka_unit_test(test_profiles), cmocka_unit_test(test_elf),
		cmocka_unit_test(test_measured), cmocka_unit_test(test_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
