/* Self-test of how a line finds its skill, with two skills about a thing that nobody asks for. */
#include "engine.h"
#include <auton/selftest.h>
#include <auton/string.h>

static void know(const struct slm_ask *ask, slm_result_t *out) {
    ask->say(out, "%s", ask->mentions("deep+thought") ? "42" : "no");
}
SLM_SKILL(test_one, .name = "test-blorp", .words = {"zblorp zblorps+of"}, .answer = know);
SLM_SKILL(test_two, .name = "test-blorp-deep", .words = {"zblorp", "thinking deep+thoughts"}, .none = "shallow", .answer = know);

SELFTEST(slm_skill_choice, "slm") {
    static const struct {
        const char *line, *skill;
    } CASES[] = {
        {"what is a zblorp", "test-blorp"},
        {"ZBLORPS think", "test-blorp-deep"},       /* the closer fit, words in any form */
        {"a deep zblorp", "test-blorp"},            /* half of a phrase is no phrase */
        {"deep thought of the zblorp", "test-blorp-deep"},
        {"shallow thinking zblorp", "test-blorp"},  /* what must not be there */
    };
    static struct text text;
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        text_parse(CASES[i].line, &text);
        const struct slm_skill *skill = skill_for(&text);
        CHECK(skill && strcmp(skill->name, CASES[i].skill) == 0);
    }
    text_parse("the zblorpian", &text);
    CHECK(!skill_for(&text));
    CHECK(skill_exists("test-blorp") && !skill_exists("test"));
    return NULL;
}
