/* Any set of links, given as lines "name>target" (symbolic) or "name=target" (hard): every way is found in bounded work,
 * and a target that leads out by its letters alone never passes for harmless. */
#include "wire/links.h"
#include "wire/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

enum { LINKS = 64 };

static size_t split(struct gh_span in, struct gh_link *link)
{
	size_t k = 0;
	while (in.n != 0 && k < LINKS) {
		const uint8_t *nl = memchr(in.p, '\n', in.n);
		struct gh_span line = gh_span_cut(in, 0, nl == NULL ? in.n : (size_t)(nl - in.p));
		in = gh_span_cut(in, line.n + 1, in.n);
		size_t at = 0;
		while (at < line.n && line.p[at] != '>' && line.p[at] != '=')
			at++;
		if (at < line.n)
			link[k++] = (struct gh_link){ .name = gh_span_cut(line, 0, at),
						      .target = gh_span_cut(line, at + 1, line.n),
						      .hard = line.p[at] == '=' };
	}
	return k;
}

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	struct gh_link link[LINKS];
	size_t k = split((struct gh_span){ d, n }, link);
	for (int both = 0; both < 2; both++) {
		gh_auto_arena a = { .max = 1 << 20 };
		struct gh_links *l = gh_links(&a, link, k, both != 0, 1 << 20);
		if (l == NULL)
			return 0;
		for (size_t i = 0; i < k; i++) {
			enum gh_links_way way = gh_links_target(l, &link[i]);
			struct gh_span from = link[i].hard ? (struct gh_span){ 0 } : link[i].name;
			bool rooted = link[i].target.n != 0 && link[i].target.p[0] == '/';
			if (rooted && way < GH_LINKS_LOST)
				__builtin_trap();
			/* A single link: nothing else can lead back in. */
			if (both != 0 && k == 1 && gh_path_link_escapes(from, link[i].target) && way < GH_LINKS_LOST)
				__builtin_trap();
			(void)gh_links_member(l, link[i].name);
		}
	}
	return 0;
}
