/* Any records from a disarm worker: what is taken of them is complete and safe to print. Each record of the input is a byte
 * of kind, a byte of outcome, a byte that chooses its numbers, a byte of length, and so many bytes of text. */
#include "scan/disarm/hear.h"
#include "scan/disarm/side.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void printable(const char *s)
{
	if (s == NULL)
		__builtin_trap();
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			__builtin_trap();
}

static void check(const struct gh_disarm_hearing *h)
{
	const struct gh_disarm_file *f = h->f;
	uint64_t all = 0;
	for (int i = 0; i < GH_DIS_ACTS; i++)
		all += f->count[i];
	if (all < f->nnote)
		__builtin_trap();
	for (size_t i = 0; i < f->nnote; i++) {
		if (f->note[i].act >= GH_DIS_ACTS)
			__builtin_trap();
		printable(f->note[i].what);
		printable(f->note[i].path);
		printable(f->note[i].text);
	}
	if (!h->result)
		return;
	if (h->outcome >= GH_DIS_OUTCOMES || h->bytes > INT64_MAX)
		__builtin_trap();
	printable(f->format);
	printable(f->why);
	if (f->written != NULL)
		printable(f->written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint64_t numbers[] = { 0, 1, 4096, INT64_MAX, UINT64_MAX, (uint64_t)1 << 32, 255, 4 << 20 };
	gh_auto_arena arena = { .max = 256 << 10 };
	struct gh_disarm_file f = { 0 };
	struct gh_disarm_hearing h = { .arena = &arena, .f = &f };
	for (size_t at = 0; n - at >= 4;) {
		uint64_t a[GH_TOOL_NUMBERS];
		const uint8_t *p = data + at;
		size_t len = p[3] < n - at - 4 ? p[3] : n - at - 4;
		for (size_t i = 0; i < GH_TOOL_NUMBERS; i++)
			a[i] = numbers[(p[2] + i) % 8];
		a[0] = p[1] == 255 ? a[0] : p[1];
		const struct gh_tool_record r = { p[0], a, { p + 4, len } };
		bool had = h.result;
		const char *wrong = gh_disarm_hear(&h, &r);
		if (had && wrong == NULL)
			__builtin_trap();
		if (wrong != NULL)
			break;
		at += 4 + len;
	}
	check(&h);
	return 0;
}
