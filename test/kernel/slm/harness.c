/* The SLM as an ordinary program.
 *   harness shares           a line; prints what the classifier gives each label, in 1/10000
 *   harness classify FILE    label <tab> utterance; prints "wrong <tab> expected <tab> got <tab> utterance" and a total
 *   harness ask              session <tab> line; prints intent <tab> status <tab> answer, newlines as spaces
 *   harness names PCI_IDS    compares every name of the list with the knowledge base */
#include <auton/slm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "intent.h"

static const char *const LABELS[INTENT_COUNT] = {"hardware", "driver", "configure", "app", "system", "trouble"};

static int classify(const char *path) {
    char line[512];
    unsigned right = 0, total = 0;
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        char *text = strchr(line, '\t');
        if (line[0] == '#' || !text)
            continue;
        *text++ = '\0';
        uint32_t confidence;
        enum slm_intent intent = slm_classify(text, &confidence);
        const char *got = confidence < INTENT_SURE_PERCENT ? "other" : LABELS[intent];
        total++;
        if (strcmp(got, line) == 0)
            right++;
        else
            printf("wrong\t%s\t%s\t%s\n", line, got, text);
    }
    printf("total\t%u\t%u\n", right, total);
    return 0;
}

static int shares(void) {
    static struct text text;
    char line[2048];
    uint16_t of[SLM_LABELS];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        text_parse(line, &text);
        intent_correct(&text);
        intent_shares(&text, of);
        for (int l = 0; l < SLM_LABELS; l++)
            printf("%u%c", of[l], l + 1 < SLM_LABELS ? '\t' : '\n');
    }
    return 0;
}

static int ask(void) {
    static slm_result_t result;
    char line[2048];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        char *text = strchr(line, '\t');
        if (!text)
            continue;
        slm_query((uint32_t)strtoul(line, NULL, 10), text + 1, &result);
        for (char *c = result.response; *c; c++)
            if (*c == '\n')
                *c = ' ';
        printf("%s\t%d\t%s\n", slm_intent_name(result.intent), result.status, result.response);
    }
    return 0;
}

static int names(const char *path) {
    char line[1024], name[512];
    unsigned vendor = 0, wrong = 0, total = 0;
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        size_t length = strcspn(line, "\n");
        while (length && line[length - 1] == ' ')
            length--;
        line[length] = '\0';
        char *s = line + (line[0] == '\t');
        if (!*s || *s == '#' || *s == '\t')
            continue;
        if (s == line && strncmp(s, "C ", 2) == 0)
            break;
        unsigned id = (unsigned)strtoul(s, NULL, 16);
        bool found;
        if (s == line)
            found = kb_pci_vendor((uint16_t)(vendor = id), name, sizeof name);
        else
            found = kb_pci_device((uint16_t)vendor, (uint16_t)id, name, sizeof name);
        total++;
        if (!found || strcmp(name, s + 6) != 0) {
            wrong++;
            printf("wrong\t%04x %04x\t%s\n", vendor, id, s + 6);
        }
    }
    printf("total\t%u\t%u\n", total - wrong, total);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "classify") == 0)
        return classify(argv[2]);
    if (argc == 2 && strcmp(argv[1], "shares") == 0)
        return shares();
    if (argc == 2 && strcmp(argv[1], "ask") == 0)
        return ask();
    if (argc == 3 && strcmp(argv[1], "names") == 0)
        return names(argv[2]);
    return 2;
}
