/* Roles in templates: is a message of a user plainly rendered as one of the system? Only what is spelt in one place counts:
 * templates that put a system message into the first turn of the user, which many do, go the other way. */
#include "check/templates.h"

static bool user(struct gh_span s) { return gh_span_is(s, "user") || gh_span_is(s, "human"); }
static bool above(struct gh_span s) { return gh_span_is(s, "system") || gh_span_is(s, "developer"); }

/* role == 'user' and nothing else. */
static bool asks_for_user(const struct gh_jj_node *n)
{
	if (n->kind == JJ_TEST && n->op == 0 && n->kid != NULL && n->kid->next != NULL)
		return (gh_span_is(n->text, "eq") || gh_span_is(n->text, "equalto")) &&
		       n->kid->next->kind == JJ_STRING && user(n->kid->next->text);
	if (n->kind != JJ_COMPARE || n->kid == NULL || n->kid->next == NULL || n->kid->next->next != NULL ||
	    (n->kid->next->op != JJ_EQ && n->kid->next->op != JJ_IN))
		return false;
	const struct gh_jj_node *a = n->kid, *b = n->kid->next->kid;
	if ((b->kind == JJ_LIST || b->kind == JJ_TUPLE) && b->kid != NULL && b->kid->next == NULL)
		b = b->kid; /* in ['user'] */
	const struct gh_jj_node *text = a->kind == JJ_STRING ? a : b, *of = a->kind == JJ_STRING ? b : a;
	bool role = (of->kind == JJ_ATTR && gh_span_is(of->text, "role")) ||
		    (of->kind == JJ_NAME && gh_span_is(of->text, "role")) ||
		    (of->kind == JJ_ITEM && of->kid->next->kind == JJ_STRING &&
		     gh_span_is(of->kid->next->text, "role"));
	return role && text->kind == JJ_STRING && user(text->text);
}

static bool content(const struct gh_jj_node *n)
{
	return (n->kind == JJ_ATTR && gh_span_is(n->text, "content")) ||
	       (n->kind == JJ_ITEM && n->kid->next->kind == JJ_STRING && gh_span_is(n->kid->next->text, "content"));
}

/* The last role that s names: 1 the system, 0 another or none, -1 none. */
static int last_role(struct gh_span s)
{
	static const struct {
		const char *word;
		int role;
	} t[] = { { "system", 1 }, { "System", 1 },  { "SYSTEM", 1 },	 { "developer", 1 },  { "user", 0 },
		  { "User", 0 },   { "USER", 0 },    { "INST", 0 },	 { "nstruction", 0 }, { "uman", 0 },
		  { "HUMAN", 0 },  { "uestion", 0 }, { "assistant", 0 }, { "rompt", 0 },      { "nput", 0 } };
	for (size_t i = s.n; i-- > 0;)
		for (size_t k = 0; k < sizeof t / sizeof t[0]; k++)
			if (gh_span_starts(gh_span_cut(s, i, s.n), t[k].word))
				return t[k].role;
	return -1;
}

/* What stands in front of the content in a branch: the last role among its constants. */
static bool headed_by_system(const struct gh_jj_node *body)
{
	const struct gh_jj_node *up[GH_JJ_HEIGHT + 1];
	unsigned depth = 0;
	int role = -1;
	for (const struct gh_jj_node *n = body->kid; n != NULL;) {
		/* Below another condition, loop or assignment it is not plain any more. */
		bool plain = n->kind != JJ_IF && n->kind != JJ_FOR && n->kind != JJ_SET && n->kind != JJ_COND &&
			     n->kind != JJ_SET_BLOCK && n->kind != JJ_CALL;
		if (content(n))
			return role == 1;
		if (n->kind == JJ_STRING || n->kind == JJ_DATA) {
			int k = last_role(n->text);
			role = k >= 0 ? k : role;
		}
		if (!plain && n->kind != JJ_CALL)
			return false;
		if (plain && n->kid != NULL && depth < GH_JJ_HEIGHT) {
			up[depth++] = n;
			n = n->kid;
			continue;
		}
		while (n != NULL && n->next == NULL)
			n = depth > 0 ? up[--depth] : NULL;
		n = n != NULL ? n->next : NULL;
	}
	return false;
}

/* role|replace('user', 'system'), role.replace('user', 'system') */
static bool replaces(const struct gh_jj_node *n)
{
	bool filter = n->kind == JJ_FILTER, call = n->kind == JJ_CALL && n->kid->kind == JJ_ATTR;
	if ((!filter && !call) || !gh_span_is(filter ? n->text : n->kid->text, "replace"))
		return false;
	const struct gh_jj_node *from = n->kid->next, *to = from == NULL ? NULL : from->next;
	return to != NULL && from->kind == JJ_STRING && to->kind == JJ_STRING && user(from->text) && above(to->text);
}

bool gh_tpl_promotes(const struct gh_jj_node *n)
{
	if (replaces(n))
		return true;
	if (n->kind == JJ_COND) /* 'system' if role == 'user' */
		return n->kid->kind == JJ_STRING && above(n->kid->text) && asks_for_user(n->kid->next);
	if (n->kind == JJ_DICT) { /* {'user': 'system'} */
		for (const struct gh_jj_node *k = n->kid; k != NULL && k->next != NULL; k = k->next->next)
			if (k->kind == JJ_STRING && k->next->kind == JJ_STRING && user(k->text) && above(k->next->text))
				return true;
		return false;
	}
	for (const struct gh_jj_node *k = n->kind == JJ_IF ? n->kid : NULL; k != NULL && k->kind != JJ_BODY;
	     k = k->next->next) {
		if (k->next == NULL)
			return false;
		if (asks_for_user(k) && headed_by_system(k->next))
			return true;
		if (k->next->next == NULL)
			return false;
	}
	return false;
}
