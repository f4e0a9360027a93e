#include "check/stage.h"

const struct gh_stage_row gh_stage_rows[GH_STAGES] = {
	[GH_STAGE_INTEGRITY] = { "integrity", "every byte read, digested and understood", "files" },
	[GH_STAGE_MALWARE] = { "malware", "native programs, malware signatures, known-bad files", "pieces of content" },
	[GH_STAGE_CODE] = { "code", "what loading would import, call or run", "calls and sources" },
	[GH_STAGE_VULNERABILITIES] = { "vulnerabilities", "packages with known vulnerabilities", "packages" },
	[GH_STAGE_NETWORK] = { "network", "addresses that the files name, and in which context", "addresses" },
	[GH_STAGE_TENSORS] = { "tensors", "values, distributions and hidden content of weights", "tensors" },
	[GH_STAGE_SECRETS] = { "secrets", "credentials and keys, instructions hidden in texts", "texts" },
	[GH_STAGE_DETONATION] = { "detonation", "what the real loader does when it is watched", "events" },
};
