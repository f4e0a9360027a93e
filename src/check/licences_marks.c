/* Marks by which texts of licences are told apart: a few words each, all of which must be there. The order matters: what adds
 * to another licence stands before it. */
#include "check/licences.h"

struct row {
	const char *id;
	const char *
		names; /* other ways to declare it, in small letters and single spaces for everything that is no letter or
			    * digit, separated by | */
	const char *marks[4]; /* in the same spelling */
};

static const struct row rows[] = {
	{ "llama3.3", "llama 3 3 community license|llama3 3", { "llama 3 3 community license", NULL } },
	{ "llama3.2", "llama 3 2 community license|llama3 2", { "llama 3 2 community license", NULL } },
	{ "llama3.1", "llama 3 1 community license|llama3 1", { "llama 3 1 community license", NULL } },
	{ "llama4", "llama 4 community license", { "llama 4 community license", NULL } },
	{ "llama3", "llama 3 community license|meta llama 3", { "meta llama 3 community license", NULL } },
	{ "llama2", "llama 2 community license", { "llama 2 community license", NULL } },
	{ "gemma", "gemma terms of use|gemma license", { "gemma terms of use", NULL } },
	{ "qwen-research", "qwen research license", { "qwen research license", NULL } },
	{ "tongyi-qianwen",
	  "qwen|qwen license|tongyi qianwen license|tongyi qianwen research",
	  { "tongyi qianwen license", NULL } },
	{ "qwen", "qwen license agreement", { "qwen license agreement", NULL } },
	{ "deepseek", "deepseek license|deepseek model license", { "deepseek license agreement", NULL } },
	{ "mrl",
	  "mistral ai research license|mistral research license|mistral mrl",
	  { "mistral ai research license", NULL } },
	{ "mnpl", "mistral ai non production license", { "mistral ai non production license", NULL } },
	{ "falcon-llm",
	  "falcon llm license|tii falcon llm license|falcon 180b tii license",
	  { "tii falcon", "license", NULL } },
	{ "stabilityai-ai-community",
	  "stability ai community license|stabilityai community",
	  { "stability ai community license", NULL } },
	{ "stabilityai-nc",
	  "stability ai non commercial research community license",
	  { "stability ai", "non commercial research", NULL } },
	{ "nvidia-open-model-license", "nvidia open model license", { "nvidia open model license", NULL } },
	{ "nvidia-ncl", "nvidia source code license", { "nvidia source code license", NULL } },
	{ "bigcode-openrail-m", "bigcode open rail m", { "bigcode", "openrail m", NULL } },
	{ "bigscience-bloom-rail-1.0",
	  "bigscience bloom rail 1 0|bigscience rail",
	  { "bigscience rail license", NULL } },
	{ "bigscience-openrail-m", "bigscience openrail m", { "bigscience", "open rail m", NULL } },
	{ "openrail++", "creativeml open rail m++|openrail m++", { "creativeml open rail++ m", NULL } },
	{ "creativeml-openrail-m", "creativeml open rail m", { "creativeml open rail m", NULL } },
	{ "openrail", "open rail m|openrail m", { "open rail", "use based restrictions", NULL } },
	{ "cc-by-nc-nd-4.0",
	  "creative commons attribution noncommercial noderivatives 4 0",
	  { "attribution noncommercial noderivatives 4 0 international", NULL } },
	{ "cc-by-nc-sa-4.0",
	  "creative commons attribution noncommercial sharealike 4 0",
	  { "attribution noncommercial sharealike 4 0 international", NULL } },
	{ "cc-by-nc-4.0",
	  "creative commons attribution noncommercial 4 0",
	  { "attribution noncommercial 4 0 international", NULL } },
	{ "cc-by-nd-4.0",
	  "creative commons attribution noderivatives 4 0",
	  { "attribution noderivatives 4 0 international", NULL } },
	{ "cc-by-sa-4.0",
	  "creative commons attribution sharealike 4 0",
	  { "attribution sharealike 4 0 international", NULL } },
	{ "cc-by-4.0",
	  "creative commons attribution 4 0|cc by 4",
	  { "attribution 4 0 international", "creative commons", NULL } },
	{ "cc-by-nc-sa-3.0", "", { "attribution noncommercial sharealike 3 0", NULL } },
	{ "cc-by-nc-3.0", "", { "attribution noncommercial 3 0", NULL } },
	{ "cc-by-nd-3.0", "", { "attribution noderivs 3 0", NULL } },
	{ "cc-by-sa-3.0", "", { "attribution sharealike 3 0", NULL } },
	{ "cc-by-3.0", "", { "attribution 3 0 unported", NULL } },
	{ "cc0-1.0", "cc0|cc0 1 0 universal|creative commons zero", { "cc0 1 0 universal", NULL } },
	{ "mpl-2.0",
	  "mozilla public license 2 0|mpl 2|mplv2|mozilla public license 2 0 mpl 2 0",
	  { "mozilla public license version 2 0", NULL } },
	{ "mpl-1.1", "", { "mozilla public license version 1 1", NULL } },
	{ "epl-2.0",
	  "eclipse public license 2 0|eclipse public license v2 0",
	  { "eclipse public license v 2 0", NULL } },
	{ "epl-1.0", "eclipse public license 1 0", { "eclipse public license v 1 0", NULL } },
	{ "eupl-1.2", "european union public licence 1 2", { "european union public licence", "v 1 2", NULL } },
	{ "eupl-1.1", "", { "european union public licence", "v 1 1", NULL } },
	{ "ofl-1.1", "sil open font license|ofl", { "sil open font license", NULL } },
	{ "artistic-2.0", "artistic license 2 0", { "the artistic license 2 0", NULL } },
	{ "artistic-1.0",
	  "artistic|artistic license",
	  { "the artistic license", "the intent of this document", NULL } },
	{ "wtfpl", "do what the fuck you want to public license", { "do what the fuck you want to", NULL } },
	{ "postgresql",
	  "postgresql license",
	  { "in no event shall the university of california be liable", "without fee and without a written agreement",
	    NULL } },
	{ "odc-by", "open data commons attribution license", { "open data commons attribution license", NULL } },
	{ "odbl", "open database license", { "open database license", NULL } },
	{ "pddl", "public domain dedication and license", { "public domain dedication and license", NULL } },
	{ "cdla-permissive-2.0", "", { "community data license agreement permissive", NULL } },
	{ "ms-pl", "microsoft public license", { "microsoft public license", NULL } },
	{ "apple-amlr", "apple machine learning research model", { "apple machine learning research model", NULL } },
	{ "bsl-1.1", "business source license 1 1", { "business source license 1 1", NULL } },
	{ "bsl-1.0",
	  "boost software license|boost software license 1 0|boost",
	  { "boost software license version 1 0", NULL } },
	{ "agpl-3.0",
	  "gnu affero general public license v3|gnu agplv3|agplv3|gnu agpl v3|agpl 3 0 only|agpl 3 0 or later",
	  { "gnu affero general public license version 3", NULL } },
	{ "lgpl-3.0",
	  "gnu lesser general public license v3|lgplv3|lgpl 3 0 only|lgpl 3 0 or later",
	  { "gnu lesser general public license version 3", NULL } },
	{ "lgpl-2.1",
	  "gnu lesser general public license v2 1|lgplv2 1|lgpl 2 1 only|lgpl 2 1 or later",
	  { "gnu lesser general public license version 2 1", NULL } },
	{ "lgpl-2.0",
	  "gnu library general public license v2|lgpl 2 0 only|lgpl 2 0 or later",
	  { "gnu library general public license version 2", NULL } },
	{ "gfdl",
	  "gnu free documentation license|gfdl 1 2|gfdl 1 3",
	  { "gnu free documentation license version 1", NULL } },
	{ "gpl-3.0",
	  "gnu general public license v3|gnu gplv3|gplv3|gpl v3|gpl 3|gpl 3 0 only|gpl 3 0 or later|gnu gpl v3",
	  { "gnu general public license version 3", NULL } },
	{ "gpl-2.0",
	  "gnu general public license v2|gplv2|gpl v2|gpl 2|gpl 2 0 only|gpl 2 0 or later",
	  { "gnu general public license version 2", NULL } },
	{ "gpl-1.0", "", { "gnu general public license version 1", NULL } },
	{ "apache-2.0",
	  "apache|apache 2|apache license 2 0|apache license version 2 0|apache software license|apache2",
	  { "apache license version 2 0", NULL } },
	{ "unlicense",
	  "the unlicense|public domain",
	  { "this is free and unencumbered software released into the public domain", NULL } },
	{ "zlib",
	  "zlib libpng license|zlib license",
	  { "altered source versions must be plainly marked as such", NULL } },
	{ "bsd-3-clause",
	  "bsd 3 clause|new bsd license|bsd license 3|3 clause bsd license|bsd 3 clause license|modified bsd",
	  { "redistribution and use in source and binary forms", "may be used to endorse or promote products", NULL } },
	{ "bsd-2-clause",
	  "bsd 2 clause|simplified bsd license|bsd 2 clause license",
	  { "redistribution and use in source and binary forms", "this list of conditions and the following disclaimer",
	    NULL } },
	{ "isc",
	  "isc license|iscl",
	  { "permission to use copy modify and or distribute this software for any purpose with or without fee is "
	    "hereby granted",
	    NULL } },
	{ "mit",
	  "mit license|the mit license|expat|mit licence",
	  { "permission is hereby granted free of charge to any person obtaining a copy of this software",
	    "the software is provided as is", NULL } },
};

