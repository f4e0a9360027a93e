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
		"mF_9.B5f-4.1JqM",	  /* RFC 6750 */
		"2YotnFZFEjr1zCsicMWpAA", /* RFC 6749 */
		"tGzv3JOkF0XG5Qx2TlKWIA",
		"7Fjfp0ZBr1KtDRbnfVdmIw",
		"SplxlOBeZQQYbYS6WxSbIA",
		"czZCaGRSa3F0MzpnWDFmQmF0M2JW",
		"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", /* RFC 7515, 7636 */
		"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
		"SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
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

static bool same(struct gh_span a, const char *b, size_t n)
{
	if (a.n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((gh_c_alpha(a.p[i]) ? a.p[i] | 0x20 : a.p[i]) != (uint8_t)b[i])
			return false;
	return true;
}

static bool among(struct gh_span word, const char *list)
{
	for (const char *p = list; *p != '\0'; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		if (same(word, p, n))
			return true;
		p += n;
	}
	return false;
}

bool gh_secret_user_stands_in(struct gh_span user)
{
	static const char users[] = "user username user_name user-name usr uname name login me you myuser my_user "
				    "my-user myusername youruser "
				    "your_user your-user yourusername your_username your-username yourname your-name "
				    "your_name someone somebody "
				    "someuser account myaccount foo bar alice bob john jane joe johndoe example test "
				    "demo client_id clientid "
				    "aladdin scott proxyuser proxy_user db_user dbuser";
	return among(user, users);
}

bool gh_secret_host_stands_in(struct gh_span host)
{
	static const char hosts[] =
		"host hostname host1 server servername server1 example domain company organization organisation org "
		"myhost myserver mydomain mycompany mycorp myorg myregistry myproxy yourhost yourserver yourdomain "
		"yourcompany yourorg yourregistry some-host somehost somedomain acme contoso foo bar proxyserver "
		"proxy-server "
		"proxyhost";
	static const char *const starts[] = { "your-", "your_", "my-", "my_", "some-", "example-" };
	for (size_t i = 0; i < host.n;) { /* label by label */
		size_t n = i;
		while (n < host.n && (gh_c_word(host.p[n]) || host.p[n] == '-'))
			n++;
		struct gh_span label = gh_span_cut(host, i, n - i);
		if (among(label, hosts))
			return true;
		for (size_t k = 0; k < sizeof starts / sizeof starts[0]; k++)
			if (same(gh_span_cut(label, 0, strlen(starts[k])), starts[k], strlen(starts[k])))
				return true;
		if (n >= host.n || host.p[n] != '.')
			break;
		i = n + 1;
	}
	return false;
}
