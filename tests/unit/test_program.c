/* Programs at the start and inside of bytes; what merely resembles one is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "wire/program.h"

#define ELF64(type, machine, class, phsize, phnum) \
	"\177ELF" class "\1\1\0\0\0\0\0\0\0\0\0" type machine "\1\0\0\0" \
			"\0\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x40\0" phsize phnum \
			"\x40\0\0\0\0\0"
#define PE(machine, magic) \
	"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0\xb8\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" \
	"\0\0\0\0\0\0\0\0\0\0\0\0\x40\0\0\0" \
	"PE\0\0" machine "\3\0\0\0\0\0\0\0\0\0\0\0\0\0\xf0\0\x22\0" magic "\0\0\0\0"
#define MACHO "\xcf\xfa\xed\xfe\7\0\0\1\3\0\0\0\2\0\0\0\x10\0\0\0\x88\5\0\0\x85\0\x20\0\0\0\0\0"
#define FAT "\xca\xfe\xba\xbe\0\0\0\2\1\0\0\7\0\0\0\3\0\0\x10\0\0\0\x20\0\0\0\0\x0c\1\0\0\x0c"

struct row {
	const char *what;
	struct gh_span in;
	const char *name, *machine; /* name NULL: no program */
};

static const struct row rows[] = {
	{ "an ELF program", GH_SPAN(ELF64("\2\0", "\x3e\0", "\2", "\x38\0", "\x0d\0")), "ELF", "x86-64" },
	{ "an ELF library", GH_SPAN(ELF64("\3\0", "\xb7\0", "\2", "\x38\0", "\x0d\0")), "ELF", "aarch64" },
	{ "class byte nonsense: Linux does not look", GH_SPAN(ELF64("\2\0", "\x3e\0", "\x77", "\x38\0", "\1\0")), "ELF",
	  "x86-64" },
	{ "an ELF object", GH_SPAN(ELF64("\1\0", "\x3e\0", "\2", "\0\0", "\0\0")), "ELF", "x86-64" },
	{ "no program headers: damaged, but an ELF file", GH_SPAN(ELF64("\2\0", "\x3e\0", "\2", "\x38\0", "\0\0")),
	  "ELF", "" },
	{ "no such machine: damaged, but an ELF file", GH_SPAN(ELF64("\2\0", "\xff\xee", "\2", "\x38\0", "\1\0")),
	  "ELF", "" },
	{ "an ELF magic and text",
	  GH_SPAN("\177ELF is what such files start with, and then come more fields and more."), NULL, NULL },
	{ "a PE program", GH_SPAN(PE("\x64\x86", "\x0b\x02")), "PE", "x86-64" },
	{ "a 32-bit PE program", GH_SPAN(PE("\x4c\x01", "\x0b\x01")), "PE", "x86" },
	{ "PE with an unknown optional header", GH_SPAN(PE("\x64\x86", "\x0b\x09")), NULL, NULL },
	{ "MZ and text",
	  GH_SPAN("MZ starts the old executable, and what follows here is nothing but plain text in a row"), NULL,
	  NULL },
	{ "Mach-O", GH_SPAN(MACHO), "Mach-O", "x86-64" },
	{ "universal Mach-O", GH_SPAN(FAT "\0\0\0\0\0\0\0\0\0\0"), "universal Mach-O", "x86-64" },
	{ "a Java class",
	  GH_SPAN("\xca\xfe\xba\xbe\0\0\0\x34\0\x1d\x0a\0\6\0\x0f\x09\0\x10\0\x11\x08\0\x12\x0a\0\x13\0\x14\7\0\x15\7\0"
		  "\x16\1\0"),
	  NULL, NULL },
	{ "a shell script", GH_SPAN("#!/bin/sh\ncurl"), "script", "" },
	{ "env, blanks, arguments", GH_SPAN("#! \t/usr/bin/env python3 -u\n"), "script", "" },
	{ "a path that ends with the bytes", GH_SPAN("#!/bin/sh"), "script", "" },
	{ "no absolute path", GH_SPAN("#!python\nimport os"), NULL, NULL },
	{ "a merges file", GH_SPAN("#version: 0.2\n#! !\n"), NULL, NULL },
	{ "an attribute of Rust", GH_SPAN("#![allow(dead_code)]"), NULL, NULL },
	{ "a path with an odd byte", GH_SPAN("#!/bin/\x01\x02"), NULL, NULL },
	{ "nothing", GH_SPAN(""), NULL, NULL },
	{ "one byte", GH_SPAN("\177"), NULL, NULL },
};
enum { NROWS = sizeof rows / sizeof rows[0] };

