/* schema_steps.h - the numbered steps of the schema: data for schema.c. */
#ifndef GH_CATALOG_SCHEMA_STEPS_H
#define GH_CATALOG_SCHEMA_STEPS_H
#include <stddef.h>

/* SQL of one step: statements in the common subset of both engines, each ended by ";\n". Words in braces are spelt by
 * schema.c as the engine wants them:
 *	{int}	 64-bit integer		INTEGER		BIGINT
 *	{text}	 text, compared by bytes TEXT		TEXT COLLATE "C"
 *	{bytes}	 bytes			BLOB		BYTEA
 *	{seq}	 key that counts up	INTEGER PRIMARY KEY AUTOINCREMENT	BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY
 *	{strict} end of CREATE TABLE	STRICT
 *	{rows}	 the same for tables whose key is their order: WITHOUT ROWID, STRICT */
struct gh_schema_step {
	const char *about; /* what it brings, for people */
	const char *sql;
};
extern const struct gh_schema_step gh_schema_steps[];
extern const size_t gh_schema_steps_n;
#endif
