/* Take any bytes apart: never a crash, a stale window or unbounded memory; every refusal says why; and a safetensors file
 * that comes out is one that the reader of the format finds no fault with. The first byte chooses options and name. */
#include "format/formats.h"
#include "support/disarmed.h"
#include "support/events.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_result(struct gh_disarmed *d)
{
	struct gh_events ev;
	if (d->rc != GH_OK || d->result.written == NULL || strcmp(d->result.written, "safetensors") != 0 ||
	    d->result.outcome > GH_DIS_REWRITTEN)
		return;
	gh_events_walk(&ev, &gh_fmt_safetensors, gh_buf_view(&d->out), "out.safetensors", false);
	if (ev.rc != GH_OK || !ev.gapless)
		__builtin_trap();
	gh_events_free(&ev);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const names[] = { "model.bin", "tokenizer_config.json", "chat_template.jinja", "m.keras" };
	if (n == 0)
		return 0;
	struct gh_dis_options opt = { .keras_weights = (data[0] & 4) != 0,
				      .low_bits = (data[0] & 8) != 0 ? 3 : 0,
				      .seed = 1,
				      .max_output = 4 << 20 };
	struct gh_disarmed d;
	gh_disarmed_run(&d, (struct gh_span){ data + 1, n - 1 }, names[data[0] & 3], &opt);
	if ((d.rc != GH_OK || d.result.outcome == GH_DIS_REFUSED) && d.why[0] == '\0')
		__builtin_trap();
	check_result(&d);
	gh_disarmed_free(&d);
	return 0;
}
