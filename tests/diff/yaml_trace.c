/* Prints the events of the YAML reader for one file, one per line, for tests/diff/yaml_diff.py to compare with PyYAML's. */
#include <stdio.h>
#include <stdlib.h>

#include "support/events.h"
#include "wire/yaml.h"

static void text(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		printf("%02x", s.p[i]);
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "BAD",	"END", "DOC",	  "DOC_END", "MAP",
					     "MAP_END", "SEQ", "SEQ_END", "SCALAR",  "ALIAS" };
	for (int i = 1; i < argc; i++) {
		struct gh_arena arena = { .max = (size_t)256 << 20 };
		struct gh_span in = gh_test_file(argv[i]);
		struct gh_yaml y;
		printf("FILE %s\n", argv[i]);
		gh_yaml_open(&y, in, &arena);
		do {
			(void)gh_yaml_next(&y);
			printf("%s", names[y.ev]);
			if (y.ev == GH_YAML_SCALAR || y.ev == GH_YAML_ALIAS) {
				putchar(' ');
				text(y.text);
			}
			if (y.tag.n != 0) {
				printf(" tag ");
				text(y.tag);
			}
			if (y.anchor.n != 0) {
				printf(" anchor ");
				text(y.anchor);
			}
			if (y.ev == GH_YAML_BAD)
				printf(" %llu %s", (unsigned long long)y.off, y.why);
			putchar('\n');
		} while (y.ev > GH_YAML_END);
		gh_arena_free(&arena);
		free((void *)(uintptr_t)in.p);
	}
	return 0;
}
