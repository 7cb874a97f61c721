/* What the SLM tells and does about packages. */
#include <auton/mm.h>
#include <auton/slm_skill.h>
#include <auton/string.h>
#include "pkg_internal.h"

#define MOST_PLANNED 16

static void say_names(const struct slm_ask *ask, slm_result_t *out) {
    struct pkg_info *p = kmalloc(sizeof *p);
    for (size_t i = 0; p && pkg_at(i, p) == 0; i++)
        ask->say(out, "%s%s", i ? ", " : "", p->name);
    kfree(p);
}

static void say_refusal(const struct slm_ask *ask, slm_result_t *out, const char *what) {
    out->status = SLM_UNSUPPORTED;
    ask->say(out, "I cannot %s %s: %s. ", what, ask->name, pkg_error()[0] ? pkg_error() : "it is not known");
    ask->say(out, "The packages that I have are: ");
    say_names(ask, out);
    ask->say(out, ".\n");
}

static void list_packages(const struct slm_ask *ask, slm_result_t *out) {
    struct pkg_info *p = kmalloc(sizeof *p);
    for (size_t i = 0; p && pkg_at(i, p) == 0; i++)
        ask->say(out, "%s %s%s: %s\n", p->name, p->version, p->installed ? " (installed)" : "", p->description);
    kfree(p);
}
SLM_SKILL(package_list, .name = "package-list", .intent = INTENT_APP_INSTALL,
          .words = {"package packages pkg", "list show which what have available installed are all"},
          .none = "install remove upgrade uninstall", .example = "which packages are there", .answer = list_packages);

static bool in_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '+' || c == '.';
}

static bool line_names(const char *line, const char *name) {
    size_t length = strlen(name);
    for (const char *at = line; (at = strstr(at, name)) != NULL; at++)
        if ((at == line || !in_name(at[-1])) && (!in_name(at[length]) || (at[length] == '.' && !in_name(at[length + 1]))))
            return true;
    return false;
}

static bool is_planned(char (*names)[PKG_NAME_MAX], int count, const char *name) {
    while (count--)
        if (strcmp(names[count], name) == 0)
            return true;
    return false;
}

/* What `name` takes, behind what is planned already. The new count, or -errno. */
static int plan_also(const char *name, char (*names)[PKG_NAME_MAX], int count) {
    char (*more)[PKG_NAME_MAX] = kmalloc(MOST_PLANNED * sizeof more[0]);
    int taken = more ? pkg_plan(name, more, MOST_PLANNED) : -ENOMEM;
    for (int i = 0; i < taken && count >= 0; i++) {
        if (is_planned(names, count, more[i]))
            continue;
        if (count == MOST_PLANNED)
            count = -E2BIG;
        else
            strlcpy(names[count++], more[i], PKG_NAME_MAX);
    }
    kfree(more);
    return taken < 0 ? taken : count;
}

/* What is missing of all packages that the line names: "install manual and web-style". */
static int plan_all(const struct slm_ask *ask, char (*names)[PKG_NAME_MAX]) {
    struct pkg_info *p = kmalloc(sizeof *p);
    int count = p && names ? plan_also(ask->name, names, 0) : -ENOMEM;
    for (size_t i = 0; count >= 0 && pkg_at(i, p) == 0; i++)
        if (strcmp(p->name, ask->name) != 0 && line_names(ask->line, p->name))
            count = plan_also(p->name, names, count);
    kfree(p);
    return count;
}

static void propose_install(const struct slm_ask *ask, slm_result_t *out) {
    char (*names)[PKG_NAME_MAX] = kmalloc(MOST_PLANNED * sizeof names[0]);
    if (!ask->name[0]) {
        ask->say(out, "Which package? There are: ");
        say_names(ask, out);
        ask->say(out, ".\n");
    } else {
        int count = plan_all(ask, names);
        if (count == 0)
            ask->say(out, "%s is installed already.\n", ask->name);
        else if (count < 0)
            say_refusal(ask, out, "install");
        else
            ask->say(out, "Plan:\n");
        for (int i = 0; i < count; i++)
            ask->say(out, "%d. Install %s.\n", i + 1, names[i]);
        out->plan_steps = count > 0 ? (unsigned)count : 0;
    }
    kfree(names);
}

/* The plan's packages are installed one by one, so that each step is what it said: the first of those still missing. */
static void install_one(const struct slm_ask *ask, unsigned step, slm_result_t *out) {
    char (*names)[PKG_NAME_MAX] = kmalloc(MOST_PLANNED * sizeof names[0]);
    (void)step;
    int result = plan_all(ask, names);
    if (result > 0)
        result = pkg_install(names[0]);
    if (result < 0) {
        out->status = SLM_ERROR;
        ask->say(out, "It did not work: %s.\n", pkg_error());
    } else {
        ask->say(out, "%s is installed.\n", names[0]);
    }
    kfree(names);
}
SLM_SKILL(package_install, .name = "package-install", .intent = INTENT_APP_INSTALL, .words = {"install"},
          .none = "driver uninstall remove yourself itself disk os operating which what", .example = "install httpd",
          .answer = propose_install, .act = install_one);

static void propose_remove(const struct slm_ask *ask, slm_result_t *out) {
    struct pkg_info *p = kmalloc(sizeof *p);
    if (!ask->name[0]) {
        ask->say(out, "Which package?\n");
    } else if (!p || pkg_find(ask->name, p) || !p->installed) {
        out->status = SLM_UNSUPPORTED;
        ask->say(out, "I cannot remove %s: no such package is installed.\n", ask->name);
    } else {
        ask->say(out, "Plan:\n1. Remove %s %s with its %zu file%s.\n", p->name, p->version, p->files,
                 p->files == 1 ? "" : "s");
        out->plan_steps = 1;
    }
    kfree(p);
}

static void remove_one(const struct slm_ask *ask, unsigned step, slm_result_t *out) {
    (void)step;
    int result = pkg_remove(ask->name);
    if (result < 0)
        out->status = SLM_ERROR;
    ask->say(out, result < 0 ? "It did not work: %s.\n" : "%s is removed.\n", result < 0 ? pkg_error() : ask->name);
}
SLM_SKILL(package_remove, .name = "package-remove", .intent = INTENT_APP_INSTALL,
          .words = {"remove uninstall delete", "package packages pkg"}, .none = "file driver", .answer = propose_remove,
          .act = remove_one);