/* Small letters, digits and +; one space for a row of anything else; a space at both ends. */
static size_t plain(struct gh_span s, uint8_t *out)
{
	size_t n = 0;
	out[n++] = ' ';
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (uint8_t)(s.p[i] | 0x20) : s.p[i];
		bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+';
		if (word)
			out[n++] = c;
		else if (out[n - 1] != ' ')
			out[n++] = ' ';
	}
	return n;
}

const char *gh_licence_of_text(struct gh_span text, uint8_t *room)
{
	size_t n = plain(text, room);
	for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
		bool all = true;
		for (unsigned k = 0; k < 4 && rows[r].marks[k] != NULL && all; k++)
			all = memmem(room, n, rows[r].marks[k], strlen(rows[r].marks[k])) != NULL;
		if (all)
			return rows[r].id;
	}
	return NULL;
}

const char *gh_licence_of_name(struct gh_span name)
{
	uint8_t want[130], have[130];
	name = gh_span_cut(name, 0, 120);
	/* The last part of a trove classifier. */
	if (name.n == 0)
		return NULL;
	const uint8_t *sep = memmem(name.p, name.n, ":: ", 3);
	while (sep != NULL) {
		name = gh_span_cut(name, (uint64_t)(sep - name.p) + 3, name.n);
		sep = name.n == 0 ? NULL : memmem(name.p, name.n, ":: ", 3);
	}
	size_t n = plain(name, want);
	while (n > 1 && want[n - 1] == ' ')
		n--;
	if (n <= 1)
		return NULL;
	for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
		size_t k = plain(gh_span_str(rows[r].id), have);
		if (k == n && memcmp(want, have, n) == 0)
			return rows[r].id;
		for (const char *p = rows[r].names; *p != '\0'; p += strspn(p, "|")) {
			size_t len = strcspn(p, "|");
			if (len == n - 1 && memcmp(p, want + 1, len) == 0)
				return rows[r].id;
			p += len;
		}
	}
	return NULL;
}

bool gh_licence_agrees(const char *a, const char *b)
{
	static const char *const pairs[][2] = { { "llama3", "llama3.1" },
						{ "tongyi-qianwen", "qwen" },
						{ "bsd-3-clause", "bsd-2-clause" },
						{ "lgpl-3.0", "gpl-3.0" },
						{ "openrail", "bigscience-openrail-m" },
						{ "openrail", "creativeml-openrail-m" },
						{ "openrail", "bigcode-openrail-m" },
						{ "openrail", "openrail++" } };
	if (strcmp(a, b) == 0)
		return true;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		if ((strcmp(a, pairs[i][0]) == 0 && strcmp(b, pairs[i][1]) == 0) ||
		    (strcmp(b, pairs[i][0]) == 0 && strcmp(a, pairs[i][1]) == 0))
			return true;
	return false;
}
