/* The zip format by itself: every refinement declined, so its members are all there is to say. */
#include "format/formats.h"
#include "format/zip_walk.h"

static enum gh_rc walk(struct gh_walk *w) { return gh_zip_walk(w, NULL); }

const struct gh_fmt gh_fmt_zip = {
	.name = "zip",
	.about = "zip archive, read by its directory and by its local headers",
	.exts = "zip jar mar keras npz pt pth ckpt bin skops whl egg nemo",
	.probe = gh_zip_probe,
	.walk = walk,
	.rules = gh_zip_rules,
};
