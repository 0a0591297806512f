/* config.md */
#include "oci/validate.h"

#include <ctype.h>
#include <string.h>

#include "oci/names.h"

/* ---- ociVersion ---- */

static bool is_identifier(const char *text, size_t length, bool leading_zeros)
{
	bool digits = true;

	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)text[i]) && text[i] != '-')
			return false;
		digits &= isdigit((unsigned char)text[i]) != 0;
	}
	return length && (leading_zeros || !digits || length == 1 || text[0] != '0');
}

/* One or more identifiers with dots between them. */
static bool are_identifiers(const char *text, size_t length, bool leading_zeros)
{
	const char *end = text + length, *dot;

	for (; (dot = memchr(text, '.', (size_t)(end - text))) != NULL; text = dot + 1)
		if (!is_identifier(text, (size_t)(dot - text), leading_zeros))
			return false;
	return is_identifier(text, (size_t)(end - text), leading_zeros);
}

/* Semantic Versioning 2.0.0: MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD]. The major number's digits in
 * front of @version are *ret_major long. */
static bool is_semver(const char *version, size_t *ret_major)
{
	size_t core = strcspn(version, "-+"), length = strcspn(version, "+");
	size_t numbers = 0;

	for (size_t at = 0; at <= core; at++, numbers++) {
		size_t digits = strspn(version + at, "0123456789");

		if (!is_identifier(version + at, digits, false))
			return false;
		if (numbers == 0)
			*ret_major = digits;
		at += digits;
		if (at < core && version[at] != '.')
			return false;
	}
	if (numbers != 3)
		return false;
	if (version[core] == '-' && !are_identifiers(version + core + 1, length - core - 1, false))
		return false;
	return !version[length] ||
	       are_identifiers(version + length + 1, strlen(version + length + 1), true);
}

int validate_version(const struct validation *v)
{
	const char *version = v->config->oci_version;
	size_t major;

	if (!is_semver(version, &major))
		return invalid(v, at("ociVersion"),
			       "expected a version like \"1.3.0\", found \"%.60s\"", version);
	if (major == 1 && version[0] == '1')
		return 0;
	invalid(v, at("ociVersion"), "only versions 1.x are supported, found %.60s", version);
	v->err->code = ERROR_UNSUPPORTED;
	return -1;
}

/* ---- annotations, hostname, domainname ---- */

int validate_annotations(const struct validation *v)
{
	const struct string_map *annotations = &v->config->annotations;

	for (size_t i = 0; i < annotations->count; i++)
		if (!annotations->items[i].key[0])
			return invalid(v, at("annotations[\"\"]"), "a key must not be empty");
	return 0;
}

/* The kernel's __NEW_UTS_LEN: sethostname(2). */
#define NAME_LENGTH_MAX 64

static int check_name(const struct validation *v, const char *property, const char *name)
{
	if (!name)
		return 0;
	if (!has_namespace(v, "uts"))
		return invalid(
		    v, at("%s", property),
		    "needs a UTS namespace: add {\"type\": \"uts\"} to linux.namespaces");
	if (strlen(name) > NAME_LENGTH_MAX)
		return invalid(v, at("%s", property), "expected at most %d bytes, found %zu",
			       NAME_LENGTH_MAX, strlen(name));
	return 0;
}

int validate_names(const struct validation *v)
{
	if (check_name(v, "hostname", v->config->hostname) < 0)
		return -1;
	return check_name(v, "domainname", v->config->domainname);
}

/* ---- mounts ---- */

static int check_mount(const struct validation *v, const struct config_mount *mount, size_t i)
{
	bool uids = mount->uid_mappings.count > 0, gids = mount->gid_mappings.count > 0;

	if (mount->destination[0] != '/')
		warn(v, at("mounts[%zu].destination", i),
		     "\"%.60s\" is not an absolute path; taken as relative to \"/\"",
		     mount->destination);
	if (uids != gids)
		return invalid(v, at("mounts[%zu].%s", i, uids ? "uidMappings" : "gidMappings"),
			       "needs %s too", uids ? "gidMappings" : "uidMappings");
	if (!uids && !has_namespace(v, "user") &&
	    (text_in(&mount->options, "idmap") || text_in(&mount->options, "ridmap")))
		return invalid(v, at("mounts[%zu].options", i),
			       "idmap needs uidMappings and gidMappings, or a user namespace");
	if (validate_id_mappings(v, &mount->uid_mappings, at("mounts[%zu].uidMappings", i).path) <
	    0)
		return -1;
	return validate_id_mappings(v, &mount->gid_mappings, at("mounts[%zu].gidMappings", i).path);
}

/* Far more than anybody means; what is made of them takes many times their place in the config. */
#define OPTIONS_MAX 65536

/* One string can hold several: a list of fstab(5). */
static size_t count_options(const struct config_mount *mount)
{
	size_t count = mount->options.count;

	for (size_t i = 0; i < mount->options.count; i++)
		for (const char *p = strchr(mount->options.items[i], ','); p;
		     p = strchr(p + 1, ','))
			count++;
	return count;
}

static int check_options(const struct validation *v)
{
	size_t count = 0;

	for (size_t i = 0; i < v->config->mounts.count; i++)
		count += count_options(&v->config->mounts.items[i]);
	if (count > OPTIONS_MAX)
		return invalid(v, at("mounts"), "expected at most %d options in all, found %zu",
			       OPTIONS_MAX, count);
	return 0;
}

int validate_mounts(const struct validation *v)
{
	if (check_options(v) < 0)
		return -1;
	for (size_t i = 0; i < v->config->mounts.count; i++)
		if (check_mount(v, &v->config->mounts.items[i], i) < 0)
			return -1;
	return 0;
}

/* ---- capabilities: "Any value which cannot be mapped to a relevant kernel interface […] MUST be
 * logged as a warning" ---- */

static void warn_of_unknown(const struct validation *v, const char *set,
			    const struct strings *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (!name_find(names_capabilities, names->items[i]))
			warn(v, at("process.capabilities.%s[%zu]", set, i),
			     "unknown capability \"%.60s\", ignoring it", names->items[i]);
}

int validate_capabilities(const struct validation *v)
{
	const struct config_capabilities *sets = v->config->process->capabilities;

	if (!sets)
		return 0;
	warn_of_unknown(v, "bounding", &sets->bounding);
	warn_of_unknown(v, "effective", &sets->effective);
	warn_of_unknown(v, "inheritable", &sets->inheritable);
	warn_of_unknown(v, "permitted", &sets->permitted);
	warn_of_unknown(v, "ambient", &sets->ambient);
	return 0;
}
