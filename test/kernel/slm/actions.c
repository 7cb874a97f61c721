/* The kernel's table of actions, as an ordinary program.
 *   actions          label <tab> action <tab> text, a line each; then the kinds and the plain words
 *   actions takes    reads slot <tab> words of a line, prints those that the slot takes, with spaces between
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
    if (argc == 2 && strcmp(argv[1], "takes") == 0) {
        while (fgets(line, sizeof line, stdin)) {
            const char *words[64];
            bool takes[64];
            size_t count = 0;
            const char *slot = strtok(line, "\t"), *separator = "";
            for (char *word; count < 64 && (word = strtok(NULL, " \n"));)
                words[count++] = word;
            slot_takes(slot, words, count, takes);
            for (size_t i = 0; i < count; i++)
                if (takes[i]) {
                    printf("%s%s", separator, words[i]);
                    separator = " ";
                }
            printf("\n");
        }
        return 0;
    }
    for (size_t i = 0; i < action_count; i++)
        printf("%s\t%s\t%s\n", LABELS[actions[i].label], actions[i].words, actions[i].text);
    for (size_t i = 0; i < action_kind_count; i++)
        printf("kind\t%s\t\n", action_kinds[i].name);
    for (size_t i = 0; i < plain_word_count; i++)
        printf("plain\t%s\t\n", plain_words[i]);
    return 0;
}
