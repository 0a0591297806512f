/* From argv to an exit code. */
#pragma once

/* One whole call of proa, all but the process around it: options, log, command, error, exit code
 * (0, 1 for every error of ours, 255 for those of `exec`, else what the container's process ended
 * with). It writes to stdout, stderr and the log, and may replace the process by its protected
 * image. */
int invocation_run(int argc, char **argv);
