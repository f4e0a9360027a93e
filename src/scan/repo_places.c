#include "scan/repo_places.h"

#include <string.h>

/* Formats that nothing loads or runs. */
static bool inert(const char *format)
{
	static const char *const names[] = { "text", "json", "yaml", "ini",  "toml",	 "empty", "unknown",
					     "png",  "jpeg", "gif",  "webp", "markdown", "csv" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(format, names[i]) == 0)
			return true;
	return false;
}

/* What git keeps beside a model. Its own files are inert; a text is too, but where git would start it: a hook, unless
 * its name ends in ".sample". Git LFS keeps a second copy of the files that are checked out, under their digests. */
static bool git_keeps(const char *name, const char *format)
{
	static const char *const own[] = { "git-object", "git-pack",   "git-pack-index",
					   "git-index",	 "git-config", "git-template" };
	static const char *const text[] = { "shell", "source-code", "python", "html", "jinja", "xml" };
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
		if (strcmp(format, own[i]) == 0)
			return true;
	const char *at = strncmp(name, ".git/", 5) == 0 ? name : strstr(name, "/.git/");
	if (at == NULL)
		return false;
	at += *at == '/';
	if (strncmp(at + 5, "lfs/objects/", 12) == 0)
		return true;
	size_t n = strlen(at);
	bool hook = strncmp(at + 5, "hooks/", 6) == 0, sample = n > 7 && strcmp(at + n - 7, ".sample") == 0;
	for (size_t i = 0; i < sizeof text / sizeof text[0]; i++)
		if (strcmp(format, text[i]) == 0)
			return !hook || sample;
	return false;
}

/* Git starts it by its place, whatever it is: without a first line that names an interpreter, by the shell. */
static bool hook(const char *name)
{
	const char *at = strncmp(name, ".git/hooks/", 11) == 0 ? name : strstr(name, "/.git/hooks/");
	size_t n = strlen(name);
	return at != NULL && !(n > 7 && strcmp(name + n - 7, ".sample") == 0);
}

/* The digest in the name of a file that is stored by its content: "blobs/sha256/…" of OCI image layouts, "blobs/sha256-…" of
 * Ollama, "blobs/…" of the cache of Hugging Face's hub. NULL: none. */
const char *gh_place_digest(const char *name)
{
	static const char *const under[] = { "blobs/sha256/", "blobs/sha256-", "blobs/" };
	size_t n = strlen(name);
	const char *at = n < 64 ? NULL : name + (n - 64);
	if (at == NULL || strspn(at, "0123456789abcdef") != 64)
		return NULL;
	for (size_t i = 0; i < sizeof under / sizeof under[0]; i++) {
		size_t len = strlen(under[i]), before = (size_t)(at - name);
		if (before >= len && strncmp(at - len, under[i], len) == 0 &&
		    (before == len || name[before - len - 1] == '/'))
			return at;
	}
	return NULL;
}

static bool dotted(const char *name)
{
	for (; name != NULL; name = strchr(name, '/')) {
		name += *name == '/';
		if (name[0] == '.' && name[1] != '\0')
			return true;
	}
	return false;
}

bool gh_place_hidden(const char *name, const char *format, uint64_t size)
{
	bool quiet = (inert(format) || git_keeps(name, format)) && (!hook(name) || size == 0);
	return dotted(name) && !quiet;
}

bool gh_place_ocdbt(const struct gh_repo_file *file, size_t n, size_t i)
{
	enum { DIGITS = 32 };
	const char *name = file[i].name, *last = strrchr(name, '/') == NULL ? name : strrchr(name, '/') + 1;
	size_t dir = (size_t)(last - name);
	if (strlen(last) != DIGITS || strspn(last, "0123456789abcdef") != DIGITS || dir < 2 ||
	    strncmp(name + dir - 2, "d/", 2) != 0 || (dir > 2 && name[dir - 3] != '/'))
		return false;
	for (size_t k = 0; k < n; k++)
		if (strncmp(file[k].name, name, dir - 2) == 0 && strcmp(file[k].name + dir - 2, "manifest.ocdbt") == 0)
			return true;
	return false;
}
