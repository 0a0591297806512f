#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/namespace/namespace.h"

int uts_apply(const struct namespace_plan *plan, struct error *err)
{
	if (plan->hostname && plan->hostname[0] &&
	    sethostname(plan->hostname, strlen(plan->hostname)) < 0)
		return error_errno(err, errno, "hostname", "set the hostname to %s",
				   plan->hostname);
	if (plan->domainname && plan->domainname[0] &&
	    setdomainname(plan->domainname, strlen(plan->domainname)) < 0)
		return error_errno(err, errno, "domainname", "set the domainname to %s",
				   plan->domainname);
	return 0;
}
