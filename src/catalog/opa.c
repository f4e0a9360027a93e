#include "catalog/opa.h"

#include <stdio.h>
#include <string.h>

#include "catalog/http.h"

static bool fail(struct gh_opa_http *o, const struct gh_err *err, const char **why)
{
	(void)gh_err_line(err, o->why, sizeof o->why);
	*why = o->why;
	return false;
}

static enum gh_rc ask(const struct gh_opa_http *o, const char *url, int64_t timeout_ms, struct gh_span body,
		      struct gh_http_answer *answer, struct gh_err *err)
{
	/* No "Expect: 100-continue": many servers let it time out, and the time is short. */
	static const char *const headers[] = { "Content-Type: application/json", "Accept: application/json",
					       "Expect:" };
	unsigned seconds = (unsigned)((timeout_ms + 999) / 1000);
	const struct gh_http_config config = { .ca = o->ca, .connect_s = seconds, .stall_s = seconds };
	const struct gh_http_request request = {
		.method = "POST",
		.url = url,
		.header = headers,
		.nheader = sizeof headers / sizeof headers[0],
		.body = { .fd = -1, .p = body.p, .n = body.n },
		.total_s = seconds,
		.max_body = GH_OPA_ANSWER,
	};
	struct gh_http *h;
	enum gh_rc rc = gh_http_open(&config, &h, err);
	if (rc != GH_OK)
		return rc;
	rc = gh_http_do(h, &request, answer, err);
	gh_http_close(h);
	return rc;
}

bool gh_opa_http(void *ctx, struct gh_span url, int64_t timeout_ms, struct gh_span body, struct gh_buf *answer,
		 const char **why)
{
	struct gh_opa_http *o = ctx;
	struct gh_http_answer got = { 0 };
	struct gh_err err = { 0 };
	gh_auto_buf text = gh_buf(2048);
	gh_buf_span(&text, url);
	if (o->only != NULL && strcmp(o->only, gh_buf_cstr(&text)) != 0) {
		*why = "the policy names a server that the settings do not name (opa: in gatehouse.yaml)";
		return false;
	}
	bool ok = ask(o, gh_buf_cstr(&text), timeout_ms, body, &got, &err) == GH_OK;
	if (!ok) {
		(void)fail(o, &err, why);
	} else if (got.status != 200) {
		(void)snprintf(o->why, sizeof o->why, "it answered with status %ld", got.status);
		*why = o->why;
		ok = false;
	} else {
		gh_buf_span(answer, gh_buf_view(&got.body));
	}
	gh_http_answer_free(&got);
	return ok;
}
