/* policy_facts.h - the table of facts as `gatehouse policy facts` shows it. */
#ifndef GH_CLI_POLICY_FACTS_H
#define GH_CLI_POLICY_FACTS_H
#include "base/buf.h"

void gh_policy_facts_text(struct gh_buf *out);
void gh_policy_facts_json(struct gh_buf *out);
void gh_policy_facts_markdown(struct gh_buf *out); /* the table in docs/policy.md */
#endif
