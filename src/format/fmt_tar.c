/* The tar format by itself. */
#include "format/formats.h"
#include "format/tar_walk.h"

static enum gh_rc walk(struct gh_walk *w) { return gh_tar_walk(w, NULL); }

const struct gh_fmt gh_fmt_tar = {
	.name = "tar",
	.about = "tar archive: v7, ustar, pax, GNU",
	.exts = "tar nemo pt pth bin model ckpt",
	.probe = gh_tar_walk_probe,
	.walk = walk,
	.rules = gh_tar_rules,
};
