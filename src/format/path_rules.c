#include "format/path_rules.h"

unsigned gh_path_report(struct gh_walk *w, const struct gh_rule *rules, size_t first, uint32_t *seen,
			struct gh_span name, unsigned ignore, uint64_t off, uint64_t len)
{
	unsigned flags = gh_path_flags(name);
	for (unsigned k = 0; k < GH_PATH_FLAGS; k++)
		if ((flags & ~ignore & 1u << k) != 0 && seen[first + k]++ < GH_PATH_SAME)
			gh_anomaly(w, &rules[first + k], off, len, "\"%s\"", gh_safe(name).s);
	return flags;
}
