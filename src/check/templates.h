/* templates.h - the parts of the check "templates". Inside of src/check/templates*.c only. */
#ifndef GH_CHECK_TEMPLATES_H
#define GH_CHECK_TEMPLATES_H
#include "wire/jinja/jinja.h"

/* How bad is the name of an attribute, of a called method or of a called function? */
enum gh_tpl_name { GH_TPL_FINE, GH_TPL_ODD, GH_TPL_BAD };

/* Of an attribute: names that lead from a value to the interpreter. */
enum gh_tpl_name gh_tpl_attribute(struct gh_span name);
/* Do these constants, out of which a name is computed, spell such a name or parts of one? */
enum gh_tpl_name gh_tpl_hint(struct gh_span hint);
/* Of a method: what values of a template have is fine, what reaches the system is bad. */
enum gh_tpl_name gh_tpl_method(struct gh_span name);
/* Of a function that is called by name and that the template did not define. */
enum gh_tpl_name gh_tpl_function(struct gh_span name);
/* A global of web frameworks, which has the application behind it. */
bool gh_tpl_web(struct gh_span name);

/* The longest run of words that read as a sentence: words with nothing but spaces and punctuation between them. */
unsigned gh_tpl_prose(struct gh_span text);
/* Does it tell a model to disregard what it was told? */
bool gh_tpl_overrides(struct gh_span text);
/* Another spelling of the same: of letters, or of the constants of JSON in Python. */
bool gh_tpl_spelling(struct gh_span from, struct gh_span to);
/* How strongly it steers a model behind the user's back: 0 not at all, 1 words that could, 2 orders to hide something, to
 * add something to answers, to contact an address or to run commands. */
unsigned gh_tpl_steers(struct gh_span text);
/* Where the first such words begin. */
size_t gh_tpl_steers_at(struct gh_span text);
/* Does it end in the middle of an address that goes on with what comes next? */
bool gh_tpl_open_address(struct gh_span text);

/* A node of the tree that plainly makes a message of a user one of the system: a choice, a table, a branch. */
bool gh_tpl_promotes(const struct gh_jj_node *n);
#endif
