/* jinja_methods.h - methods as functions: how tells apart those that share one. Inside of src/wire/jinja only. */
#ifndef GH_WIRE_JINJA_JINJA_METHODS_H
#define GH_WIRE_JINJA_JINJA_METHODS_H
#include "wire/jinja/jinja_int.h"

typedef struct gh_jv jj_method_fn(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how);

/* ---- jinja_strings.c: of texts and bytes ---- */
jj_method_fn jj_m_strip, jj_m_cased, jj_m_replace, jj_m_ends, jj_m_split, jj_m_splitlines, jj_m_search, jj_m_is_kind,
	jj_m_pad, jj_m_affix, jj_m_partition, jj_m_join, jj_m_expandtabs, jj_m_encode, jj_m_hex;
/* ---- jinja_collections.c: of lists and dictionaries. Changing one is an error unless somebody watches ---- */
jj_method_fn jj_m_list_change, jj_m_list_look, jj_m_dict_view, jj_m_dict_get, jj_m_dict_update, jj_m_dict_copy;
#endif
