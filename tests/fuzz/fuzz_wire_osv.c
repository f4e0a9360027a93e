/* Advisories: any text is a record or an error with a place; what was taken makes a sound database that answers and copies. */
#include "scan/advisories_read.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

static void ask(const struct gh_advdb *db)
{
	static const char *const versions[] = { "0", "1.2.3", "2.0rc1", "v1", "1!2.0+x", "" };
	for (uint32_t i = 0; i < db->nproduct && i < 64; i++) {
		struct gh_adv_product p = gh_advdb_product(db, i);
		enum gh_version_rule rule = gh_version_rule(p.ecosystem);
		struct gh_version_set set;
		struct gh_adv_interval where;
		(void)gh_advdb_record(db, p.record);
		for (size_t k = 0; k < sizeof versions / sizeof versions[0]; k++)
			(void)gh_advdb_affects(db, &p, rule, gh_span_str(versions[k]), &where);
		if (gh_version_set(rule, gh_span_str(">=1,<3"), &set))
			(void)gh_advdb_allows(db, &p, rule, &set, &where);
		uint32_t count;
		(void)gh_advdb_find(db, p.ecosystem, p.name, &count);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	struct gh_span in = { d, n };
	struct gh_advdb db;
	if (gh_advdb(in, &db, NULL) == GH_OK) { /* a file that somebody kept, sound or not */
		(void)gh_advdb_sound(&db);
		ask(&db);
		return 0;
	}
	struct gh_advisories_count count = { 0 };
	struct gh_err err = { 0 };
	struct gh_advdb_make *m = gh_advdb_make(64 << 20);
	if (m == NULL)
		return 0;
	enum gh_rc rc = gh_advisories_is_zip(in) ? gh_advisories_zip(m, in, "zip", &count, &err)
						 : gh_advisories_json(m, in, "text", &count, &err);
	if (rc != GH_OK && err.n == 0)
		abort();
	struct gh_buf one = gh_buf(64 << 20), two = gh_buf(64 << 20);
	if (rc == GH_OK && gh_advdb_write(m, &one, NULL, NULL) == GH_OK) {
		if (gh_advdb(gh_buf_view(&one), &db, NULL) != GH_OK || !gh_advdb_sound(&db))
			abort();
		ask(&db);
		struct gh_advdb_make *again = gh_advdb_make(64 << 20);
		if (again != NULL && gh_advdb_add_all(again, &db, NULL) == GH_OK &&
		    gh_advdb_write(again, &two, NULL, NULL) == GH_OK &&
		    !gh_span_eq(gh_buf_view(&one), gh_buf_view(&two)))
			abort();
		gh_advdb_make_free(again);
	}
	gh_buf_free(&one);
	gh_buf_free(&two);
	gh_advdb_make_free(m);
	return 0;
}
