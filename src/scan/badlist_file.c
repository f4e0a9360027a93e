/* Where lists of known bad files come from: see badlist.h. */
#include "scan/badlist.h"

#include "crypto/signed.h"
#include "format/format.h"
#include "scan/advisories.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum gh_rc sealed(struct gh_span file, struct gh_badlist_rows *list, struct gh_err *err)
{
	struct gh_signed s;
	enum gh_rc rc = gh_signed_open_release(file, "known-bad", &s, err);
	return rc == GH_OK ? gh_badlist_parse(s.payload, list, err) : rc;
}

enum gh_rc gh_badlist_read(const char *path, struct gh_badlist_rows *list, struct gh_err *err)
{
	static const char magic[] = "\x89GHD";
	gh_auto_buf file = gh_buf((size_t)GH_BADLIST_MAX + (128 << 10));
	GH_TRY(gh_read_whole(path, GH_BADLIST_MAX, &file, err), err, "%s", gh_safe(gh_span_str(path)).s);
	struct gh_span s = gh_buf_view(&file);
	size_t before = list->n;
	bool is_sealed = s.n >= 4 && memcmp(s.p, magic, 4) == 0;
	GH_TRY(is_sealed ? sealed(s, list, err) : gh_badlist_parse(s, list, err), err, "%s",
	       gh_safe(gh_span_str(path)).s);
	if (list->n == before)
		return gh_fail(err, GH_E_MALFORMED, "%s: there is no digest in it", gh_safe(gh_span_str(path)).s);
	return GH_OK;
}

enum gh_rc gh_badlist_shipped(struct gh_badlist_rows *list, struct gh_err *err)
{
	static const char *const places[] = { "known-bad.ghd", "../share/gatehouse/known-bad.ghd" };
	char self[400], path[500] = "known-bad.ghd";
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	self[n > 0 ? n : 0] = '\0';
	char *slash = strrchr(self, '/');
	if (slash != NULL)
		slash[1] = '\0';
	for (size_t i = 0; slash != NULL && i < sizeof places / sizeof places[0]; i++) {
		(void)snprintf(path, sizeof path, "%s%s", self, places[i]);
		if (access(path, F_OK) == 0)
			break;
	}
	gh_auto_buf file = gh_buf((size_t)GH_BADLIST_MAX + (128 << 10));
	GH_TRY(gh_read_whole(path, GH_BADLIST_MAX, &file, err), err, "%s", path);
	GH_TRY(sealed(gh_buf_view(&file), list, err), err, "%s", path);
	return GH_OK;
}
