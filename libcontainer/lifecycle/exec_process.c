#include "libcontainer/lifecycle/exec_process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"
#include "libcontainer/process/user.h"

/* What process.json may leave to the container. noNewPrivileges is no such property: engines leave it out to say false, and
 * take it so with runc and crun. */
static void inherit(struct config_process *process, const struct config_process *container)
{
	if (!process->capabilities)
		process->capabilities = container->capabilities;
	if (!process->apparmor_profile)
		process->apparmor_profile = container->apparmor_profile;
	if (!process->selinux_label)
		process->selinux_label = container->selinux_label;
	if (!process->rlimits.count)
		process->rlimits = container->rlimits;
	if (!process->oom_score_adj.set)
		process->oom_score_adj = container->oom_score_adj;
	if (!process->scheduler)
		process->scheduler = container->scheduler;
	if (!process->io_priority)
		process->io_priority = container->io_priority;
	if (!process->exec_cpu_affinity)
		process->exec_cpu_affinity = container->exec_cpu_affinity;
}

static int read_process(const char *path, struct arena *arena, struct config *config,
			struct error *err)
{
	struct config *document;
	struct config_text text;

	if (config_load(AT_FDCWD, path, DOCUMENT_PROCESS, arena, &text, &document, err) < 0)
		return -1;
	inherit(document->process, config->process);
	config->process = document->process;
	return 0;
}

static struct strings joined(struct arena *arena, const struct strings *first,
			     const struct strings *second)
{
	struct strings all = { arena_calloc(arena, first->count + second->count, sizeof(char *)),
			       0 };

	for (size_t i = 0; i < first->count; i++)
		all.items[all.count++] = first->items[i];
	for (size_t i = 0; i < second->count; i++)
		all.items[all.count++] = second->items[i];
	return all;
}

static int change_gids(const struct strings *gids, struct arena *arena, struct config_user *user,
		       struct error *err)
{
	size_t count = user->additional_gids.count;
	uint32_t *items = arena_calloc(arena, count + gids->count, sizeof(*items));

	for (size_t i = 0; i < count; i++)
		items[i] = user->additional_gids.items[i];
	for (size_t i = 0; i < gids->count; i++)
		if (!parse_u32(gids->items[i], &items[count++]))
			return error_set(err, ERROR_INVALID, gids->items[i],
					 "invalid group id \"%s\": a decimal number is wanted",
					 gids->items[i]);
	user->additional_gids.items = items;
	user->additional_gids.count = count;
	return 0;
}

static void change_text(const char *wanted, char **text)
{
	if (wanted)
		*text = (char *)wanted;
}

/* Flags for which there is no process file. */
static int change_by_flags(const struct exec_options *options, struct arena *arena,
			   struct config_process *process, struct error *err)
{
	process->args = options->args;
	process->env = joined(arena, &process->env, &options->env);
	process->terminal = (struct optional_bool){ options->terminal, true };
	process->console_size = NULL;
	change_text(options->cwd, &process->cwd);
	change_text(options->apparmor, &process->apparmor_profile);
	change_text(options->process_label, &process->selinux_label);
	if (options->no_new_privs)
		process->no_new_privileges = (struct optional_bool){ true, true };
	if (options->user && user_parse(options->user, arena, &process->user, err) < 0)
		return -1;
	if (process->cwd[0] != '/')
		return error_set(err, ERROR_INVALID, "--cwd", "Cwd must be an absolute path");
	return options->additional_gids.count
		   ? change_gids(&options->additional_gids, arena, &process->user, err)
		   : 0;
}

int exec_process(const struct exec_options *options, struct arena *arena, struct config *config,
		 struct error *err)
{
	if (options->process_file)
		return read_process(options->process_file, arena, config, err);
	return change_by_flags(options, arena, config->process, err);
}

int exec_capabilities(const struct exec_options *options, struct capabilities_plan *plan,
		      struct error *err)
{
	return options->capabilities.count ? capabilities_add(plan, &options->capabilities, err)
					   : 0;
}

char *exec_cgroup_path(const char *path, const char *below, struct arena *arena, struct error *err)
{
	const char *colon = strchr(below, ':');
	char clean[PATH_MAX];

	/* the controllers before the colon are of cgroup v1; there is one hierarchy here */
	if (colon)
		below = colon + 1;
	if (path_clean(below, clean, sizeof(clean), err) < 0)
		return NULL;
	for (const char *part = below; (part = strstr(part, "..")); part += 2)
		if ((part == below || part[-1] == '/') && (part[2] == '/' || !part[2])) {
			error_set(err, ERROR_INVALID, below,
				  "--cgroup %s leads out of the container's cgroup", below);
			return NULL;
		}
	return arena_printf(arena, "%s%s", path, strcmp(clean, "/") ? clean : "");
}
