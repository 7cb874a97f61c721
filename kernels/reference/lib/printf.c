/* printf's formatter, for text into a buffer. */
#include <auton/klog.h>
#include <auton/string.h>

struct output {
    char *buf;
    size_t size, length; /* length counts what did not fit, too */
};

struct spec {
    bool left, zero, plus, space, alternate, upper;
    int width, precision; /* precision -1: not given */
    int size;             /* -2 hh, -1 h, 0, 1 l, 2 ll, 3 z */
};

static void put(struct output *o, char c) {
    if (o->length + 1 < o->size)
        o->buf[o->length] = c;
    o->length++;
}

static void pad(struct output *o, char c, int count) {
    while (count-- > 0)
        put(o, c);
}

static void put_string(struct output *o, const struct spec *s, const char *text) {
    if (!text)
        text = "(null)";
    int len = (int)strnlen(text, s->precision >= 0 ? (size_t)s->precision : SIZE_MAX >> 1);
    pad(o, ' ', s->left ? 0 : s->width - len);
    for (int i = 0; i < len; i++)
        put(o, text[i]);
    pad(o, ' ', s->left ? s->width - len : 0);
}

static void put_number(struct output *o, const struct spec *s, uint64_t value, unsigned base, const char *prefix) {
    const char *digits = s->upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[24];
    int len = 0;
    for (; value; value /= base)
        text[len++] = digits[value % base];
    if (!len && s->precision != 0)
        text[len++] = '0';
    int prefix_len = (int)strlen(prefix);
    int zeros = s->precision > len ? s->precision - len : 0;
    if (s->zero && !s->left && s->precision < 0 && s->width > len + prefix_len)
        zeros = s->width - len - prefix_len;
    int blanks = s->width - len - prefix_len - zeros;
    pad(o, ' ', s->left ? 0 : blanks);
    while (*prefix)
        put(o, *prefix++);
    pad(o, '0', zeros);
    while (len)
        put(o, text[--len]);
    pad(o, ' ', s->left ? blanks : 0);
}

static const char *parse_flags(const char *f, struct spec *s) {
    for (;; f++) {
        switch (*f) {
        case '-': s->left = true; break;
        case '0': s->zero = true; break;
        case '+': s->plus = true; break;
        case ' ': s->space = true; break;
        case '#': s->alternate = true; break;
        default: return f;
        }
    }
}

static const char *parse_size(const char *f, struct spec *s) {
    if (*f == 'h') {
        s->size = f[1] == 'h' ? -2 : -1;
        return f + (f[1] == 'h' ? 2 : 1);
    }
    if (*f == 'l') {
        s->size = f[1] == 'l' ? 2 : 1;
        return f + (f[1] == 'l' ? 2 : 1);
    }
    if (*f == 'z') {
        s->size = 3;
        return f + 1;
    }
    return f;
}

int kvsnprintf(char *buf, size_t size, const char *f, va_list list) {
    struct output o = {buf, size, 0};
    va_list args;
    va_copy(args, list);
    for (; *f; f++) {
        if (*f != '%') {
            put(&o, *f);
            continue;
        }
        struct spec s = {.precision = -1};
        f = parse_flags(f + 1, &s);
        if (*f == '*') {
            s.width = va_arg(args, int);
            f++;
            if (s.width < 0) {
                s.left = true;
                s.width = -s.width;
            }
        } else {
            for (; *f >= '0' && *f <= '9'; f++)
                s.width = s.width * 10 + (*f - '0');
        }
        if (*f == '.') {
            f++;
            s.precision = 0;
            if (*f == '*') {
                s.precision = va_arg(args, int);
                f++;
            } else {
                for (; *f >= '0' && *f <= '9'; f++)
                    s.precision = s.precision * 10 + (*f - '0');
            }
        }
        f = parse_size(f, &s);
        switch (*f) {
        case 'd':
        case 'i': {
            int64_t v = s.size >= 1 ? va_arg(args, int64_t) : va_arg(args, int);
            v = s.size == -1 ? (short)v : s.size == -2 ? (signed char)v : v;
            put_number(&o, &s, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 10, v < 0 ? "-" : s.plus ? "+" : s.space ? " " : "");
            break;
        }
        case 'u':
        case 'o':
        case 'x':
        case 'X': {
            uint64_t v = s.size >= 1 ? va_arg(args, uint64_t) : va_arg(args, unsigned);
            v = s.size == -1 ? (unsigned short)v : s.size == -2 ? (unsigned char)v : v;
            s.upper = *f == 'X';
            const char *prefix = !s.alternate || !v ? "" : *f == 'x' ? "0x" : *f == 'X' ? "0X" : *f == 'o' ? "0" : "";
            put_number(&o, &s, v, *f == 'u' ? 10 : *f == 'o' ? 8 : 16, prefix);
            break;
        }
        case 'p':
            put_number(&o, &s, (uint64_t)(uintptr_t)va_arg(args, void *), 16, "0x");
            break;
        case 'c': {
            char text[2] = {(char)va_arg(args, int), '\0'};
            if (text[0]) {
                put_string(&o, &s, text);
            } else {
                put(&o, '\0');
            }
            break;
        }
        case 's':
            put_string(&o, &s, va_arg(args, const char *));
            break;
        case '%':
            put(&o, '%');
            break;
        default: /* unknown: shown as it stands, so that the mistake is seen */
            put(&o, '%');
            if (!*f)
                f--;
            else
                put(&o, *f);
        }
    }
    va_end(args);
    if (size)
        buf[o.length < size ? o.length : size - 1] = '\0';
    return (int)o.length;
}

int ksnprintf(char *buf, size_t size, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    int n = kvsnprintf(buf, size, fmt, args);
    va_end(args);
    return n;
}
