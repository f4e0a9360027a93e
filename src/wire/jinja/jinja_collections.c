/* Methods of lists and dictionaries. The sandbox of transformers lets none of them be changed. */
#include "wire/jinja/jinja_methods.h"

static struct gh_jv undefined(void) { return (struct gh_jv){ .kind = JV_UNDEFINED }; }

struct gh_jv jj_m_list_change(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	struct gh_jlist *l = self.list, more = { 0 };
	struct gh_jv v = jj_arg(a, how == 'i', NULL, gh_jv_none());
	if (!jj_watching(r))
		return jj_error(r, "lists of a template cannot be changed");
	if (how == 'p') {
		if (l->n == 0)
			return jj_unknown(0);
		return l->v[--l->n];
	}
	if (how == 'x' && v.kind != JV_UNKNOWN && jj_items(r, v, &more)) {
		for (size_t i = 0; i < more.n && r->err == NULL; i++)
			if (!gh_jv_push(r->arena, l, more.v[i]))
				return jj_limit(r, "no memory");
		return gh_jv_none();
	}
	if (how == 'v' ||
	    how == 's') { /* reverse, sort: what order there is matters to nobody who only watches names */
		for (size_t i = 0; how == 'v' && i < l->n / 2; i++) {
			struct gh_jv x = l->v[i];
			l->v[i] = l->v[l->n - 1 - i];
			l->v[l->n - 1 - i] = x;
		}
		return gh_jv_none();
	}
	if (!gh_jv_push(r->arena, l, v))
		return jj_limit(r, "no memory");
	return gh_jv_none();
}

struct gh_jv jj_m_list_look(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	struct gh_jv what = jj_arg(a, 0, NULL, undefined());
	int64_t n = 0;
	if (how == 'y')
		return jj_list_of(r, JV_LIST, self.list->v, self.list->n);
	for (size_t i = 0; i < self.list->n; i++) {
		bool same = gh_jv_equal(self.list->v[i], what);
		if (same && how == 'i')
			return gh_jv_int((int64_t)i);
		n += same;
	}
	return how == 'i' ? jj_error(r, "the value is not in the list") : gh_jv_int(n);
}

struct gh_jv jj_m_dict_view(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	(void)a;
	struct gh_jv out = jj_list_of(r, JV_LIST, NULL, 0);
	for (size_t i = 0; i < self.dict->n && r->err == NULL; i++) {
		struct gh_jv pair[2] = { self.dict->key[i], self.dict->val[i] };
		struct gh_jv v = how == 'k' ? pair[0] : how == 'v' ? pair[1] : jj_list_of(r, JV_TUPLE, pair, 2);
		if (!gh_jv_push(r->arena, out.list, v))
			return jj_limit(r, "no memory");
	}
	return out;
}

struct gh_jv jj_m_dict_get(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	struct gh_jv key = jj_arg(a, 0, NULL, undefined()), otherwise = jj_arg(a, 1, NULL, gh_jv_none());
	if (how != 'g' && !jj_watching(r))
		return jj_error(r, "dictionaries of a template cannot be changed");
	if (key.kind == JV_UNKNOWN) {
		struct gh_jv all[2] = { self, otherwise };
		return jj_mix(r, key.flags & JU_TESTS, all, 2);
	}
	const struct gh_jv *v = gh_jv_get(self.dict, key);
	if (v == NULL && how == 's')
		(void)gh_jv_put(r->arena, self.dict, key, otherwise);
	return v != NULL ? *v : otherwise;
}

struct gh_jv jj_m_dict_update(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	(void)how;
	if (!jj_watching(r))
		return jj_error(r, "dictionaries of a template cannot be changed");
	struct gh_jv more = jj_arg(a, 0, NULL, gh_jv_none());
	const struct gh_jdict *from[2] = { more.kind == JV_DICT ? more.dict : NULL, a->kw };
	for (unsigned k = 0; k < 2; k++)
		for (size_t i = 0; from[k] != NULL && from[k] != self.dict && i < from[k]->n; i++)
			if (!gh_jv_put(r->arena, self.dict, from[k]->key[i], from[k]->val[i]))
				return jj_limit(r, "no memory");
	if (more.kind != JV_DICT && more.kind != JV_NONE)
		(void)gh_jv_put(r->arena, self.dict, gh_jv_str(GH_SPAN("\1")), more);
	return gh_jv_none();
}

struct gh_jv jj_m_dict_copy(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	(void)a;
	(void)how;
	struct gh_jv out = gh_jv_dict(r->arena);
	for (size_t i = 0; out.kind == JV_DICT && i < self.dict->n; i++)
		if (!gh_jv_put(r->arena, out.dict, self.dict->key[i], self.dict->val[i]))
			return jj_limit(r, "no memory");
	return out;
}
