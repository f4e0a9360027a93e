/* op_lease.h - how long an import may be silent before its name is free again. */
#ifndef GH_API_OP_LEASE_H
#define GH_API_OP_LEASE_H

enum {
	GH_IMPORT_LEASE = 45,	 /* seconds */
	GH_IMPORT_RENEW_EACH = 8 /* seconds: several may be late */
};
#endif
