/* Templates of any bytes: parsed, rendered without variables, and watched with all variables unknown. An answer each time,
 * within the limits; what is reported lies inside. */
#include <stdlib.h>

#include "wire/jinja/jinja_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

static volatile size_t seen;

static void on_access(void *ctx, const struct gh_jj_node *at, enum gh_jj_access how, struct gh_jv obj,
		      struct gh_jv name)
{
	struct gh_span *all = ctx;
	if (at->off > all->n || at->len > all->n - at->off)
		__builtin_trap();
	if (name.kind == JV_STR || name.kind == JV_UNKNOWN)
		for (size_t i = 0; i < name.s.n; i++)
			seen += name.s.p[i];
	seen += obj.kind + (size_t)how;
}

static void on_value(void *ctx, const struct gh_jj_node *at, struct gh_jv v)
{
	struct gh_span *all = ctx;
	if (at->off > all->n)
		__builtin_trap();
	for (size_t i = 0; (v.kind == JV_STR || v.kind == JV_UNKNOWN) && i < v.s.n; i++)
		seen += v.s.p[i];
}

static void on_only_if(void *ctx, const struct gh_jj_node *at, unsigned flags, struct gh_jv v)
{
	if ((flags & JU_TESTS) == 0 || (flags & ~(unsigned)JU_TESTS) != 0)
		__builtin_trap();
	on_value(ctx, at, v);
}

static void on_rewrites(void *ctx, const struct gh_jj_node *at, struct gh_jv from, struct gh_jv to)
{
	on_value(ctx, at, from);
	on_value(ctx, at, to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct gh_span all = { data, n };
	struct gh_jj_watch watch = { .access = on_access,
				     .output = on_value,
				     .only_if = on_only_if,
				     .rewrites = on_rewrites,
				     .costs = on_value };
	for (int round = 0; round < 2; round++) {
		gh_auto_arena a = { .max = 16 << 20 };
		struct gh_jj_tree t = gh_jj_parse(&a, all, &gh_jj_chat);
		if (t.root == NULL) {
			struct gh_span word;
			bool text;
			uint32_t before = 0;
			struct gh_jj_words w = { 0 };
			if (t.why == NULL || t.off > n)
				__builtin_trap();
			while (gh_jj_word(&a, all, &w, &word, &text) && seen != SIZE_MAX) {
				if (w.at <= before)
					__builtin_trap();
				before = w.at;
			}
			return 0;
		}
		struct gh_jj_run run = { .arena = &a,
					 .max_steps = 20000,
					 .max_out = 1 << 16,
					 .watch = round == 0 ? &watch : NULL,
					 .ctx = &all };
		if (!gh_jj_run(&run, t.root) && run.err == NULL)
			__builtin_trap();
		for (size_t i = 0; i < run.out.n; i++)
			seen += run.out.p[i];
	}
	return 0;
}
