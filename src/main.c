#include "src/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	if (argc != 2 || strcmp(argv[1], "--version") != 0) {
		fprintf(stderr, "usage: proa --version\n");
		return EXIT_FAILURE;
	}
	printf("proa version %s\ncommit: %s\nspec: 1.3.0\n", PACKAGE_VERSION, proa_commit);
	return EXIT_SUCCESS;
}
