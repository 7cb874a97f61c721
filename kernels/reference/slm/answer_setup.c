/* Answers on setting up and installing: what the wish needs and what of it this kernel has. */
#include "engine.h"
#include <auton/dev.h>
#include <auton/fs.h>
#include <auton/string.h>
#include <auton/types.h>

/* What a wish stands on. The first that is missing is the answer. */
enum need { NEED_NETWORK = 1, NEED_FILES = 2, NEED_PROGRAMS = 4, NEED_PACKAGES = 8, NEED_USERS = 16, NEED_CLOCK = 32,
            NEED_DISPLAY = 64, NEED_KEYMAP = 128 };
static const struct {
    enum need need;
    const char *missing;
} NEEDS[] = {
    {NEED_NETWORK, "a network stack (a driver that sends and receives, ARP, IP, DHCP)"},
    {NEED_FILES, "a file system on a disk it can write"},
    {NEED_PROGRAMS, "user programs"},
    {NEED_PACKAGES, "a package manager and a place to get packages from"},
    {NEED_USERS, "user accounts"},
    {NEED_CLOCK, "a way to set the clock (it only reads it, in UTC)"},
    {NEED_DISPLAY, "a graphics driver (the screen is 80 by 25 characters of text)"},
    {NEED_KEYMAP, "keyboard layouts besides the US one"},
};

static void say_needs(slm_result_t *out, unsigned needs) {
    bool first = true;
    if (vfs_ready())
        needs &= ~(unsigned)NEED_FILES;
    if (skill_exists("network-status"))
        needs &= ~(unsigned)NEED_NETWORK;
    if (skill_exists("package-install"))
        needs &= ~(unsigned)NEED_PACKAGES;
    if (!needs) {
        say(out, "`help` lists the commands that do such things by hand.\n");
        return;
    }
    say(out, "It would take ");
    for (size_t i = 0; i < ARRAY_SIZE(NEEDS); i++)
        if (needs & NEEDS[i].need) {
            say(out, "%s%s", first ? "" : ", and ", NEEDS[i].missing);
            first = false;
        }
    say(out, ".\n");
}

static const struct {
    const char *words; /* stems; the first row with one of them in the question is taken */
    const char *what;
    unsigned needs;
} TOPICS[] = {
    {"firewall port vpn proxy router forward", "set up packet filtering or tunnels", NEED_NETWORK},
    {"server web mail ftp nfs samba share export", "run servers", NEED_NETWORK | NEED_FILES | NEED_PROGRAMS},
    {"hostnam nam call", "keep a name for this machine", NEED_FILES},
    {"timezon zon clock time dat ntp", "change the clock or its zone", NEED_CLOCK},
    {"keyboard keymap layout numlock", "change the keyboard layout", NEED_KEYMAP},
    {"resolution screen display mod font", "change the display mode", NEED_DISPLAY},
    {"partition format mount umount unmount filesystem fil raid lvm swap swapp volum encrypt disk driv",
     "partition or format disks other than to install myself", NEED_FILES},
    {"user account group password passwd passphras", "manage users", NEED_USERS | NEED_FILES},
    {"boot startup cron schedul automatical backup", "start things by themselves", NEED_FILES | NEED_PROGRAMS},
    {"bootload grub", "install a boot loader", NEED_FILES},
    {"operat os system debian linux auton kernel", "install myself on a disk", NEED_FILES},
    {"printer print", "print", NEED_NETWORK | NEED_FILES | NEED_PROGRAMS},
    {"ip dhcp network networking network internet wifi wireless gateway rout dn nameserver resolver address ipv6 ipv4 "
     "vlan bridg mtu netmask interfac ethernet eth0 lan wlan leas mac ssh dns", "configure a network", NEED_NETWORK},
};

