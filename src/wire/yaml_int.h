/* yaml_int.h - what the parts of the YAML reader share: yaml.c (structure), yaml_look.c (characters, white space, looking
 * ahead), yaml_scalar.c (scalars), yaml_tag.c (tags, anchors, directives). */
#ifndef GH_WIRE_YAML_INT_H
#define GH_WIRE_YAML_INT_H
#include "wire/yaml.h"

enum gh_yaml_ev yaml_bad(struct gh_yaml *y, const char *why);

/* ---- characters ------------------------------------------------------------------------------------------------- */
static inline int yaml_ch(const struct gh_yaml *y, size_t at) { return at < y->s.n ? y->s.p[at] : -1; }
static inline bool yaml_blank(int c) { return c == ' ' || c == '\t'; }
static inline bool yaml_flow_mark(int c) { return c == ',' || c == '[' || c == ']' || c == '{' || c == '}'; }
/* What ends the name of an anchor for PyYAML. YAML 1.2 allows nearly any character in one. */
static inline bool yaml_name_end(int c) { return c > 0 && memchr("?:,[]{}%@`", c, 10) != NULL; }
/* Length of the line break at `at`, 0 if there is none. */
size_t yaml_break(const struct gh_yaml *y, size_t at);
/* A blank, a line break or the end. */
static inline bool yaml_space(const struct gh_yaml *y, size_t at)
{
	int c = yaml_ch(y, at);
	return c < 0 || yaml_blank(c) || yaml_break(y, at) != 0;
}
/* Move over the break at the position. */
void yaml_newline(struct gh_yaml *y, size_t n);
/* Over blanks, comments and line breaks. True when a line break was among them. */
bool yaml_skip(struct gh_yaml *y);
static inline size_t yaml_col(const struct gh_yaml *y) { return y->at - y->bol; }
/* Only spaces before the position on its line? */
bool yaml_line_start(const struct gh_yaml *y);
/* A tab among the white space that indents the line of the position? */
bool yaml_tabbed(const struct gh_yaml *y);
/* `---` or `...` at the start of a line at `at`. */
bool yaml_marker(const struct gh_yaml *y, size_t at, char c);
/* The end of the text, or a marker of documents. */
bool yaml_over(const struct gh_yaml *y);
/* The same between nodes of block collections, where a directive ends a document as well. */
static inline bool yaml_block_over(const struct gh_yaml *y)
{
	return yaml_over(y) || (y->at == y->bol && yaml_ch(y, y->at) == '%');
}
/* Does a key, with its `:`, stand at the position within its line? */
bool yaml_key_ahead(struct gh_yaml *y, bool flow);
/* May a plain scalar begin here? */
bool yaml_plain_start(const struct gh_yaml *y, bool flow);
/* Is the character at `at` a `:` that ends a plain scalar? */
bool yaml_colon(const struct gh_yaml *y, size_t at, bool flow);

/* ---- parts of nodes: false after yaml_bad() ------------------------------------------------------------------------ */
bool yaml_properties(struct gh_yaml *y, bool flow);
bool yaml_directives(struct gh_yaml *y);
bool yaml_plain(struct gh_yaml *y, long indent, bool flow, bool one_line);
bool yaml_quoted(struct gh_yaml *y);
bool yaml_block(struct gh_yaml *y, long indent);
bool yaml_alias(struct gh_yaml *y);
#endif
