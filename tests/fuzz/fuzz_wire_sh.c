/* The shell reader with every value tracked: any bytes end within the budget, values stay within their texts. */
#include "wire/sh.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

static volatile uint8_t sink;

static void touch(struct gh_span s)
{
	if (s.n > GH_SH_VALUE + 64)
		abort();
	for (size_t i = 0; i < s.n; i += 61)
		sink ^= s.p[i];
}

static void on_command(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	for (size_t i = 0; i < c->n; i++)
		touch(c->word[i].text);
	for (size_t i = 0; i < c->nredir; i++)
		touch(c->redir[i].to.text);
	if (c->fed)
		touch(c->in.text);
	gh_sh_default(sh, c);
}

static void on_write(struct gh_sh *sh, const struct gh_sh_cmd *c, struct gh_sh_val file, struct gh_sh_val what)
{
	(void)sh, (void)c;
	touch(file.text);
	touch(what.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	gh_auto_arena arena = { .max = 16 << 20 };
	struct gh_sh sh = { .arena = &arena, .command = on_command, .wrote = on_write, .max_steps = 200000 };
	enum gh_rc rc = gh_sh_run(&sh, (struct gh_span){ d, n });
	if ((rc == GH_OK) == sh.limit)
		abort();
	return 0;
}