static bool has_stem(const char *list, const char *stem) {
    size_t n = strlen(stem);
    for (const char *at = list; n && (at = strstr(at, stem)) != NULL; at += n)
        if ((at == list || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
            return true;
    return false;
}

static void say_network_state(slm_result_t *out) {
    const struct device_kind *network = device_kind_of(C(ABOUT_NETWORK));
    for (const device_t *dev = device_first(); dev; dev = dev->next)
        if (device_is_kind(dev, network)) {
            char name[192];
            device_describe(dev, name, sizeof name);
            say(out, "The card is there (%s %s)%s%s.\n", dev->name, name, dev->driver ? ", run by " : ", without a driver",
                dev->driver ? dev->driver->name : "");
            return;
        }
    say(out, "There is no network card in this machine either.\n");
}

void answer_configure(struct query *q, slm_result_t *out) {
    for (size_t t = 0; t < ARRAY_SIZE(TOPICS); t++)
        for (size_t i = 0; i < q->text.count; i++) {
            if (!has_stem(TOPICS[t].words, q->text.words[i].stem))
                continue;
            say_unsupported(out, "I understand");
            if (q->slots.address[0])
                say(out, " (address %s%s%s)", q->slots.address, q->slots.interface[0] ? " on " : "",
                    q->slots.interface);
            else if (q->slots.paths[0][0])
                say(out, " (%s)", q->slots.paths[0]);
            say(out, ", but I cannot %s yet. ", TOPICS[t].what);
            say_needs(out, TOPICS[t].needs);
            if (TOPICS[t].needs == NEED_NETWORK)
                say_network_state(out);
            return;
        }
    say_unsupported(out, "That sounds like a setting to change, but I know none of that name here: %s%sno user "
                         "accounts. What there is is shown by `help`.\n",
                    skill_exists("network-status") ? "" : "no network stack, ", vfs_ready() ? "" : "no file system, ");
}

static const struct {
    const char *words, *kind, *packages;
} PURPOSES[] = {
    {"editor edit writ", "Text editors", "vim, nano, emacs"},
    {"browser brows web", "Web browsers", "firefox, chromium, lynx"},
    {"compil program develop", "Compilers", "gcc, clang, python3"},
    {"player music video movi watch play listen", "Players", "mpv, vlc"},
    {"pictur photo imag draw", "Image editors", "gimp, inkscape"},
    {"mail", "Mail programs", "mutt, thunderbird"},
    {"pdf", "PDF readers", "evince, mupdf"},
    {"zip archiv unpack compress", "Archivers", "unzip, p7zip"},
    {"databas", "Databases", "postgresql, sqlite3, mariadb"},
    {"spreadsheet offic letter document", "Office programs", "libreoffice"},
    {"server", "Web servers", "nginx, apache2"},
    {"gam chess", "Games", "gnuchess, nethack"},
};

/* "editor" is no package, it is what a package is for. */
static bool is_purpose(const char *name) {
    struct text text;
    text_parse(name, &text);
    for (size_t p = 0; text.count == 1 && p < ARRAY_SIZE(PURPOSES); p++)
        if (has_stem(PURPOSES[p].words, text.words[0].stem))
            return true;
    return false;
}

void answer_packages(struct query *q, slm_result_t *out) {
    const char *name = q->slots.name;
    /* "remove httpd", and what is asked of packages in other words than theirs: their subsystem knows. */
    bool removes = q->concepts & C(DO_REMOVE) && name[0] && !is_purpose(name);
    bool lists = !(q->concepts & (C(DO_INSTALL) | C(DO_REMOVE))) && q->concepts & C(ABOUT_PACKAGES) && !name[0];
    const struct slm_skill *skill = skill_named(removes ? "package-remove" : "package-list");
    if (skill && (removes || lists)) {
        skill_answer(skill, q, out);
        return;
    }
    if (lists) {
        say_unsupported(out, "No packages are installed: this kernel has no package manager yet. ");
    } else {
        bool named = name[0] && !(q->concepts & C(DO_SEARCH)) && !is_purpose(name);
        say_unsupported(out, "I cannot %s ", q->concepts & C(DO_REMOVE)   ? "remove"
                                             : q->concepts & C(DO_SEARCH) ? "search for"
                                                                          : "install");
        say(out, "%s yet. ", named ? name : "programs");
    }
    say_needs(out, NEED_FILES | NEED_PROGRAMS | NEED_PACKAGES);
    for (size_t p = 0; p < ARRAY_SIZE(PURPOSES); p++)
        for (size_t i = 0; i < q->text.count; i++)
            if (has_stem(PURPOSES[p].words, q->text.words[i].stem)) {
                say(out, "%s that other systems have: %s.\n", PURPOSES[p].kind, PURPOSES[p].packages);
                return;
            }
}
