/* The checks that search texts, over any bytes: in one piece, and in blocks whose length the first byte says. Both ways must
 * come to the same hosts, credentials and hidden messages; here it is enough that neither reads past an end. */
#include <stdlib.h>

#include "check/checks.h"

static void find(struct gh_scene *s, const struct gh_rule *rule, struct gh_range at, const char *text)
{
	(void)s;
	(void)at;
	if (rule->id == NULL || text == NULL)
		abort();
}

static void run(const struct gh_check *c, struct gh_span in, size_t block, const char *format)
{
	struct gh_arena arena = { .max = 8 << 20 };
	void *state = NULL, *common = NULL;
	struct gh_scene s = { .format = format,
			      .name = c == &gh_check_cells ? GH_SPAN("a.csv") : GH_SPAN("README.md"),
			      .arena = &arena,
			      .state = &state,
			      .common = &common,
			      .find = find };
	for (size_t off = 0; off < in.n; off += block) {
		/* A block of its own, so that reading past it is seen. */
		struct gh_span b = gh_span_cut(in, off, block);
		uint8_t *copy = malloc(b.n);
		if (copy == NULL)
			abort();
		memcpy(copy, b.p, b.n);
		c->bytes(&s, (struct gh_span){ copy, b.n }, off, off + b.n == in.n);
		free(copy);
	}
	struct gh_text t = { .role = "metadata", .key = gh_span_cut(in, 0, 9), .text = in };
	struct gh_event ev = { .kind = GH_EV_TEXT, .at = { 0, in.n }, .u.text = &t };
	if (c->on != NULL)
		c->on(&s, &ev);
	if (c->end != NULL)
		c->end(&s);
	gh_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct gh_check *const checks[] = { &gh_check_secrets, &gh_check_network, &gh_check_injection,
							 &gh_check_licences, &gh_check_cells };
	if (size < 2)
		return 0;
	struct gh_span in = { data + 1, size - 1 };
	for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
		run(checks[i], in, in.n, "text");
		run(checks[i], in, 1 + (size_t)data[0] * 37, "json");
	}
	return 0;
}
