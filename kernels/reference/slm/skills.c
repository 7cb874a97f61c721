/* Skills of other subsystems: which one a line is for, and the steps of what it planned. The words of all skills are
 * stemmed once and kept as hashes, so that a question costs no more with many of them. */
#include "engine.h"
#include "intent.h"
#include <auton/init.h>
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/string.h>

extern const struct slm_skill __slmskills_start[], __slmskills_end[]; /* from the linker script */

#define PHRASE_WORDS 3
#define NONE_GROUP SLM_SKILL_GROUPS

struct phrase {
    uint64_t stems[PHRASE_WORDS]; /* hashes; 0 ends them */
    uint16_t skill;
    uint8_t group;
};
static struct phrase *phrases;
static size_t phrase_count;

/* FNV-1a; never 0. */
static uint64_t hash(const char *stem) {
    uint64_t h = 0xCBF29CE484222325ull;
    for (; *stem; stem++)
        h = (h ^ (uint8_t)*stem) * 0x100000001B3ull;
    return h ? h : 1;
}

/* The next phrase of a list of words, stemmed; NULL after the last. */
static const char *next_phrase(const char *words, uint64_t stems[PHRASE_WORDS]) {
    static struct text text;
    char phrase[64];
    size_t length = 0;
    while (*words == ' ')
        words++;
    if (!*words)
        return NULL;
    for (; *words && *words != ' '; words++)
        if (length < sizeof phrase - 1)
            phrase[length++] = *words == '+' ? ' ' : *words;
    phrase[length] = '\0';
    text_parse(phrase, &text);
    for (size_t i = 0; i < PHRASE_WORDS; i++)
        stems[i] = i < text.count ? hash(text.words[i].stem) : 0;
    return words;
}

static const char *group_words(const struct slm_skill *skill, unsigned group) {
    return group == NONE_GROUP ? skill->none : skill->words[group];
}

/* Counts the phrases of all skills, or writes them down. */
static size_t collect(struct phrase *out) {
    size_t n = 0;
    for (const struct slm_skill *skill = __slmskills_start; skill < __slmskills_end; skill++)
        for (unsigned group = 0; group <= NONE_GROUP; group++) {
            struct phrase phrase = {.skill = (uint16_t)(skill - __slmskills_start), .group = (uint8_t)group};
            const char *words = group_words(skill, group);
            while (words && (words = next_phrase(words, phrase.stems)) != NULL) {
                if (out)
                    out[n] = phrase;
                n++;
            }
        }
    return n;
}

static void skills_init(void) {
    size_t n = collect(NULL);
    if (!n)
        return;
    if (!(phrases = kmalloc(n * sizeof *phrases)))
        log_error("SLM", "No memory for %zu skills", (size_t)(__slmskills_end - __slmskills_start));
    else
        phrase_count = collect(phrases);
}
INITCALL(INIT_SLAB, skills_init);

static uint64_t line_stems[TEXT_MAX_WORDS];
static size_t line_count;

static bool in_line(const uint64_t stems[PHRASE_WORDS]) {
    for (size_t at = 0; at < line_count; at++) {
        size_t n = 0;
        while (n < PHRASE_WORDS && stems[n] && at + n < line_count && stems[n] == line_stems[at + n])
            n++;
        if (n == PHRASE_WORDS || !stems[n])
            return true;
    }
    return false;
}

static bool mentions(const char *words) {
    uint64_t stems[PHRASE_WORDS];
    while ((words = next_phrase(words, stems)) != NULL)
        if (in_line(stems))
            return true;
    return false;
}

static void take_line(const struct text *text) {
    line_count = text->count;
    for (size_t i = 0; i < text->count; i++)
        line_stems[i] = hash(text->words[i].stem);
}

static unsigned group_count(const struct slm_skill *skill) {
    unsigned n = 0;
    while (n < SLM_SKILL_GROUPS && skill->words[n])
        n++;
    return n;
}

static bool is_better(const struct slm_skill *a, const struct slm_skill *b) {
    unsigned groups_a = group_count(a), groups_b = group_count(b);
    return groups_a != groups_b ? groups_a > groups_b : strcmp(a->name, b->name) < 0;
}

const struct slm_skill *skill_for(const struct text *text) {
    const struct slm_skill *best = NULL;
    take_line(text);
    for (size_t first = 0, end; first < phrase_count; first = end) {
        const struct slm_skill *skill = &__slmskills_start[phrases[first].skill];
        unsigned found = 0;
        for (end = first; end < phrase_count && phrases[end].skill == phrases[first].skill; end++)
            if (in_line(phrases[end].stems))
                found |= 1u << phrases[end].group;
        unsigned wanted = (1u << group_count(skill)) - 1;
        if (wanted && found == wanted && (!best || is_better(skill, best)))
            best = skill;
    }
    return best;
}

const struct slm_skill *skill_named(const char *name) {
    for (const struct slm_skill *skill = __slmskills_start; skill < __slmskills_end; skill++)
        if (strcmp(skill->name, name) == 0)
            return skill;
    return NULL;
}

bool skill_exists(const char *name) {
    return skill_named(name) != NULL;
}

void skill_examples(slm_result_t *out) {
    for (const struct slm_skill *skill = __slmskills_start; skill < __slmskills_end; skill++)
        if (skill->example)
            say(out, "  %s\n", skill->example);
}

static struct slm_ask ask_of(const char *line, const struct slots *slots) {
    return (struct slm_ask){
        .line = line,
        .name = slots->name,
        .service = slots->service,
        .interface = slots->interface,
        .host = slots->host,
        .paths = {slots->paths[0], slots->paths[1]},
        .has_number = slots->has_number,
        .number = slots->number,
        .mentions = mentions,
        .say = say,
    };
}

void skill_answer(const struct slm_skill *skill, struct query *q, slm_result_t *out) {
    struct slm_ask ask = ask_of(q->line, &q->slots);
    out->intent = skill->intent;
    skill->answer(&ask, out);
    if (!out->plan_steps || !skill->act)
        return;
    struct session *s = q->session;
    strlcpy(s->plan_line, q->line, sizeof s->plan_line);
    s->plan_slots = q->slots;
    plan_propose(s, (struct plan){.kind = PLAN_SKILL, .intent = skill->intent, .steps = out->plan_steps, .skill = skill}, out);
}

void skill_step(struct session *session, slm_result_t *out) {
    static struct text text;
    struct slm_ask ask = ask_of(session->plan_line, &session->plan_slots);
    text_parse(session->plan_line, &text);
    intent_correct(&text);
    take_line(&text);
    session->plan.skill->act(&ask, session->plan.step, out);
}
