/* libFuzzer's way in; TARGET is the target's name. */
#include <stdint.h>

#include "tests/fuzz/targets.h"

#define PASTE(a, b)    a##b
#define FUNCTION(name) PASTE(fuzz_, name)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	FUNCTION(TARGET)((const char *)bytes, length);
	return 0;
}
