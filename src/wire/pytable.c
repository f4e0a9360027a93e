/* pytable.c - long tables of constants, as programs write them into sources: what stands behind their beginning gets no nodes.
 * See GH_PY_TABLE for what is kept all the same. */
#include "wire/pyparse_int.h"

enum { TEXT_MAX = 256 };

/* May somebody who looks at every text of a source want to see this one: a path of the system, an address, a command? */
static bool speaks(struct gh_span s)
{
	static const char *const words[] = {
		"/.", "://", " @", "etc/", "proc/", "import", "exec", "eval", "__", "ssh"
	};
	if (s.n > TEXT_MAX)
		return true;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\\' || s.p[i] == '~' || s.p[i] == '$' || s.p[i] == '`' || s.p[i] == '|' ||
		    s.p[i] == '\0')
			return true;
	for (size_t i = 0; i < sizeof words / sizeof words[0] && s.n != 0; i++)
		if (memmem(s.p, s.n, words[i], strlen(words[i])) != NULL)
			return true;
	return s.n != 0 && s.p[0] == '/';
}

static bool constant(const struct gh_pyn *n)
{
	switch (n->kind) {
	case GH_PYN_NOP:
	case GH_PYN_NUM:
	case GH_PYN_CONST:
	case GH_PYN_UNARY:
	case GH_PYN_TUPLE:
	case GH_PYN_LIST:
	case GH_PYN_SET:
	case GH_PYN_DICT:
	case GH_PYN_REST: return true;
	case GH_PYN_BIN: return n->op == '+' || n->op == '-'; /* texts side by side, complex numbers */
	case GH_PYN_STR: return !speaks(n->text);
	default: return false;
	}
}

void pyp_table_item(struct pyp *p, struct pyp_ent *e)
{
	struct gh_pytree *t = p->t;
	size_t each = e->dict ? 2 : 1, have = p->nopnd - e->base;
	size_t most = t->n < GH_PY_CROWDED ? GH_PY_TABLE : GH_PY_TABLE_LATER;
	if (have / each <= most || have % each != 0 || t->full)
		return;
	uint32_t first = p->opnd[p->nopnd - each].start;
	size_t kids = t->nkid;
	if (p->opnd[p->nopnd - each].node == GH_PYN_NIL) /* **mapping */
		return;
	for (size_t i = first; i < t->n; i++) {
		if (!constant(&t->node[i]))
			return;
		if (t->node[i].nkids != 0 && t->node[i].kids < kids)
			kids = t->node[i].kids;
	}
	t->n = first;
	t->nkid = kids;
	p->nopnd -= each;
	e->rest = true;
}
