#include "src/version.h"
#include "src/commit.h"

const char proa_commit[] = PROA_COMMIT;
