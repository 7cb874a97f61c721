/* Talk about the talk: "go", "no", "again", help, greetings, and the answer to what was not understood. */
#include "engine.h"
#include <auton/string.h>

#define PHRASE_MAX 24

/* The line in small letters, with one space between words and no punctuation or "please" around it; "" for a line that
 * is longer than any phrase. */
static void normalise(const char *line, char out[PHRASE_MAX]) {
    size_t n = 0;
    for (; *line; line++) {
        char c = *line >= 'A' && *line <= 'Z' ? (char)(*line + 32) : *line;
        bool in_word = (c >= 'a' && c <= 'z') || c == '\'' || (uint8_t)c >= 0x80 || (c >= '0' && c <= '9');
        if (n == PHRASE_MAX - 1) {
            n = 0;
            break;
        }
        if (in_word)
            out[n++] = c;
        else if (n > 0 && out[n - 1] != ' ')
            out[n++] = ' ';
    }
    while (n > 0 && out[n - 1] == ' ')
        n--;
    if (n > 7 && strncmp(out + n - 7, " please", 7) == 0)
        n -= 7;
    out[n] = '\0';
}

static bool is_phrase(const char *line, const char *const *phrases) {
    for (; *phrases; phrases++)
        if (strcmp(line, *phrases) == 0)
            return true;
    return false;
}

static const char *const YES[] = {"go", "yes", "do it", "ok", "okay", "sure", "go ahead", "proceed", "continue", "next",
                                  "yes do it", "yep", "yeah", "y", "carry on", "go on", "ok go", "yes go", "next step",
                                  "please do", "ok do it", "make it so", "just do it", "confirm", NULL};
static const char *const NO[] = {"no", "cancel", "stop", "never mind", "nevermind", "forget it", "do not", "nope", "n",
                                 "no thanks", "drop it", "abort", "leave it", "don't", "cancel that", "no way",
                                 "cancel the plan", "drop the plan", "no don't", "dont", "please don't",
                                 "please do not", "please no", NULL};
static const char *const AGAIN[] = {"again", "repeat", "once more", "say that again", "repeat that", "same again", NULL};

static bool is_stem(const struct text *text, size_t word, const char *const *stems) {
    return word < text->count && is_phrase(text->words[word].stem, stems);
}

/* "please do not reboot": a line that begins so asks for nothing, whatever the rest of its words say. */
static bool forbids(const struct text *text) {
    static const char *const BEFORE[] = {"pleas", "do", NULL}, *const NOT[] = {"not", "never", NULL};
    static const char *const DEEDS[] = {"install", "remov", "uninstall", "reboot", "restart", "shut", "power", "switch", "format",
                                        "eras", "wip", "delet", "overwrit", "kill", "stop", "touch", "chang", NULL};
    size_t word = 0;
    while (is_stem(text, word, BEFORE))
        word++;
    return is_stem(text, word, NOT) && is_stem(text, word + 1, DEEDS);
}

bool converse(struct query *q, slm_result_t *out) {
    struct session *s = q->session;
    char line[PHRASE_MAX];
    normalise(q->line, line);
    if (is_phrase(line, YES)) {
        plan_go(s, out);
        return true;
    }
    bool refuses = is_phrase(line, NO);
    if (refuses || forbids(&q->text)) {
        say(out, s->plan.kind != PLAN_NONE ? "The plan is dropped; nothing was done further.\n"
                 : refuses                 ? "There is no plan to drop.\n"
                                           : "Then I leave it: nothing was done.\n");
        s->plan.kind = PLAN_NONE;
        return true;
    }
    if (is_phrase(line, AGAIN)) {
        const struct step *last = context_step(s, 1);
        if (!last) {
            say(out, "You have not asked anything yet.\n");
            return true;
        }
        static char question[sizeof last->question];
        strlcpy(question, last->question, sizeof question);
        engine_answer(s->id, question, out);
        return true;
    }
    return false;
}

#define ABILITIES                                                                                                      \
    "I know the hardware of this machine and the names of PCI devices in general, which driver a device needs, and "  \
    "the state of the system: memory, threads, time, log. Ask, for example:\n"                                         \
    "  what hardware do I have\n  which driver does 8086:100e need\n  install a driver for my network card\n"          \
    "  how much memory is free\n  what is using the cpu\n  show the last errors\n"

static void say_abilities(slm_result_t *out) {
    say(out, ABILITIES);
    skill_examples(out);
}

void answer_help(struct query *q, slm_result_t *out) {
    (void)q;
    say_abilities(out);
    say(out, "`help` lists the commands of the shell.\n");
}

void answer_hello(struct query *q, slm_result_t *out) {
    if (q->concepts & C(SAY_THANKS)) {
        say(out, "You are welcome.\n");
        return;
    }
    say(out, "Hello. ");
    say_abilities(out);
}

void answer_self(struct query *q, slm_result_t *out) {
    (void)q;
    say(out, "I am the rule engine of this kernel: a classifier finds out what a question is about, rules pick the "
             "answer, and the facts come from this machine and from tables built into the kernel. I am no large "
             "language model and cannot chat.\n");
}

void answer_history(struct query *q, slm_result_t *out) {
    uint32_t n = q->session->step_count < 8 ? q->session->step_count : 8;
    if (!n)
        say(out, "This is your first question.\n");
    for (uint32_t i = n; i >= 1; i--)
        say(out, "%s\n", context_step(q->session, i)->question);
}

void answer_unsure(struct query *q, slm_result_t *out) {
    (void)q;
    out->status = SLM_UNSURE;
    say(out, "I am not sure what you mean, so I will not guess. I know hardware, drivers, settings, packages and the state of "
             "this system; ask \"what can you do\" for examples.\n");
}
