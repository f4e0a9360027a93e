#include "attest/dcap_tcb.h"

#include "wire/datetime.h"

#include <stdio.h>

enum { LEVELS = 512, MODULES = 64 };

static const char *const words[] = {
	[GH_DS_UP_TO_DATE] = "UpToDate",
	[GH_DS_SW_HARDENING] = "SWHardeningNeeded",
	[GH_DS_CONFIGURATION] = "ConfigurationNeeded",
	[GH_DS_CONFIGURATION_SW] = "ConfigurationAndSWHardeningNeeded",
	[GH_DS_OUT_OF_DATE] = "OutOfDate",
	[GH_DS_OUT_OF_DATE_CONFIGURATION] = "OutOfDateConfigurationNeeded",
	[GH_DS_RELAUNCH] = "TDRelaunchAdvised",
	[GH_DS_RELAUNCH_CONFIGURATION] = "TDRelaunchAdvisedConfigurationNeeded",
	[GH_DS_REVOKED] = "Revoked",
};
const char *gh_dcap_status_word(enum gh_dcap_status s) { return words[s]; }

/* ---- small values ---------------------------------------------------------------------------------------------- */

static int digit(uint8_t c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

static bool hex(const struct gh_jval *o, const char *key, uint8_t *out, size_t n)
{
	const struct gh_jval *v = gh_jget(o, key);
	if (v == NULL || v->kind != GH_J_STRING || v->text.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int a = digit(v->text.p[2 * i]), b = digit(v->text.p[2 * i + 1]);
		if (a < 0 || b < 0)
			return false;
		out[i] = (uint8_t)(a << 4 | b);
	}
	return true;
}

static bool date(const struct gh_jval *o, const char *key, int64_t *out)
{
	const struct gh_jval *v = gh_jget(o, key);
	return v != NULL && v->kind == GH_J_STRING && gh_datetime_read(v->text, out);
}

static bool number(const struct gh_jval *o, const char *key, uint64_t max, uint64_t *out)
{
	return gh_ju64(gh_jget(o, key), out) && *out <= max;
}

static bool status(const struct gh_jval *o, enum gh_dcap_status *out)
{
	const char *s = gh_jstr(o, "tcbStatus");
	for (size_t i = 0; s != NULL && i < sizeof words / sizeof words[0]; i++)
		if (strcmp(s, words[i]) == 0) {
			*out = (enum gh_dcap_status)i;
			return true;
		}
	return false;
}

/* ---- levels ---------------------------------------------------------------------------------------------------- */

/* [{"svn": 1, …}, …], sixteen of them. */
static bool components(const struct gh_jval *list, uint8_t out[GH_DCAP_SVNS])
{
	size_t n = 0;
	uint64_t v = 0;
	if (list == NULL || list->kind != GH_J_ARRAY || list->n != GH_DCAP_SVNS)
		return false;
	for (const struct gh_jval *i = list->first; i != NULL; i = i->next) {
		if (!number(i, "svn", 255, &v))
			return false;
		out[n++] = (uint8_t)v;
	}
	return true;
}

/* Version 2 spells them one by one. */
static bool components_v2(const struct gh_jval *tcb, uint8_t out[GH_DCAP_SVNS])
{
	char key[32];
	uint64_t v = 0;
	for (unsigned i = 0; i < GH_DCAP_SVNS; i++) {
		(void)snprintf(key, sizeof key, "sgxtcbcomp%02usvn", i + 1);
		if (!number(tcb, key, 255, &v))
			return false;
		out[i] = (uint8_t)v;
	}
	return true;
}

enum shape { ISV, SGX_V2, SGX_V3, TDX_V3 };

static bool level(const struct gh_jval *v, enum shape shape, struct gh_dcap_level *l)
{
	const struct gh_jval *tcb = gh_jget(v, "tcb");
	uint64_t n = 0;
	if (!status(v, &l->status) || (gh_jget(v, "tcbDate") != NULL && !date(v, "tcbDate", &l->date)))
		return false;
	l->advisories = gh_jget(v, "advisoryIDs");
	if (l->advisories != NULL && l->advisories->kind != GH_J_ARRAY)
		return false;
	if (shape == ISV) {
		bool ok = number(tcb, "isvsvn", 65535, &n);
		l->isvsvn = (uint16_t)n;
		return ok;
	}
	if (!number(tcb, "pcesvn", 65535, &n))
		return false;
	l->pcesvn = (uint16_t)n;
	if (shape == SGX_V2)
		return components_v2(tcb, l->sgx);
	return components(gh_jget(tcb, "sgxtcbcomponents"), l->sgx) &&
	       (shape != TDX_V3 || components(gh_jget(tcb, "tdxtcbcomponents"), l->tdx));
}

static enum gh_rc levels(struct gh_arena *a, const struct gh_jval *o, enum shape shape, struct gh_dcap_levels *out,
			 struct gh_err *err)
{
	const struct gh_jval *list = gh_jget(o, "tcbLevels");
	if (list == NULL || list->kind != GH_J_ARRAY || list->n == 0 || list->n > LEVELS)
		return gh_fail(err, GH_E_MALFORMED, "tcbLevels: no list, or one of none or more than %d", LEVELS);
	out->v = GH_NEW(a, struct gh_dcap_level, list->n);
	if (out->v == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for TCB levels");
	for (const struct gh_jval *i = list->first; i != NULL; i = i->next, out->n++)
		if (!level(i, shape, &out->v[out->n]))
			return gh_fail(err, GH_E_MALFORMED, "tcbLevels: entry %zu is malformed", out->n);
	return GH_OK;
}

/* ---- TCB information ------------------------------------------------------------------------------------------- */

static bool module_head(const struct gh_jval *v, struct gh_dcap_module *m)
{
	return hex(v, "mrsigner", m->mrsigner, 48) && hex(v, "attributes", m->attributes, 8) &&
	       hex(v, "attributesMask", m->mask, 8);
}

static enum gh_rc modules(struct gh_arena *a, const struct gh_jval *v, struct gh_dcap_tcb_info *t, struct gh_err *err)
{
	const struct gh_jval *one = gh_jget(v, "tdxModule"), *list = gh_jget(v, "tdxModuleIdentities");
	t->has_module = one != NULL;
	if (one != NULL && !module_head(one, &t->module))
		return gh_fail(err, GH_E_MALFORMED, "tdxModule is malformed");
	if (list == NULL)
		return GH_OK;
	if (list->kind != GH_J_ARRAY || list->n > MODULES)
		return gh_fail(err, GH_E_MALFORMED, "tdxModuleIdentities is no list, or one of more than %d", MODULES);
	t->modules = GH_NEW(a, struct gh_dcap_module, list->n + 1);
	if (t->modules == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for TDX modules");
	for (const struct gh_jval *i = list->first; i != NULL; i = i->next, t->nmodules++) {
		struct gh_dcap_module *m = &t->modules[t->nmodules];
		const char *id = gh_jstr(i, "id");
		int hi = id == NULL || strlen(id) != 6 || strncmp(id, "TDX_", 4) != 0 ? -1 : digit((uint8_t)id[4]);
		int lo = hi < 0 ? -1 : digit((uint8_t)id[5]);
		if (lo < 0 || !module_head(i, m))
			return gh_fail(err, GH_E_MALFORMED, "tdxModuleIdentities: entry %zu is malformed", t->nmodules);
		m->version = (unsigned)(hi << 4 | lo);
		if (gh_dcap_module(t, m->version) != NULL)
			return gh_fail(err, GH_E_MALFORMED, "tdxModuleIdentities: %s comes twice", id);
		GH_TRY(levels(a, i, ISV, &m->levels, err), err, "tdxModuleIdentities: %s", id);
	}
	return GH_OK;
}

enum gh_rc gh_dcap_tcb_info_read(struct gh_arena *a, const struct gh_jval *v, struct gh_dcap_tcb_info *t,
				 struct gh_err *err)
{
	uint64_t version = 0, type = 0;
	const char *id = gh_jstr(v, "id");
	*t = (struct gh_dcap_tcb_info){ 0 };
	if (!gh_ju64(gh_jget(v, "version"), &version))
		return gh_fail(err, GH_E_MALFORMED, "TCB information without a version");
	if (version != 2 && version != 3)
		return gh_fail(err, GH_E_UNREAD, "TCB information of version %llu (2 and 3 are known)",
			       (unsigned long long)version);
	if (version == 3 && (id == NULL || (strcmp(id, "SGX") != 0 && strcmp(id, "TDX") != 0)))
		return gh_fail(err, GH_E_UNREAD, "TCB information that is neither of SGX nor of TDX");
	t->tdx = version == 3 && strcmp(id, "TDX") == 0;
	if (!date(v, "issueDate", &t->issued) || !date(v, "nextUpdate", &t->next) || !hex(v, "fmspc", t->fmspc, 6) ||
	    !hex(v, "pceId", t->pceid, 2) || !number(v, "tcbEvaluationDataNumber", UINT32_MAX, &t->evaluation))
		return gh_fail(err, GH_E_MALFORMED,
			       "TCB information: issueDate, nextUpdate, fmspc, pceId or "
			       "tcbEvaluationDataNumber is malformed");
	if (!gh_ju64(gh_jget(v, "tcbType"), &type) || type != 0)
		return gh_fail(err, GH_E_UNREAD,
			       "TCB information whose tcbType is not 0: its components cannot be compared");
	if (t->tdx)
		GH_TRY(modules(a, v, t, err), err, "TCB information");
	return levels(a, v, t->tdx ? TDX_V3 : version == 2 ? SGX_V2 : SGX_V3, &t->levels, err);
}

enum gh_rc gh_dcap_identity_read(struct gh_arena *a, const struct gh_jval *v, struct gh_dcap_identity *e,
				 struct gh_err *err)
{
	uint64_t version = 0, prod = 0;
	const struct gh_jval *id = gh_jget(v, "id");
	*e = (struct gh_dcap_identity){ 0 };
	if (!gh_ju64(gh_jget(v, "version"), &version) || version != 2)
		return gh_fail(err, GH_E_UNREAD, "an enclave identity of another version than 2");
	if (id == NULL || id->kind != GH_J_STRING || !date(v, "issueDate", &e->issued) ||
	    !date(v, "nextUpdate", &e->next) || !number(v, "tcbEvaluationDataNumber", UINT32_MAX, &e->evaluation) ||
	    !hex(v, "miscselect", e->miscselect, 4) || !hex(v, "miscselectMask", e->misc_mask, 4) ||
	    !hex(v, "attributes", e->attributes, 16) || !hex(v, "attributesMask", e->attr_mask, 16) ||
	    !hex(v, "mrsigner", e->mrsigner, 32) || !number(v, "isvprodid", 65535, &prod))
		return gh_fail(err, GH_E_MALFORMED, "an enclave identity of which a member is missing or malformed");
	e->id = id->text;
	e->isvprodid = (uint16_t)prod;
	return levels(a, v, ISV, &e->levels, err);
}

/* ---- where one stands ------------------------------------------------------------------------------------------ */

static bool at_least(const uint8_t *have, const uint8_t *want, size_t from)
{
	bool yes = true;
	for (size_t i = from; i < GH_DCAP_SVNS; i++)
		yes = yes && have[i] >= want[i];
	return yes;
}

static int compare(const struct gh_dcap_level *a, const struct gh_dcap_level *b)
{
	int c = memcmp(a->sgx, b->sgx, sizeof a->sgx);
	if (c == 0)
		c = (a->pcesvn > b->pcesvn) - (a->pcesvn < b->pcesvn);
	return c != 0 ? c : memcmp(a->tdx, b->tdx, sizeof a->tdx);
}

const struct gh_dcap_level *gh_dcap_platform_level(const struct gh_dcap_tcb_info *t, const struct gh_dcap_platform *p,
						   struct gh_span tee)
{
	const struct gh_dcap_level *best = NULL;
	for (size_t i = 0; i < t->levels.n; i++) {
		const struct gh_dcap_level *l = &t->levels.v[i];
		if (!at_least(p->svn, l->sgx, 0) || p->pcesvn < l->pcesvn)
			continue;
		if (t->tdx && (tee.n != GH_DCAP_SVNS || !at_least(tee.p, l->tdx, tee.p[1] > 0 ? 2 : 0)))
			continue;
		if (best == NULL || compare(l, best) > 0)
			best = l;
	}
	return best;
}

const struct gh_dcap_level *gh_dcap_isv_level(const struct gh_dcap_levels *l, unsigned isvsvn)
{
	const struct gh_dcap_level *best = NULL;
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].isvsvn <= isvsvn && (best == NULL || l->v[i].isvsvn > best->isvsvn))
			best = &l->v[i];
	return best;
}

const struct gh_dcap_module *gh_dcap_module(const struct gh_dcap_tcb_info *t, unsigned version)
{
	if (version == 0)
		return t->has_module ? &t->module : NULL;
	for (size_t i = 0; i < t->nmodules; i++)
		if (t->modules[i].version == version)
			return &t->modules[i];
	return NULL;
}

enum gh_dcap_status gh_dcap_merge(enum gh_dcap_status platform, enum gh_dcap_status part)
{
	if (platform == GH_DS_REVOKED || part == GH_DS_REVOKED)
		return GH_DS_REVOKED;
	if (part == GH_DS_UP_TO_DATE)
		return platform;
	/* Parts are up to date, out of date or revoked; whatever else one says counts as out of date. */
	bool configuration = platform == GH_DS_CONFIGURATION || platform == GH_DS_CONFIGURATION_SW ||
			     platform == GH_DS_OUT_OF_DATE_CONFIGURATION || platform == GH_DS_RELAUNCH_CONFIGURATION;
	return configuration ? GH_DS_OUT_OF_DATE_CONFIGURATION : GH_DS_OUT_OF_DATE;
}
