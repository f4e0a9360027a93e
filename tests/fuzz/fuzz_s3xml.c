/* Answers of an S3 store: paths and texts stay within their bounds, every leaf comes once, and an error's text is printable. */
#include "wire/s3xml.h"

#include <stdlib.h>

static bool leaf(void *arg, const char *path, struct gh_span text)
{
	size_t *n = arg;
	if (strlen(path) >= GH_S3XML_PATH || path[0] == '\0' || text.n > GH_S3XML_TEXT)
		abort();
	for (size_t i = 0; i < text.n; i++)
		*n += text.p[i];
	return (++*n & 0xfff) != 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gh_span s = { data, size };
	struct gh_s3xml_error e;
	size_t n = 0;
	(void)gh_s3xml_read(s, leaf, &n);
	if (gh_s3xml_error(s, &e) != (e.code[0] != '\0'))
		abort();
	for (const char *p = e.message; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			abort();
	return 0;
}
