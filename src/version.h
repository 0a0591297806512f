#ifndef PROA_SRC_VERSION_H
#define PROA_SRC_VERSION_H

/* The commit that was built, followed by "-dirty" where the tree had changes; "unknown" where
 * neither git nor the tarball told. */
extern const char proa_commit[];

#endif
