/* Self-tests of the shell's own rules. */
#include "shell.h"
#include <auton/selftest.h>
#include <auton/string.h>

SELFTEST(sys_shell_split, "sys") {
    char store[64], *w[4];
    CHECK(shell_split("  log   5 ", store, sizeof store, w, 4) == 2);
    CHECK(strcmp(w[0], "log") == 0 && strcmp(w[1], "5") == 0);
    CHECK(shell_split("slm query \"what's this\"", store, sizeof store, w, 4) == 3);
    CHECK(strcmp(w[2], "what's this") == 0);
    CHECK(shell_split("a 'b \"c\"' d\\ e \"\"", store, sizeof store, w, 4) == 4);
    CHECK(strcmp(w[1], "b \"c\"") == 0 && strcmp(w[2], "d e") == 0 && w[3][0] == '\0');
    CHECK(shell_split("say \"open", store, sizeof store, w, 4) == -1);
    CHECK(shell_split("1 2 3 4 5", store, sizeof store, w, 4) == -2);
    CHECK(shell_split("", store, sizeof store, w, 4) == 0);
    return NULL;
}

static char heard[32];
static void listen(const char *line, uint32_t session) {
    (void)session;
    strlcpy(heard, line, sizeof heard);
}

SELFTEST(sys_shell_fallback, "sys") {
    void (*old)(const char *, uint32_t) = shell_fallback;
    char sentence[] = "what is this", ambiguous[] = "uptime of this machine", command[] = "uptime";
    shell_fallback = listen;
    heard[0] = '\0';
    shell_execute(sentence);
    bool whole = strcmp(heard, "what is this") == 0;
    heard[0] = '\0';
    shell_execute(ambiguous);
    bool more_words = strcmp(heard, "uptime of this machine") == 0;
    heard[0] = '\0';
    int status = shell_execute(command);
    bool ran = status == 0 && !heard[0];
    shell_fallback = old;
    CHECK(whole);
    CHECK(more_words);
    CHECK(ran);
    return NULL;
}
