/* What a jailed program hands to its watcher: words on descriptor 3, paths, addresses, packets, command lines. Whatever comes
 * out is bounded, and safe to print. */
#include "runtime/calls.h"
#include "runtime/command.h"
#include "runtime/events.h"
#include "runtime/say.h"

#include <stdlib.h>

static void safe(const char *s)
{
	for (; s != NULL && *s != '\0'; s++)
		if ((uint8_t)*s < 0x20 || *s == 0x7f)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	gh_auto_arena a = { .max = 4 << 20 };
	gh_auto_buf b = gh_buf(4096), c = gh_buf(4096), d = gh_buf(4096), t = gh_buf(4096);
	struct gh_said s;
	gh_said_read(&s, (struct gh_span){ p, n }, "w", &a);
	safe(s.version);
	safe(s.failed);
	for (size_t i = 0; i < s.nexercised; i++)
		safe(s.exercised[i]);
	for (size_t i = 0; i < s.nnot_exercised; i++)
		safe(s.not_exercised[i]);
	for (const char *m = s.modules; *m != '\0'; m++)
		if (strchr("\n._", *m) == NULL && !((*m | 32) >= 'a' && (*m | 32) <= 'z') && !(*m >= '0' && *m <= '9'))
			abort();
	gh_said_tail(&t, (struct gh_span){ p, n });
	safe(gh_buf_cstr(&t));
	(void)gh_address_text(&b, p, n);
	safe(gh_buf_cstr(&b));
	(void)gh_dns_name(&c, p, n);
	safe(gh_buf_cstr(&c));
	struct gh_span text = gh_keep(&a, (struct gh_span){ p, n });
	char plain[256];
	size_t words;
	if (text.p == NULL)
		return 0;
	if (gh_path_plain("/model/x", (const char *)text.p, plain, sizeof plain)) {
		if (plain[0] != '/' || strstr(plain, "/../") != NULL || strstr(plain, "//") != NULL)
			abort();
		(void)gh_path_read(plain, NULL, 0, 2);
		if (gh_path_scratch(plain) && gh_path_read(plain, NULL, 0, 2) == GH_PATH_SECRET &&
		    strncmp(plain, "/tmp/", 5) != 0 && strncmp(plain, "/dev/shm/", 9) != 0)
			abort();
	}
	const char **v = gh_command_split(&a, (const char *)text.p, 16, &words);
	if (v != NULL) {
		gh_command_text(&d, v, words);
		safe(gh_buf_cstr(&d));
		(void)gh_command_fill(&a, v[0], "/model/x");
	}
	struct gh_events e = { .arena = &a }, o = { .arena = &a };
	gh_event_add(&e, GH_DET_EXEC, gh_buf_cstr(&t));
	gh_event_add(&o, GH_DET_EXEC, gh_buf_cstr(&t));
	gh_events_subtract(&e, &o);
	if (e.n != 0 && strstr(gh_buf_cstr(&t), "/tmp/..") == NULL)
		abort();
	return 0;
}
