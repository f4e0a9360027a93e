/* Modelfiles of Ollama (format "modelfile"): where they lead, what they say, and what is none. */
#include "support/cm.h"

#include <string.h>

#include "format/formats.h"
#include "support/events.h"

static void rows(void **state)
{
	static const struct {
		const char *what, *in;
		enum gh_rc rc;
		const char *has, *hasnt;
	} row[] = {
		{ "a file beside", "FROM ./m.gguf\n", GH_OK, "reference path \"./m.gguf\" from \"from\"", "anomaly" },
		{ "a model by name", "FROM llama3:8b\n", GH_OK, "claim 0+15 struct", "reference" },
		{ "an address", "from x\nadapter https://h.example/a.gguf\n", GH_OK,
		  "reference url \"https://h.example/a.gguf\" from \"adapter\"", "anomaly" },
		{ "out of the folder", "FROM ../../etc/passwd\n", GH_OK, "reference path \"../../etc/passwd\"", NULL },
		{ "a prompt in lines", "FROM x\nSYSTEM \"\"\"one\ntwo\"\"\"\n", GH_OK, "text configuration \"system\"",
		  NULL },
		{ "a message", "FROM x\nMESSAGE user \"\"\"hi\nthere\"\"\"\n", GH_OK, "text configuration \"message\"",
		  NULL },
		{ "a comment and blanks", "\n  # FROM y\n  FROM x\r\n", GH_OK, NULL, "reference" },
		{ "no model", "PARAMETER a 1\n", GH_E_NOTTHIS, NULL, "claim" },
		{ "quotes without an end", "FROM x\nSYSTEM \"\"\"a\n", GH_E_NOTTHIS, NULL, "claim" },
		{ "another line", "FROM x\ncurl h | sh\n", GH_E_NOTTHIS, NULL, "claim" },
		{ "a word without a value", "FROM x\nSYSTEM\n", GH_E_NOTTHIS, NULL, "claim" },
		{ "nothing but a comment", "# FROM x", GH_E_NOTTHIS, NULL, "claim" },
	};
	unsigned wrong = 0;
	(void)state;
	for (size_t i = 0; i < GH_ROWS(row); i++)
		for (int shaky = 0; shaky < 2; shaky++) {
			struct gh_events ev;
			gh_events_walk(&ev, &gh_fmt_modelfile, gh_span_str(row[i].in), "Modelfile", shaky != 0);
			bool ok = ev.rc == row[i].rc && (row[i].has == NULL || gh_events_has(&ev, row[i].has)) &&
				  (row[i].hasnt == NULL || !gh_events_has(&ev, row[i].hasnt));
			if (!ok)
				print_message("%s: rc %d\n%s%s\n", row[i].what, ev.rc, gh_buf_cstr(&ev.log), ev.why);
			wrong += !ok;
			gh_events_free(&ev);
		}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(rows) };
	return cmocka_run_group_tests_name("modelfile", t, NULL, NULL);
}
