/* Self-tests of the classifier: the six intents, typing slips, words that only look like others, and refusal. */
#include "intent.h"
#include <auton/selftest.h>

static bool is(const char *line, enum slm_intent intent) {
    uint32_t confidence;
    return slm_classify(line, &confidence) == intent && confidence >= INTENT_SURE_PERCENT;
}

static bool is_unsure(const char *line) {
    uint32_t confidence;
    return slm_classify(line, &confidence) == INTENT_TROUBLESHOOT && confidence < INTENT_SURE_PERCENT;
}

SELFTEST(slm_intent_classify, "slm") {
    CHECK(is("which pci devices does this machine have", INTENT_HARDWARE_IDENTIFY));
    CHECK(is("what is 8086:100e", INTENT_HARDWARE_IDENTIFY));
    CHECK(is("what driver is right for the ethernet card", INTENT_DRIVER_SELECT));
    CHECK(is("please give this machine a static ip address", INTENT_INSTALL_CONFIGURE));
    CHECK(is("Install nginx on Debian", INTENT_APP_INSTALL));
    CHECK(is("how much free memory is there", INTENT_SYSTEM_MANAGE));
    CHECK(is("the wifi keeps crashing", INTENT_TROUBLESHOOT));
    CHECK(is("shwo me the proceses", INTENT_SYSTEM_MANAGE)); /* typing slips */
    CHECK(is("intsall nginx", INTENT_APP_INSTALL));
    return NULL;
}

SELFTEST(slm_word_boundaries, "slm") {
    CHECK(is("what programs are running", INTENT_SYSTEM_MANAGE)); /* no "ram" in it */
    CHECK(is_unsure("what ship is this"));                        /* no "ip", no "chip" */
    CHECK(is_unsure("the catalogue of bananas"));                 /* no "log" */
    CHECK(is_unsure(""));
    CHECK(is_unsure("qwxz blorp"));
    return NULL;
}

SELFTEST(slm_stems_and_ids, "slm") {
    static const char *const SPELLINGS[] = {"8086:100e",
                                            "0x8086:0x100E",
                                            "0x8086 0x100E",
                                            "8086 100e",
                                            "8086/100E",
                                            "vendor 8086 device 100e",
                                            "vendor id 0x8086, device id 0x100e",
                                            "PCI\\VEN_8086&DEV_100E",
                                            "pci8086,100e",
                                            "pci:v00008086d0000100Esv0000"};
    struct text text;
    for (size_t i = 0; i < sizeof SPELLINGS / sizeof SPELLINGS[0]; i++) {
        size_t ids = 0;
        text_parse(SPELLINGS[i], &text);
        for (size_t w = 0; w < text.count; w++)
            ids += text.words[w].kind == WORD_PCI_ID && text.words[w].value == 0x8086100E;
        CHECK(ids == 1);
    }
    text_parse("00:1f.3", &text);
    CHECK(text.count == 1 && text.words[0].kind == WORD_SLOT && text.words[0].value == (0x1F << 3 | 3));
    text_parse("10.0.2.15", &text);
    CHECK(text.count == 1 && text.words[0].kind == WORD_IP);
    CHECK(text_is_typo("netwrok", "network") && text_is_typo("memry", "memory") && !text_is_typo("ship", "chip"));
    return NULL;
}
