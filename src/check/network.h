/* network.h - hosts and addresses that texts name, and what they would do there. See network.c. */
#ifndef GH_CHECK_NETWORK_H
#define GH_CHECK_NETWORK_H
#include "check/check.h"

extern const struct gh_check gh_check_network;
#endif
