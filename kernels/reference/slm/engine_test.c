/* Self-tests of the rule engine on the machine that it runs on. Sessions from 1000 on are the tests' own. */
#include "engine.h"
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/selftest.h>
#include <auton/string.h>

static slm_result_t result;

static bool answers(uint32_t session, const char *line, const char *part) {
    return slm_query_rules(session, line, &result) == 0 && strstr(result.response, part) != NULL;
}

SELFTEST(slm_unlisted_id, "slm") {
    CHECK(answers(1000, "what is 8086:fffe", "not in my table") && strstr(result.response, "Intel"));
    CHECK(answers(1000, "what is fffe:0001", "not in my table"));
    CHECK(answers(1000, "which driver does 8086:fffe need", "not in my table"));
    return NULL;
}

SELFTEST(slm_answers_are_true, "slm") {
    char expected[64];
    struct mm_stats stats;
    CHECK(answers(1001, "how many devices are there", "devices"));
    CHECK(answers(1001, "what is 8086:100e", "82540EM"));
    CHECK(answers(1001, "which driver does 10ec:8139 need", "8139too"));
    mm_get_stats(&stats);
    ksnprintf(expected, sizeof expected, "of %lu MB are free", stats.total_bytes >> 20);
    CHECK(answers(1001, "how much memory is free", expected) && result.intent == INTENT_SYSTEM_MANAGE);
    CHECK(answers(1001, "install nginx", "nginx") && result.status == SLM_UNSUPPORTED);
    CHECK(answers(1001, "how hot is the cpu", "no sensors") && result.status == SLM_UNSUPPORTED);
    CHECK(answers(1001, "what ship is this", "not sure") && result.status == SLM_UNSURE &&
          result.intent == INTENT_TROUBLESHOOT);
    return NULL;
}

SELFTEST(slm_conversation_go, "slm") {
    CHECK(answers(1002, "go", "no plan"));
    CHECK(answers(1002, "bind drivers to all devices", "Plan") && result.requires_followup);
    CHECK(strstr(result.action_data, "action=bind") && strstr(result.action_data, "step=1"));
    CHECK(answers(1002, "go", "Step 1") && result.requires_followup);
    CHECK(answers(1002, "yes please", "Step 2") && !result.requires_followup);
    CHECK(answers(1002, "go", "no plan"));
    CHECK(answers(1002, "reboot the machine", "Plan") && answers(1002, "no", "dropped"));
    CHECK(answers(1002, "reboot the machine", "Plan") && answers(1002, "please don't restart it", "dropped"));
    CHECK(answers(1002, "do not install nginx", "nothing was done") && answers(1002, "go", "no plan"));
    CHECK(answers(1002, "reboot the machine", "Plan") && answers(1002, "how much memory is free", "dropped"));
    CHECK(strstr(result.response, "MB") && answers(1002, "how much memory is free", "MB") && !strstr(result.response, "dropped"));
    CHECK(answers(1002, "go", "no plan")); /* another question drops a plan that destroys */
    return NULL;
}

SELFTEST(slm_session_isolation, "slm") {
    CHECK(answers(1003, "what is 8086:100e", "82540EM"));
    CHECK(answers(1003, "and its driver?", "e1000"));
    CHECK(!answers(1004, "and its driver?", "e1000"));
    CHECK(answers(1003, "bind drivers to all devices", "Plan"));
    CHECK(answers(1004, "go", "no plan"));
    for (uint32_t other = 0; other < SLM_MAX_SESSIONS; other++) /* the one that was silent longest gives way */
        CHECK(answers(2000 + other, "uptime", "up for"));
    CHECK(answers(1003, "go", "no plan"));
    return NULL;
}

/* Each skill is there only with its subsystem. */
SELFTEST(slm_skills_answer, "slm") {
    if (skill_exists("file-show")) {
        CHECK(answers(1006, "show me what is in /etc/motd", "AUTON") && result.status == SLM_OK);
        CHECK(answers(1006, "print /etc/nothing", "No such file") && result.status == SLM_ERROR);
        CHECK(answers(1006, "list the files in /etc", "motd") && answers(1006, "check disk usage", "%"));
        CHECK(answers(1006, "unmount /nowhere", "Plan") && result.requires_followup);
        CHECK(answers(1006, "go", "plan ends") && result.status == SLM_ERROR && !result.requires_followup);
        CHECK(answers(1006, "go", "no plan"));
    }
    if (skill_exists("package-remove"))
        CHECK(answers(1006, "remove httpd", "no such package is installed") && result.status == SLM_UNSUPPORTED);
    if (skill_exists("network-status")) {
        CHECK(answers(1006, "which ports are open", "in all") || answers(1006, "which ports are open", "no open ports"));
        CHECK(answers(1006, "ping 127.0.0.1", "127.0.0.1 answers"));
        CHECK(answers(1006, "why is the network down", "1. "));
    }
    CHECK(answers(1006, "what driver does the network card need", "") && result.intent == INTENT_DRIVER_SELECT);
    return NULL;
}

SELFTEST(slm_survives_any_line, "slm") {
    static char line[600];
    static const char *const ODD[] = {"", " ", "\"", "%s%n%d", ":::::", "0x", "00:", "8086:", "and and and", "\xc3\xbc\xff\x80",
                                      "????", "1 2 3 4 5 6 7 8 9 10", "the the the second second last"};
    for (size_t i = 0; i < sizeof ODD / sizeof ODD[0]; i++) {
        CHECK(slm_query_rules(1005, ODD[i], &result) == 0);
        CHECK(result.response[0] && strnlen(result.response, sizeof result.response) < sizeof result.response);
    }
    for (size_t i = 0; i < sizeof line - 1; i++)
        line[i] = i % 5 ? 'a' + (char)(i % 26) : ' ';
    CHECK(slm_query_rules(1005, line, &result) == 0 && result.response[0]);
    return NULL;
}
