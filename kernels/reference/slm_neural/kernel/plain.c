/* Plain words: those that stand around a name in a sentence and are none. SLM/GRAMMAR.md has the same list; both are
 * written by `python -m auton_slm.data.grammar_doc --write`, in the order of strcmp(). */
#include "actions.h"
#include <auton/string.h>
#include <auton/types.h>

const char *const plain_words[] = {
    "--only-upgrade", "-9", "-l", "-qi", "-r", "-s", "-y", "3", "64", "a", "able", "abort", "about", "accept", "access",
    "account", "acquire", "activate", "activated", "active", "actually", "add", "address", "adduser", "adjust",
    "administrator", "admins", "after", "again", "ah", "ahead", "alive", "all", "allow", "along", "already", "alright",
    "also", "always", "am", "an", "analyse", "ancient", "and", "annoys", "another", "answer", "any", "anymore",
    "anyway", "apk", "app", "application", "apt", "apt-cache", "apt-get", "aptitude", "are", "arguments", "as", "asap",
    "ask", "asked", "asking", "asks", "assign", "at", "attach", "audit", "author", "automatically", "auton",
    "autostart", "available", "away", "back", "ban", "baptise", "be", "because", "been", "before", "begin", "behind",
    "being", "big", "bit", "blacklist", "blue", "boot", "boss", "both", "bother", "bottom", "bounce", "bounced",
    "bound", "box", "brew", "bring", "brother", "btw", "buddy", "bug", "build", "built", "but", "by", "call", "called",
    "can", "can't", "cancel", "cannot", "card", "cards", "carefully", "chance", "change", "check", "cheers", "chips",
    "christen", "clear", "clients", "close", "closes", "clue", "colleague", "come", "command", "company", "compiled",
    "computer", "condition", "config", "configuration", "configure", "connect", "constantly", "control", "cope",
    "could", "couldn't", "course", "cover", "crank", "crash", "crashes", "crazy", "create", "cure", "curiosity",
    "curious", "current", "customise", "customize", "cycle", "daemon", "date", "daughter", "deactivate", "dead", "dear",
    "debug", "decided", "default", "del", "delete", "deluser", "depend", "dependencies", "depends", "describe",
    "description", "deserves", "desktop", "destroy", "detach", "details", "device", "devices", "diagnose", "did", "die",
    "died", "dies", "different", "disable", "disk", "display", "dnf", "do", "does", "doesn't", "doing", "don't", "done",
    "down", "downgrade", "download", "dpkg", "drive", "driver", "drop", "dump", "dying", "each", "edit", "eject",
    "employee", "enable", "enabled", "end", "ended", "enough", "enter", "er", "erase", "error", "errors", "establish",
    "every", "exactly", "excuse", "expert", "explain", "fail", "failed", "fails", "failure", "falling", "fancy",
    "favour", "feel", "fetch", "few", "file", "files", "find", "fine", "finish", "fire", "fired", "first", "fix",
    "flatpak", "for", "forbid", "forgetting", "forgot", "free", "freeze", "fresh", "friend", "from", "frozen", "fyi",
    "get", "gets", "give", "gives", "going", "gone", "good", "got", "grab", "great", "group", "guess", "had", "halt",
    "hand", "handle", "hang", "hanging", "hangs", "happens", "hardware", "has", "hate", "have", "having", "he",
    "healthy", "hello", "help", "helps", "henceforth", "her", "here", "hey", "hi", "him", "his", "hmm", "hold", "hole",
    "homepage", "honestly", "hook", "hope", "hoping", "host", "hostname", "hostnamectl", "how", "hung", "hurry", "i",
    "i'd", "i'm", "i've", "idea", "ids", "if", "immediately", "in", "info", "information", "initialise", "insert",
    "inserted", "insmod", "install", "installed", "instances", "interfaces", "into", "investigate", "ipv6", "is",
    "isn't", "issue", "it", "it's", "its", "itself", "job", "joined", "joins", "jump", "just", "keep", "keeps",
    "kernel", "kick", "kill", "killall", "killed", "kind", "kindly", "knock", "know", "known", "laptop", "large",
    "last", "lately", "later", "latest", "launch", "learn", "left", "let", "let's", "libraries", "licence", "life",
    "like", "likes", "line", "list", "listen", "live", "lives", "load", "loaded", "loading", "loads", "localhost",
    "lock", "log", "login", "lol", "longer", "look", "love", "luck", "lunch", "machine", "maintainer", "maintenance",
    "man", "manage", "mask", "may", "me", "memory", "mend", "might", "mind", "minute", "minutes", "misery", "miss",
    "missing", "mistake", "models", "modify", "modinfo", "modprobe", "module", "moment", "more", "morning", "most",
    "mother", "move", "much", "must", "my", "name", "need", "needed", "needs", "never", "new", "newer", "newest",
    "next", "nice", "no", "nobody", "none", "nor", "not", "notebook", "nothing", "now", "nuke", "obtain", "of", "off",
    "oh", "ok", "okay", "old", "older", "on", "once", "one", "online", "only", "onto", "open", "opinion", "option",
    "options", "or", "order", "ordinary", "other", "others", "our", "out", "outdated", "output", "over", "own",
    "package", "packaged", "packages", "pacman", "parameters", "pardon", "patch", "pause", "pc", "people", "pick",
    "piece", "pin", "pip", "pkill", "place", "plan", "please", "pls", "plz", "policy", "port", "possible", "power",
    "prefer", "present", "prevent", "probe", "problem", "process", "processes", "program", "programs", "project",
    "properly", "pull", "pulls", "purge", "purpose", "put", "question", "quick", "quickly", "quit", "quitting", "ran",
    "random", "re-read", "re-start", "reach", "reachable", "read", "readme", "really", "reason", "reboot", "rebuild",
    "recent", "recently", "reconfigure", "record", "refresh", "refuse", "refuses", "register", "reinsert", "reinstall",
    "relaunch", "release", "reload", "remind", "remove", "removed", "rename", "renew", "repair", "reparse", "report",
    "repository", "request", "require", "requires", "respond", "rest", "restart", "restarted", "restarting", "rid",
    "rig", "right", "rmmod", "rogue", "roll", "room", "rpm", "run", "runaway", "running", "runs", "rush", "said", "say",
    "says", "school", "script", "security", "see", "sequence", "serve", "server", "service", "services", "set",
    "set-hostname", "setting", "settings", "setup", "shall", "she", "shoot", "should", "shouldn't", "show", "shut",
    "silence", "since", "sir", "sister", "size", "slow", "snap", "so", "software", "solve", "some", "somebody",
    "somehow", "something", "son", "soon", "sorry", "sort", "space", "spin", "stable", "stale", "stand", "start",
    "started", "starting", "starts", "startup", "state", "status", "stay", "stays", "still", "stop", "stopped", "stuck",
    "suddenly", "sudo", "sudoers", "sure", "survived", "switch", "system", "systemctl", "take", "taken", "task",
    "teach", "team", "tell", "tells", "terminate", "than", "thank", "thanks", "that", "that's", "the", "their", "them",
    "then", "there", "there's", "these", "they", "thing", "think", "this", "those", "thread", "throw", "thx", "times",
    "tired", "to", "today", "told", "tomorrow", "tonight", "too", "tool", "toss", "trouble", "troubleshoot", "try",
    "trying", "tune", "turn", "tutorial", "tweak", "two", "type", "uh", "um", "unable", "unbind", "under", "uninstall",
    "uninstalled", "unload", "unloaded", "up", "update", "upgrade", "us", "usb", "use", "used", "useless", "user",
    "useradd", "userdel", "users", "uses", "using", "utility", "version", "versus", "very", "vs", "w/", "wake", "want",
    "wants", "was", "way", "we", "we'd", "well", "went", "were", "what", "what's", "whatever", "wheel", "when",
    "whenever", "where", "whether", "which", "while", "who", "whom", "whose", "why", "wife", "wild", "will", "wipe",
    "wireless", "with", "without", "won't", "wonder", "wondering", "work", "worked", "working", "works", "workstation",
    "would", "wrong", "years", "yes", "yesterday", "yet", "yo", "you", "your", "yum", "zombie", "zypper",
};

const size_t plain_word_count = ARRAY_SIZE(plain_words);

bool is_plain(const char *word) {
    size_t low = 0, high = plain_word_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(word, plain_words[middle]);
        if (order == 0)
            return true;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}
