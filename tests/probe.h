/* The probe: a small static program that tests put into a container and run there. It prints facts
 * about its own process, one per line as "NAME VALUE", or does one thing and says how it went. It
 * uses nothing of proa, so that it can't share a mistake with it. */
#pragma once

/* `probe facts [NAME...]`: print the named facts, or all of them. Returns the exit code. */
int probe_facts(int argc, char **argv);

/* `probe ACTION [ARG...]`: do it. Returns the exit code. */
int probe_action(int argc, char **argv);

/* Two of the actions, with programs of their own (probe_attack.c). */
int probe_overwrite(int argc, char **argv);
int probe_search(int argc, char **argv);

/* And one that watches what appears in its pid namespace (probe_watch.c). */
int probe_watch(int argc, char **argv);

/* The short name of an errno ("EPERM"); "ok" for 0. */
const char *probe_errno_name(int errnum);
