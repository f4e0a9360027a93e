/* sh_int.h - the parts of the shell reader among themselves: frames, words, parameters. See sh.h. */
#ifndef GH_WIRE_SH_INT_H
#define GH_WIRE_SH_INT_H
#include "wire/sh.h"

/* Bytes in a word that is being built; none of them occurs in text. */
enum { SH_ALIEN = 1, SH_BRACE, SH_COMMA, SH_ECARB, SH_SPLIT };

enum sh_kind {
	SH_LIST, /* commands */
	SH_WORD, /* one word to the end of its text: operands of expansions, here-documents */
};

/* What the frame below does with the result of one that ends. */
enum sh_deliver {
	SH_TO_NONE,
	SH_TO_WORD,	/* $( ) and back quotes: appended to the word */
	SH_TO_PARAM,	/* an operand of ${ } */
	SH_TO_ARITH,	/* $(( )) */
	SH_TO_HERE,	/* the text of a here-document */
	SH_TO_PROC,	/* <( ): a file */
	SH_TO_COMPOUND, /* a compound command is complete, redirections may follow */
	SH_TO_COMMAND,	/* what a command ran: its output */
	SH_TO_ARRAY,	/* NAME=( ) */
};

struct sh_vals {
	struct gh_sh_val *v;
	size_t n, cap;
};

struct sh_param { /* an expansion under way */
	struct gh_span name, index;
	bool length, indirect, has_index;
	char op[3]; /* "", ":-", "-", "#", "##", "/", "//", ":" … */
};

enum sh_head { SH_NO_HEAD, SH_FOR, SH_CASE };

struct gh_sh_frame {
	enum sh_kind kind;
	enum sh_deliver deliver;
	struct gh_span in;
	size_t at, from; /* from: where the frame begins, for bodies that are read again */
	uint64_t base;	 /* offset in the script of in.p[0], or of the command that made it */
	bool mapped;	 /* the text is a part of the script itself */
	bool same;	 /* shares its text with the frame below, which goes on where this one ends */
	bool maybe;	 /* only executed on a condition */
	bool heredoc;	 /* WORD: quotes mean nothing */
	char close;	 /* ')' '}' 'f'i 'd'one 'e'sac; 0: the end of the text */
	/* the word */
	uint8_t *buf;
	size_t n, cap, equals; /* equals: offset behind the `=` of an assignment, 0: none */
	bool word, quoted, dq, dq_outer;
	unsigned marks;
	/* the command */
	struct sh_vals words, assigns;
	struct gh_sh_redir *redirs;
	size_t nredir, credir;
	size_t start;
	bool begun, want, fname_next, compound, rerun, test;
	struct gh_sh_redir next; /* `want`: its target is the next word */
	struct gh_span fname;
	size_t body, body_end; /* of the last compound command */
	struct gh_sh_val compound_out;
	struct gh_span sinks[4]; /* >( ): read when the command is complete */
	size_t nsinks;
	struct gh_sh_val sink_in;
	size_t next_sink;
	/* pipes */
	struct gh_sh_val in_val, pipe, out;
	bool fed, piped;
	char sep; /* of the command that runs something */
	struct gh_sh_cmd cmd;
	/* the rest */
	size_t here_end; /* where the here-documents of this line end */
	bool here_strip;
	enum sh_head head;
	bool pattern;
	struct sh_vals items;
	size_t next_item, loop_at;
	struct gh_span loop_var;
	struct sh_param param;
	struct gh_sh_args *args;
	const char *called;
	bool procsub_out;
};

/* sh.c */
struct gh_sh_frame *sh_push(struct gh_sh *sh, enum sh_kind kind, enum sh_deliver deliver, struct gh_span in, bool same);
uint64_t sh_off(const struct gh_sh_frame *f, size_t at);
bool sh_put(struct gh_sh *sh, struct gh_sh_frame *f, const void *p, size_t n);
bool sh_byte(struct gh_sh *sh, struct gh_sh_frame *f, uint8_t c);
bool sh_vals_add(struct gh_sh *sh, struct sh_vals *v, struct gh_sh_val x);
bool sh_name_char(uint8_t c);
void sh_run_script(struct gh_sh *sh, struct gh_sh_frame *f, const struct gh_sh_cmd *c);

/* sh_list.c: the next step of a list; operators, reserved words, redirections. */
void sh_step_list(struct gh_sh *sh, struct gh_sh_frame *f);
void sh_end_command(struct gh_sh *sh, struct gh_sh_frame *f, char sep);
void sh_finish(struct gh_sh *sh, struct gh_sh_frame *f, struct gh_sh_val out);
void sh_compound_done(struct gh_sh *sh, struct gh_sh_frame *f);

/* sh_word.c: the next piece of a word. */
void sh_step_word(struct gh_sh *sh, struct gh_sh_frame *f);
void sh_piece(struct gh_sh *sh, struct gh_sh_frame *f);
/* The word is complete: into v, after brace expansion and splitting; or one value of it all. */
bool sh_take_words(struct gh_sh *sh, struct gh_sh_frame *f, struct sh_vals *v);
struct gh_sh_val sh_take_word(struct gh_sh *sh, struct gh_sh_frame *f);
void sh_append_split(struct gh_sh *sh, struct gh_sh_frame *f, struct gh_sh_val v);
/* The offset of the closing character that belongs to the opening one at `at`; in.n when there is none. */
size_t sh_match(struct gh_sh *sh, struct gh_span in, size_t at);

/* sh_param.c */
void sh_param_start(struct gh_sh *sh, struct gh_sh_frame *f);
void sh_param_done(struct gh_sh *sh, struct gh_sh_frame *f, struct gh_sh_val operand);
bool sh_glob(struct gh_span pattern, struct gh_span s);

/* sh_text.c: pure functions of text, into the arena; p == NULL: not possible. */
struct gh_span sh_ansi_c(struct gh_sh *sh, struct gh_span s, bool echo);
struct gh_span sh_base64(struct gh_sh *sh, struct gh_span s, unsigned bits);
struct gh_span sh_hex(struct gh_sh *sh, struct gh_span s);
struct gh_span sh_rev(struct gh_sh *sh, struct gh_span s);
struct gh_span sh_tr(struct gh_sh *sh, struct gh_span s, struct gh_span from, struct gh_span to, bool delete);
struct gh_span sh_sed(struct gh_sh *sh, struct gh_span s, struct gh_span program);
struct gh_sh_val sh_printf(struct gh_sh *sh, const struct gh_sh_val *v, size_t n);
#endif
