/* packages.h - dependencies as every list of them has it: requirements.txt, pyproject.toml, setup.cfg, environment.yml. */
#ifndef GH_FORMAT_PACKAGES_H
#define GH_FORMAT_PACKAGES_H
#include "format/format.h"
#include "wire/dep.h"

/* The rows of the reader "pip-requirements"; other readers raise them too. */
enum gh_package_rule { GH_PKG_INDEX, GH_PKG_ADDRESS, GH_PKG_PATH, GH_PKG_LINE, GH_PKG_BUILD };
extern const struct gh_rule gh_package_rules[];

/* One requirement or option line (PEP 508, pip) at [off, off+len): GH_EV_PACKAGE for what is installed, GH_EV_REFERENCE for
 * other files and addresses, and what is wrong with it. */
enum gh_rc gh_package_line(struct gh_walk *w, struct gh_span line, uint64_t off, uint64_t len);
/* Name and version apart, as in TOML, Pipfile and conda ("numpy=1.26"). */
enum gh_rc gh_package_named(struct gh_walk *w, const char *ecosystem, struct gh_span name, struct gh_span version,
			    uint64_t off, uint64_t len);
/* What a command line installs: "pip install torch==2.6.0 && conda install numpy=1.26". */
enum gh_rc gh_package_command(struct gh_walk *w, struct gh_span line, uint64_t off, uint64_t len);
/* The reader of a file that package managers find by its name, whatever it looks like: yarn.lock, PKG-INFO. second: the other one
 * to try (YAML). NULL: the name says nothing. */
const struct gh_fmt *gh_lock_text(struct gh_span name, bool second);
/* An address that packages come from. */
enum gh_rc gh_package_index(struct gh_walk *w, struct gh_span url, uint64_t off, uint64_t len);
#endif
