/* Any records from the worker that verifies signatures: what is taken of them is whole, in bounds and safe to print, and no
 * sequence of them makes a signature valid whose checks did not all pass. Each record of the input is a byte of kind, two bytes
 * of numbers, two bytes of length, and so many bytes of text. */
#include "scan/verify/hear.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void printable(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			abort();
}

static void check(const struct gh_verify_hear *h)
{
	const struct gh_verify_report *r = h->r;
	for (unsigned i = 0; i < GH_VERIFY_TEXTS; i++)
		printable(r->text[i]);
	for (unsigned i = 0; i < GH_VC_CHECKS; i++) {
		if (r->checks.v[i].outcome >= GH_VC_OUTCOMES)
			abort();
		printable(r->checks.v[i].detail);
	}
	if (r->ntimes > GH_VERIFY_TIMES || h->model.n > h->want || h->model.nignore > h->want_ignore)
		abort();
	for (size_t i = 0; i < h->model.n; i++)
		if (!gh_span_is(h->model.resource[i].name, ".") && gh_oms_name_wrong(h->model.resource[i].name) != NULL)
			abort();
	/* Files were not compared: nothing is valid yet. */
	if (gh_verify_verdict(&r->checks, GH_VM_KEY, true, false) == GH_VERIFY_VALID)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint64_t numbers[] = { 0, 1, 2, 3, 10, 64, UINT64_MAX, (uint64_t)1 << 40 };
	struct gh_verify_report *r = calloc(1, sizeof *r);
	if (r == NULL)
		abort();
	r->arena.max = (size_t)64 << 20;
	for (unsigned i = 0; i < GH_VERIFY_TEXTS; i++)
		r->text[i] = "";
	const struct gh_verify_options opt = { .model = "." };
	struct gh_verify_hear h = { .opt = &opt, .r = r };
	struct gh_rd in = gh_rd((struct gh_span){ data, n });
	while (gh_rd_left(&in) >= 5) {
		uint64_t a[GH_TOOL_NUMBERS];
		uint32_t kind = gh_rd_u8(&in);
		uint8_t first = gh_rd_u8(&in), more = gh_rd_u8(&in);
		uint64_t len = gh_rd_u16le(&in);
		struct gh_span text = gh_rd_take(&in, len < gh_rd_left(&in) ? len : gh_rd_left(&in));
		for (size_t i = 0; i < GH_TOOL_NUMBERS; i++)
			a[i] = numbers[((more >> i % 8) + i) % 8];
		a[0] = first;
		const struct gh_tool_record rec = { kind, a, { text.p == NULL ? data : text.p, text.n } };
		if (gh_verify_on_record(&h, &rec) != NULL)
			break;
	}
	check(&h);
	gh_arena_free(&r->arena);
	free(r);
	return 0;
}
