/* Values that everybody has already: examples in the documentation of providers and defaults of development servers. */
#include "check/secrets_int.h"

bool gh_secret_published(struct gh_span value)
{
	static const char *const shown[] = {
		"AKIAIOSFODNN7EXAMPLE",
		"AKIAI44QH8DHBEXAMPLE",
		"ASIAIOSFODNN7EXAMPLE",
		"AKIA1234567890ABCDEF",
		"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		"je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
		/* the account of storage emulators, the same on every machine */
		"Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
		"C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DEQ/fUTFUfwtP6yXX32tTAbTX2P7q2nMHVD+XZsP4c7cXA==",
		"xoxb-123456789012-1234567890123-4mt0t4l1yl3g1t0k3n",
		"4eC39HqLyjWDarjtT1zdp7dc",
		"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkw",
		"110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
		"123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11",
		"T00000000/B00000000",
		"AIzaSyDdI0hCZtE6vySjMm-WEfRq3CPzqKqqsHI",
	};
	for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
		if (memmem(value.p, value.n, shown[i], strlen(shown[i])) != NULL)
			return true;
	return false;
}
