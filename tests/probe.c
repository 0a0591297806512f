#include "tests/probe.h"

#include <stdio.h>
#include <string.h>

static int usage(void)
{
	fputs("usage: probe facts [NAME...]\n"
	      "       probe try ACTION ARG...   print ok or the errno's name\n"
	      "       probe exit|kill|crash|wait|fork|hold|signals|notify|open|cat|spy|overwrite|search|watch ARG...\n",
	      stderr);
	return 99;
}

int main(int argc, char **argv)
{
	/* Tests watch what comes out while the program still runs. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 2)
		return usage();
	if (strcmp(argv[1], "facts") == 0)
		return probe_facts(argc - 2, argv + 2);
	int code = probe_action(argc - 1, argv + 1);
	return code >= 0 ? code : usage();
}
