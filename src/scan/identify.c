#include "scan/identify.h"

#include <ctype.h>

enum { FORMATS_MAX = 512 };

enum gh_rc gh_identify(struct gh_src *src, struct gh_arena *arena, struct gh_ident *out)
{
	*out = (struct gh_ident){ 0 };
	if (src->size == 0)
		return GH_OK;
	size_t want = src->size < GH_PROBE_BYTES ? (size_t)src->size : GH_PROBE_BYTES;
	struct gh_probe p = { .size = src->size };
	if (src->size <= GH_PROBE_BYTES)
		p.head = p.tail = gh_src_window(src, 0, want);
	else {
		p.tail = gh_src_window(src, src->size - want, want);
		if (!src->stable && p.tail.n != 0) {
			p.tail = gh_keep(arena, p.tail); /* the next window may overwrite it */
			if (p.tail.p == NULL)
				return GH_E_LIMIT;
		}
		p.head = gh_src_window(src, 0, want);
	}
	if (p.head.n != want || p.tail.n != want)
		return src->fail != GH_OK ? src->fail : GH_E_IO;
	uint8_t match[FORMATS_MAX] = { 0 };
	size_t n = gh_fmts_n < FORMATS_MAX ? gh_fmts_n : FORMATS_MAX;
	out->overflow = n < gh_fmts_n;
	for (size_t i = 0; i < n; i++)
		match[i] = (uint8_t)gh_fmts[i]->probe(&p);
	for (int m = GH_STRONG; m > GH_NO; m--)
		for (size_t i = 0; i < n; i++) {
			if (match[i] != m)
				continue;
			if (out->n == GH_IDENT_MAX) {
				out->overflow = true;
				continue;
			}
			out->v[out->n].fmt = gh_fmts[i];
			out->v[out->n++].match = (enum gh_match)m;
		}
	return GH_OK;
}

static bool lists(const char *exts, struct gh_span ext)
{
	while (*exts != '\0') {
		size_t n = strcspn(exts, " ");
		if (n == ext.n) {
			size_t i = 0;
			while (i < n && tolower(ext.p[i]) == exts[i])
				i++;
			if (i == n)
				return true;
		}
		exts += n;
		exts += strspn(exts, " ");
	}
	return false;
}

bool gh_name_disagrees(struct gh_span name, const struct gh_fmt *fmt)
{
	size_t dot = name.n;
	while (dot > 0 && name.p[dot - 1] != '.' && name.p[dot - 1] != '/')
		dot--;
	if (dot < 2 || name.p[dot - 1] != '.' || dot == name.n || fmt->exts[0] == '\0')
		return false;
	struct gh_span ext = { name.p + dot, name.n - dot };
	for (const struct gh_fmt *f = fmt; f != NULL; f = f->over == NULL ? NULL : gh_fmt_named(f->over))
		if (lists(f->exts, ext)) /* what refines a format may bear its names too */
			return false;
	for (size_t i = 0; i < gh_fmts_n; i++)
		if (lists(gh_fmts[i]->exts, ext))
			return true;
	return false;
}
