/* sh.h - which commands a shell script would run: a lexer, parser and partial evaluator of the POSIX shell language with the
 * usual extensions of bash, dash, ksh and zsh (POSIX.1-2017, Shell & Utilities, chapter 2; the bash reference manual).
 *
 * Nothing is executed. The script is read in the order of its text; every simple command is handed to `command` with its
 * words as they would be after quoting, expansion of variables that the script itself set, brace expansion and the output of
 * commands that can be worked out (echo, printf, base64 -d …): so it makes no difference how a command is spelt. What
 * cannot be known without running something is one byte GH_SH_ANY in the text of a value. Both branches of a condition
 * are read; a loop over known words is read for each of them; a function is read where it stands and where it is called.
 *
 * Marks are the caller's: bits that travel with values through variables, pipes, files and substitutions.
 *
 * Any bytes are read to the end or to a budget (`limit`), without recursion and in the arena's memory. */
#ifndef GH_WIRE_SH_H
#define GH_WIRE_SH_H
#include "base/arena.h"
#include "base/err.h"

enum {
	GH_SH_ANY = 0,		  /* in a value: something of any length */
	GH_SH_VALUE = 256 << 10,  /* bytes of a value that are kept */
	GH_SH_FRAMES = 48,	  /* lists within lists */
	GH_SH_WORDS = 4096,	  /* of one command */
	GH_SH_TEXT = 4 << 20,	  /* bytes of a script that are read */
	GH_SH_DECODED = 1u << 31, /* the one mark that is set here: the value was decoded (base64, hex, unpacked) */
};

struct gh_sh_val {
	struct gh_span text; /* in the arena, or in the script */
	unsigned marks;
};

enum gh_sh_op { GH_SH_IN, GH_SH_OUT, GH_SH_APPEND, GH_SH_RDWR, GH_SH_HERE /* `to` is the text itself */, GH_SH_DUP };
struct gh_sh_redir {
	enum gh_sh_op op;
	int fd; /* -1: the usual one; -2: output and errors */
	struct gh_sh_val to;
};

struct gh_sh_args {
	struct gh_sh_val *v;
	size_t n;
};

/* A simple command. All arrays are the arena's. */
struct gh_sh_cmd {
	struct gh_sh_val *word; /* [0] is the name; none for assignments and redirections alone */
	size_t n;
	struct gh_sh_val *assign; /* "NAME=value" */
	size_t nassign;
	struct gh_sh_redir *redir;
	size_t nredir;
	struct gh_sh_val in; /* what it reads on its standard input, when `fed` */
	bool fed;
	bool piped;	   /* its output is read by the next command */
	bool compound;	   /* no words: a loop, a list in parentheses; `out` is what its commands write */
	uint64_t off, len; /* where it stands in the script, or where the command that made it stands */
	/* the answer */
	struct gh_sh_val out; /* what it writes; at first one GH_SH_ANY */
	bool runs;	      /* `script` is read next, as if it stood here; its output is the command's */
	struct gh_sh_val script;
	struct gh_sh_args args; /* $1 … of that script; v == NULL: as they are here */
	bool script_fed;	/* … and what it reads */
	struct gh_sh_val script_in;
	const char *called; /* a function: so that it does not call itself without end */
};

struct gh_sh_frame;
struct gh_sh_name;
struct gh_sh {
	struct gh_arena *arena;
	void *ctx;
	/* A command in the order of the text. Should end in gh_sh_default(). */
	void (*command)(struct gh_sh *, struct gh_sh_cmd *);
	/* Output that goes to a file. May be NULL. */
	void (*wrote)(struct gh_sh *, const struct gh_sh_cmd *, struct gh_sh_val file, struct gh_sh_val what);
	/* Marks of a file that the script itself did not write. May be NULL. */
	unsigned (*reads)(struct gh_sh *, struct gh_span file);
	/* ---- answers ---- */
	bool limit;  /* a budget ran out: not everything was read */
	bool broken; /* a shell would complain about the syntax somewhere */
	uint64_t steps, max_steps;
	unsigned commands;
	/* ---- inside ---- */
	struct gh_sh_frame *frame;
	unsigned depth;
	unsigned runs;
	struct gh_sh_name *names[256]; /* variables, functions, files by hash */
	unsigned nsubst;
};

/* Read a script. max_steps == 0: a budget by its size. GH_E_LIMIT when a budget ran out. */
enum gh_rc gh_sh_run(struct gh_sh *sh, struct gh_span script);

/* ---- what the script knows ---------------------------------------------------------------------------------------- */
enum gh_sh_kind { GH_SH_VAR, GH_SH_FUNC, GH_SH_FILE };
/* NULL when the script did not set it. */
const struct gh_sh_val *gh_sh_get(const struct gh_sh *sh, enum gh_sh_kind kind, struct gh_span name);
void gh_sh_set(struct gh_sh *sh, enum gh_sh_kind kind, struct gh_span name, struct gh_sh_val v);
/* The content of a file: as the script wrote it, else unknown with the marks that `reads` gives it. */
struct gh_sh_val gh_sh_file(struct gh_sh *sh, struct gh_span name);

/* ---- values --------------------------------------------------------------------------------------------------------- */
static inline bool gh_sh_known(struct gh_span s) { return s.n == 0 || memchr(s.p, GH_SH_ANY, s.n) == NULL; }
struct gh_sh_val gh_sh_any(unsigned marks);
/* Words joined with `sep` (0: nothing). */
struct gh_sh_val gh_sh_join(struct gh_sh *sh, const struct gh_sh_val *v, size_t n, char sep);
/* A command's own name: the last part of its path without what is unknown in it. At most cap - 1 bytes, always ended. */
void gh_sh_base(struct gh_span word, char *out, size_t cap);

/* ---- commands whose effect on values is known ------------------------------------------------------------------------- */
/* Skip what only runs another command (sudo, env, nohup, timeout 5 …): word and n move on. The bits say what was skipped. */
enum { GH_SH_SUDO = 1, GH_SH_EXEC = 2, GH_SH_XARGS = 4, GH_SH_EMPTY = 8 /* a name that may be nothing at all */ };
unsigned gh_sh_strip(struct gh_sh_cmd *c);
/* xargs: what comes in, among the arguments of the command that it runs. was: the command before gh_sh_strip(). */
void gh_sh_feed(struct gh_sh *sh, const struct gh_sh_cmd *was, struct gh_sh_cmd *c);
/* What echo, printf, cat, base64, tr, rev, read, export, eval, sh -c … do to values; fills the answer. */
void gh_sh_default(struct gh_sh *sh, struct gh_sh_cmd *c);
/* Is this the name of a shell that reads scripts of this language? */
bool gh_sh_is_shell(const char *base);
/* The script of `sh -c TEXT`, `sh` with a known input, `sh FILE`: 0: none, 1: *out is a script given in words or in the
 * input, 2: *out is the content of the file *file. *args: what follows it. */
int gh_sh_script_of(struct gh_sh *sh, const struct gh_sh_cmd *c, struct gh_sh_val *out, struct gh_span *file,
		    struct gh_sh_args *args);
#endif
