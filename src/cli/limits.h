/* limits.h - rows of the limits that several subcommands have: --limit-time, --limit-memory, --limit-expanded. Name, unit
 * and range stand here once; what a limit is of, and its default, is the command's own text.
 *
 * type, field: the command's structure and its uint64_t. text: for --help, with the default in parentheses. */
#ifndef GH_CLI_LIMITS_H
#define GH_CLI_LIMITS_H
#include "cli/cli.h"

/* Seconds, a day at most. */
#define GH_OPT_LIMIT_TIME(type, field, text) \
	{ .name = "limit-time", \
	  .kind = GH_OPT_NUMBER, \
	  .value = "SECONDS", \
	  .min = 1, \
	  .max = 86400, \
	  .at = offsetof(type, field), \
	  .about = text }

/* Bytes, given in MiB unless a unit is named; `least` MiB are what the command's worker cannot do without. */
#define GH_OPT_LIMIT_MEMORY(type, field, least, text) \
	{ .name = "limit-memory", \
	  .kind = GH_OPT_MIB, \
	  .value = "MIB", \
	  .min = (uint64_t)(least) << 20, \
	  .max = (uint64_t)1 << 40, \
	  .at = offsetof(type, field), \
	  .about = text }

/* Bytes that come out of what was compressed. */
#define GH_OPT_LIMIT_EXPANDED(type, field, text) \
	{ .name = "limit-expanded", \
	  .kind = GH_OPT_SIZE, \
	  .value = "SIZE", \
	  .min = 1, \
	  .max = (uint64_t)1 << 50, \
	  .at = offsetof(type, field), \
	  .about = text }
#endif