static void at_the_start(void **state)
{
	(void)state;
	for (size_t i = 0; i < NROWS; i++) {
		struct gh_program p;
		bool is = gh_program_at(rows[i].in, &p);
		if (is != (rows[i].name != NULL))
			fail_msg("%s: %d", rows[i].what, is);
		if (is) {
			assert_string_equal(p.name, rows[i].name);
			assert_string_equal(p.machine, rows[i].machine);
		}
	}
}

/* Every prefix of every row, in memory of exactly that size: nothing is read past the end. */
static void never_past_the_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < NROWS; i++)
		for (size_t n = 0; n < rows[i].in.n; n++) {
			uint8_t *p = malloc(n + 1);
			struct gh_program out[2];
			assert_non_null(p);
			if (n != 0)
				memcpy(p + 1, rows[i].in.p, n);
			(void)gh_program_at((struct gh_span){ p + 1, n }, out);
			assert_true(gh_program_find((struct gh_span){ p + 1, n }, out, 2) <= 1);
			free(p);
		}
}

static void interpreter(void **state)
{
	(void)state;
	struct gh_program p;
	assert_true(gh_program_at(GH_SPAN("#! /usr/bin/env python3\n"), &p));
	assert_true(gh_span_is(p.interpreter, "/usr/bin/env"));
}

/* Each native program, at every alignment within a block of noise. */
static void embedded(void **state)
{
	(void)state;
	enum { N = 100000 };
	uint8_t *block = malloc(N);
	assert_non_null(block);
	uint32_t x = 7;
	for (size_t i = 0; i < NROWS; i++) {
		for (size_t j = 0; j < N; j++)
			block[j] = (uint8_t)((x = x * 1664525u + 1013904223u) >> 24);
		size_t places[] = { 0, 1, 31, 33, 4095, 50003, N - rows[i].in.n };
		size_t want = 0;
		for (size_t k = 0; k < 7; k++)
			if (rows[i].in.n != 0)
				memcpy(block + places[k], rows[i].in.p, rows[i].in.n);
		struct gh_program out[16];
		size_t n = gh_program_find((struct gh_span){ block, N }, out, 16);
		/* a damaged header is enough at the start of a file, not amid weights */
		bool native = rows[i].name != NULL && strcmp(rows[i].name, "script") != 0 && rows[i].machine[0] != '\0';
		/* the first three overlap each other: only the last of them is whole */
		for (size_t k = 0; k < n; k++)
			want += out[k].at == places[3] || out[k].at == places[4] || out[k].at == places[5] ||
				out[k].at == places[6];
		if (want != (native ? 4u : 0u) || (!native && n != 0))
			fail_msg("%s: %zu found", rows[i].what, n);
		if (native) {
			assert_int_equal(gh_program_find((struct gh_span){ block, N }, out, 2), 2);
			assert_string_equal(out[0].name, rows[i].name);
		}
	}
	free(block);
}

static void random_weights_are_silent(void **state)
{
	(void)state;
	enum { N = 64 << 20 };
	uint64_t *p = malloc(N), s = 88172645463325252u;
	assert_non_null(p);
	for (size_t i = 0; i < N / 8; i++) {
		s ^= s << 13;
		s ^= s >> 7;
		s ^= s << 17;
		p[i] = s * 0x2545F4914F6CDD1Du;
	}
	struct gh_program out[4];
	assert_int_equal(gh_program_find((struct gh_span){ (const uint8_t *)p, N }, out, 4), 0);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_the_start),
		cmocka_unit_test(never_past_the_end),
		cmocka_unit_test(interpreter),
		cmocka_unit_test(embedded),
		cmocka_unit_test(random_weights_are_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
