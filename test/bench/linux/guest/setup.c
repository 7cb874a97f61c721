/* What udev and ifupdown would do. */
#include "guest.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

void load_modules(const char *list) {
    char path[256];
    FILE *f = fopen(list, "r");
    FAIL_IF(!f);
    while (fgets(path, sizeof path, f)) {
        path[strcspn(path, "\n")] = '\0';
        int module = open(path, O_RDONLY);
        FAIL_IF(module < 0);
        FAIL_IF(syscall(SYS_finit_module, module, "", 0) != 0 && errno != EEXIST);
        close(module);
    }
    fclose(f);
}

static void set_up(int any, const char *interface, const char *address) {
    struct ifreq request = {0};
    strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
    if (address) {
        struct sockaddr_in *in = (struct sockaddr_in *)&request.ifr_addr;
        in->sin_family = AF_INET;
        inet_pton(AF_INET, address, &in->sin_addr);
        FAIL_IF(ioctl(any, SIOCSIFADDR, &request) != 0);
    }
    FAIL_IF(ioctl(any, SIOCGIFFLAGS, &request) != 0);
    request.ifr_flags |= IFF_UP | IFF_RUNNING;
    FAIL_IF(ioctl(any, SIOCSIFFLAGS, &request) != 0);
}

void bring_up_network(const char *interface, const char *address) {
    int any = socket(AF_INET, SOCK_DGRAM, 0);
    FAIL_IF(any < 0);
    set_up(any, "lo", NULL);
    set_up(any, interface, address);
    close(any);
}
