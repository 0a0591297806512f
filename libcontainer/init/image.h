/* The protected image of proa's executable, and its execution: the acting half of executable.h.
 *
 * image.c runs in two places: in executable_protect(), and from src/entry.c before the C library has
 * set itself up. For the latter it calls nothing but the kernel, needs no relocation and no memory
 * but the stack. */
#pragma once

/* DEVICE:INODE:PATH, in hex but for the path, of the image and of the binary on disk: set in the
 * environment of what image_execute() executes. */
#define IMAGE_MARK "PROA_EXECUTABLE"

/* Parent, or what will be it: execute @argv with @envp and a new IMAGE_MARK from an image that nobody
 * can write. It returns only if that fails: a negative errno, and nothing is left open. */
long image_execute(char **argv, char **envp);

/* The entry of @envp with IMAGE_MARK, from its "=" on, or NULL. */
const char *image_mark(char **envp);
