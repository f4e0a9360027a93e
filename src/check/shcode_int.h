/* shcode_int.h - the parts of the check of shell code among themselves. See shcode.h. */
#ifndef GH_CHECK_SHCODE_INT_H
#define GH_CHECK_SHCODE_INT_H
#include "check/shcode.h"
#include "wire/sh.h"

enum {
	SC_FETCH_RUN,
	SC_DECODE_RUN,
	SC_REVERSE,
	SC_DESTROY,
	SC_PERSIST,
	SC_EXFIL,
	SC_DISABLE,
	SC_ESCALATE,
	SC_MINER,
	SC_INSTALL,
	SC_FETCH,
	SC_SUDO,
	SC_PROGRAM,
	SC_UNKNOWN,
	SC_REMOTE,
	SC_SYSTEM,
	SC_DELETE,
	SC_CODE,
	SC_INSTALLER,
	SC_SPELT,
	SC_DISGUISED,
	SC_PRELOAD,
	SC_LIMIT,
	SC_PROSE,
	SC_SHOWN,
	SC_RULES,
	SC_UNSAFE_END = SC_INSTALL,
};
extern const struct gh_rule gh_shell_rules[];

/* Marks of values. */
enum {
	M_NET = 1,    /* came from the network */
	M_KNOWN = 2,  /* came from the address of a well-known installer, encrypted */
	M_SECRET = 4, /* credentials, keys, the environment, who and where this is */
	M_SHELL = 8,  /* what a shell answers that somebody else talks to */
};

struct judge {
	struct gh_scene *scene;
	struct gh_range at;
	bool mapped; /* offsets in the script are offsets in the source */
	unsigned told[SC_RULES];
	unsigned found; /* bit per rule */
	bool quiet;	/* only `found`: nothing is reported */
	/* a repository that was fetched: its folder; 1: of a host that everybody knows, 2: of another one */
	uint8_t tree[64];
	size_t tree_n;
	unsigned cloned;
	bool inside; /* that folder is the current one */
};

/* What a program is to somebody who reads a script. */
enum sc_class {
	SC_IS_UNKNOWN, /* not listed */
	SC_IS_HARMLESS,
	SC_IS_FETCHER,
	SC_IS_TALKER,	   /* sends what it reads and writes what it hears */
	SC_IS_REMOTE,	   /* works on other machines */
	SC_IS_INSTALLER,   /* of packages; with which words: see the table */
	SC_IS_INTERPRETER, /* of another language */
	SC_IS_SYSTEM,	   /* changes how the machine works */
	SC_IS_DESTROYER,
	SC_IS_MINER,
};
enum sc_class gh_sc_class(const char *base, const char **verbs);

/* Paths and addresses. The home folder is "~". */
bool gh_sc_secret_path(struct gh_span path);
enum { SC_PLACE_NONE, SC_PLACE_RC, SC_PLACE_START, SC_PLACE_DISK, SC_PLACE_SYSTEM, SC_PLACE_TRACE };
int gh_sc_place(struct gh_span path);
bool gh_sc_vital(struct gh_span path);	      /* removing it destroys the machine or the user's files */
bool gh_sc_installer_url(struct gh_span url); /* https, of an installer that everybody knows */
bool gh_sc_harmless_rc(struct gh_span text);  /* sets variables and aliases, nothing else */
bool gh_sc_defence(struct gh_span name);      /* a service that protects the machine */

/* shcode_words.c: text */
bool gh_sc_has(struct gh_span s, const char *what);
bool gh_sc_path_like(struct gh_span w);

void gh_sc_say(struct judge *j, unsigned rule, const struct gh_sh_cmd *c, const char *what);
void gh_sc_command(struct gh_sh *sh, struct gh_sh_cmd *c);
void gh_sc_wrote(struct gh_sh *sh, const struct gh_sh_cmd *c, struct gh_sh_val file, struct gh_sh_val what);
unsigned gh_sc_reads(struct gh_sh *sh, struct gh_span file);
/* shcode_net.c: programs that fetch and send; code of other languages on the command line. */
void gh_sc_fetch(struct judge *j, struct gh_sh *sh, const struct gh_sh_cmd *c, const char *base, unsigned *marks);
void gh_sc_talk(struct judge *j, const struct gh_sh_cmd *c, const char *base);
void gh_sc_interpret(struct judge *j, struct gh_sh *sh, const struct gh_sh_cmd *c, const char *base, unsigned *marks);
/* shcode_tools.c: c: the command itself, whose answer they may fill; x: without what only runs it. */
void gh_sc_sed(struct judge *j, struct gh_sh *sh, struct gh_sh_cmd *c, const struct gh_sh_cmd *x);
void gh_sc_awk(struct judge *j, struct gh_sh *sh, struct gh_sh_cmd *c, const struct gh_sh_cmd *x);
void gh_sc_git(struct judge *j, const struct gh_sh_cmd *c);
void gh_sc_enter(struct judge *j, struct gh_span dir);
void gh_sc_ran(struct judge *j, const struct gh_sh_cmd *c, struct gh_span file);
void gh_sc_hub(struct gh_sh *sh, const struct gh_sh_cmd *c);
void gh_sc_variable(struct judge *j, const struct gh_sh_cmd *c, struct gh_span assignment);
void gh_sc_places(struct judge *j, struct gh_sh *sh, const struct gh_sh_cmd *c,
		  const char *base);	     /* where harmless programs put things */
bool gh_sc_open_ended(struct gh_span file);  /* which file it is, its surroundings decide */
bool gh_sc_called_data(struct gh_span file); /* by its name: weights, pictures, tables */
void gh_sc_foreign(struct judge *j, const struct gh_sh_cmd *c, unsigned marks, const char *what);
#endif
