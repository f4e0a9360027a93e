/* The modules that YARA rules may import here. This table takes the place of the library's own, which would bring in a JSON
 * parser, libmagic with its database file, and the clock: none of them can work in a worker that has no files, and rules whose
 * answer depends on the time of day would break the promise of the same report for the same bytes.
 *
 *	elf pe dotnet macho dex math hash	work
 *	cuckoo magic time console tests		are refused when rules are compiled: `unknown module`
 *
 * The functions are those that libyara calls (<yara/modules.h>). */
#include "scan/yara_modules.h"

#include <string.h>
#include <yara.h>
#include <yara/modules.h>
#include <yara/object.h>

#define MODULES(X) X(elf) X(pe) X(dotnet) X(macho) X(dex) X(math) X(hash)

#define DECLARE(name) \
	int name##__declarations(YR_OBJECT *); \
	int name##__load(YR_SCAN_CONTEXT *, YR_OBJECT *, void *data, size_t size); \
	int name##__unload(YR_OBJECT *); \
	int name##__initialize(YR_MODULE *); \
	int name##__finalize(YR_MODULE *);
MODULES(DECLARE)

#define ROW(name) \
	{ (char *)#name, name##__declarations, name##__load, name##__unload, name##__initialize, name##__finalize },
static YR_MODULE modules[] = { MODULES(ROW) };
enum { MODULES_N = sizeof modules / sizeof modules[0] };

#define NAME(name) #name " "
const char *const gh_yara_modules = MODULES(NAME);

static YR_MODULE *module_named(const char *name)
{
	for (size_t i = 0; i < MODULES_N; i++)
		if (strcmp(modules[i].name, name) == 0)
			return &modules[i];
	return NULL;
}

int yr_modules_initialize(void)
{
	int rc = ERROR_SUCCESS;
	for (size_t i = 0; i < MODULES_N && rc == ERROR_SUCCESS; i++)
		rc = modules[i].initialize(&modules[i]);
	return rc;
}

int yr_modules_finalize(void)
{
	int rc = ERROR_SUCCESS;
	for (size_t i = 0; i < MODULES_N && rc == ERROR_SUCCESS; i++)
		rc = modules[i].finalize(&modules[i]);
	return rc;
}

int yr_modules_do_declarations(const char *name, YR_OBJECT *main_structure)
{
	YR_MODULE *m = module_named(name);
	return m == NULL ? ERROR_UNKNOWN_MODULE : m->declarations(main_structure);
}

/* Functions of `macho` count up to the number of architectures that the bytes name, whether these are there or not: four
 * thousand million of them take minutes, and no time limit of libyara is looked at meanwhile. Real files have a handful. */
enum { ARCHITECTURES_MAX = 4096 };
static void bound_counts(YR_OBJECT *values, const char *name)
{
	if (strcmp(name, "macho") != 0)
		return;
	int64_t n = yr_object_get_integer(values, "nfat_arch");
	if (n != (int64_t)YR_UNDEFINED && (n < 0 || n > ARCHITECTURES_MAX))
		(void)yr_object_set_integer(ARCHITECTURES_MAX, values, "nfat_arch");
}

/* A module's values for the bytes at hand, made when a rule first asks for them. */
int yr_modules_load(const char *name, YR_SCAN_CONTEXT *context)
{
	YR_MODULE *m = module_named(name);
	YR_OBJECT *values = NULL;
	if (m == NULL)
		return ERROR_UNKNOWN_MODULE;
	if (yr_hash_table_lookup(context->objects_table, name, NULL) != NULL)
		return ERROR_SUCCESS; /* an earlier rule asked */
	int rc = yr_object_create(OBJECT_TYPE_STRUCTURE, name, NULL, &values);
	if (rc != ERROR_SUCCESS)
		return rc;
	yr_object_set_canary(values, context->canary);
	rc = m->declarations(values);
	if (rc == ERROR_SUCCESS)
		rc = yr_hash_table_add(context->objects_table, name, NULL, values);
	if (rc != ERROR_SUCCESS) {
		yr_object_destroy(values);
		return rc;
	}
	rc = m->load(context, values, NULL, 0); /* the table owns them now */
	bound_counts(values, name);
	return rc;
}

int yr_modules_unload_all(YR_SCAN_CONTEXT *context)
{
	for (size_t i = 0; i < MODULES_N; i++) {
		YR_OBJECT *values = yr_hash_table_remove(context->objects_table, modules[i].name, NULL);
		if (values == NULL)
			continue;
		(void)modules[i].unload(values);
		yr_object_destroy(values);
	}
	return ERROR_SUCCESS;
}
