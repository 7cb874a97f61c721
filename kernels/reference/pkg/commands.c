/* The command `pkg`. */
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/shell.h>
#include <auton/string.h>
#include "pkg_internal.h"

static int list(void) {
    struct pkg_info *p = kmalloc(sizeof *p);
    int result = -ENOMEM;
    for (size_t i = 0; p && (result = pkg_at(i, p)) == 0; i++)
        kprintf("%-16s %-10s %-10s %s\n", p->name, p->version, p->installed ? "installed" : "", p->description);
    kfree(p);
    return result == -ENOENT ? 0 : result;
}

static int info(const char *name) {
    struct pkg_info *p = kmalloc(sizeof *p);
    int result = p ? pkg_find(name, p) : -ENOMEM;
    if (result == 0) {
        kprintf("%s %s (%s): %s\n", p->name, p->version, p->category[0] ? p->category : "no category", p->description);
        kprintf("  needs      %s\n  files      %zu\n", p->depends[0] ? p->depends : "nothing", p->files);
        if (p->installed)
            kprintf("  installed  from %s\n", p->url);
        if (p->available[0])
            kprintf("  repository has version %s\n", p->available);
    } else if (result == -ENOENT) {
        pkg_failed(result, "there is no package %.64s", name);
    }
    kfree(p);
    return result;
}

static void report(const char *path, const char *what) {
    kprintf("%s: %s\n", path, what);
}

static int verify(const char *name) {
    int wrong = pkg_verify(name, report);
    if (wrong == 0)
        kprintf("%s: all files are as they were installed.\n", name);
    return wrong;
}

static int upgrade(const char *name) {
    int result = pkg_upgrade(name);
    if (result == 0)
        kprintf("%s: there is nothing newer.\n", name);
    return result < 0 ? result : 0;
}

static const struct {
    const char *name;
    int (*run)(const char *name);
} actions[] = {{"info", info}, {"install", pkg_install}, {"remove", pkg_remove}, {"upgrade", upgrade}, {"verify", verify}};

static int pkg_command(int argc, char **argv) {
    int result = -EINVAL;
    if (argc == 1 || (argc == 2 && strcmp(argv[1], "list") == 0)) {
        result = list();
    } else if (argc == 3) {
        size_t i = 0;
        while (i < ARRAY_SIZE(actions) && strcmp(actions[i].name, argv[1]) != 0)
            i++;
        if (i == ARRAY_SIZE(actions))
            return SHELL_NOT_A_COMMAND;
        result = actions[i].run(argv[2]);
    } else {
        return SHELL_NOT_A_COMMAND;
    }
    if (result < 0)
        kprintf("pkg: %s\n", pkg_error()[0] ? pkg_error() : errno_text(result));
    return result ? 1 : 0;
}
SHELL_COMMAND(pkg, "pkg list|info|install|remove|upgrade|verify [name]", "Show, install and remove packages", pkg_command);
