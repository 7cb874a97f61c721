/* The order of an installation. */
#pragma once
#include "pkg_internal.h"

struct resolve {
    struct registry *registry;
    char (*names)[PKG_NAME_MAX]; /* room for `max`; found are `count`, in order, without what is installed already */
    size_t max, count;
    const char *way[32];         /* from what is wanted to where the search is */
};
int resolve_name(struct resolve *r, const char *name);               /* with the package itself, at the end */
int resolve_depends(struct resolve *r, const struct manifest *m);    /* without it */
