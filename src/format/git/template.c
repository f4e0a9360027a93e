/* What `git init` puts in place, word for word: samples of hooks, which git does not run. They are known by their content
 * alone, whatever they are called: a file that differs in one byte is read as what it is. */
#include "format/formats.h"
#include "format/git/git.h"
#include "wire/sha1.h"

enum { LARGEST = 8192 };

static const struct {
	uint16_t size;
	char sha1[2 * GH_SHA1_BYTES + 1];
} known[] = {
	{ 478, "4de88eb95a5e93fd27e78b5fb3b5231a8d8917dd" },  /* applypatch-msg */
	{ 896, "ee1ed5aad98a435f2020b6de35c173b75d9affac" },  /* commit-msg */
	{ 4726, "0ec0ec9ac11111433d17ea79e0ae8cec650dcfa4" }, /* fsmonitor-watchman */
	{ 189, "b614c2f63da7dca9f1db2e7ade61ef30448fc96c" },  /* post-update */
	{ 424, "f208287c1a92525de9f5462e905a9d31de1e2d75" },  /* pre-applypatch */
	{ 1643, "a79d057388ee2c2fe6561d7697f1f5efcff96f23" }, /* pre-commit */
	{ 416, "04c64e58bc25c149482ed45dbd79e40effb89eb7" },  /* pre-merge-commit */
	{ 1374, "a599b773b930ca83dbc3a5c7c13059ac4a6eaedc" }, /* pre-push */
	{ 4898, "288efdc0027db4cfd8b7c47c4aeddba09b6ded12" }, /* pre-rebase */
	{ 544, "705a17d259e7896f0082fe2e9f2c0c3b127be5ac" },  /* pre-receive */
	{ 1492, "2584806ba147152ae005cb675aa4f01d5d068456" }, /* prepare-commit-msg */
	{ 2783, "508240328c8b55f8157c93c43bf5e291e5d2fbcb" }, /* push-to-checkout */
	{ 3650, "730e6bd5225478bab6147b7a62a6e2ae21d40507" }, /* update */
};

static enum gh_match probe(const struct gh_probe *p)
{
	(void)p; /* the text reader decides */
	return GH_NO;
}

static enum gh_rc walk(struct gh_walk *w)
{
	static const char digit[] = "0123456789abcdef";
	uint64_t size = w->src->size;
	bool any = false;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		any = any || known[i].size == size;
	if (!any || size > LARGEST)
		return GH_E_NOTTHIS;
	struct gh_span all = gh_src_window(w->src, 0, LARGEST);
	struct gh_sha1 s = gh_sha1();
	uint8_t sum[GH_SHA1_BYTES];
	char text[2 * GH_SHA1_BYTES + 1] = "";
	gh_sha1_put(&s, all);
	gh_sha1_end(&s, sum);
	for (unsigned i = 0; i < GH_SHA1_BYTES; i++) {
		text[2 * i] = digit[sum[i] >> 4];
		text[2 * i + 1] = digit[sum[i] & 15];
	}
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].size == all.n && memcmp(known[i].sha1, text, sizeof text) == 0) {
			gh_claim(w, 0, size, GH_CLAIM_STRUCT);
			return GH_OK;
		}
	return GH_E_NOTTHIS;
}

const struct gh_fmt gh_fmt_git_template = {
	.name = "git-template",
	.about = "samples of hooks that git init puts in place, word for word",
	.exts = "sample",
	.probe = probe,
	.walk = walk,
};
