/* The table of concepts and the words for them. */
#include "concepts.h"
#include <auton/string.h>
#include <auton/types.h>

/* Words in any form, parted by spaces; '+' joins words that must follow each other. */
static const struct {
    enum concept concept;
    const char *words;
} TABLE[] = {
    {ABOUT_NETWORK, "network networking ethernet nic lan internet net gigabit"},
    {ABOUT_WIRELESS, "wifi wireless wlan wi+fi"},
    {ABOUT_SOUND, "sound audio speaker"},
    {ABOUT_GRAPHICS, "graphics graphic gpu video vga display screen monitor 3d"},
    {ABOUT_STORAGE, "disk drive storage hdd ssd sata ide nvme scsi ahci raid lsblk"},
    {ABOUT_USB, "usb lsusb xhci ehci uhci"},
    {ABOUT_BRIDGE, "bridge chipset mainboard board motherboard"},
    {ABOUT_SERIAL, "serial uart com1"},
    {ABOUT_INPUT, "keyboard mouse touchpad"},
    {ABOUT_BLUETOOTH, "bluetooth"},
    {ABOUT_PERIPHERAL, "camera webcam printer scanner tpm touchscreen joystick modem"},
    {ABOUT_HARDWARE, "hardware device pci peripheral component card gadget thing lspci lshw hwinfo adapter chip "
                     "controller plugged attached equipment"},
    {ABOUT_CPU, "cpu processor core lscpu how+fast mhz ghz"},
    {ABOUT_MEMORY, "memory ram meminfo heap slab free+m free+h"},
    {ABOUT_THREADS, "thread process task program job pid tid ps top htop pstree running+apps"},
    {ABOUT_DRIVER, "driver module firmware modprobe insmod rmmod lsmod modinfo microcode"},
    {ABOUT_LOG, "log dmesg journal journalctl syslog messages"},
    {ABOUT_ERRORS, "error warning failure fault problem failed wrong issue went+wrong bug"},
    {ABOUT_TIME, "time date clock day today hour year month hwclock"},
    {ABOUT_UPTIME, "uptime up+time how+long since+when last+restarted been+up been+on been+running"},
    {ABOUT_BOOT, "boot booted startup started"},
    {ABOUT_SERVICE, "service daemon systemctl cron sshd"},
    {ABOUT_SPACE, "space full df du quota disk+usage"},
    {ABOUT_FILES, "file directory folder ls cat cd filesystem mount"},
    {ABOUT_PACKAGES, "package software application repository app apt dpkg"},
    {ABOUT_VERSION, "version uname release what+kernel what+os which+kernel which+os what+system which+system "
                    "operating+system"},
    {ABOUT_MAKER, "vendor manufacturer maker company makes made manufactures built"},
    {ABOUT_TESTS, "test self+tests selftest"},
    {ABOUT_USERS, "user log+in whoami login who+am+i"},
    {ABOUT_VIRTUAL, "virtual vm qemu emulator hypervisor laptop physical real+hardware"},
    {ABOUT_RESOURCES, "irq interrupt bar bars register resources io+port"},
    {ABOUT_PRIORITY, "priority renice nice"},
    {ABOUT_USAGE, "usage use busy load hog eat idle consume using hogging eating utilisation utilization taking"},
    {ABOUT_STATUS, "status state health overview summary doing statistics"},
    {ABOUT_SYSTEM, "system machine computer kernel box"},
    {ABOUT_SENSORS, "sensor temperature thermal hot warm heat overheat celsius fahrenheit voltage watt wattage battery "
                    "fan"},
    {DO_KILL, "kill terminate end abort quit stop close destroy cancel"},
    {DO_REBOOT, "reboot restart reset"},
    {DO_POWEROFF, "shutdown poweroff halt shut+down shut+it+down power+off power+down turn+off switch+off turn+it+off machine+off "
                  "computer+off system+off yourself+off pc+off"},
    {DO_INSTALL, "install download add put fetch instal"},
    {DO_REMOVE, "remove uninstall purge delete deinstall"},
    {DO_BIND, "bind load attach modprobe insmod activate enable insert install add assign get+working set+up"},
    {DO_UNBIND, "unload unbind rmmod detach disable blacklist remove"},
    {DO_SCAN, "scan rescan probe"},
    {DO_SEARCH, "search find look recommend suggest"},
    {ASK_LIST, "list show all every loaded active running available registered bound print display"},
    {ASK_COUNT, "how+many number+of count"},
    {ASK_WHY, "why"},
    {ASK_SPEED, "how+fast mhz ghz speed frequency"},
    {ASK_HELP, "help what+can+you+do what+do+you+know what+can+i+ask how+can+you+help commands"},
    {ASK_HISTORY, "did+i+ask have+i+asked i+said did+i+say my+questions"},
    {ASK_WITHOUT, "without unclaimed unbound lack missing driverless unsupported left+without no+driver no+module"},
    {ASK_SELF, "who+are+you what+are+you your+name how+do+you+work are+you"},
    {IS_SLOW, "slow sluggish laggy unresponsive"},
    {IS_CRASHED, "crash hang freeze panic hung froze locks+up frozen"},
    {IS_BROKEN, "broken dead black blank cannot not+work not+respond not+detect not+recognise not+recognize not+start "
                "garbled fail corrupt no+sound no+internet no+network no+picture unable fix repair weird not+found "
                "stopped+working troubleshoot diagnose debug trouble"},
    {SAY_HELLO, "hello hi hey good+morning good+evening greetings"},
    {SAY_THANKS, "thanks thank cheers"},
    {POINTS_BACK, "it its that them those this+one this+device this+card this+chip other+one second+one"},
};

#define MAX_PHRASE 4
#define MAX_ENTRIES 512 /* too few would leave the last rows without words: the self-tests of conversations tell */
static struct entry {
    enum concept concept;
    uint8_t words;
    char stems[MAX_PHRASE][TEXT_STEM_MAX];
} entries[MAX_ENTRIES];
static size_t entry_count;

/* Takes the table's words apart and stems them, once. */
static void prepare(void) {
    size_t n = 0;
    for (size_t row = 0; row < ARRAY_SIZE(TABLE); row++)
        for (const char *s = TABLE[row].words; *s && n < MAX_ENTRIES; n++) {
            struct text phrase;
            char word[64];
            size_t length = 0;
            for (; *s && *s != ' ' && length < sizeof word - 1; s++)
                word[length++] = *s == '+' ? ' ' : *s;
            word[length] = '\0';
            s += *s == ' ';
            text_parse(word, &phrase);
            entries[n].concept = TABLE[row].concept;
            entries[n].words = phrase.count < MAX_PHRASE ? (uint8_t)phrase.count : MAX_PHRASE;
            for (size_t i = 0; i < entries[n].words; i++)
                strlcpy(entries[n].stems[i], phrase.words[i].stem, TEXT_STEM_MAX);
        }
    entry_count = n;
}

concepts_t concepts_of(const struct text *text) {
    concepts_t found = 0;
    if (!entry_count)
        prepare();
    for (size_t i = 0; i < text->count; i++)
        for (size_t e = 0; e < entry_count; e++) {
            size_t n = 0;
            if (entries[e].stems[0][0] != text->words[i].stem[0])
                continue; /* cheaper than a call for each of some hundred entries */
            while (n < entries[e].words && i + n < text->count &&
                   strcmp(entries[e].stems[n], text->words[i + n].stem) == 0)
                n++;
            if (n == entries[e].words)
                found |= C(entries[e].concept);
        }
    return found;
}
