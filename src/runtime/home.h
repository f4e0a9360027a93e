/* home.h - what a jail looks like from inside to somebody who looks around: a user, a few settings, and decoys of the
 * credentials that thieves read first. Nothing in it is real. */
#ifndef GH_RUNTIME_HOME_H
#define GH_RUNTIME_HOME_H
#include "os/jail.h"

extern const struct gh_jail_text gh_home_text[];
extern const size_t gh_home_ntext;
extern const char *const gh_home_decoy[]; /* those of the files that are decoys */
extern const size_t gh_home_ndecoy;
extern const char *const gh_home_env[]; /* ends with NULL */
#endif
