/* The kernel's table of actions, as an ordinary program.
 *   actions          label <tab> action <tab> text, a line each
 *   actions fits     reads slot <tab> word, prints 1 or 0: may the word fill the slot */
#include "actions.h"
#include <stdio.h>
#include <string.h>

static const char *const LABELS[LABEL_COUNT] = {"HARDWARE_IDENTIFY", "DRIVER_SELECT", "INSTALL_CONFIGURE", "APP_INSTALL",
                                                "SYSTEM_MANAGE",     "TROUBLESHOOT",  "OTHER"};

int main(int argc, char **argv) {
    char line[256];
    if (argc == 2 && strcmp(argv[1], "fits") == 0) {
        while (fgets(line, sizeof line, stdin)) {
            char *word = strchr(line, '\t');
            if (!word)
                return 1;
            *word++ = '\0';
            word[strcspn(word, "\n")] = '\0';
            printf("%d\n", shape_fits(line, word));
        }
        return 0;
    }
    for (size_t i = 0; i < action_count; i++)
        printf("%s\t%s\t%s\n", LABELS[actions[i].label], actions[i].words, actions[i].text);
    for (size_t i = 0; i < action_kind_count; i++)
        printf("kind\t%s\t\n", action_kinds[i].name);
    return 0;
}
