/* The page that the HTTP server shows about its machine, and the types of files by their endings. */
#include <auton/klog.h>
#include <auton/mm.h>
#include <auton/net.h>
#include <auton/sched.h>
#include <auton/string.h>
#include "http_server.h"

size_t http_status_page(char *out, size_t size) {
    struct mm_stats memory;
    struct http_server_state server;
    struct net_interface ifs[8];
    mm_get_stats(&memory);
    http_server_state(&server);
    size_t count = net_interfaces(ifs, ARRAY_SIZE(ifs)), used;
    uint64_t s = uptime_ms() / 1000;
    used = (size_t)ksnprintf(out, size,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>AUTON</title></head><body>\n"
        "<h1>AUTON</h1>\n<p>Up for %lu:%02lu:%02lu. Memory: %lu of %lu KB used.</p>\n"
        "<p>%lu requests answered, %lu of them with an error; %u connections now.</p>\n<table>\n",
        s / 3600, s / 60 % 60, s % 60, (memory.total_bytes - memory.free_bytes) >> 10, memory.total_bytes >> 10,
        server.requests, server.errors, server.connections);
    for (size_t i = 0; i < count && used < size; i++) {
        char ip[IP_TEXT];
        used += (size_t)ksnprintf(out + used, size - used, "<tr><td>%s<td>%s<td>%s</tr>\n", ifs[i].name,
                                  ifs[i].link_up ? "up" : "down", ifs[i].ip ? ip_format(ifs[i].ip, ip) : "no address");
    }
    if (used < size)
        used += (size_t)ksnprintf(out + used, size - used, "</table>\n</body></html>\n");
    return used < size ? used : size - 1;
}

const char *http_type_of(const char *path) {
    static const struct { const char *ending, *type; } types[] = {
        {".html", "text/html; charset=utf-8"}, {".htm", "text/html; charset=utf-8"}, {".txt", "text/plain; charset=utf-8"},
        {".md", "text/plain; charset=utf-8"}, {".css", "text/css"}, {".js", "text/javascript"}, {".json", "application/json"},
        {".svg", "image/svg+xml"}, {".png", "image/png"}, {".jpg", "image/jpeg"}, {".jpeg", "image/jpeg"}, {".gif", "image/gif"},
        {".ico", "image/x-icon"}, {".wasm", "application/wasm"}, {".xml", "application/xml"}, {".pdf", "application/pdf"},
    };
    size_t length = strlen(path);
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        size_t n = strlen(types[i].ending);
        if (length > n && strcasecmp(path + length - n, types[i].ending) == 0)
            return types[i].type;
    }
    return "application/octet-stream";
}
