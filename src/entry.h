/* Where proa begins: before the C library, which spends half a millisecond on asking the CPU what it
 * can do where that is a virtual machine's. A command that executes itself anew from its protected
 * image (libcontainer/init/executable.h) would pay that twice, so it is done here, first of all.
 *
 * It is only a short cut. What it does not do, or can't, executable_protect() does when the command
 * line has been understood, or else says why not. */
#pragma once

#include <stdbool.h>

/* Whether @word is the name of a command that runs protected: that of a `struct command` with
 * .protected. It has to be known here without a table of pointers, which are not relocated yet. */
bool entry_protects(const char *word);
