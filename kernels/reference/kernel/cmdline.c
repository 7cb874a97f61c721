/* The kernel's command line: words of the form `key` or `key=value`, separated by blanks. */
#include <auton/boot.h>
#include <auton/string.h>

bool cmdline_get(const char *key, char *out, size_t size) {
    size_t key_len = strlen(key);
    const char *word = boot_info.cmdline;
    for (;;) {
        while (*word == ' ')
            word++;
        if (!*word)
            return false;
        const char *end = word;
        while (*end && *end != ' ')
            end++;
        if ((size_t)(end - word) >= key_len && strncmp(word, key, key_len) == 0 &&
            (word + key_len == end || word[key_len] == '=')) {
            const char *value = word + key_len + (word + key_len < end);
            size_t len = (size_t)(end - value);
            if (size) {
                len = len < size ? len : size - 1;
                memcpy(out, value, len);
                out[len] = '\0';
            }
            return true;
        }
        word = end;
    }
}

bool cmdline_has(const char *key) {
    return cmdline_get(key, NULL, 0);
}
